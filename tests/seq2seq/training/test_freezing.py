import numpy as np
import pytest
import small_task

from seq2seq.training.freezing import freeze
from seq2seq.training.trainer import Trainer


def test_frozen_weights_do_not_change_and_the_others_do():
    model = small_task.make_model()
    freeze(model, ["encoder_*", "target_embedding", "decoder_0/reading"])
    frozen = ("encoder_0/", "encoder_norm/", "target_embedding/", "decoder_0/reading/")
    before = [np.asarray(variable.value) for variable in model.weights]
    trainer = Trainer(model)
    for _, *batch in small_task.make_batches(2):
        trainer.update([batch])
    changed = {True: 0, False: 0}
    for variable, value in zip(model.weights, before):
        path = variable.path.removeprefix(f"{model.path}/")
        same = np.array_equal(variable.value, value)
        assert same == path.startswith(frozen), path
        changed[same] += 1
    assert min(changed.values()) > 3


def test_a_layers_own_layers_are_frozen_with_it():
    model = small_task.make_model("lstm")
    freeze(model, ["layer_?", "br*e"])
    left = {variable.path.removeprefix(f"{model.path}/") for variable in model.trainable_variables}
    assert left and not [path for path in left if path.startswith(("layer_", "bridge"))]


def test_no_pattern_freezes_nothing():
    model = small_task.make_model("lstm")
    count = len(model.trainable_variables)
    freeze(model, [])
    assert len(model.trainable_variables) == count


def test_a_pattern_that_matches_nothing_is_an_error_and_freezes_nothing():
    model = small_task.make_model("lstm")
    count = len(model.trainable_variables)
    with pytest.raises(ValueError, match="no layer is called 'encoder' .*encoder_0, layer_0"):
        freeze(model, ["target_embedding", "encoder"])
    assert len(model.trainable_variables) == count


def test_something_must_be_left_to_train():
    with pytest.raises(ValueError, match=r"freeze = \['\*'\] leaves nothing to train"):
        freeze(small_task.make_model("lstm"), ["*"])
