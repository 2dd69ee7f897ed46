"""Weights stored in fewer bits, and the model that computes with them in float32."""
