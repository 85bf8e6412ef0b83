"""Threads: those that compute blocks, and those of the linear algebra library."""
