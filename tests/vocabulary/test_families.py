"""The rare families' lists of names against what their modules declare."""

from __future__ import annotations

import subprocess
import sys

import pytest

from autodiff_cli.vocabulary.calls import registry
from autodiff_cli.vocabulary.calls.families import FUNCTIONS_OF, METHODS_OF, load_all, of_names
from autodiff_cli.vocabulary.calls.registry import Table


@pytest.mark.parametrize(
    "table, families", [(registry.FUNCTIONS, FUNCTIONS_OF), (registry.METHODS, METHODS_OF)]
)
def test_the_lists_name_what_each_module_declares(table: Table, families: dict[str, str]) -> None:
    load_all()
    for name, family in of_names(families).items():
        declared = table.declared(name)
        assert declared is not None, f"{family} doesn't declare {name}"
        modules = {
            made.__module__.removeprefix("autodiff_cli.vocabulary.")
            for made in declared.implementations
        }
        is_alias = any(
            other.implementations is declared.implementations
            for other in table.values()
            if other is not declared
        )
        assert family in modules or is_alias, f"{name} is of {modules}, not of {family}"


def test_methods_have_no_module() -> None:
    assert [name for name in registry.METHODS.names() if "." in name] == []


def test_what_the_modules_declare_is_listed() -> None:
    """Every name is found without importing its family first."""
    code = (
        "import sys; from autodiff_cli.vocabulary.calls import registry; "
        "print(*sorted(registry.FUNCTIONS.names())); print(*sorted(registry.METHODS.names()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    functions, methods = (set(line.split()) for line in done.stdout.splitlines())
    load_all()
    assert set(dict.keys(registry.FUNCTIONS)) <= functions
    assert set(dict.keys(registry.METHODS)) <= methods
