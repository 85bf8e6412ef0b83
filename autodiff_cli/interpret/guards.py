"""The first wall: everything through which the text of a program reaches an object.

Python's code of a checked text (`interpret/translation`) calls these functions, by the names in `GUARDS`.
Whatever a program holds carries its own checks, so a call needs no guard, but for the items of `*spread`.
A guard is imported when a text calls it.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

# The module of each, by the guards' names, and what it is called there if that is another name.
GUARDS: dict[str, str] = {
    # value.name; its assignment and deletion
    "attribute": "access",
    "attribute_place": "attributes",
    "attributes": "attributes.Attributes",
    "store_attribute": "attributes",
    "update_attribute": "attributes",
    # value[index], and the parameters of a class
    "item": "items",
    "item_place": "items",
    "items": "items",
    "store_item": "items",
    "update_item": "items",
    # import
    "import_module": "builtins",
    "import_name": "builtins",
    # f-strings
    "formatted": "formats",
    # `in`, for, unpacking, *spread
    "container": "flow",
    "counted": "counting",
    "iterate": "flow",
    "spread": "flow",
    # with, except: what ends a program can't be caught
    "ended": "flow",
    "ending": "flow.ENDING",
    "kinds": "flow",
    "manager": "flow",
    # classes and names
    "annotate": "flow",
    "no_super": "flow",
    "super_of": "classes.Super",
    "undefined": "flow",
}
OF_PYTHON = {"failure": AssertionError, "slice": slice}


def guard(name: str) -> Any:
    """The guard of a name; those of operators are in a table of their own."""
    if name in OF_PYTHON:
        return OF_PYTHON[name]
    place = GUARDS.get(name)
    if place is None:
        from autodiff_cli.interpret.arithmetic import GUARDS as OPERATORS

        return OPERATORS[name]
    module, _, own = place.partition(".")
    return getattr(import_module(f"autodiff_cli.interpret.{module}"), own or name)
