"""Vectors of words: trained on prepared text, read from files, fitted to a vocabulary."""
