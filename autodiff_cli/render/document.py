"""Documents of tables and equations: what explanations and checks are written as, in every form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from autodiff_cli.explanation.records import Formula, Index
from autodiff_cli.record import Record


class Ratio(Record):
    """A derivative as it is named: dout/dz, with the indices of elements if they are said."""

    of: str
    by: str
    at: Index = ()
    by_at: Index = ()

    def __str__(self) -> str:
        return f"d{self.of}{indexed(self.at)}/d{self.by}{indexed(self.by_at)}"


class Code(Record):
    """A text of the language, or numbers."""

    text: str

    def __str__(self) -> str:
        return self.text


Cell: TypeAlias = "str | Ratio | Code | Formula"


class Table(Record):
    """A table.

    Attributes:
        title: what it is of.
        header: of its columns; "" of those that need none.
        rows: of cells.
    """

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


class Equation(Record):
    """A left side, and what it is equal to, line by line.

    Attributes:
        left: the left side.
        sides: right sides, each of operands with the joint between them.
    """

    left: Cell
    sides: tuple[tuple[tuple[Cell, ...], str], ...]


class Derivation(Record):
    """Equations below a title.

    Attributes:
        title: what they are of; "" without one.
        equations: the equations.
        is_long: whether a reader may want to skip them.
    """

    title: str
    equations: tuple[Equation, ...]
    is_long: bool = False


class Words(Record):
    """Sentences, each in its line."""

    lines: tuple[str, ...]


class Heading(Record):
    """What the blocks below it are about, of a document about several things."""

    text: str


Block: TypeAlias = "Table | Derivation | Words | Heading"
Document: TypeAlias = Sequence[Block]


def indexed(at: Index) -> str:
    return f"[{', '.join(map(str, at))}]" if at else ""


def plain(cell: Cell, operand: bool = False) -> str:
    """A cell as text; as one of several factors, with its brackets."""
    if isinstance(cell, Formula):
        return cell.factor if operand else cell.text
    text = str(cell)
    return f"({text})" if operand and text.startswith("-") else text
