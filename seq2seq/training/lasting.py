"""Callbacks that outlast a run that is killed."""

import keras


class Lasting(keras.callbacks.Callback):
    """Keeps what it must remember in `state`, plain JSON that every checkpoint holds.

    The loop gives the state back under the callback's `name` when training goes on, before
    `on_train_begin`, so that a run that was killed decides as one that was not.
    """

    name: str

    def __init__(self):
        super().__init__()
        self.state: dict = {}
