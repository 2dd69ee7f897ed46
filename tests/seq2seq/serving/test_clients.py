"""The clients and the files for clusters that the documents show."""

import contextlib
import io
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest
import tensorflow as tf
import yaml
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

ROOT = Path(__file__).parents[3]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MANUAL = (ROOT / "saved_models" / "README.md").read_text(encoding="utf-8")


def blocks(text, language, word):
    found = re.findall(rf"^```{language}\n(.*?)^```$", text, re.M | re.S)
    return [block for block in found if word in block]


def run(program, written, there):
    """Runs a program that asks another server than the one it names -> what it prints."""
    assert program.count(written) == 1
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(program.replace(written, there), "README.md", "exec"), {})
    return said.getvalue()


def test_the_rest_client_gets_its_texts(own):
    (program,) = blocks(README, "python", "urllib")
    said = run(program, "http://localhost:8501/v1/models/translate", f"{own.url}{own.model}")
    assert said == "['A DOG RUNS THROUGH THE SNOW.']\n"


class Service(prediction_service_pb2_grpc.PredictionServiceServicer):
    """Answers as TensorFlow Serving does, with capitals."""

    def Predict(self, request, context):
        assert request.model_spec.name == "translate" and list(request.output_filter) == ["text"]
        texts = tf.make_ndarray(request.inputs["text"]).tolist()
        reply = predict_pb2.PredictResponse()
        shouted = [text.upper() for text in texts]
        reply.outputs["text"].CopyFrom(tf.make_tensor_proto(shouted, tf.string))
        return reply


@pytest.fixture
def grpc_port():
    server = grpc.server(ThreadPoolExecutor(1))
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(Service(), server)
    port = server.add_insecure_port("localhost:0")
    server.start()
    yield port
    server.stop(None).wait()


def test_the_grpc_client_gets_its_texts(grpc_port):
    (program,) = blocks(README, "python", "grpc")
    said = run(program, "localhost:8500", f"localhost:{grpc_port}")
    assert said == "['A DOG RUNS THROUGH THE SNOW.']\n"


@pytest.fixture(scope="module")
def cluster():
    """Reads the manual's files for Kubernetes -> each by its kind."""
    (text,) = blocks(MANUAL, "yaml", "apiVersion")
    return {each["kind"]: each["spec"] for each in yaml.safe_load_all(text)}


def test_the_cluster_asks_ports_and_paths_that_the_container_has(cluster):
    pod = cluster["Deployment"]["template"]
    (container,) = pod["spec"]["containers"]
    ports = {each["name"]: each["containerPort"] for each in container["ports"]}
    assert ports == {"grpc": 8500, "rest": 8501}
    assert {each["targetPort"] for each in cluster["Service"]["ports"]} == set(ports)
    labels = pod["metadata"]["labels"]
    assert labels == cluster["Deployment"]["selector"]["matchLabels"]
    assert labels == cluster["Service"]["selector"]
    model = next(e["value"] for e in container["env"] if e["name"] == "MODEL_NAME")
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        asked = container[probe]["httpGet"]
        assert asked == {"path": f"/v1/models/{model}", "port": "rest"}
    assert_mounted(container["args"], [each["mountPath"] for each in container["volumeMounts"]])
    named = {each["name"] for each in pod["spec"]["volumes"]}
    assert named == {each["name"] for each in container["volumeMounts"]}
    assert all(each["readOnly"] for each in container["volumeMounts"])


def test_compose_gives_the_container_its_model_and_its_port():
    (text,) = blocks(MANUAL, "yaml", "services:")
    (service,) = yaml.safe_load(text)["services"].values()
    places = [each.split(":")[1] for each in service["volumes"]]
    assert service["image"].startswith("tensorflow/serving:")
    assert f"/models/{service['environment']['MODEL_NAME']}" in places
    assert "127.0.0.1:8501:8501" in service["ports"]
    assert_mounted(service["command"], places)


def assert_mounted(flags, places):
    """Sees that files which flags name lie in what is mounted."""
    files = [flag.partition("=")[2] for flag in flags if "_file=" in flag]
    assert files
    for file in files:
        assert any(file.startswith(f"{place}/") for place in places), file
    assert "--enable_batching" in flags
