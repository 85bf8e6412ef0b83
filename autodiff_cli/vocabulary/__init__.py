"""The names a user may call, with torch's signatures, defaults and error messages; one file a family.

Importing this package fills the tables in `registry`.
"""

from autodiff_cli.vocabulary import (
    arithmetic,
    attributes,
    creation,
    functional,
    indexing,
    pointwise,
    products,
    random,
    reductions,
    shaping,
)

__all__ = [
    "arithmetic",
    "attributes",
    "creation",
    "functional",
    "indexing",
    "pointwise",
    "products",
    "random",
    "reductions",
    "shaping",
]
