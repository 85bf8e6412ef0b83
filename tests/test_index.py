"""The index of names against what the vocabulary's modules declare."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from autodiff_cli import index
from autodiff_cli.vocabulary.calls import registry
from autodiff_cli.vocabulary.calls.handles import (
    NAMES,
    TENSOR_ATTRIBUTES,
    TENSOR_METHODS,
    TENSOR_SETTERS,
)

TABLES = [
    registry.FUNCTIONS, registry.METHODS, registry.ATTRIBUTES,
    NAMES, TENSOR_METHODS, TENSOR_ATTRIBUTES, TENSOR_SETTERS,
]  # fmt: skip


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.kind)
def test_every_name_is_declared_by_the_module_that_the_index_names(
    table: index.Table[object],
) -> None:
    for name in index.modules_of(table.kind):
        assert table.get(name, table) is not table, name  # some are None
    index.import_all()
    assert set(dict.keys(table)) == set(index.modules_of(table.kind))


def test_each_kind_has_one_table() -> None:
    assert [table.kind for table in TABLES] == index.KINDS


def test_methods_have_no_module() -> None:
    assert [name for name in registry.METHODS.names() if "." in name] == []


def test_without_an_index_everything_is_there(tmp_path: Path) -> None:
    """A checkout whose vocabulary has changed answers as one whose index is fresh."""
    package = Path(index.__file__).parent
    (tmp_path / "autodiff_cli").mkdir()
    for path in package.iterdir():
        if path.name != "_index.py":
            (tmp_path / "autodiff_cli" / path.name).symlink_to(path)
    (tmp_path / "grammar").symlink_to(package.parent / "grammar")
    code = (
        "from autodiff_cli import index; from autodiff_cli.vocabulary.calls.registry import FUNCTIONS; "
        "print(index.__file__, len(index.shipped()), len(FUNCTIONS.names()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONSAFEPATH": "1"},
    )  # fmt: skip
    used, shipped, names = done.stdout.split()
    assert Path(used).parent == tmp_path / "autodiff_cli"
    assert (int(shipped), int(names)) == (0, len(registry.FUNCTIONS.names()))


def test_a_changed_source_is_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "words.py").write_text("")
    monkeypatch.setattr(index, "FOLDER", str(tmp_path))
    before = index.signature()
    (tmp_path / "words.py").write_text("# changed")
    assert index.signature() != before
    assert index.sources() == ["words.py"]
