"""Derivatives as formulas: terms with exact numbers, what is known of them, and how a person writes them.

    graph ──reading──► terms ──identities, tidying──► terms ──writing──► expressions ──sharing──► text

A term is an array seen by its indices: a product names the index that each axis of a factor runs over, and
the indices that are summed, so that broadcasting, transposing, matrix products, sums and diagonals are one
thing, and what undoes each other is gone before any rule is asked.
"""
