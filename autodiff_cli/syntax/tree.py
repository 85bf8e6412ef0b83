"""The syntax tree: immutable records, each with the span of the text it came from."""

from __future__ import annotations

from typing import ClassVar, TypeAlias, dataclass_transform

from autodiff_cli.source import Span


@dataclass_transform(frozen_default=True)
class Record:
    """What `dataclass(frozen=True)` gives, without its cost at start-up.

    A dozen dataclasses take as long to make as the rest of the parser takes to load.
    """

    names: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        cls.names = (*cls.names, *(name for name in cls.__annotations__ if name != "names"))

    def __init__(self, *values: object) -> None:
        self.__dict__.update(zip(self.names, values, strict=True))

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.names[1:])
        return f"{type(self).__name__}({shown})"


class Tree(Record):
    """The base of all trees."""

    span: Span


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


class Keyword(Tree):
    """`name=value` in a call."""

    name: str
    value: Expression


class Spread(Tree):
    """`*value` in a call."""

    value: Expression


class Call(Tree):
    function: Expression
    arguments: tuple[Expression | Keyword | Spread, ...]


class Slice(Tree):
    start: Expression | None
    stop: Expression | None
    step: Expression | None


class Subscript(Tree):
    value: Expression
    index: Expression | Slice


class Sequence(Tree):
    """A tuple or list display; an index with commas is a tuple, and may hold slices."""

    items: tuple[Expression | Slice, ...]
    is_tuple: bool


class Assignment(Tree):
    target: str
    value: Expression


class Script(Tree):
    """Assignments, then the expression whose value is the result."""

    assignments: tuple[Assignment, ...]
    result: Expression


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
)
