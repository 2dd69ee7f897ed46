"""What exports hold: every signature, of models of every family.

An export is checked with TensorFlow's C library before it is published, and its answers there are
those that are kept with it; so what is proved of these is proved of what a server answers.
"""

import json
import types

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf.unknown_fields import UnknownFieldSet
from served_models import FAMILIES, LINES, SIGNATURES, generator
from tensorflow.core.protobuf import saved_model_pb2

from pipelines.special_tokens import END, PAD
from seq2seq.export import HOSTILE, export
from seq2seq.serving_samples import read_samples
from seq2seq.text_stream import streamed
from seq2seq.warmup import FILE, read_requests

SAMPLES = LINES[:3]


@pytest.fixture(scope="module", params=FAMILIES)
def exported(request, tmp_path_factory):
    """A generator, the version that was made of it, and what the signatures answered SAMPLES."""
    made = generator(request.param)
    version = export(made, tmp_path_factory.mktemp(request.param), SAMPLES)
    usual = {}
    for sample in read_samples(version):
        usual.setdefault(sample.signature, sample.outputs)
    return types.SimpleNamespace(generator=made, version=version, answers=usual)


def test_every_signature_is_exported_with_the_tensors_that_it_names(exported):
    written = saved_model_pb2.SavedModel.FromString(
        (exported.version / "saved_model.pb").read_bytes()
    )
    defined = written.meta_graphs[0].signature_def
    told = json.loads((exported.version / "serving.json").read_text())["signatures"]
    assert {*told} == {*SIGNATURES} == {*defined} - {"__saved_model_init_op"}
    for name, signature in told.items():
        for side in ("inputs", "outputs"):
            ports = getattr(defined[name], side)
            assert {*ports} == {*signature[side]}
            for port, about in signature[side].items():
                shape = [axis.size for axis in ports[port].tensor_shape.dim]
                assert about["shape"] == shape and len(about["axes"]) == len(shape)
                assert about["dtype"] == tf.dtypes.as_dtype(ports[port].dtype).name.replace(
                    "float32", "float"
                )
                assert about["axes"][0] == "B" and shape[0] == -1


def test_the_default_and_nbest_are_what_the_generator_says(exported):
    wanted = list(exported.generator.generate_nbest(SAMPLES))
    default, nbest = exported.answers["serving_default"], exported.answers["nbest"]
    assert [text.decode() for text in default["text"]] == [best.text for best, _ in wanted]
    assert nbest["text"].shape == nbest["score"].shape == (3, 2)
    found = [[text.decode() for text in row] for row in nbest["text"]]
    assert found == [[one.text for one in row] for row in wanted]
    scores = [[one.score for one in row] for row in wanted]
    np.testing.assert_allclose(nbest["score"], scores, rtol=1e-4)
    np.testing.assert_allclose(default["score"], nbest["score"][:, 0], rtol=1e-6)


def test_details_are_what_the_generator_says(exported):
    wanted = list(exported.generator.generate(SAMPLES, details=True))
    found = exported.answers["detailed"]
    for row, (text, score, details) in enumerate(wanted):
        length, read = found["length"][row], found["source_length"][row]
        pieces = [piece.decode() for piece in found["pieces"][row]]
        source = [piece.decode() for piece in found["source_pieces"][row]]
        assert found["text"][row].decode() == text
        assert found["score"][row] == pytest.approx(score, rel=1e-4)
        assert pieces == details.pieces + [""] * (len(pieces) - length)
        assert source == details.source + [""] * (len(source) - read)
        scores, alignments = found["token_scores"][row], found["alignments"][row]
        np.testing.assert_allclose(scores[:length], details.log_probabilities, atol=1e-4)
        np.testing.assert_allclose(alignments[:length, :read], details.attention, atol=1e-4)
        assert not scores[length:].any() and not alignments[length:].any()
        assert not alignments[:, read:].any()


def test_a_score_is_the_log_probability_of_its_target(exported):
    found = exported.answers["score"]
    # Targets within the limit of 12 pieces: of longer ones, so many pieces are scored.
    short = found["length"] < 12
    wanted = np.array([*exported.generator.score(SAMPLES, SAMPLES)])
    np.testing.assert_allclose(found["score"][short], wanted[short], rtol=1e-4)
    np.testing.assert_allclose(found["token_scores"].sum(axis=1), found["score"], rtol=1e-4)
    assert short.any() and not short.all() and found["token_scores"].shape[1] == 12


def test_an_embedding_is_the_mean_of_what_was_read(exported):
    read = exported.generator.source_ids(tf.constant(SAMPLES))
    for row, ids in enumerate(read.to_list()):
        vectors = np.array(exported.generator.model.features(tf.constant([ids])))[0]
        found = exported.answers["encode"]["embedding"][row]
        np.testing.assert_allclose(found, vectors.mean(axis=0), atol=1e-5)


def test_ids_and_pieces_are_those_of_the_two_tokenizers(exported):
    found = exported.answers["tokenize"]
    for row, text in enumerate(SAMPLES):
        ids = exported.generator.source_tokenizer.tokenize(tf.constant([text]))[0].numpy()
        length = found["length"][row]
        wanted = [*ids[:31], END]  # the longest source has 32
        assert found["ids"][row].tolist() == wanted + [PAD] * (len(found["ids"][row]) - length)
        spelt = "".join(piece.decode() for piece in found["pieces"][row][: length - 1])
        assert spelt.replace("<0x20>", " ") == text[:31]
    assert exported.answers["detokenize"]["text"].tolist() == [text.encode() for text in SAMPLES]


def test_samples_come_with_their_requests_and_answers_as_the_server_sends_them(exported):
    told = json.loads((exported.version / "serving.json").read_text())
    assert told["limits"]["source_tokens"] == 32 and told["limits"]["target_tokens"] == 12
    default = told["signatures"]["serving_default"]
    assert default["request"]["instances"] == [{"text": SAMPLES[0]}]
    best = exported.answers["serving_default"]
    (answer,) = default["answer"]["predictions"]
    assert answer["text"] == best["text"][0].decode()
    assert answer["score"] == pytest.approx(best["score"][0], rel=1e-4)
    # Of one output, values alone; what is scored and put together again is the answer.
    assert told["signatures"]["detokenize"]["answer"]["predictions"] == [answer["text"]]
    (scored,) = told["signatures"]["score"]["request"]["instances"]
    assert scored == {"source": SAMPLES[0], "target": answer["text"]}


def test_answers_are_kept_for_hostile_texts_too(exported):
    asked = [one for one in read_samples(exported.version) if one.signature == "nbest"]
    lengths = [[len(text) for text in one.inputs["text"]] for one in asked]
    assert [len(rows) for rows in lengths] == [len(SAMPLES), len(HOSTILE), 1, 0]
    assert lengths[2] == [100_000]
    assert asked[1].inputs["text"].tolist()[3].startswith(b"\xff\xfe")


def test_the_tokenizers_lie_beside_as_assets(exported):
    assets = exported.version / "assets"
    assert (assets / "target_subwords.model").read_bytes() == (
        exported.generator.target_tokenizer.model
    )
    pieces = json.loads((assets / "source_vocabulary.json").read_text())
    assert pieces == exported.generator.source_tokenizer.pieces()


def test_weights_are_stored_once_and_nothing_of_training_is(exported):
    names = tf.train.list_variables(str(exported.version / "variables" / "variables"))
    sizes = sorted(int(np.prod(shape)) for name, shape in names if "VARIABLE_VALUE" in name)
    model = exported.generator.model
    models = getattr(model, "models", [model])
    wanted = sorted(int(np.prod(each.shape)) for one in models for each in one.weights)
    assert sizes == wanted


def test_the_servers_own_parser_reads_the_warm_up_requests(exported):
    logs = pytest.importorskip("tensorflow_serving.apis.prediction_log_pb2")
    records = tf.data.TFRecordDataset(str(exported.version / FILE)).as_numpy_iterator()
    requests = read_requests(exported.version)
    shapes = {}
    for record, (name, inputs) in zip(records, requests, strict=True):
        log = logs.PredictionLog.FromString(record)
        assert log.WhichOneof("log_type") == "predict_log"
        request = log.predict_log.request
        assert request.model_spec.signature_name == name
        assert not any(map(len, map(UnknownFieldSet, (log, request, request.model_spec))))
        assert {*request.inputs} == {*inputs}
        for each, array in inputs.items():
            np.testing.assert_array_equal(tf.make_ndarray(request.inputs[each]), array)
        first = next(iter(inputs.values()))
        shapes.setdefault(name, []).append(len(first))
    assert shapes == {name: [1, 1, 8, 8] for name in SIGNATURES}


# Loading takes seconds; its state is the most nested one.
@pytest.mark.parametrize("exported", ["transformer"], indirect=True)
def test_a_target_is_told_while_it_is_found(exported):
    loaded = tf.saved_model.load(str(exported.version))
    for text in SAMPLES[:2]:
        found = list(streamed(loaded.stream, text))
        assert found == list(exported.generator.stream(text)) and found
