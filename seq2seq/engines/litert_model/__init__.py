"""Who reads a LiteRT model."""
