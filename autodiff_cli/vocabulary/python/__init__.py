"""What modules of Python's library know of tensors: copies, ordered dictionaries."""
