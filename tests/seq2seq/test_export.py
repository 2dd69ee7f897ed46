import json
import math
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import sentencepiece
import tensorflow as tf
import tensorflow_text
from tensorflow.compiler.tf2xla.python import xla
from tensorflow.core.protobuf import saved_model_pb2

from pipelines.plugins import find, kinds
from pipelines.tokenizers.bytes import Bytes
from pipelines.tokenizers.subwords import Subwords
from seq2seq import export_check
from seq2seq.decoding.beam_search import BeamSearch
from seq2seq.export import LONG_LINE, export
from seq2seq.generator import Generator
from seq2seq.models.seq2seq import Seq2Seq

C_API = Path(__file__).parents[1] / "serving" / "c_api.py"
SAMPLES = ["the cat sat", "a dog", "the unknown zebra ran, é was it?"]
LINES = [
    "the cat sat on the mat",
    "a dog ran to the cat",
    "the dog sat",
    "it was a mat",
    "to be was it",
]


class Shouter(tf.Module):
    """Spells a text's SentencePiece pieces in capitals, names known ones; scores by a variable."""

    def __init__(self, model: bytes):
        super().__init__()
        self.source_tokenizer = tensorflow_text.SentencepieceTokenizer(model)
        names = tf.lookup.KeyValueTensorInitializer(["CAT", "DOG"], ["Tom", "Rex"])
        self.target_tokenizer = tf.lookup.StaticHashTable(names, "")
        self.weight = tf.Variable(-0.5)
        self.optimizer = tf.Variable(tf.zeros([100]))

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")])
    def __call__(self, text):
        pieces = self.source_tokenizer.detokenize(self.source_tokenizer.tokenize(text))
        shouted = tf.strings.upper(pieces)
        name = self.target_tokenizer.lookup(shouted)
        length = tf.cast(tf.strings.length(text), tf.float32)
        return {"text": tf.where(name == "", shouted, name), "score": self.weight * length}


@pytest.fixture(scope="module")
def shouter(tmp_path_factory):
    prefix = tmp_path_factory.mktemp("sentencepiece") / "model"
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(LINES * 4),
        model_prefix=str(prefix),
        model_type="char",
        hard_vocab_limit=False,
        minloglevel=2,
    )
    return Shouter(prefix.with_suffix(".model").read_bytes())


@pytest.fixture(scope="module")
def exported(shouter, tmp_path_factory):
    return export(shouter, tmp_path_factory.mktemp("saved_models") / "shouter", SAMPLES)


@pytest.fixture
def reloading(shouter, monkeypatch):
    """Spares the fresh process: its answers are Python's, changed by the given function."""

    def set_change(change):
        reload = lambda _, batches: change([answer(shouter, batch) for batch in batches])
        monkeypatch.setattr(sys.modules["seq2seq.export"], "_reload", reload)

    return set_change


def served(folder, batches):
    command = [sys.executable, str(C_API), str(folder)]
    done = subprocess.run(command, input=json.dumps(batches), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def answer(generator, batch):
    found = generator(tf.constant(batch, tf.string, [len(batch)]))
    texts = [text.decode() for text in found["text"].numpy().tolist()]
    return {"text": texts, "score": found["score"].numpy().tolist()}


def assert_equal_answers(found, expected):
    assert [each["text"] for each in found] == [each["text"] for each in expected]
    for left, right in zip(found, expected, strict=True):
        assert left["score"] == pytest.approx(right["score"], rel=1e-4)


def entries(folder):
    return sorted(entry.name for entry in Path(folder).iterdir())


def assert_refused(generator, folder, *words):
    folder.mkdir(exist_ok=True)
    before = entries(folder)
    with pytest.raises(ValueError, match="not exported") as caught:
        export(generator, folder, SAMPLES)
    assert all(word in str(caught.value) for word in words), caught.value
    assert entries(folder) == before


def test_c_api_answers_as_python_and_as_the_reloaded_model(shouter, exported):
    batches = [SAMPLES, [""], [], ["the cat " * (LONG_LINE // 8)], SAMPLES[:1]]
    expected = [answer(shouter, batch) for batch in batches]
    reply = served(exported, batches)
    assert reply["imported"] == []
    assert_equal_answers(reply["answers"], expected)
    reloaded = tf.saved_model.load(str(exported)).signatures["serving_default"]
    serve = lambda text: reloaded(text=text)
    assert_equal_answers([answer(serve, batch) for batch in batches], expected)


# Every kind of model, and tokenizers with core ops and with TensorFlow Text's.
@pytest.mark.parametrize("kind", [kind for kind in kinds("seq2seq.models") if kind != "seq2seq"])
def test_c_api_answers_as_a_real_generator(kind, tmp_path):
    tokenizers = Bytes(), Subwords.train(LINES * 20, size=290)
    source, target = (each.size for each in tokenizers)
    model = find("seq2seq.models", kind, Seq2Seq)(
        source, target, encoder_layers=1, decoder_layers=1, units=16
    )
    limits = {"max_source": 32, "max_target": 12}
    generator = Generator(tokenizers, model, BeamSearch(width=2), **limits)
    folder = export(generator, tmp_path, LINES)
    batches = [LINES, [""], [], ["x" * LONG_LINE]]
    reply = served(folder, batches)
    assert reply["imported"] == []
    assert_equal_answers(reply["answers"], [answer(generator, batch) for batch in batches])


def test_what_only_training_needs_is_not_exported(exported):
    variables = tf.train.list_variables(str(exported / "variables" / "variables"))
    assert [shape for name, shape in variables if "VARIABLE_VALUE" in name] == [[]]


def test_the_first_version_is_1_and_the_next_follows_the_highest(shouter, tmp_path, reloading):
    reloading(lambda answers: answers)
    folder = tmp_path / "new" / "model"
    assert export(shouter, folder, SAMPLES) == folder / "1"
    (folder / "007").mkdir()
    (folder / "notes").mkdir()
    assert export(shouter, folder, []) == folder / "8"
    assert entries(folder) == ["007", "1", "8", "notes"]


def test_samples_and_their_answers_lie_beside_the_model(shouter, exported):
    kept = json.loads((exported / "assets.extra" / "samples.json").read_text())
    assert kept["inputs"] == {"text": SAMPLES}
    assert_equal_answers([kept["outputs"]], [answer(shouter, SAMPLES)])


def test_exports_at_once_take_different_versions(shouter, tmp_path, reloading):
    all_checked = threading.Barrier(4)
    reloading(lambda answers: (all_checked.wait(60), answers)[1])
    threads = [threading.Thread(target=export, args=(shouter, tmp_path, [])) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert entries(tmp_path) == ["1", "2", "3", "4"]
    assert all((tmp_path / version / "saved_model.pb").exists() for version in "1234")


def test_export_prints_nothing(shouter, tmp_path, reloading, capfd):
    reloading(lambda answers: answers)
    export(shouter, tmp_path, SAMPLES)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name, wrong", [("text", "A cat"), ("score", 99.0), ("score", math.nan)])
def test_another_answer_in_the_fresh_process_is_refused(name, wrong, shouter, tmp_path, reloading):
    def change(answers):
        answers[0][name][1] = wrong
        return answers

    reloading(change)
    assert_refused(shouter, tmp_path, repr(SAMPLES[1]), name, str(wrong))


def test_an_answer_too_few_in_the_fresh_process_is_refused(shouter, tmp_path, reloading):
    reloading(lambda answers: [{"text": [], "score": []} for _ in answers])
    assert_refused(shouter, tmp_path, "3 texts get 3 answers (text)", "0 from the reloaded")


class Changed(tf.Module):
    """Answers by a function that a test gives."""

    def __init__(self, function):
        super().__init__()
        self.function = function
        self.source_tokenizer = self.target_tokenizer = tf.Module()

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")])
    def __call__(self, text):
        score = tf.cast(tf.strings.length(text), tf.float32)
        return self.function(text, score)


def problems(generator, folder):
    signature = generator.__call__.get_concrete_function()
    tf.saved_model.save(generator, str(folder), {"serving_default": signature})
    written = saved_model_pb2.SavedModel.FromString((folder / "saved_model.pb").read_bytes())
    (meta,) = written.meta_graphs
    return export_check.problems(meta.graph_def, meta.signature_def["serving_default"])


def test_a_text_generator_has_no_problems(shouter, tmp_path):
    assert problems(shouter, tmp_path) == []


def test_a_python_function_in_the_graph_is_refused(tmp_path):
    shout = lambda text: tf.ensure_shape(
        tf.py_function(tf.strings.upper, [text], tf.string), [None]
    )
    generator = Changed(lambda text, score: {"text": shout(text), "score": score})
    assert_refused(generator, tmp_path, "EagerPyFunc", "Python")


def test_a_model_that_fails_on_an_empty_batch_is_refused(tmp_path):
    def first(text, score):
        return {"text": tf.fill(tf.shape(text), text[0]), "score": score}

    assert_refused(Changed(first), tmp_path, "Python fails on a batch of 0", "out of bounds")


def test_a_function_compiled_with_xla_is_a_problem(tmp_path):
    double = tf.function(lambda score: score * 2, jit_compile=True)
    generator = Changed(lambda text, score: {"text": text, "score": double(score)})
    (problem,) = problems(generator, tmp_path)
    assert "jit_compile=True" in problem


def test_an_op_of_xla_is_a_problem(tmp_path):
    def changed(text, score):
        index = tf.zeros([1], tf.int32)
        score = xla.dynamic_update_slice(score, tf.zeros([0]), index)
        return {"text": text, "score": tf.ensure_shape(score, [None])}

    (problem,) = problems(Changed(changed), tmp_path)
    assert "XlaDynamicUpdateSlice needs XLA" in problem


def test_an_op_that_servers_do_not_link_is_a_problem(tmp_path):
    def changed(text, score):
        bits = tensorflow_text.utf8_binarize(text)
        return {"text": text, "score": score + tf.reduce_sum(bits, axis=-1)}

    (problem,) = problems(Changed(changed), tmp_path)
    assert "TFText>Utf8Binarize is in neither" in problem


def test_outputs_that_no_client_could_read_are_problems(tmp_path):
    generator = Changed(lambda text, score: {"text_bytes": text, "score": tf.reduce_sum(score)})
    said = "; ".join(problems(generator, tmp_path))
    assert "text_bytes would be sent as base64" in said
    assert "score must have the batch as its first axis" in said
    assert "the outputs must be" in said


def test_every_text_op_that_is_allowed_is_one_of_tensorflow_text():
    from tensorflow.python.framework import op_def_registry

    assert all(op_def_registry.get(op) for op in export_check.TEXT_OPS)
