"""Texts with code between other text: what is copied out of notebooks and prompts, and documents.

Code is where marks say so: `In [5]:` before a cell, `>>> ` before a line, ``` around a block (Markdown),
`.. code-block:: python` before one that is indented (reStructuredText). What stands behind it, as its
output, is what it printed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from textwrap import dedent

from autodiff_cli.books.cells import Book, Cell
from autodiff_cli.books.ends import Ends
from autodiff_cli.books.notebook import without_magic
from autodiff_cli.source import Source

IN = re.compile(r"\s*In ?\[ ?(?:\d+|None|\*)? ?\]:[ \t]?(.*)$")
OUT = re.compile(r"\s*Out ?\[ ?(?:\d+|None|\*)? ?\]:[ \t]?(.*)$")
CONTINUED = re.compile(r"\s*\.{3,}: ?(.*)$")  # as IPython begins a further line
PROMPT = re.compile(r"(\s*)>>> (.*)$")
FENCE = re.compile(r" {0,3}(`{3,}|~{3,})\s*\{?([\w.+-]*)")
DIRECTIVE = re.compile(r"(\s*)\.\. (?:code|code-block|sourcecode|testcode)::\s*(\S*)")
OUTPUT = re.compile(
    r"(\s*)(?:\.\. testoutput|Out)::\s*$"
)  # as Sphinx's galleries and doctests mark it
PYTHON = {"python", "python3", "py", "ipython", "ipython3", "pytorch", "torch", "code-cell"}
PROMPTS = {"pycon", "python-repl", "pyrepl", "doctest"}
PLAIN = {"text", "txt", "none", "output", "out", "plaintext", "console", "pytb"}


def marked(text: str, name: str) -> Book | None:
    """The cells of a text that marks its code; None if nothing in it is marked.

    Args:
        text: the file's content.
        name: the file's, for tracebacks, whose line numbers are the file's.

    >>> marked("Squares:\\n\\n>>> 3**2\\n9\\n", "notes.txt").cells[0].stored
    '9\\n'
    """
    lines = text.splitlines()
    if any(IN.match(line) for line in lines):
        kind, cells = "notebook as text", list(_notebook(lines, name))
    else:
        kind, cells = "document", list(_document(lines, name))
        if cells and all(cell.is_prompt for cell in cells):
            kind = "session at a prompt"
    return Book(kind, tuple(cells)) if cells else None


def _cell(name: str, first: int, code: list[str], stored: list[str] | None, **more: bool) -> Cell:
    """The cell whose code begins in a line, counted from 0."""
    source = Source(without_magic("\n".join(code)), name, first + 1)
    output = None if stored is None else "".join(line + "\n" for line in _stripped(stored))
    return Cell(source, (first + 1, first + len(code)), output, **more)


def _stripped(lines: list[str]) -> list[str]:
    """Without the blank lines around."""
    filled = [place for place, line in enumerate(lines) if line.strip()]
    return lines[filled[0] : filled[-1] + 1] if filled else []


# ---- notebooks as text ---------------------------------------------------------------------------


def _notebook(lines: list[str], name: str) -> Iterator[Cell]:
    """The cells behind `In [5]:`. Where their code ends, their output and prose begin: see `Ends`."""
    marks = [place for place, line in enumerate(lines) if IN.match(line)]
    regions = list(zip(marks, [*marks[1:], len(lines)]))
    ends = Ends(lines, [(first + 1, _output_mark(lines, first + 1, end)) for first, end in regions])
    for place, (mark, end) in enumerate(regions):
        if IN.match(lines[mark])[1].strip():  # type: ignore[index]
            stop = mark + 1
            while stop < end and CONTINUED.match(lines[stop]):
                stop += 1
            code = [IN.match(lines[mark])[1]]  # type: ignore[index]
            code += [CONTINUED.match(line)[1] for line in lines[mark + 1 : stop]]  # type: ignore[index]
            yield _cell(name, mark, code, _without_marks(lines[stop:end]))
            continue
        first, stop = ends.code(place)
        if stop > first:
            stored = _without_marks(lines[stop:end])
            yield _cell(name, first, lines[first:stop], stored, is_whole=False)


def _output_mark(lines: list[str], first: int, end: int) -> int:
    return next((place for place in range(first, end) if OUT.match(lines[place])), end)


def _without_marks(lines: list[str]) -> list[str]:
    found = []
    for line in lines:
        mark = OUT.match(line)
        found.append(line if mark is None else mark[1])
    return found


# ---- documents -----------------------------------------------------------------------------------


def _document(lines: list[str], name: str) -> Iterator[Cell]:
    """The code blocks of Markdown and reStructuredText, and what is typed at prompts."""
    waiting: Cell | None = None  # for its output
    since = 0  # lines of prose behind it
    place = 0
    while place < len(lines):
        block = _block(lines, place)
        if block is None:
            since += bool(lines[place].strip())
            if waiting is not None and since > 1:
                yield waiting
                waiting = None
            place += 1
            continue
        language, first, stop, place = block
        body = dedent("\n".join(lines[first:stop])).split("\n")
        if language == "output":
            if waiting is not None:
                yield _with_output(waiting, body)
                waiting = None
            continue
        if waiting is not None:
            yield waiting
            waiting = None
        if language == "prompt":
            yield from _prompts(body, first, name)
        else:
            blanks = next((n for n, line in enumerate(body) if line.strip()), len(body))
            code = _stripped(body)
            if code:
                waiting, since = _cell(name, first + blanks, code, None), 0
    if waiting is not None:
        yield waiting


def _with_output(cell: Cell, body: list[str]) -> Cell:
    return cell.replaced(stored="".join(line + "\n" for line in _stripped(body)))


def _block(lines: list[str], place: int) -> tuple[str, int, int, int] | None:
    """The block that begins in a line: what it is, its first line and the one behind it, and where to go on.

    It is "code", "prompt" or "output". What is in another language isn't any.
    """
    line = lines[place]
    if fence := FENCE.match(line):
        closing = re.compile(rf" {{0,3}}{re.escape(fence[1][0])}{{{len(fence[1])},}}\s*$")
        stop = place + 1
        while stop < len(lines) and not closing.match(lines[stop]):
            stop += 1
        kind = _kind(fence[2].lower(), lines[place + 1 : stop])
        return (kind, place + 1, stop, stop + 1) if kind else ("", 0, 0, stop + 1)
    if directive := DIRECTIVE.match(line):
        first, stop = _indented(lines, place + 1, len(directive[1]))
        kind = _kind(directive[2].lower() or "python", lines[first:stop])
        return (kind, first, stop, stop) if kind else ("", 0, 0, stop)
    if output := OUTPUT.match(line):
        first, stop = _indented(lines, place + 1, len(output[1]))
        return "output", first, stop, stop
    if PROMPT.match(line):
        stop = place
        while stop < len(lines) and lines[stop].strip():
            stop += 1
        return "prompt", place, stop, stop
    return None


def _kind(language: str, body: list[str]) -> str:
    """What a block is, from the language that it names, and where it names none, from what is in it."""
    first = next((line for line in body if line.strip()), "")
    if language in PROMPTS or (language in PYTHON | {""} and PROMPT.match(first)):
        return "prompt"
    if language in PYTHON:
        return "code"
    if language == "":
        return "code" if Ends.is_code(dedent("\n".join(body))) else "output"
    return "output" if language in PLAIN else ""


def _indented(lines: list[str], place: int, indent: int) -> tuple[int, int]:
    """The indented lines behind a directive and its options."""
    while place < len(lines) and re.match(r"\s+:[\w-]+:", lines[place]):
        place += 1
    stop = place
    while stop < len(lines):
        line = lines[stop]
        if line.strip() and len(line) - len(line.lstrip()) <= indent:
            break
        stop += 1
    return place, stop


def _prompts(body: list[str], first: int, name: str) -> Iterator[Cell]:
    """What is typed at prompts, each statement with what Python showed of it."""
    place = 0
    while place < len(body):
        prompt = PROMPT.match(body[place])
        if prompt is None:
            place += 1
            continue
        begin, code = place, [prompt[2]]
        place += 1
        while place < len(body) and re.match(r"\s*\.\.\.( |$)", body[place]):
            code.append(body[place].lstrip()[4:])
            place += 1
        output = []
        while place < len(body) and not PROMPT.match(body[place]):
            output.append("" if body[place].strip() == "<BLANKLINE>" else body[place])
            place += 1
        yield _cell(name, first + begin, code, output, is_prompt=True)
