"""Pages of docs/ about one command: their examples, executed, and their lists of options."""

from __future__ import annotations

import doctest
import re
from importlib import import_module
from pathlib import Path

import pytest
from console import ROOT, examples, executed

PAGES = ("explain", "check", "graph", pytest.param("plot", marks=pytest.mark.needs("plotext")))
NAMES = ("explain", "check", "graph", "plot")
TEXTS = {page: (ROOT / "docs" / f"{page}.md").read_text() for page in NAMES}
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]\d+)?")
NOISE = ("differs", "sum at")  # in lines whose digits are what rounding left


def words(text: str) -> list[list[str]]:
    """The words of each line, with a sign in the place of numbers that processors' kernels decide."""
    lines = []
    for line in text.splitlines():
        if "forward mode differs" in line or not line.strip():
            continue
        noisy = any(word in line for word in NOISE)
        found = []
        for word in line.split():
            number = NUMBER.fullmatch(word)
            small = number is not None and abs(float(word)) < 1e-9
            found.append("#" if number and (noisy or small or _counts(line)) else word)
        lines.append(found)
    return lines


def _counts(line: str) -> bool:
    """Whether a line has a verdict, and so a number of digits and estimates."""
    return line.endswith((" ok", " kink", " not finite", " can't tell"))


@pytest.mark.parametrize("page", PAGES)
def test_examples(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In order, in one folder: some write the files that later ones read."""
    monkeypatch.delenv("COLUMNS", raising=False)
    # a command of several lines goes on behind `> `, as at a prompt
    found = examples(re.sub(r"\n> ", "\r", TEXTS[page]))
    assert len(found) > 4
    for example in found:
        output, code = executed(example.command.replace("\r", "\n"), tmp_path)
        assert code == example.code, output
        if "--json" in example.command and page == "check":
            assert re.findall(r'"\w+":', output) == re.findall(r'"\w+":', example.output)
        elif page == "check":
            assert words(output) == words(example.output), example.command
        else:
            assert output == example.output, example.command


@pytest.mark.parametrize("page", NAMES)
def test_python_examples(page: str) -> None:
    blocks = "\n".join(re.findall(r"```python\n(.*?)```", TEXTS[page], re.DOTALL))
    test = doctest.DocTestParser().get_doctest(blocks, {}, page, f"docs/{page}.md", 0)
    assert test.examples
    assert doctest.DocTestRunner().run(test).failed == 0


@pytest.mark.parametrize("page", NAMES)
def test_every_option_is_listed(page: str) -> None:
    command = import_module(f"autodiff_cli.cli.{page}").command
    section = TEXTS[page].split("## All options")[1]
    options = [name for param in command.params for name in param.opts if name.startswith("-")]
    assert [name for name in options if f"`{name}" not in section] == []
