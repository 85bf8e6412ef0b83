"""The primitive operations, each declared once, one file a family.

Importing this package declares them all, and gives nodes Python's operators.
"""

from autodiff_cli.ops import (
    activation,
    arithmetic,
    blend,
    create,
    decompose,
    distance,
    indexing,
    linalg,
    loss,
    matrix,
    movement,
    order,
    pairs,
    pointwise,
    rearrange,
    reduce,
    scan,
    scatter,
    selection,
    special,
    statistics,
)

__all__ = [
    "activation",
    "arithmetic",
    "blend",
    "create",
    "decompose",
    "distance",
    "indexing",
    "linalg",
    "loss",
    "matrix",
    "movement",
    "order",
    "pairs",
    "pointwise",
    "rearrange",
    "reduce",
    "scan",
    "scatter",
    "selection",
    "special",
    "statistics",
]
