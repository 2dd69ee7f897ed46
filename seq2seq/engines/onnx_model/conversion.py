"""TensorFlow's functions as ONNX models."""

import tempfile
from pathlib import Path

import tensorflow as tf
from tf2onnx.optimizer import optimize_graph
from tf2onnx.optimizer.const_fold_optimizer import ConstFoldOptimizer
from tf2onnx.optimizer.identity_optimizer import IdentityOptimizer
from tf2onnx.optimizer.loop_optimizer import LoopOptimizer
from tf2onnx.optimizer.merge_duplicated_nodes_optimizer import MergeDuplicatedNodesOptimizer
from tf2onnx.optimizer.transpose_optimizer import TransposeOptimizer
from tf2onnx.tf_loader import from_function
from tf2onnx.tfonnx import process_tf_graph

# Not all of tf2onnx 1.17: two of its optimizers together, of reshapes that take sizes from their
# input and of reshapes one after the other, leave a graph that fails.
OPTIMIZERS = {
    kind.__name__: kind
    for kind in (
        TransposeOptimizer,
        ConstFoldOptimizer,
        LoopOptimizer,
        MergeDuplicatedNodesOptimizer,
        IdentityOptimizer,
    )
}


def converted(function, opset: int):
    """Converts a concrete function of named tensors to a ModelProto of the same names."""
    inputs = [each.name for each in function.inputs if each.dtype != tf.resource]
    outputs = {each.name: name for name, each in function.structured_outputs.items()}
    frozen = from_function(function, inputs, list(outputs))
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(frozen, name="")
        made = process_tf_graph(
            graph,
            opset=opset,
            input_names=inputs,
            output_names=list(outputs),
            tensors_to_rename={name: name.removesuffix(":0") for name in inputs} | outputs,
        )
        return optimize_graph(made, optimizers=OPTIMIZERS).make_model(function.name)


def quantized(model) -> bytes:
    """Rounds the weights of a ModelProto to eight bits, with a scale for each channel."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        quantize_dynamic(model, path, weight_type=QuantType.QInt8, per_channel=True)
        return path.read_bytes()
