"""Pages of docs/ about one command: their examples, executed, and their lists of options."""

from __future__ import annotations

import doctest
import re
from importlib import import_module
from pathlib import Path

import pytest
from console import ROOT, Example, examples, executed

PAGES = ["graph", "plot"]
TEXTS = {page: (ROOT / "docs" / f"{page}.md").read_text() for page in PAGES}
# a command of several lines goes on behind `> `, as at a prompt
EXAMPLES = {page: examples(re.sub(r"\n> ", "\r", text)) for page, text in TEXTS.items()}


@pytest.mark.parametrize(
    "page", ["graph", pytest.param("plot", marks=pytest.mark.needs("plotext"))]
)
def test_examples(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In order, in one folder: some write the files that later ones read."""
    monkeypatch.delenv("COLUMNS", raising=False)
    assert len(EXAMPLES[page]) > 4
    for example in EXAMPLES[page]:
        _check(example, tmp_path)


def _check(example: Example, folder: Path) -> None:
    command = example.command.replace("\r", "\n")
    assert executed(command, folder) == (example.output, example.code), command


@pytest.mark.parametrize("page", PAGES)
def test_python_examples(page: str) -> None:
    blocks = "\n".join(re.findall(r"```python\n(.*?)```", TEXTS[page], re.DOTALL))
    test = doctest.DocTestParser().get_doctest(blocks, {}, page, f"docs/{page}.md", 0)
    assert test.examples
    assert doctest.DocTestRunner().run(test).failed == 0


@pytest.mark.parametrize("page", PAGES)
def test_every_option_is_listed(page: str) -> None:
    command = import_module(f"autodiff_cli.cli.{page}").command
    section = TEXTS[page].split("## All options")[1]
    options = [name for param in command.params for name in param.opts if name.startswith("-")]
    assert [name for name in options if f"`{name}" not in section] == []
