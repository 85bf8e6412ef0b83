"""Documents for a terminal, and as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO

from autodiff_cli.render.document import (
    Block,
    Cell,
    Derivation,
    Document,
    Equation,
    Heading,
    Table,
    plain,
)

GAP = 2  # characters between columns
INDENT = 2  # before them
NARROW = 6  # characters of a column that is narrow enough


def text(document: Document, width: int = 80) -> str:
    """A document in lines of so many characters; equations aren't broken.

    Args:
        document: the blocks.
        width: of tables.
    """
    return "\n\n".join(_block(block, width) for block in document)


def _block(block: Block, width: int) -> str:
    if isinstance(block, Table):
        return f"{block.title}\n{table(block, width)}" if block.title else table(block, width)
    if isinstance(block, Derivation):
        lines = [f"  {line}" for line in lines_of(block.equations, width - 2)]
        return "\n".join([block.title, *lines] if block.title else [line[2:] for line in lines])
    if isinstance(block, Heading):
        return f"── {block.text} ──"
    return "\n".join(block.lines)


def table(block: Table, width: int) -> str:
    """A table in lines of so many characters; what has no room goes on in the next line."""
    from rich.console import Console
    from rich.table import Table as Grid
    from rich.text import Text

    grid = Grid(
        box=None,
        show_header=any(block.header),
        padding=(0, GAP, 0, 0),
        pad_edge=False,
        header_style="",
    )
    rows = [[plain(cell) for cell in row] for row in block.rows]
    for name, wide in zip(block.header, _widths(block.header, rows, width - INDENT), strict=True):
        grid.add_column(Text(name), overflow="fold", width=wide)
    for row in rows:
        grid.add_row(*map(Text, row))
    out = StringIO()
    Console(file=out, width=width, color_system=None, highlight=False).print(grid)
    return "\n".join(f"{' ' * INDENT}{line}".rstrip() for line in out.getvalue().splitlines())


def _widths(header: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> list[int]:
    """The columns' widths: those that they need, and of the widest less, as far as there is no room."""
    widths = []
    for at, name in enumerate(header):
        widths.append(max([1, len(name), *(len(row[at]) for row in rows)]))
    if sum(widths) + GAP * (len(widths) - 1) > width:  # headers go on in the next line, too
        for at, name in enumerate(header):
            words = [len(word) for word in name.split()]
            widths[at] = max([1, *words, *(len(row[at]) for row in rows)])
    while sum(widths) + GAP * (len(widths) - 1) > width and max(widths) > NARROW:
        widths[widths.index(max(widths))] -= 1
    return widths


def lines_of(equations: Sequence[Equation], width: int) -> list[str]:
    """Equations with the right sides below each other, on one line where there is room and no factor."""
    lines = []
    for equation in equations:
        left = plain(equation.left)
        sides = list(dict.fromkeys(_side(cells, joint) for cells, joint in equation.sides))
        joined = " = ".join([left, *sides])
        if _is_short(equation) and (len(joined) <= width or len(sides) == 1):
            lines.append(joined)
            continue
        lines.append(f"{left} = {sides[0]}" if sides else left)
        lines += [f"{' ' * len(left)} = {side}" for side in sides[1:]]
    return lines


def _is_short(equation: Equation) -> bool:
    """Whether a reader takes it in at once: no product is written out."""
    return all(joint != " * " or len(cells) < 2 for cells, joint in equation.sides[:1])


def _side(cells: Sequence[Cell], joint: str) -> str:
    operand = len(cells) > 1
    return joint.join(plain(cell, operand) for cell in cells)


# ---- Markdown -----------------------------------------------------------------------------------


def markdown(document: Document) -> str:
    """A document as Markdown, with tables as GitHub has them."""
    return "\n\n".join(_marked(block) for block in document)


def _marked(block: Block) -> str:
    if isinstance(block, Table):
        head = " | ".join(name or " " for name in block.header)
        lines = [f"| {head} |", f"|{' --- |' * len(block.header)}"]
        lines += [f"| {' | '.join(_code(cell) for cell in row)} |" for row in block.rows]
        return "\n".join([f"### {block.title}", "", *lines] if block.title else lines)
    if isinstance(block, Derivation):
        lines = ["```text", *lines_of(block.equations, 100), "```"]
        return "\n".join([f"### {block.title}", "", *lines] if block.title else lines)
    if isinstance(block, Heading):
        return f"## {block.text}"
    return "  \n".join(block.lines)


def _code(cell: Cell) -> str:
    shown = plain(cell).replace("|", "\\|").replace("\n", " ")
    return f"`{shown}`" if shown and not isinstance(cell, str) else shown
