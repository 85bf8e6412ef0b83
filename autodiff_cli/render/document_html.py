"""Documents as one HTML file, which needs no network and runs nothing."""

from __future__ import annotations

import re
from html import escape

from autodiff_cli.explanation.records import Formula
from autodiff_cli.render.document import (
    Block,
    Cell,
    Derivation,
    Document,
    Heading,
    Ratio,
    Table,
    plain,
)
from autodiff_cli.render.document_text import lines_of

LONG = 12  # rows of a table from where on it is folded
WIDTH = 100  # of equations
STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
code, pre { font: 0.95em/1.5 ui-monospace, monospace; }
h1 { font-size: 1.2rem; } h2, summary { font-size: 1.05rem; font-weight: 600; margin-top: 1.5rem; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
th, td { text-align: left; padding: 0.2rem 1.2rem 0.2rem 0; vertical-align: top; }
th { font-weight: normal; opacity: 0.7; } tr + tr td { border-top: 1px solid #8884; }
pre { overflow-x: auto; background: #8881; padding: 0.6rem 1rem; border-radius: 0.4rem; }
""".strip()
POWER = re.compile(r"\*\*(-?\w+(?:\.\d+)?)(?![\w(\[.])")


def html(document: Document, title: str) -> str:
    """A document as a whole page.

    Args:
        document: the blocks.
        title: what it is of: the text that was given.
    """
    body = "\n".join(_block(block) for block in document)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>\n{STYLE}\n</style>\n</head>\n<body>\n"
        f"<h1><code>{escape(title)}</code></h1>\n{body}\n</body>\n</html>"
    )


def _block(block: Block) -> str:
    if isinstance(block, Table):
        return _folded(block.title, _table(block), len(block.rows) > LONG)
    if isinstance(block, Derivation):
        lines = lines_of(block.equations, WIDTH)
        shown = POWER.sub(r"<sup>\1</sup>", escape("\n".join(lines)))
        return _folded(block.title, f"<pre>{shown}</pre>", block.is_long)
    if isinstance(block, Heading):
        return f"<h1>{escape(block.text)}</h1>"
    return "\n".join(f"<p>{escape(line)}</p>" for line in block.lines)


def _folded(title: str, inner: str, is_long: bool) -> str:
    """What is long, behind its title."""
    if is_long:
        return f"<details>\n<summary>{escape(title)}</summary>\n{inner}\n</details>"
    return f"<h2>{escape(title)}</h2>\n{inner}" if title else inner


def _table(block: Table) -> str:
    rows = []
    if any(block.header):
        rows.append("".join(f"<th>{escape(name)}</th>" for name in block.header))
    rows += ["".join(f"<td>{_cell(cell)}</td>" for cell in row) for row in block.rows]
    return "<table>\n" + "\n".join(f"<tr>{row}</tr>" for row in rows) + "\n</table>"


def _cell(cell: Cell) -> str:
    shown = escape(plain(cell)).replace("\n", "<br>")
    if isinstance(cell, Formula):
        shown = POWER.sub(r"<sup>\1</sup>", shown)
    if isinstance(cell, Ratio):
        return f"<var>{shown}</var>"
    return f"<code>{shown}</code>" if shown and not isinstance(cell, str) else shown
