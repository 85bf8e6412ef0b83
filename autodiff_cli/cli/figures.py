"""What a program draws: files, with `run --figures DIR`, by a process of their own; or text in the terminal.

    the program's process ──notes, in a file without a name──► another process ──files──► the parent
       behind the wall                                             behind the wall        names them

The notes are read before the wall, for the names of the pictures, and the files opened; drawing is behind it.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from typing import IO, TYPE_CHECKING

import click

from autodiff_cli.cli import paths
from autodiff_cli.cli.color import wanted
from autodiff_cli.cli.resources import Limits
from autodiff_cli.errors import AutodiffError, Ended, InputError

if TYPE_CHECKING:
    from autodiff_cli.interpret.figures import Figures

LEAST_SECONDS, LEAST_BYTES = 60.0, 1 << 30  # that drawing may take
EXTRA = "pip install 'autodiff-cli[pictures]'"


def check_folder(folder: str | None) -> None:
    """Refuse a folder that can't be one, or figures without the library that draws them.

    Raises:
        UsageError, InputError: says what to do.
    """
    if folder is None:
        return
    if os.path.exists(folder) and not os.path.isdir(folder):
        raise click.UsageError(f"--figures {folder}: it is a file, not a folder")
    if find_spec("matplotlib") is None:
        raise InputError("--figures needs matplotlib, which isn't installed", hint=EXTRA)


@contextmanager
def collected(
    folder: str | None, limits: Limits, wall: str, read: Iterable[str], quiet: bool
) -> Iterator[IO[str] | None]:
    """A file for notes; when the block is left, by whatever way, they are drawn.

    Args:
        folder: that the pictures go to; None: nothing is drawn.
        limits: of the drawing.
        wall: that is wanted around it.
        read: words that name the inputs, over which nothing is written.
        quiet: whether nobody wants to know what was written.
    """
    if folder is None:
        yield None
        return
    with _unnamed() as notes:
        parent = os.getpid()
        try:
            yield notes
        finally:
            if os.getpid() == parent:
                _draw(notes, folder, limits, wall, read, quiet)


def drawn_in_terminal(write: Callable[[str], object]) -> Figures:
    """What draws a program's figures between its lines; without the library it says that nothing is drawn."""
    from autodiff_cli.interpret.figures import Figures

    if find_spec("plotext") is None:
        return Figures()
    terminal: list[Callable[[str], object]] = []

    def take(line: str) -> None:
        if not terminal:  # with the first call
            from autodiff_cli.render.figures_text import Terminal

            width = shutil.get_terminal_size().columns
            terminal.append(Terminal(write, width, color=wanted("auto", sys.stdout)))
        terminal[0](line)

    return Figures(take)


def _unnamed() -> IO[str]:
    """A file without a name, which a child inherits."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("figures"), "w+", encoding="utf-8")
    import tempfile

    return tempfile.TemporaryFile("w+", encoding="utf-8")


def _draw(
    notes: IO[str], folder: str, limits: Limits, wall: str, read: Iterable[str], quiet: bool
) -> None:
    notes.seek(0)
    lines = [line for line in notes if line.endswith("\n")]  # the last may have been cut off
    if not any(line.startswith('{"picture"') for line in lines):
        return
    from autodiff_cli.cli.apart import supervised

    if limits.seconds is not None:  # those were the program's
        limits = limits.replaced(seconds=max(limits.seconds, LEAST_SECONDS))
    if limits.bytes is not None:
        limits = limits.replaced(bytes=max(limits.bytes, LEAST_BYTES))
    parent = os.getpid()
    try:
        with supervised(limits):
            try:
                _written(lines, folder, wall, read, quiet)
                code = 0
            except (AutodiffError, click.ClickException) as error:
                sys.stderr.write(f"figures: {getattr(error, 'message', error)}\n")
                code = 1
            if os.getpid() != parent:
                sys.stderr.flush()
                os._exit(code)  # the parent goes on
    except Ended:
        pass
    except AutodiffError as error:  # a limit
        sys.stderr.write(f"figures: {error.report()}\n")


def _written(lines: list[str], folder: str, wall: str, read: Iterable[str], quiet: bool) -> None:
    """Draw the pictures, and write them.

    Raises:
        AutodiffError: a file can't be made.
    """
    from autodiff_cli.cli.confining import confine
    from autodiff_cli.render import figures
    from autodiff_cli.tables.outputs import WholeFile, errors_of

    names = figures.names_in(lines)
    latest = {
        name: at for at, name in enumerate(names)
    }  # one that is written twice is the later one
    targets = {name: os.path.join(folder, name) for name in latest}
    with errors_of(folder):
        os.makedirs(folder, exist_ok=True)
    paths.check(
        paths.doors_of(read), {f"--figures: {name}": path for name, path in targets.items()}
    )
    written = []
    with ExitStack() as opened:
        files = {name: opened.enter_context(WholeFile(path)) for name, path in targets.items()}
        figures.prepare(name.rpartition(".")[2] for name in names)
        confine(wall)
        drawing = figures.Drawing()
        for at, picture in enumerate(drawing.pictures(lines)):
            if at >= len(names):
                break
            if latest[names[at]] == at and picture:
                files[names[at]].write(picture)
                written.append(targets[names[at]])
    if quiet:
        return
    for fault in drawing.faults:
        sys.stderr.write(f"note: not drawn: {fault}\n")
    if written:
        sys.stderr.write(f"note: figures: {', '.join(written)}\n")
