"""Noise that is drawn when batches are made, in the graph, of ids: what objectives of it share."""
