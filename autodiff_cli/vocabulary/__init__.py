"""The names a user may call, with torch's signatures, defaults and error messages; one file a family.

Importing this package fills the tables in `registry`.
"""

from autodiff_cli.vocabulary import (
    arithmetic,
    arrangement,
    attributes,
    creation,
    functional,
    indexing,
    ordering,
    placement,
    pointwise,
    products,
    random,
    reductions,
    shaping,
    statistics,
)

__all__ = [
    "arithmetic",
    "arrangement",
    "attributes",
    "creation",
    "functional",
    "indexing",
    "ordering",
    "placement",
    "pointwise",
    "products",
    "random",
    "reductions",
    "shaping",
    "statistics",
]
