"""The primitive operations, each declared once, one file a family.

Importing this package declares them all, and gives nodes Python's operators.
"""

from autodiff_cli.ops import (
    arithmetic,
    create,
    decompose,
    indexing,
    loss,
    matrix,
    movement,
    pointwise,
    reduce,
    selection,
)

__all__ = [
    "arithmetic",
    "create",
    "decompose",
    "indexing",
    "loss",
    "matrix",
    "movement",
    "pointwise",
    "reduce",
    "selection",
]
