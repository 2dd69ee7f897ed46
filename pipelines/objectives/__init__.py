"""What a model learns from articles alone. One objective a file; the file name is its kind."""
