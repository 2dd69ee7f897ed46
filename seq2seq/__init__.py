"""Batches to trained, searched and served models, in Keras 3 on TensorFlow."""
