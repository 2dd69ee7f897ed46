"""Models are ordinary Keras models: compile and fit on training batches."""

import keras
import numpy as np
import pytest
import small_task
import tensorflow as tf

from pipelines.batches import Batching, training_batches
from pipelines.records import Limits, write_records
from pipelines.tokenizers.characters import Characters
from pipelines.vocabulary import Tokenizers
from seq2seq.losses import LabelSmoothedCrossEntropy
from seq2seq.metrics import Perplexity, TokenAccuracy

# One at a time: strategies of different sizes in one process cannot both use collectives.
STRATEGIES = {
    1: tf.distribute.get_strategy,
    # TensorFlow's collectives know but one strategy a process; other tests make more.
    2: lambda: tf.distribute.MirroredStrategy(
        ["CPU:0", "CPU:1"], tf.distribute.ReductionToOneDevice()
    ),
}


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    draw = np.random.default_rng(0)
    texts = ["".join(draw.choice(list("abcd"), draw.integers(1, 7))) for _ in range(60)]
    tokenizer = Characters(list("abcd"))
    tokenizers = Tokenizers(tokenizer, tokenizer)
    folder = tmp_path_factory.mktemp("records") / "train"
    return write_records([(text, text) for text in texts], tokenizers, folder, Limits(), shards=2)


@pytest.mark.parametrize("replicas", STRATEGIES)
@pytest.mark.parametrize("kind", small_task.SMALL)
def test_fit_learns(kind, replicas, records):
    with STRATEGIES[replicas]().scope():
        model = small_task.make_model(kind)
        metrics = [TokenAccuracy(), Perplexity()]
        optimizer = keras.optimizers.Adam(0.02)
        model.compile(optimizer, LabelSmoothedCrossEntropy(), weighted_metrics=metrics)
    batches = training_batches(records, Batching(tokens=80), replicas=replicas)
    told = model.fit(batches, steps_per_epoch=10, epochs=2, shuffle=False, verbose=0).history
    assert told["loss"][1] < told["loss"][0]
    assert 1 < told["perplexity"][1] < told["perplexity"][0] < small_task.VOCABULARY * 2
    assert 0 < told["accuracy"][1] <= 1
