"""docs/batch.md: its examples, executed in order in one folder, and its list of options."""

from __future__ import annotations

import doctest
import os
import re
from pathlib import Path

import pytest
from console import ROOT, Example, examples, executed, needed

TEXT = (ROOT / "docs" / "batch.md").read_text()
EXAMPLES = examples(TEXT)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where all examples run: later ones read what earlier ones wrote."""
    folder = tmp_path_factory.mktemp("batch")
    executed(EXAMPLES[0].command, folder)
    return folder


@pytest.mark.parametrize(
    "example",
    [
        pytest.param(e, id=e.command[:60], marks=pytest.mark.needs(*needed(e.command)))
        for e in EXAMPLES
    ],
)
def test_example(example: Example, folder: Path) -> None:
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
