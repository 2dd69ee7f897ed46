"""Who reads an ONNX model."""
