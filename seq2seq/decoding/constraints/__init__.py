"""Constraints on what a search may say, one a file; the file name is the kind in a recipe."""
