"""From a file's text to its cells, whatever kind of text it is."""

from __future__ import annotations

import os
import re

from autodiff_cli.books.cells import Book, Cell
from autodiff_cli.errors import InputError, SourceSyntaxError
from autodiff_cli.source import Source
from autodiff_cli.syntax import parse_program

DOCUMENTS = {".md": "Markdown", ".markdown": "Markdown", ".rst": "reStructuredText"}
# What may begin a piece of code in a text that is no program; which cells there are is said by `marked`.
MARK = re.compile(
    r"^\s*(?:In ?\[ ?(?:\d+|None|\*)? ?\]:|>>> |```|~~~|\.\. (?:code|code-block|sourcecode|testcode)::)",
    re.MULTILINE,
)
SESSION = (
    "# a session of autodiff"  # what the first line of one begins with, as the prompt saves it
)
BEGUN = re.compile(r"\s*In ?\[ ?\d+ ?\]:")  # `In [1]: x = 2` is Python, too
PROSE = re.compile(r"^\W{0,3}[^\W\d]+(?:[ ,]+[^\W\d]+){3,}")


def book_of(text: str, path: str | os.PathLike[str]) -> Book:
    """The cells of a program, a notebook, or a text with code between other text.

    Args:
        text: the file's content.
        path: where it comes from; "-" is standard input.

    Raises:
        InputError: it is said to be a notebook and is none, or is a document without code.

    >>> book = book_of("In [1]:\\nx = 2\\nx*x\\n\\n4\\n\\nfour\\n\\nIn [2]:\\nx\\n", "pasted.txt")
    >>> book.kind, [cell.lines for cell in book.cells], book.cells[0].stored
    ('notebook as text', [(2, 3), (10, 10)], '4\\n\\nfour\\n')
    """
    path = os.fspath(path)
    name = "<stdin>" if path == "-" else path
    suffix = os.path.splitext(path)[1].lower()
    if suffix == ".ipynb":
        from autodiff_cli.books.notebook import cells

        return Book("notebook", tuple(cells(text, name)))
    if text.startswith(SESSION):
        return Book("session", (Cell(Source(text, name), is_prompt=True),))
    document = DOCUMENTS.get(suffix)
    if suffix != ".py" and (document or BEGUN.match(text) or _is_marked(text)):
        from autodiff_cli.books.marked import marked

        book = marked(text, name)
        if book is not None:
            return book
    if document:
        raise InputError(
            f"{name} has no code: {document} has it between lines of ```python, or behind '.. code-block:: "
            "python'; '>>> ' begins a line of a prompt, and 'In [1]:' a notebook's cell"
        )
    return Book("program", (Cell(Source(text, name)),))


def _is_marked(text: str) -> bool:
    return MARK.search(text) is not None and not is_program(text)


def is_program(text: str) -> bool:
    """Whether a text as a whole is in the language."""
    return _refused(text) is None


def prose_in(text: str) -> int:
    """The line for which a text isn't a program, if that was written for people; else 0.

    >>> prose_in("x = 1\\nThis is how it works."), prose_in("x = = 1"), prose_in("x = 1")
    (2, 0, 0)
    """
    error = _refused(text)
    if error is None or error.span is None:
        return 0
    number, _, line = Source(text).line(error.span.start)
    return number if PROSE.match(line) else 0


def _refused(text: str) -> SourceSyntaxError | None:
    try:
        parse_program(Source(text))
    except SourceSyntaxError as error:
        return error
    return None
