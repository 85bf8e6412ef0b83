"""docs/derive.md: its examples, executed, and its list of options."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest
from console import ROOT, Example, examples, executed

TEXT = (ROOT / "docs" / "derive.md").read_text()
# a command of several lines goes on behind `> `, as at a prompt
EXAMPLES = examples(re.sub(r"\n> ", "\r", TEXT))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.command[:60])
def test_example(example: Example, tmp_path: Path) -> None:
    command = example.command.replace("\r", "\n")
    assert executed(command, tmp_path) == (example.output, example.code)


def test_python_example() -> None:
    blocks = "\n".join(re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL))
    test = doctest.DocTestParser().get_doctest(blocks, {}, "derive", "docs/derive.md", 0)
    assert test.examples
    assert doctest.DocTestRunner().run(test).failed == 0


def test_every_option_is_listed() -> None:
    from autodiff_cli.cli.derive import command

    section = TEXT.split("## All options")[1]
    options = [name for param in command.params for name in param.opts if name.startswith("-")]
    assert [name for name in options if f"`{name}" not in section] == []


def test_there_are_examples() -> None:
    assert len(EXAMPLES) > 20
