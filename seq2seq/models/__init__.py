"""Encoder-decoder models, one a file; the file name is the model's kind in a recipe."""
