"""Reports of an evaluation: what a model gets wrong, and where."""
