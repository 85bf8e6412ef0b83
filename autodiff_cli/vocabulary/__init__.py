"""The names a user may call, with torch's signatures, defaults and error messages; one file a family.

Importing this package fills the tables in `registry` with the families that most calls need; those of
`families.RARE` follow when one of their names is used.
"""

from autodiff_cli.vocabulary import (
    arithmetic,
    attributes,
    creation,
    pointwise,
    reductions,
)

__all__ = [
    "arithmetic",
    "attributes",
    "creation",
    "pointwise",
    "reductions",
]
