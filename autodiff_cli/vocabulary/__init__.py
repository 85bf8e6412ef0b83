"""The names a user may call, with torch's signatures, defaults and error messages; one file a family.

Importing this package fills the tables in `registry`.
"""

from autodiff_cli.vocabulary import (
    activations,
    arithmetic,
    arrangement,
    attributes,
    creation,
    distances,
    einsum,
    functional,
    indexing,
    layers,
    linalg,
    losses,
    ordering,
    pairs,
    placement,
    pointwise,
    products,
    random,
    reductions,
    shaping,
    special,
    statistics,
)

__all__ = [
    "activations",
    "arithmetic",
    "arrangement",
    "attributes",
    "creation",
    "distances",
    "einsum",
    "functional",
    "indexing",
    "layers",
    "linalg",
    "losses",
    "ordering",
    "pairs",
    "placement",
    "pointwise",
    "products",
    "random",
    "reductions",
    "shaping",
    "special",
    "statistics",
]
