"""What expressions are built of: a function for each rule of the grammar that makes a part of the tree."""

from __future__ import annotations

from collections.abc import Callable
from keyword import iskeyword
from typing import Any

from autodiff_cli.errors import SourceSyntaxError
from autodiff_cli.source import Span
from autodiff_cli.syntax import tree

CONSTANTS = {"True": True, "False": False, "None": None}


def _sequence(is_tuple: bool) -> Callable[..., tree.Sequence]:
    def build(span: Span, *items: Any) -> tree.Sequence:
        flat: list[Any] = []
        for item in items:
            if isinstance(item, list):
                flat += item
            elif item is not None:
                flat.append(item)
        return tree.Sequence(span, tuple(flat), is_tuple)

    return build


def _comparison(span: Span, *parts: Any) -> tree.Comparison:
    return tree.Comparison(span, parts[::2], parts[1::2])


def _program(span: Span, *parts: Any) -> tree.Program:
    *assignments, last = parts
    if not isinstance(last, tree.Assign):
        last = tree.ExpressionStatement(last.span, last)
    return tree.Program(span, (*assignments, last))


def _assignment(span: Span, name: str, value: Any) -> tree.Assign:
    target = _name(Span(span.start, span.start + len(name)), name)
    return tree.Assign(span, (target,), value)


def _call(span: Span, function: Any, arguments: Any) -> tree.Call:
    names: set[str] = set()
    for x in arguments or ():
        if isinstance(x, tree.Keyword):
            if x.name in names:
                raise _at(x.span, f"keyword argument repeated: {x.name}", None)
            names.add(x.name)
        elif names and not isinstance(x, tree.Spread):
            raise _at(x.span, "positional argument follows keyword argument", None)
    return tree.Call(span, function, tuple(arguments or ()))


def _string(span: Span, *parts: str) -> tree.Literal:
    return tree.Literal(span, "".join(map(unquoted, parts)))


ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"', "0": "\0"}


def unquoted(text: str) -> str:
    r"""The string that a literal stands for.

    >>> unquoted(r"'it\'s'")
    "it's"
    """
    raw = text[0] in "rR"
    body = text[2:-1] if raw else text[1:-1]
    if raw or "\\" not in body:
        return body
    pieces = body.split("\\")
    result = [pieces[0]]
    pending = False  # an escaped backslash leaves an empty piece, whose successor is literal
    for piece in pieces[1:]:
        if pending:
            result.append(piece)
            pending = False
        elif not piece:
            result.append("\\")
            pending = True
        else:
            result.append(ESCAPES.get(piece[0], "\\" + piece[0]) + piece[1:])
    return "".join(result)


def _name(span: Span, text: str) -> tree.Name:
    if not text.isidentifier():  # a superscript counts as a letter in regular expressions
        raise _at(span, f"'{text}' is not a name", None)
    if iskeyword(text):
        raise _at(span, f"'{text}' is a keyword, not a name", None)
    return tree.Name(span, text)


def _quoted(span: Span, text: str) -> tree.Name:
    """A name that is none of Python's, such as a column's: a point before it would make it one of ours."""
    name = text[1:-1].strip()
    if name.isidentifier() and not iskeyword(name):
        return _name(span, name)
    if not name or name in CONSTANTS or name.startswith("."):
        raise _at(span, f"{text} is not a name", None)
    return tree.Name(span, name)


def _float(span: Span, text: str) -> tree.Literal:
    return tree.Literal(span, float(text))


def _integer(span: Span, text: str) -> tree.Literal:
    digits = text.replace("_", "")
    if len(digits) > 1 and digits[0] == "0" and digits.isdigit() and digits.strip("0"):
        raise _at(
            span,
            "leading zeros in decimal integer literals are not permitted",
            f"write {digits.lstrip('0')}",
        )
    try:
        return tree.Literal(span, int(text, 0) if not digits.isdigit() else int(digits))
    except ValueError:
        raise _at(span, "invalid number", None) from None


def _at(span: Span, message: str, hint: str | None) -> SourceSyntaxError:
    error = SourceSyntaxError(message, hint=hint)
    error.span = span
    return error


# One entry an alias or rule name of grammar/expression.lark that builds a tree.
BUILDERS: dict[str, Callable[..., Any]] = {
    "start": _program,
    "assignment": _assignment,
    "conditional": tree.Conditional,
    "or_": lambda span, left, right: tree.Logical(span, left, "or", right),
    "and_": lambda span, left, right: tree.Logical(span, left, "and", right),
    "unary": tree.Unary,
    "comparison": _comparison,
    "comparator": lambda span, *words: " ".join(words),
    "binary": tree.Binary,
    "attribute": tree.Attribute,
    "call": _call,
    "arguments": lambda span, *items: list(items),
    "keyword": tree.Keyword,
    "spread": lambda span, star, value: tree.Spread(span, value),
    "subscript": tree.Subscript,
    "subscript_tuple": _sequence(is_tuple=True),
    "slice": lambda span, start, colon, stop, second, step: tree.Slice(span, start, stop, step),
    "name": _name,
    "quoted": _quoted,
    "integer": _integer,
    "float": _float,
    "string": _string,
    "constant": lambda span, word: tree.Literal(span, CONSTANTS[word]),
    "ellipsis": lambda span: tree.Literal(span, ...),
    "tuple": _sequence(is_tuple=True),
    "list": _sequence(is_tuple=False),
    "expressions": lambda span, *items: list(items),
}
