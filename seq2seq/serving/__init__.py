"""Serves an exported model over HTTP: TensorFlow Serving where it is installed, else by itself."""
