"""`autodiff run`: a program in torch syntax, from a file, a notebook or standard input."""

from __future__ import annotations

import os
import sys
from contextlib import AbstractContextManager, ExitStack, nullcontext
from typing import IO, TYPE_CHECKING, Any

import click

from autodiff_cli.cli import paths
from autodiff_cli.cli.commands import Command, bindings_of, show_notices
from autodiff_cli.cli.options import (
    argument,
    command_of,
    form_of,
    form_option,
    json_option,
    option,
    output_option,
    quiet_option,
)
from autodiff_cli.cli.resources import Computing
from autodiff_cli.cli.words import PATH, text_of, value_of
from autodiff_cli.errors import AutodiffError
from autodiff_cli.settings import PROGRAM_BYTES
from autodiff_cli.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from autodiff_cli.books.cells import Book
    from autodiff_cli.cli.resources import Limits
    from autodiff_cli.inputs import Given

EPILOG = """\b
Examples:
  autodiff run train.py
  autodiff run book.ipynb
  autodiff run book.ipynb --verify
  autodiff run notes.md
  autodiff run step.py x='[1,2,3]' lr=0.1
  autodiff run train.py --explain
  autodiff run train.py --explain -o why.html
  autodiff run train.py --check --quiet
  printf 'x = torch.ones(2)\\nx * 2\\n' | autodiff run - --echo

\b
The program is Python, as far as torch's tutorials use it: functions, classes,
loops, try, with torch.no_grad(), f-strings, comprehensions; `import torch`,
`torch.nn`, `torch.optim`, `math`, `numpy` for the names that exist here. Cells
of a notebook run one after the other, and each echoes its last expression; so
do those of a notebook copied as text (In [1]: before each), and the code of a
document (between ```python lines, behind .. code-block::, or after >>>).
An error prints the program's traceback on standard error; the exit code is 1.
"""


class RunCommand(Command):
    """A command whose first word is a program."""

    missing = "a FILE is missing, such as train.py, book.ipynb, or - for standard input"


class RunWords(Computing):
    """The words of `autodiff run`."""

    file: str = argument("FILE|-")
    bindings: tuple[str, ...] = argument("[NAME=VALUE]...", nargs=-1)
    echo: bool = option(
        "--echo",
        is_flag=True,
        help="Print the value of each top-level expression, as the prompt does: … | autodiff run - "
        "--echo.",
    )
    explain: bool = option(
        "--explain",
        is_flag=True,
        help="Explain each backward(), as autodiff explain does: … --explain.",
    )
    check: bool = option(
        "--check",
        is_flag=True,
        help="Check each backward(), as autodiff check does; the exit code is 3 if one disagrees: "
        "… --check.",
    )
    form: str | None = form_option()
    as_json: bool = json_option()
    output: str | None = output_option("why.html")
    verify: bool = option(
        "--verify",
        is_flag=True,
        help="Compare what each cell of a notebook or document prints with what stands there; the exit "
        "code is 3 if one differs: autodiff run book.ipynb --verify.",
    )
    figures: str | None = option(
        "--figures",
        type=PATH,
        metavar="DIR",
        help="Write what the program draws with matplotlib.pyplot there: a picture for each show() and "
        "savefig(), as in --figures pictures.",
    )
    quiet: bool = quiet_option()


@command_of(RunWords, "run", cls=RunCommand, epilog=EPILOG)
def command(words: RunWords) -> int:
    """Run the program in FILE and print what it prints with PyTorch.

    NAME=VALUE binds a variable that the program starts with; a number or a list is a leaf that
    requires grad, as for expressions.
    """
    names = bindings_of(words.bindings, words.file)
    if words.explain + words.check + words.verify > 1:
        raise click.UsageError(
            "--explain, --check and --verify are different questions: ask one at a time"
        )
    asks = words.explain or words.check
    if not asks and (words.form or words.as_json or words.output):
        raise click.UsageError("--to, --json and -o write what --explain or --check says")
    form = form_of(words.form, words.as_json, words.output)
    limits = words.limits
    if limits.bytes is None:
        limits = limits.replaced(bytes=PROGRAM_BYTES)
    wanted = words.wall()

    from autodiff_cli.books.reading import book_of
    from autodiff_cli.cli.apart import supervised
    from autodiff_cli.cli.confining import confine

    read = [f"@{words.file}", *names.values()]
    outputs = {"--output": words.output} if words.output else {}
    with _notes(words, limits, read) as notes, supervised(limits), ExitStack() as opened:
        path = words.file
        paths.check(paths.doors_of(read), {**paths.STANDARD_OUTPUT, **outputs})
        try:
            text = text_of(path, "program")
            given = {name: value_of(value, words.dtype) for name, value in names.items()}
            book = book_of(text, path)
            _say_of(book, words)
            _check_read(book.sources, path, names, words.quiet)
            file = paths.opened_output(words.output, opened)
            confine(wanted)
            bound = _bound(given, words)
        except AutodiffError as error:
            from autodiff_cli.cli.failures import advised

            raise advised(error, words, "run") from None
        run = _running(book, bound, words, notes)
        if not asks:
            return run({})
        from autodiff_cli.cli.run_watched import watched

        return watched(words, form, file, (_write, _complain), run)


def _say_of(book: Book, words: RunWords) -> None:
    """Which lines of a text were taken for code, where something else stands between."""
    if words.verify and book.is_program:
        raise click.UsageError(
            "--verify compares with the outputs that a notebook or a document shows; "
            f"'{words.file}' is a program"
        )
    if any(cell.lines for cell in book.cells):
        from autodiff_cli.books.cells import ranges_of

        where = "standard input" if words.file == "-" else words.file
        count = f"{len(book.cells)} cell{'s' * (len(book.cells) != 1)}"
        code = f"code in {ranges_of(book.cells)}"
        show_notices([f"{where} was read as a {book.kind}: {count}, {code}"], words.quiet)


def _check_read(sources: list[Source], path: str, names: Collection[str], quiet: bool) -> None:
    """Say which inputs the program doesn't read; refuse those that it would overwrite."""
    if not names:
        return
    from autodiff_cli.evaluation.notices import unused
    from autodiff_cli.program import unread

    idle = unread(sources, names)
    if idle:
        whole = Source("", "standard input" if path == "-" else path)
        show_notices([unused(idle, whole)], quiet)


def _running(
    book: Book, bound: dict[str, Any], words: RunWords, notes: IO[str] | None
) -> Callable[[dict[str, Any]], int]:
    """What runs the program, with further arguments of `Session`; those of its context are joined."""
    seen = {"figures": _figures(words, notes)}

    def run(more: dict[str, Any]) -> int:
        watching = seen | more.get("watching", {})
        streams = {"write": _write, "complain": _complain, **bound, **more, "watching": watching}
        return _ran(book, words, streams)

    return run


def _ran(book: Book, words: RunWords, streams: dict[str, Any]) -> int:
    from autodiff_cli.evaluation.interactive import beginning
    from autodiff_cli.program import ended

    session = beginning(book, words.settings(), words.echo, **streams)
    try:
        if words.verify:
            from autodiff_cli.cli.run_verified import verify

            return verify(book, words.file, session, words.quiet)
        with session() as running:
            code = ended(running, book.pieces(), streams["complain"])
        if code and book.is_program:
            _advise(book.sources[0], words)
        return code
    except KeyboardInterrupt:
        _complain("interrupted\n")
        return 130


def _advise(source: Source, words: RunWords) -> None:
    """What to do where the text that was run is no program, but prose."""
    from autodiff_cli.books.reading import prose_in

    line = 0 if words.file.endswith(".py") else prose_in(source.text)
    if line:
        _complain(
            f"hint: line {line} is no code; a text with code in it is run if the code is marked: 'In [1]:' "
            "on a line before each piece, '>>> ' before each line, or Markdown's fences around it\n"
        )


def _notes(
    words: RunWords, limits: Limits, read: list[str]
) -> AbstractContextManager[IO[str] | None]:
    """Where the calls go that draw figures, if any are to be drawn."""
    if words.figures is None:
        return nullcontext()
    from autodiff_cli.cli.figures import check_folder, collected

    check_folder(words.figures)
    return collected(words.figures, limits, words.wall(), read, words.quiet)


def _figures(words: RunWords, notes: IO[str] | None) -> Any:
    """What takes a program's figures; None where there is nothing to say of it."""
    seen = notes is None and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
    if notes is None and not words.quiet and not seen:
        return None
    from autodiff_cli.interpret.figures import Figures

    if notes is None:
        from autodiff_cli.cli.figures import drawn_in_terminal

        return drawn_in_terminal(_write) if seen else Figures(None, "")

    def write(line: str) -> None:
        notes.write(line)
        notes.flush()

    return Figures(write)


def _bound(given: dict[str, Given], words: RunWords) -> dict[str, Any]:
    """The inputs, as the tensors that the program starts with, and the random streams as they left them."""
    if not given:
        return {}
    from autodiff_cli.inputs import bind_all
    from autodiff_cli.interpret.limits import started_with
    from autodiff_cli.program import variables_of

    with started_with(words.settings()) as context:
        return {"variables": variables_of(bind_all(given)), "streams": context.streams}


def _write(text: str) -> None:
    sys.stdout.write(text)


def _complain(text: str) -> None:
    sys.stdout.flush()  # so that an error stands behind what was printed before it
    sys.stderr.write(text)
