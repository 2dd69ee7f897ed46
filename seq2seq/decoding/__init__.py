"""Searches for the best target, one a file; the file name is the search's kind in a recipe."""
