"""The syntax tree: immutable records, each with the span of the text it came from.

Other statements than those of an expression's text are in `syntax/statements.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

from autodiff_cli.record import Record
from autodiff_cli.source import Span

if TYPE_CHECKING:
    from autodiff_cli.syntax.statements import Statement


class Tree(Record):
    """The base of all trees."""

    span: Span

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.fields[1:])
        return f"{type(self).__name__}({shown})"


class Literal(Tree):
    """A number, string, True, False, None or `...`."""

    value: object


class Name(Tree):
    id: str


class Unary(Tree):
    """`-x`, `+x`, `~x`, `not x`."""

    operator: str
    operand: Expression


class Binary(Tree):
    left: Expression
    operator: str
    right: Expression


class Comparison(Tree):
    """`a < b <= c`: one operator between each two operands."""

    operands: tuple[Expression, ...]
    operators: tuple[str, ...]


class Logical(Tree):
    """`a and b`, `a or b`: the right side is evaluated if it matters."""

    left: Expression
    operator: str
    right: Expression


class Conditional(Tree):
    """`then if condition else otherwise`."""

    then: Expression
    condition: Expression
    otherwise: Expression


class Attribute(Tree):
    value: Expression
    name: str


class KeywordSpread(Tree):
    """`**value` in a call."""

    value: Expression


class Keyword(Tree):
    """`name=value` in a call."""

    name: str
    value: Expression


class Spread(Tree):
    """`*value` in a call, a display or a target."""

    value: Expression


class Call(Tree):
    function: Expression
    arguments: tuple[Expression | Keyword | Spread | KeywordSpread, ...]


class Slice(Tree):
    start: Expression | None
    stop: Expression | None
    step: Expression | None


class Subscript(Tree):
    value: Expression
    index: Expression | Slice


class Sequence(Tree):
    """A tuple or list display; an index with commas is a tuple, and may hold slices."""

    items: tuple[Expression | Slice | Spread, ...]
    is_tuple: bool


class Parameter(Tree):
    """`name=default`; kind: positional_only, plain, star, keyword_only or double_star."""

    name: str
    default: Expression | None
    kind: str


class Parameters(Tree):
    items: tuple[Parameter, ...]


class Lambda(Tree):
    parameters: Parameters
    body: Expression


class Clause(Tree):
    """`for target in iterable if condition if condition` in a comprehension."""

    target: Expression
    iterable: Expression
    conditions: tuple[Expression, ...]


class Comprehension(Tree):
    """kind: list, set, dict or generator; `value` is None but for a dict, whose key is `element`."""

    kind: str
    element: Expression
    value: Expression | None
    clauses: tuple[Clause, ...]


class Entry(Tree):
    """`key: value` in a dict display; `**value` has no key."""

    key: Expression | None
    value: Expression


class Dict(Tree):
    entries: tuple[Entry, ...]


class SetDisplay(Tree):
    items: tuple[Expression | Spread, ...]


class FormattedValue(Tree):
    """`{value!conversion:spec}` in an f-string; the conversion is r, s, a or nothing."""

    value: Expression
    conversion: str
    spec: FString | None


class FString(Tree):
    parts: tuple[str | FormattedValue, ...]


class NamedExpression(Tree):
    """`name := value`."""

    name: str
    value: Expression


class Yield(Tree):
    value: Expression | None


class YieldFrom(Tree):
    value: Expression


Expression: TypeAlias = (
    Literal
    | Name
    | Unary
    | Binary
    | Comparison
    | Logical
    | Conditional
    | Attribute
    | Call
    | Subscript
    | Sequence
    | Lambda
    | Comprehension
    | Dict
    | SetDisplay
    | FString
    | NamedExpression
    | Yield
    | YieldFrom
)


class ExpressionStatement(Tree):
    value: Expression


class Assign(Tree):
    """`target = target = value`; a target is a Name, Attribute, Subscript or Sequence of targets.

    In a Sequence, one target may be a Spread.
    """

    targets: tuple[Expression, ...]
    value: Expression


class Program(Tree):
    """Statements; of an expression, assignments to names and then an expression."""

    body: tuple[Statement, ...]


def trees_in(tree: Any) -> Iterator[Any]:
    """A tree, or some in tuples and lists, and all trees in it."""
    waiting = [tree]
    while waiting:
        top = waiting.pop()
        if isinstance(top, (tuple, list)):
            waiting += top
        elif isinstance(top, Tree):
            yield top
            waiting += [getattr(top, name) for name in top.fields if name != "span"]
