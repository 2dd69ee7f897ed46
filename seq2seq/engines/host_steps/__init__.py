"""Engines that compute a model's two functions, while the search runs on the host."""
