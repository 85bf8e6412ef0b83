"""Programs: Python's own parser is the judge of trees, spans and what is an error."""

from __future__ import annotations

import ast
import warnings
from pathlib import Path

import pytest
from python_trees import Judge, Ours

from autodiff_cli.source import Source
from autodiff_cli.syntax import parse_program

# Python warns of some texts in the files, such as "1if x else y".
pytestmark = pytest.mark.filterwarnings("ignore")
HERE = Path(__file__).parent


def snippets(name: str) -> list[str]:
    """The statements of a file, each with its decorators and comments."""
    text = (HERE / name).read_text(encoding="utf-8")
    lines = text.split("\n")
    with warnings.catch_warnings(action="ignore"):
        body = ast.parse(text).body
    starts = [min([x.lineno, *(d.lineno for d in getattr(x, "decorator_list", []))]) for x in body]
    ends = [*(start - 1 for start in starts[1:]), len(lines)]
    pairs = {(s, e) for s, e in zip(starts, ends) if s <= e}
    return ["\n".join(lines[s - 1 : e]) for s, e in sorted(pairs)]


SIMPLE, COMPOUND, FORMATS = map(snippets, ("simple.txt", "compound.txt", "formats.txt"))


@pytest.mark.parametrize("text", SIMPLE + COMPOUND + FORMATS)
def test_trees_are_pythons(text: str) -> None:
    assert Ours()(parse_program(Source(text))) == Judge()(ast.parse(text))


@pytest.mark.parametrize("name", ["simple.txt", "compound.txt", "formats.txt"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_whole_files(name: str, line_end: str) -> None:
    text = "\ufeff" + (HERE / name).read_text(encoding="utf-8").replace("\n", line_end)
    assert Ours()(parse_program(Source(text))) == Judge()(ast.parse(text.encode()))


@pytest.mark.parametrize("text", SIMPLE + COMPOUND)
def test_spans_are_pythons(text: str) -> None:
    source = Source(text)
    assert Ours(source)(parse_program(source)) == Judge(text)(ast.parse(text))
