"""Jupyter notebooks: the code of their cells."""

from __future__ import annotations

import re

from autodiff_cli.errors import InputError

MAGIC = re.compile(r"^\s*[%!]")  # commands to the notebook itself, such as %matplotlib inline


def code_cells(text: str, name: str) -> list[str]:
    """The source of each code cell of a notebook (.ipynb), in order.

    Args:
        text: the file's content, JSON of format 3 or 4.
        name: the file's, for errors.

    Raises:
        InputError: it is no notebook.
    """
    import orjson

    try:
        book = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise InputError(f"{name} is not a notebook: {error}") from None
    cells = book.get("cells") if isinstance(book, dict) else None
    if cells is None and isinstance(book, dict):
        sheets = book.get("worksheets") or []
        cells = [cell for sheet in sheets for cell in sheet.get("cells", [])] or None
    if not isinstance(cells, list):
        raise InputError(f"{name} is not a notebook: it has no list of cells")
    found = []
    for cell in cells:
        if not isinstance(cell, dict) or cell.get("cell_type") != "code":
            continue
        source = cell.get("source", cell.get("input", ""))
        lines = source if isinstance(source, list) else [source]
        found.append(_without_magic("".join(map(str, lines))))
    return found


RUNNING = re.compile(r"%%(time|timeit|capture|prun|matplotlib)\b")  # magics whose cell is Python


def _without_magic(source: str) -> str:
    """The cell with the notebook's own commands as comments, so that line numbers stay."""
    first, newline, rest = source.partition("\n")
    if RUNNING.match(first):
        source = f"pass  # {first}{newline}{rest}"
    elif first.startswith("%%"):
        return "# " + source.replace("\n", "\n# ")
    return "\n".join(
        "pass  # " + line.strip() if MAGIC.match(line) else line for line in source.split("\n")
    )
