"""Programs: Python's own parser is the judge of trees, spans and what is an error."""

from __future__ import annotations

import ast
import json
import re
import sys
import warnings
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from python_trees import Judge, Ours

from autodiff_cli.errors import SourceSyntaxError
from autodiff_cli.source import Source
from autodiff_cli.syntax import parse_program, statements, tree

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


F_STRING = re.compile(r"""(?:[fF][rR]?|[rR][fF])['"]""")


def python_refuses(text: str) -> bool:
    """Whether the language of Python 3.11, which is ours, doesn't have this text.

    From 3.12 on f-strings may have their own quotes and backslashes in them, and the running Python can't
    be asked to refuse that: a text with f-strings is judged by 3.11 alone.
    """
    if sys.version_info >= (3, 12) and F_STRING.search(text):
        return True
    try:
        compile(ast.parse(text, feature_version=(3, 11)), "program", "exec")
    except (SyntaxError, ValueError):
        return True
    return False


def _check(text: str) -> None:
    """Our parser accepts what Python accepts, and refuses the rest with a place."""
    try:
        program = parse_program(Source(text))
    except SourceSyntaxError as error:
        assert error.span is not None and error.source is not None
        assert "^" in error.report()
        assert "not supported" in error.message or python_refuses(text)
    else:
        assert Ours()(program) == Judge()(ast.parse(text))
        compile(text, "program", "exec")


NAMES = st.sampled_from(["x", "y", "self", "match", "type", "_", "é"])
TARGETS = st.recursive(
    st.one_of(NAMES, st.just("x.y"), st.just("x[0]"), st.just("(y)")),
    lambda inner: st.one_of(
        st.builds("({}, {})".format, inner, inner), st.builds("[{}, *{}]".format, inner, NAMES)
    ),
    max_leaves=3,
)


def wider(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Expressions one level deeper; what needs parentheses in them has them."""
    clause = st.builds("for {} in ({}) if ({})".format, TARGETS, inner, inner)
    clauses = st.lists(clause, min_size=1, max_size=2).map(" ".join)
    signs = st.sampled_from("+ - * / // % ** @ & | ^ << >> == < and or in is".split())
    parameters = st.sampled_from(["", " x, /, y=1, *a, z, **k", " *, x", " *a", " x, y=2"])
    quoted = inner.filter(lambda e: not set(e) & set("'\"\\\n{}!:"))
    return st.one_of(
        st.builds("({}) {} ({})".format, inner, signs, inner),
        st.builds("not ({})".format, inner),
        st.builds("({} if {} else {})".format, inner, inner, inner),
        st.builds("(lambda{}: {})".format, parameters, inner),
        st.builds("[{} {}]".format, inner, clauses),
        st.builds("{{{} {}}}".format, inner, clauses),
        st.builds("{{{}: {} {}}}".format, inner, inner, clauses),
        st.builds("f({} {})".format, inner, clauses),
        st.builds("f({}, *{}, x={}, **{})".format, inner, inner, inner, inner),
        st.builds("{{{}: {}, **({})}}".format, inner, inner, inner),
        st.builds("{{{}, *({}),}}".format, inner, inner),
        st.builds("({}, *({}))".format, inner, inner),
        st.builds("x[{}:, ::{}]".format, inner, inner),
        st.builds("({}).y({})".format, inner, inner),
        st.builds('f"a{{ ({}) !r:>{{({})}}}}b{{({})=}}"'.format, quoted, quoted, quoted),
    )


VALUES = st.recursive(
    st.one_of(
        NAMES, st.integers(0, 99).map(str), st.sampled_from(["1.5", "None", "'a'", "...", "()"])
    ),
    wider,
    max_leaves=6,
)
SIMPLE_STATEMENTS = st.one_of(
    VALUES,
    st.builds("{} = {} = {}".format, TARGETS, TARGETS, VALUES),
    st.builds("{}, *{} = {}, {}".format, TARGETS, NAMES, VALUES, VALUES),
    st.builds(
        "x.y {}= {}".format, st.sampled_from("+ - * / // % ** @ & | ^ << >>".split()), VALUES
    ),
    st.builds("x: {} = {}".format, VALUES, VALUES),
    st.builds("assert {}, {}".format, VALUES, VALUES),
    st.builds("del {}".format, TARGETS.filter(lambda t: "*" not in t)),
    st.builds("raise {} from {}".format, VALUES, VALUES),
    st.sampled_from(["pass", "import a.b as c, d", "from .a import (b, c as d,)", "raise"]),
)


def indented(body: list[str]) -> str:
    return "\n".join("    " + line for statement in body for line in statement.split("\n"))


def compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    body = st.lists(inner, min_size=1, max_size=3).map(indented)
    heads = st.one_of(
        st.builds("if {}:".format, VALUES),
        st.builds("while {}:".format, VALUES),
        st.builds("for {} in {}:".format, TARGETS, VALUES),
        st.builds("with {} as {}, {}:".format, VALUES, TARGETS, VALUES),
        st.builds("with ({} as {}, {},):".format, VALUES, TARGETS, VALUES),
        st.builds("def f(x={}, *a, y: {}, **k) -> {}:".format, VALUES, VALUES, VALUES),
        st.builds("@{}\nclass A({}, m={}):".format, VALUES, VALUES, VALUES),
        st.just("class A:\n  # comment\n"),
    )
    return st.one_of(
        st.builds("{}\n{}".format, heads, body),
        st.builds("if {}:\n{}\nelif {}:\n{}\nelse:\n{}".format, VALUES, body, VALUES, body, body),
        st.builds("for x in {}:\n{}\n    break\nelse:\n{}".format, VALUES, body, body),
        st.builds("def f():\n{}\n    return (yield {}), {}".format, body, VALUES, VALUES),
        st.builds(
            "try:\n{}\nexcept {}:\n{}\nexcept A as e:\n{}\nelse:\n{}\nfinally:\n{}".format,
            body, VALUES, body, body, body, body,
        ),
    )  # fmt: skip


PROGRAMS = st.lists(
    st.recursive(
        st.lists(SIMPLE_STATEMENTS, min_size=1, max_size=2).map("; ".join), compound, max_leaves=5
    ),
    max_size=3,
).map("\n".join)


@given(PROGRAMS)
@settings(suppress_health_check=list(HealthCheck))
def test_random_programs(text: str) -> None:
    _check(text)


N = 20_000


@pytest.mark.parametrize(
    "text",
    ["+".join("x" * N), "x = 1\n" * N, "x;" * N, "a = " * N + "1", "lambda: " * N + "x",
     "if a: pass\n" + "elif b: pass\n" * N, "(" * N + "x" + ")" * N, "[" * N + "a" + "]" * N + "=1",
     "f(" + "x," * N + ")", "{" + "a: 1," * N + "}", "'a' " * N, "f'" + "{x}" * N + "'",
     "".join(" " * n + "if a:\n" for n in range(300)) + " " * 300 + "x",
     "[x for x in " * 3000 + "y" + "]" * 3000, "not " * N + "x", "x if y else " * N + "x"],
    ids=["sum", "lines", "semicolons", "targets", "lambdas", "elifs", "parentheses", "target lists",
         "arguments", "entries", "strings", "fields", "blocks", "comprehensions", "nots",
         "conditionals"],
)  # fmt: skip
def test_long_programs_need_no_recursion(text: str) -> None:
    parse_program(Source(text))


def test_spans_in_format_strings_are_those_of_the_whole_text() -> None:
    source = Source("y = 1\nx = f'''a{ b + c!r:>{w.z}}\n{\n d[0]}''' 'f' f\"{g(h)}\"")
    statement = parse_program(source).body[1]
    assert isinstance(statement, statements.Assign) and isinstance(statement.value, tree.FString)
    fields = [part for part in statement.value.parts if isinstance(part, tree.FormattedValue)]
    assert [source.slice(f.value.span) for f in fields] == ["b + c", "d[0]", "g(h)"]
    assert source.slice(fields[0].span) == "{ b + c!r:>{w.z}}"
    assert fields[0].spec is not None and isinstance(fields[0].spec.parts[1], tree.FormattedValue)
    assert source.slice(fields[0].spec.parts[1].value.span) == "w.z"


@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("@a\ndef f(x) -> y:\n  pass", "def f(x) -> y"),
        ("class A(B): pass", "class A(B)"),
        ("if (x): pass\nelse: pass", "if (x)"),
        ("while x > 1: pass", "while x > 1"),
        ("for a, b in (c): pass", "for a, b in (c)"),
        ("with (a as b): pass", "with (a as b)"),
        ("try: pass\nfinally: pass", "try"),
        ("return_ = 3 ; x", "return_ = 3"),
    ],
)
def test_the_span_of_a_block_is_its_header(text: str, header: str) -> None:
    source = Source(text)
    assert source.slice(parse_program(source).body[0].span) == header
