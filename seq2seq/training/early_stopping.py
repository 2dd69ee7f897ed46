"""The end of training that no longer helps."""

from seq2seq.training.patience import Patience


class EarlyStopping(Patience):
    """Ends training after `patience` rounds without a better metric.

    A run that was ended so stays ended: the same command finds nothing left to do.
    """

    name = "early_stopping"

    def on_train_begin(self, logs=None):
        if self.state["waited"] >= self.patience:
            self.run_out()

    def run_out(self) -> None:
        self.model.stop_training = True
