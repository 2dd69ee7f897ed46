import keras
import numpy as np
import pytest
import tensorflow as tf

from seq2seq.training.adam import Adam, AdamW

DRAW = np.random.default_rng(0)
FIRST = [DRAW.normal(size=shape).astype("float32") for shape in ([3, 4], [5])]
GRADIENTS = [[DRAW.normal(size=w.shape).astype("float32") for w in FIRST] for _ in range(5)]
OPTIONS = {"learning_rate": 0.1, "use_ema": True, "ema_momentum": 0.9, "beta_2": 0.98}


def updated(kind, strategy=None, **options):
    with (strategy or tf.distribute.get_strategy()).scope():
        variables = [keras.Variable(value) for value in FIRST]
        optimizer = kind(**OPTIONS | options)
        optimizer.build(variables)
    optimizer._all_reduce_sum_gradients = lambda gradients: gradients
    apply = tf.function(lambda gradients: optimizer.apply(gradients, variables))
    for gradients in GRADIENTS:
        tensors = [tf.constant(gradient) for gradient in gradients]
        strategy.run(apply, (tensors,)) if strategy else apply(tensors)
    return [np.asarray(v.value) for v in [*variables, *optimizer.variables]]


@pytest.mark.parametrize("options", [{}, {"weight_decay": 0.1}, {"amsgrad": True}])
@pytest.mark.parametrize("kind", [Adam, AdamW])
def test_weights_state_and_averages_are_those_of_keras(kind, options):
    theirs = getattr(keras.optimizers, kind.__name__)
    for left, right in zip(updated(kind, **options), updated(theirs, **options)):
        np.testing.assert_allclose(left, right, rtol=2e-5, atol=1e-6)


def test_replicas_update_alike():
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    for left, right in zip(updated(Adam, strategy), updated(Adam)):
        np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize("kind", [Adam, AdamW])
def test_an_optimizer_can_be_made_anew_from_its_configuration(kind):
    config = keras.optimizers.serialize(kind(0.1, beta_2=0.98))
    again = keras.optimizers.deserialize(config)
    assert type(again) is kind and again.beta_2 == 0.98
