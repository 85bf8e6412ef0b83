"""Tensors of programs: their memory and views, writes to them, and the backward pass."""
