"""docs/batch.md: its examples, executed in order in one folder, and its list of options."""

from __future__ import annotations

import doctest
import os
import re
from pathlib import Path

import pytest
from console import ROOT, Example, examples, executed, missing_tools

TEXT = (ROOT / "docs" / "batch.md").read_text()
EXAMPLES = examples(TEXT)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where all examples run: later ones read what earlier ones wrote."""
    folder = tmp_path_factory.mktemp("batch")
    executed(EXAMPLES[0].command, folder)
    return folder


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.command[:60])
def test_example(example: Example, folder: Path) -> None:
    missing = missing_tools(example.command)
    if missing:
        pytest.skip(f"needs {', '.join(missing)}")
    if "dask" in example.command:
        pytest.importorskip("distributed")
    assert executed(example.command, folder) == (example.output, example.code)


def test_python_example(folder: Path) -> None:
    blocks = "\n".join(re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL))
    test = doctest.DocTestParser().get_doctest(blocks, {}, "batch", "docs/batch.md", 0)
    assert test.examples
    before = os.getcwd()
    os.chdir(folder)
    try:
        assert doctest.DocTestRunner().run(test).failed == 0
    finally:
        os.chdir(before)


def test_every_option_is_listed() -> None:
    from autodiff_cli.cli.batch import command

    section = TEXT.split("## All options")[1].split("\n## ")[0]
    options = [name for param in command.params for name in param.opts if name.startswith("-")]
    assert [name for name in options if f"`{name}`" not in section] == []


def test_there_are_examples() -> None:
    assert len(EXAMPLES) > 20
