"""A book as a test: its cells are run, and what they print is compared with what the book says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from autodiff_cli.books.cells import Book, Cell
from autodiff_cli.books.compared import agree, shape, tokens
from autodiff_cli.interpret.traceback import final_line
from autodiff_cli.program import ProgramError, Session
from autodiff_cli.record import Record

OLD = ("Variable containing:", "[torch.FloatTensor of size", "[torch.LongTensor of size")
AGREES, DIFFERS, OPEN = "agrees", "differs", "can't be compared"


class Verdict(Record):
    """What became of a cell's output.

    Attributes:
        cell: whose.
        number: of the cell, from 1.
        says: "agrees", "differs" or "can't be compared".
        why: it can't be compared.
        found: what the cell printed here, the last line of its error included.
        stored: what it is compared with: without the prose behind it.
    """

    cell: Cell
    number: int
    says: str
    why: str
    found: str
    stored: str


def verified(book: Book, session: Callable[..., Session]) -> Iterator[Verdict]:
    """The verdict on each cell that printed something, here or where the book was made.

    A cell that differs is run again, with the whole book: what differs between two runs of one program comes
    by chance, or from a clock.

    Args:
        book: the cells. One that ends in an error doesn't keep the next ones from running.
        session: begins a session that writes to the function given as `write`.
    """
    first = list(outputs(book, session))
    again: list[Output] | None = None
    for number, (cell, found) in enumerate(zip(book.cells, first), 1):
        stored = (cell.stored or "").rstrip("\n")
        if not stored and (cell.stored is None or not cell.is_whole):
            if found.error:
                yield Verdict(cell, number, DIFFERS, "", found.text, "")
            elif found.text:
                yield Verdict(
                    cell, number, OPEN, "the book doesn't show its output", found.text, ""
                )
            continue
        if not found.text and not (stored and cell.is_whole):
            continue
        held, computed = tokens(stored), tokens(found.text)
        if not cell.is_whole:
            held = held[: len(computed)]
            stored = _first_lines(stored, found.text)
        if agree(held, computed) or (found.error and _ends_alike(cell.stored or "", found)):
            yield Verdict(cell, number, AGREES, "", found.text, stored)
        elif any(words in stored for words in OLD):
            why = "it was printed by PyTorch before 0.4, in another form"
            yield Verdict(cell, number, OPEN, why, found.text, stored)
        else:
            if again is None:
                again = list(outputs(book, partial(session, complain=_nothing)))
            other = tokens(again[number - 1].text)
            by_chance = not agree(computed, other)
            if by_chance and (shape(computed) != shape(other) or shape(held) == shape(computed)):
                why = "it differs from run to run: random numbers without a seed, or a clock"
                yield Verdict(cell, number, OPEN, why, found.text, stored)
            else:
                yield Verdict(cell, number, DIFFERS, "", found.text, stored)


def _nothing(line: str) -> None:
    """Where warnings go that were said already."""


class Output(Record):
    """What a cell prints, without the line's end behind it.

    Attributes:
        printed: by the program.
        error: the last line of what ended it; "" if nothing did.
    """

    printed: str
    error: str

    @property
    def text(self) -> str:
        return (self.printed + self.error).rstrip("\n")


def outputs(book: Book, session: Callable[..., Session]) -> Iterator[Output]:
    """What each cell prints; the next ones run whatever becomes of it."""
    printed: list[str] = []
    with session(write=printed.append) as running:
        for source, how in book.pieces():
            printed.clear()
            error = ""
            try:
                running.run(source, **how)
            except ProgramError as raised:
                error = final_line(raised.error).partition("\n")[0]
            yield Output("".join(printed), error)


def _first_lines(stored: str, found: str) -> str:
    """As much of what is stored as was printed; prose follows."""
    return "\n".join(stored.split("\n")[: found.count("\n") + 1])


def _ends_alike(stored: str, found: Output) -> bool:
    """Whether both end in the same error: the book shows its traceback, or a part of it."""
    words, printed = tokens(found.error), tokens(found.printed)
    lines = stored.split("\n")
    places = [n for n, line in enumerate(lines) if agree(tokens(line), words)]
    if not places:
        return False
    return agree(tokens("\n".join(lines[: places[0]]))[: len(printed)], printed)
