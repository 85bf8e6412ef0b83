"""The rare families' lists of names against what their modules declare."""

from __future__ import annotations

import subprocess
import sys

from autodiff_cli.vocabulary import registry
from autodiff_cli.vocabulary.families import FUNCTIONS_OF, METHODS_OF

DECLARED = """
import sys
from importlib import import_module
from autodiff_cli.vocabulary import registry
from autodiff_cli.vocabulary.families import FUNCTIONS_OF, METHODS_OF
found = {}
original = dict.__setitem__
for family in sorted({*FUNCTIONS_OF, *METHODS_OF}):
    import_module(f"autodiff_cli.vocabulary.{family}")
print(*sorted(dict.keys(registry.FUNCTIONS)))
print(*sorted(dict.keys(registry.METHODS)))
"""


def test_the_lists_name_what_exists() -> None:
    done = subprocess.run(
        [sys.executable, "-c", DECLARED], capture_output=True, text=True, check=True
    )
    functions, methods = (set(line.split()) for line in done.stdout.splitlines())
    assert {n for names in FUNCTIONS_OF.values() for n in names.split()} <= functions
    assert {n for names in METHODS_OF.values() for n in names.split()} <= methods


def test_what_the_modules_declare_is_listed() -> None:
    """Every name is found without importing its family first."""
    code = (
        "import sys; from autodiff_cli.vocabulary import registry; "
        "print(*sorted(registry.FUNCTIONS.names())); print(*sorted(registry.METHODS.names()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    functions, methods = (set(line.split()) for line in done.stdout.splitlines())
    registry.FUNCTIONS["einsum"]
    from autodiff_cli.vocabulary.families import load_all

    load_all()
    assert set(dict.keys(registry.FUNCTIONS)) <= functions
    assert set(dict.keys(registry.METHODS)) <= methods
