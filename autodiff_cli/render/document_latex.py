"""Documents as LaTeX: tables, and equations aligned at their signs; needs amsmath."""

from __future__ import annotations

import re
from collections.abc import Sequence

from autodiff_cli.explanation.records import Formula
from autodiff_cli.formula.expressions import Expression, used
from autodiff_cli.formula.math_text import Latex, latex_name
from autodiff_cli.formula.terms import PI
from autodiff_cli.formula.text import ATOM, PRODUCT, SUM, Text, Unsayable
from autodiff_cli.render.document import (
    Block,
    Cell,
    Code,
    Derivation,
    Document,
    Equation,
    Heading,
    Ratio,
    Table,
    plain,
)

ESCAPED = str.maketrans(
    {c: rf"\{c}" for c in "&%$#_{}"}
    | {
        "\\": r"\textbackslash{}",
        "^": r"\textasciicircum{}",
        "~": r"\textasciitilde{}",
        "…": r"\ldots{}",
    }
)
ELEMENT = re.compile(r"(.+)\[([\d, ]+)\]")
NUMBER = re.compile(r"-?[\d.]+(?:e[-+]?\d+)?")


def latex(document: Document) -> str:
    """A document as a part of a LaTeX text."""
    return "\n\n".join(_block(block) for block in document)


def _block(block: Block) -> str:
    if isinstance(block, Table):
        return _titled(block.title, _table(block))
    if isinstance(block, Derivation):
        rows = [line for equation in block.equations for line in _aligned(equation)]
        body = " \\\\\n  ".join(rows)
        return _titled(block.title, f"\\begin{{align*}}\n  {body}\n\\end{{align*}}")
    if isinstance(block, Heading):
        return f"\\subsection*{{{block.text.translate(ESCAPED)}}}"
    return "\n\n".join(line.translate(ESCAPED) for line in block.lines)


def _titled(title: str, body: str) -> str:
    return f"\\paragraph{{{title.translate(ESCAPED)}}}\n{body}" if title else body


def _table(block: Table) -> str:
    rows = []
    if any(block.header):
        rows.append(" & ".join(name.translate(ESCAPED) for name in block.header) + r" \\ \hline")
    rows += [" & ".join(_cell(cell) for cell in row) + r" \\" for row in block.rows]
    columns = "l" * len(block.header)
    body = "\n  ".join(rows)
    return f"\n\\begin{{tabular}}{{{columns}}}\n  {body}\n\\end{{tabular}}"


def _cell(cell: Cell) -> str:
    if isinstance(cell, str):
        return cell.translate(ESCAPED)
    if isinstance(cell, (Ratio, Formula)):
        return f"${_math(cell)}$"
    return _typed(cell.text) if cell.text else ""


def _aligned(equation: Equation) -> list[str]:
    sides = list(dict.fromkeys(_side(cells, joint) for cells, joint in equation.sides))
    if not sides:
        return [_math(equation.left)]
    return [f"{_math(equation.left)} &= {sides[0]}", *(f"&= {side}" for side in sides[1:])]


def _side(cells: Sequence[Cell], joint: str) -> str:
    several = len(cells) > 1
    return (r" \cdot " if joint == " * " else joint).join(_math(cell, several) for cell in cells)


def _math(cell: Cell, operand: bool = False) -> str:
    if isinstance(cell, Ratio):
        of, by = _element(cell.of, cell.at), _element(cell.by, cell.by_at)
        return rf"\frac{{\partial {of}}}{{\partial {by}}}"
    if isinstance(cell, Formula):
        text = _formula(cell)
        if operand and (text.binding < PRODUCT or text.text.startswith("-")):
            return rf"\left({text.text}\right)"
        return text.text
    shown = plain(cell, operand)
    if isinstance(cell, Code) and NUMBER.fullmatch(shown.strip("()")):
        return shown
    return _typed(shown)


def _typed(text: str) -> str:
    return rf"\texttt{{{text.translate(ESCAPED)}}}"


def _element(name: str, at: Sequence[int]) -> str:
    shown = _name(name)
    return f"{{{shown}}}_{{{','.join(map(str, at))}}}" if at else shown


def _name(name: str) -> str:
    return latex_name(name) if name.isidentifier() else _typed(name)


def _formula(formula: Formula) -> Text:
    """A formula in mathematics; in the language's own words where that has none."""
    dialect = _Renamed(formula)
    texts: dict[Expression, Text] = {}
    try:
        for part in used([formula.expression]):
            texts[part] = dialect.write(part, [texts[arg] for arg in part.args])
    except Unsayable:
        return Text(_typed(formula.text))
    return texts[formula.expression]


class _Renamed(Latex):
    """LaTeX's words, with what names are shown as, and indices below."""

    def __init__(self, formula: Formula) -> None:
        super().__init__()
        self.by = formula.names

    def on_name(self, expression: Expression, parts: list[Text]) -> Text:
        name = self.by.get(expression.data, expression.data)
        if NUMBER.fullmatch(name):
            return Text(name, SUM if name.startswith("-") else ATOM)
        element = ELEMENT.fullmatch(name)
        if element is not None:
            return Text(_element(element[1], [int(n) for n in element[2].split(",")]))
        if name in ("inf", "-inf", PI):
            return super().on_name(expression, parts)
        return Text(_name(name))
