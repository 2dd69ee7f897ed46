"""Where examples come from. One corpus a file; the file name is its kind."""
