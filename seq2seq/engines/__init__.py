"""Engines beside TensorFlow that answer with a trained model, one a file."""
