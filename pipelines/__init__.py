"""Text to batches: corpora, tokenizers and tf.data steps. Knows nothing of Keras."""
