"""Jupyter notebooks (.ipynb, of format 3 or 4): their code, and what it printed where they were made."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from autodiff_cli.books.cells import Cell
from autodiff_cli.errors import InputError
from autodiff_cli.source import Source

MAGIC = re.compile(r"^\s*[%!]")  # commands to the notebook itself, such as %matplotlib inline
RUNNING = re.compile(r"%%(time|timeit|capture|prun|matplotlib)\b")  # magics whose cell is Python
PICTURES = ("image/png", "image/svg+xml", "image/jpeg", "text/html")


def cells(text: str, name: str) -> Iterator[Cell]:
    """The code cells of a notebook, in order.

    Args:
        text: the file's content, JSON.
        name: the file's, for errors.

    Raises:
        InputError: it is no notebook.
    """
    import orjson

    try:
        book = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise InputError(f"{name} is not a notebook: {error}") from None
    entries = book.get("cells") if isinstance(book, dict) else None
    if entries is None and isinstance(book, dict):
        sheets = book.get("worksheets") or []
        entries = [cell for sheet in sheets for cell in sheet.get("cells", [])] or None
    if not isinstance(entries, list):
        raise InputError(f"{name} is not a notebook: it has no list of cells")
    number = 0
    for entry in entries:
        if not isinstance(entry, dict) or entry.get("cell_type") != "code":
            continue
        number += 1
        code = without_magic(_joined(entry.get("source", entry.get("input", ""))))
        yield Cell(Source(code, f"{name}, cell {number}"), None, _stored(entry))


def without_magic(code: str) -> str:
    """The code of a cell with the notebook's own commands as comments, so that line numbers stay.

    >>> without_magic("%matplotlib inline\\nx = 1")
    'pass  # %matplotlib inline\\nx = 1'
    """
    first, newline, rest = code.partition("\n")
    if RUNNING.match(first):
        code = f"pass  # {first}{newline}{rest}"
    elif first.startswith("%%"):
        return "# " + code.replace("\n", "\n# ")
    return "\n".join(
        "pass  # " + line.strip() if MAGIC.match(line) else line for line in code.split("\n")
    )


def _joined(text: Any) -> str:
    return "".join(map(str, text)) if isinstance(text, list) else str(text)


def _stored(entry: dict[str, Any]) -> str | None:
    """What a cell printed, the last line of its error included; None if it was never run."""
    outputs = entry.get("outputs")
    if not isinstance(outputs, list):
        return None
    found = []
    for output in outputs:
        if not isinstance(output, dict):
            continue
        if "ename" in output:
            found.append(f"{output['ename']}: {output.get('evalue', '')}\n")
        elif "data" not in output and "text" in output:
            if output.get("name", output.get("stream", "stdout")) != "stderr":
                found.append(_joined(output["text"]))
        else:
            data = output.get("data", output)
            if isinstance(data, dict) and not any(kind in data for kind in PICTURES):
                shown = _joined(data.get("text/plain", data.get("text", "")))
                found.append(shown + "\n" if shown else "")
    never = entry.get("execution_count", entry.get("prompt_number")) is None and not outputs
    return None if never else "".join(found)
