"""Programs: Python's own parser is the judge of trees, spans and what is an error."""

from __future__ import annotations

import ast
import json
import sys
import warnings
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_trees import Judge, Ours

from autodiff_cli.errors import SourceSyntaxError
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


WRONG = [
    json.loads(line)
    for line in (HERE / "wrong_programs.jsonl").read_text(encoding="utf-8").splitlines()
]


@pytest.mark.parametrize(("text", "kind", "message"), WRONG, ids=[repr(w[0]) for w in WRONG])
def test_errors_are_pythons(text: str, kind: str, message: str) -> None:
    with pytest.raises(SourceSyntaxError) as caught:
        parse_program(Source(text))
    assert (caught.value.kind, caught.value.message) == (kind, message)
    assert caught.value.span is not None and "^" in caught.value.report()
    if sys.version_info[:2] == (3, 11):  # whose words are recorded
        with pytest.raises(SyntaxError) as judged:
            compile(text, "program", "exec")
        assert (type(judged.value).__name__, judged.value.msg) == (kind, message)


@pytest.mark.parametrize(
    ("text", "message", "cut"),
    [
        ("b'x'", "bytes literals are not supported", "b'x'"),
        ("x = 3j", "complex literals are not supported", "3j"),
        ("async def f(): pass", "invalid syntax", "async"),
        ("if x = 3: pass", "Maybe you meant", "x = 3"),
        ("f(a + b c.d, 3)", "forgot a comma", "a + b c.d"),
        ("x = a if b, c", "expected 'else'", "a if b"),
        ("f(a.b=1)", "cannot contain assignment", "a.b="),
        ("print x, y", "Missing parentheses", "print x, y"),
        ("x = f'a{b c}'", "f-string: invalid syntax. Perhaps you forgot", "b c"),
        ("x = f'a{(b}'", "f-string: closing parenthesis", "}"),
        ("(a, f()) = 1", "cannot assign to function call", "f()"),
        ("def f(a, b=1, c): pass", "non-default argument", "c"),
        ("f(x=1, x=2)", "repeated: x", "x=2"),
        ("x = (1, [2, 3)", "does not match", ")"),
        ("x = (1, 2\ny = 3\nz = 4", "never closed", "("),
    ],
)
def test_places_of_errors(text: str, message: str, cut: str) -> None:
    source = Source(text)
    with pytest.raises(SourceSyntaxError) as caught:
        parse_program(source)
    assert message in caught.value.message
    assert caught.value.span is not None and source.slice(caught.value.span) == cut


@given(st.text("xyi12.+-*/()[]{}=<>,:;'\"^!&|~@\\\n\t #fbr\r", max_size=40))
def test_any_text_gives_a_tree_or_an_error_with_a_place(text: str) -> None:
    _check(text)


@given(st.sampled_from(COMPOUND + FORMATS + SIMPLE), st.data())
def test_mutations_give_a_tree_or_an_error_with_a_place(text: str, data: st.DataObject) -> None:
    """A piece is left out, put twice or moved, or a character put in."""
    a, b = sorted(data.draw(st.integers(0, len(text))) for _ in range(2))
    piece = data.draw(st.sampled_from(["", text[a:b] * 2, *"()[]{}:=,'\"\n\t ;\\#*!@0é"]))
    _check(text[:a] + piece + text[b:])


def _check(text: str) -> None:
    """Our parser accepts what Python accepts, and refuses the rest with a place."""
    try:
        program = parse_program(Source(text))
    except SourceSyntaxError as error:
        assert error.span is not None and error.source is not None
        assert "^" in error.report()
        if "not supported" not in error.message:
            with pytest.raises((SyntaxError, ValueError)):
                compile(text, "program", "exec")
    else:
        assert Ours()(program) == Judge()(ast.parse(text))
        compile(text, "program", "exec")
