"""Text that others took out of Wikipedia, or that never was in it, to be prepared alike."""
