"""The best target of each text: what is asked where no signature is named."""

from seq2seq.signatures.signature import Signature


class ServingDefault(Signature):
    """Gives the best target of each text."""

    outputs = {"text": "B", "score": "B"}

    def answer(self, text):
        return self.generator(text)
