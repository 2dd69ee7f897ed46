"""Ways to ask an exported model, one a file; the file name is the signature's."""
