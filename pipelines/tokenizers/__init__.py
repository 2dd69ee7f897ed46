"""Text <-> ids, in the graph, both ways. One tokenizer a file; the file name is its kind."""
