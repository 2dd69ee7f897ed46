"""How an export keeps weights: in fewer bits, or as constants of its graphs."""
