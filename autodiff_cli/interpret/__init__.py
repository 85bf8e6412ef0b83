"""Trees to calls of the vocabulary."""
