"""The front door of programs: a text in torch syntax to what it prints.

The pipeline is parse, compile, run; output is written as the program prints it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from autodiff_cli.errors import AutodiffError, LimitError, SourceSyntaxError
from autodiff_cli.execute.memory import keep_pages
from autodiff_cli.interpret.allowed import PROGRAM_CLASSES, forget
from autodiff_cli.interpret.builtins import as_user_error
from autodiff_cli.interpret.code import Compiled, compiled_program
from autodiff_cli.interpret.graph import located
from autodiff_cli.interpret.limits import Limits, limits, started_with
from autodiff_cli.interpret.places import places
from autodiff_cli.interpret.run import process, run
from autodiff_cli.interpret.traceback import traceback_text
from autodiff_cli.ir.context import Unknown, current
from autodiff_cli.ir.node import Node
from autodiff_cli.settings import PROGRAM_BYTES, Settings
from autodiff_cli.source import Source
from autodiff_cli.startup import library
from autodiff_cli.syntax.tree import ExpressionStatement
from autodiff_cli.tensors.tensor import of_array
from autodiff_cli.vocabulary.calls.handles import unwrap
from autodiff_cli.vocabulary.calls.values import NO_VALUE

DEFAULTS = Settings()
Write = Callable[[str], Any]


def _nothing(*_: Any) -> None:
    """What flushes where nothing is written to."""


class ProgramError(AutodiffError):
    """A program ended in an error; its text is the program's own traceback.

    Attributes:
        error: what it raised.
        printed: what it had printed, where that was kept.
    """

    printed = ""

    def __init__(self, text: str, error: BaseException) -> None:
        super().__init__(text)
        self.text = text
        self.error = error

    def report(self) -> str:
        return self.text.rstrip("\n")


def program_error(raised: BaseException) -> ProgramError:
    """What a program raised and didn't catch, with its traceback."""
    ended = as_user_error(raised).with_traceback(raised.__traceback__)
    trace = places(ended)
    if isinstance(ended, LimitError) and trace:
        ended.at(trace[-1][2], trace[-1][1])
    return ProgramError(traceback_text(ended), ended)


class Session:
    """The variables of a program, and where its output goes; cells of a notebook run in one session.

    Args:
        settings: what it is computed with.
        write: called with each piece of output.
        complain: called with each line for standard error: warnings.
        variables: values that the program starts with.
        echo: whether top-level expressions print their values, as the interactive prompt does.
        implicit: whether `torch`, `nn`, `F` and `optim` are there without an import.
        bare: whether torch's functions are there without a prefix, as in expressions.
        streams: of random numbers, on which its inputs drew; None: from their beginning.
        watching: fields of the context by which somebody watches it: `saving`, `passes`, `figures`.

    Attributes:
        printed: whether the program has printed anything.
    """

    def __init__(
        self,
        settings: Settings = DEFAULTS,
        *,
        write: Write,
        complain: Write,
        variables: Mapping[str, Any] | None = None,
        echo: bool = False,
        implicit: bool = False,
        bare: bool = False,
        streams: dict[str, Any] | None = None,
        watching: Mapping[str, Any] | None = None,
    ) -> None:
        self.settings = settings
        self.watching = dict(watching or {})
        self.streams = {} if streams is None else streams
        self.echo = echo
        self.names = {"implicit": implicit, "bare": bare}
        self.write = write
        self.complain = complain
        self.variables: dict[str, Any] = dict(variables or {})
        self.printed = False

    def __enter__(self) -> Session:
        settings = self.settings
        stream = getattr(self.write, "__self__", None)
        room = settings.max_memory or current().max_bytes or PROGRAM_BYTES
        self.context = started_with(
            settings,
            eager=True,
            max_bytes=room,
            limits=Limits(settings.max_steps, room),
            streams=self.streams,
            write=self._print,
            flush=getattr(stream, "flush", sys.stdout.flush if sys.stdout else _nothing),
            complain=self.complain,
            warn=lambda message, category: self.complain(f"{category}: {message}\n"),
            **self.names,
            **self.watching,
        )
        self.context.__enter__()
        self.arrays_text = np.get_printoptions()
        process.begin()
        if library.held:  # the process is the command's
            keep_pages(room)
        return self

    def __exit__(self, *_: Any) -> None:
        np.set_printoptions(**self.arrays_text)
        self.context.__exit__()
        PROGRAM_CLASSES.difference_update(self.context.classes)
        forget()
        process.end()

    def _print(self, text: str) -> None:
        ended = self.context.limits.ended
        if ended is not None:  # nothing is printed behind a limit's error, whoever threw it away
            raise ended
        self.printed = self.printed or bool(text)
        self.write(text)

    def show(self, value: Any) -> None:
        """Echo a value, as Python's prompt does."""
        self.write(repr(value) + "\n")

    def run(self, source: Source, *, echo: bool | None = None, last_only: bool = False) -> Any:
        """Run one text.

        Args:
            source: the program.
            echo: whether expressions are echoed; as in the whole session if None.
            last_only: echo only a last expression, as a notebook's cell does.

        Returns:
            The value of the last statement, if it is an expression; else NO_VALUE.

        Raises:
            ProgramError: the program ended in an error that it didn't catch.
        """
        try:
            compiled = compiled_program(source)
        except SourceSyntaxError as error:
            raise ProgramError(traceback_text(error), error) from None
        return self.run_compiled(compiled, source, echo=echo, last_only=last_only)

    def run_compiled(
        self,
        compiled: Compiled,
        source: Source,
        *,
        echo: bool | None = None,
        last_only: bool = False,
    ) -> Any:
        """What `run` gives, of a text that is compiled already."""
        echoing = self.echo if echo is None else echo
        tree = compiled.tree
        value: list[Any] = [None]

        def echo_value(result: Any) -> None:
            value[0] = result
            if echoing and not last_only and result is not None:
                self.show(result)

        last = tree.body[-1] if tree.body else None
        if last is not None and not last_only:
            first = getattr(tree.body[0], "value", None)
            text = (
                getattr(first, "value", None)
                if isinstance(tree.body[0], ExpressionStatement)
                else None
            )
            self.variables["__doc__"] = text if isinstance(text, str) else None
        try:
            with np.errstate(all="ignore"):
                run(
                    compiled.code,
                    source,
                    self.variables,
                    echo=echo_value,
                )
                if (thrown_away := limits().ended) is not None:  # by a `finally`
                    raise thrown_away
        except (KeyboardInterrupt, Unknown):
            raise
        except SystemExit as error:
            if error.code:
                text = f"{error.code}\n" if isinstance(error.code, str) else ""
                raise ProgramError(text, error) from None
            return None
        except BaseException as raised:
            raise program_error(raised) from None
        if type(last).__name__ != "ExpressionStatement":
            return NO_VALUE
        if last_only and echoing and value[0] is not None and not is_silent(source, last):
            from autodiff_cli.interpret.pretty import pretty

            self.write(pretty(value[0]) + "\n")
        return value[0]


def is_silent(source: Source, last: Any) -> bool:
    """Whether a cell ends in a semicolon, by which a notebook shows nothing of its value.

    >>> cell = Source("x = 1\\nx;  # nothing")
    >>> is_silent(cell, compiled_program(cell).tree.body[-1])
    True
    """
    rest = source.text[last.span.end :]
    return any(";" in line.partition("#")[0] for line in rest.split("\n"))


def variables_of(bound: Mapping[str, Any]) -> dict[str, Any]:
    """Bound inputs as the variables that a program starts with: tensors in memory of their own."""
    return {
        name: of_array(np.array(value.value), requires_grad=value.requires_grad)
        if isinstance(value, Node)
        else value
        for name, value in bound.items()
    }


@contextmanager
def inner(write: Write, variables: Mapping[str, Any] | None = None) -> Iterator[Session]:
    """A session for a text that stands where an expression may: with the names and the settings of one.

    Args:
        write: called with each piece of output.
        variables: values that the program starts with.
    """
    around = current()
    settings = Settings(around.dtype.name, around.seed, max_steps=limits().max_steps)
    with Session(
        settings,
        write=write,
        complain=around.complain or sys.stderr.write,
        variables=variables,
        implicit=True,
        bare=True,
        streams=around.streams,
    ) as session:
        yield session


def value_at_once(text: Compiled, source: Source) -> Any:
    """The value of a text that has effects, or needs a value that no graph has yet.

    Args:
        text: of an input; it ends in an expression.
        source: its text.

    Returns:
        Nodes for tensors.

    Raises:
        AutodiffError: it ends in an error, which says where.
    """
    with inner(sys.stdout.write) as session:
        try:
            return unwrap(session.run_compiled(text, source), [])
        except ProgramError as error:
            if not isinstance(error.error, Exception):
                raise
            raise located(error.error, source) from None


def unread(cells: Sequence[Source], names: Iterable[str]) -> list[str]:
    """The inputs that a program, or a notebook's cells one after the other, never read.

    Args:
        cells: the texts. One that is no program is said when its turn comes.
        names: of the inputs.

    Raises:
        InputError: an input is assigned before it is read.
    """
    left = list(names)
    for cell in cells:
        if not left:
            break
        try:
            left = compiled_program(cell).unread(left, cell)
        except SourceSyntaxError:
            return []
    return left


def run_text(
    source: Source,
    settings: Settings = DEFAULTS,
    *,
    write: Write,
    complain: Write,
    variables: Mapping[str, Any] | None = None,
    echo: bool = False,
    implicit: bool = False,
    streams: dict[str, Any] | None = None,
    watching: Mapping[str, Any] | None = None,
) -> int:
    """Run a program; its traceback goes to `complain` if it ends in an error.

    Returns:
        The exit code: 0, or 1 after an error.
    """
    with Session(
        settings,
        write=write,
        complain=complain,
        variables=variables,
        echo=echo,
        implicit=implicit,
        streams=streams,
        watching=watching,
    ) as session:
        return ended(session, [(source, {})], complain)


def ended(
    session: Session, pieces: Iterable[tuple[Source, dict[str, Any]]], complain: Write
) -> int:
    """Run texts one after the other, until one ends in an error, whose traceback goes to `complain`.

    Args:
        session: that has begun.
        pieces: the texts, each with what `Session.run` gets besides.

    Returns:
        The exit code.
    """
    for source, options in pieces:
        try:
            session.run(source, **options)
            if (figures := current().figures) is not None:
                figures.show()  # what is still to be seen, as notebooks do behind a cell
        except ProgramError as error:
            complain(error.text)
            code = error.error.code if isinstance(error.error, SystemExit) else 1
            return code & 0xFF if isinstance(code, int) else 1
    return 0


__all__ = ["AutodiffError", "LimitError", "Session", "Settings", "ended", "run_text"]
