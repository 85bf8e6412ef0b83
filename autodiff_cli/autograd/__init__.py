"""Torch's mutable state: the random generator."""
