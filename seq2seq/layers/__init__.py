"""The layers of the models, one a file."""
