"""The primitive operations, each declared once, one file a family.

Importing this package declares those that most calls need, and gives nodes Python's operators; the other
families are imported by the vocabulary that uses them.
"""

from autodiff_cli.ops import (
    arithmetic,
    create,
    indexing,
    matrix,
    movement,
    pointwise,
    powers,
    reduce,
    selection,
)

__all__ = [
    "arithmetic",
    "create",
    "indexing",
    "matrix",
    "movement",
    "pointwise",
    "powers",
    "reduce",
    "selection",
]
