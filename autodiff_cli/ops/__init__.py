"""The primitive operations, each declared once, one file a family.

Importing this package declares them all, and gives nodes Python's operators.
"""

from autodiff_cli.ops import (
    arithmetic,
    blend,
    create,
    decompose,
    indexing,
    loss,
    matrix,
    movement,
    order,
    pointwise,
    rearrange,
    reduce,
    scan,
    scatter,
    selection,
    statistics,
)

__all__ = [
    "arithmetic",
    "blend",
    "create",
    "decompose",
    "indexing",
    "loss",
    "matrix",
    "movement",
    "order",
    "pointwise",
    "rearrange",
    "reduce",
    "scan",
    "scatter",
    "selection",
    "statistics",
]
