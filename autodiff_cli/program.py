"""The front door of programs: a text in torch syntax to what it prints.

The pipeline is parse, compile, run; output is written as the program prints it.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from autodiff_cli.autograd.engine import anomaly
from autodiff_cli.autograd.generator import default_generator
from autodiff_cli.autograd.tensor import lifted, of_array
from autodiff_cli.errors import AutodiffError, LimitError, SourceSyntaxError
from autodiff_cli.execute.settings import settings as resources
from autodiff_cli.inputs import bind
from autodiff_cli.interpret import protocols
from autodiff_cli.interpret.allowed import PROGRAM_CLASSES, forget
from autodiff_cli.interpret.builtins import IMPLICIT, as_user_error, bare, implicit, output
from autodiff_cli.interpret.ending import with_value
from autodiff_cli.interpret.limits import limits
from autodiff_cli.interpret.liveness import of_program
from autodiff_cli.interpret.reads import Reads
from autodiff_cli.interpret.run import Code, compiled, run
from autodiff_cli.interpret.traceback import final_line, noted, places, traceback_text
from autodiff_cli.ir import dtypes
from autodiff_cli.ir.node import Deferred, Node, Unknown, state
from autodiff_cli.ir.room import room
from autodiff_cli.ir.walk import nodes_in, topological
from autodiff_cli.source import Source
from autodiff_cli.syntax import parse_program, statements
from autodiff_cli.syntax.statements import ExpressionStatement
from autodiff_cli.vocabulary.handles import lower
from autodiff_cli.vocabulary.messages import warnings
from autodiff_cli.vocabulary.text import options as text_options
from autodiff_cli.vocabulary.torch_text import DEFAULT
from autodiff_cli.vocabulary.values import NO_VALUE


class Settings(NamedTuple):
    """How a program is run.

    Attributes:
        echo: whether top-level expressions print their values, as the interactive prompt does.
        dtype: the default floating dtype.
        manual_seed: of the random generator.
        implicit: whether `torch`, `nn`, `F` and `optim` are there without an import.
        bare: whether torch's functions are there without a prefix, as in expressions.
        max_steps: the most loop turns and calls of its functions.
        max_elements: the most elements one tensor may have.
        max_bytes: the most memory it may use.
        threads: the most threads of an execution; as set before if None.
        deferred: where tensors aren't computed as they are made; see `graph_of`.
    """

    echo: bool = False
    dtype: str = "float32"
    manual_seed: int | None = None
    implicit: bool = False
    bare: bool = False
    max_steps: int = 10**8
    max_elements: int = 10**9
    max_bytes: int = 8 << 30
    threads: int | None = None
    deferred: Deferred | None = None


DEFAULTS = Settings()
# Graphs have no cycles: the collector finds nothing in them, and would walk them again and again.
COLLECTOR = (500_000, 50, 100)
Write = Callable[[str], Any]


def _nothing(*_: Any) -> None:
    """What takes the output of programs that have none."""


class ProgramError(AutodiffError):
    """A program ended in an error; its text is the program's own traceback."""

    def __init__(self, text: str, error: BaseException) -> None:
        super().__init__(text)
        self.text = text
        self.error = error

    def report(self) -> str:
        return self.text.rstrip("\n")

    def as_one(self) -> AutodiffError:
        """An error as of an expression: the traceback's last line, and the innermost place."""
        cause = self.error
        hint = noted(cause, "hint")
        kind, _, message = final_line(cause).rstrip("\n").partition(": ")
        found = AutodiffError(message.removesuffix(f"\nhint: {hint}"), hint=hint)
        found.kind = kind
        trace = places(cause)
        if trace:
            _, source, span = trace[-1]
            found.at(span, source)
        return found


class Session:
    """The variables of a program, and where its output goes; cells of a notebook run in one session.

    Args:
        settings: limits and modes.
        write: called with each piece of output.
        complain: called with each line for standard error: warnings.
        variables: values that the program starts with.

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
    ) -> None:
        self.settings = settings
        self.write = write
        self.complain = complain
        self.variables: dict[str, Any] = dict(variables or {})
        self.printed = False

    def __enter__(self) -> Session:
        settings = self.settings
        self.before = (
            dtypes.default(), state.max_elements, state.eager, state.grad_enabled, output.write,
            warnings.emit, text_options.current, np.get_printoptions(), gc.get_threshold(),
            room.max_bytes,
        )  # fmt: skip
        self.threads = resources.threads
        if settings.threads is not None:
            resources.threads = settings.threads
        gc.set_threshold(*COLLECTOR)
        protocols.install()
        dtypes.set_default(dtypes.NAMES[settings.dtype])
        state.max_elements = settings.max_elements
        state.eager, state.grad_enabled = settings.deferred is None, True
        self.deferred, state.deferred = state.deferred, settings.deferred
        output.write = self._print
        stream = getattr(self.write, "__self__", None)
        output.flush = getattr(stream, "flush", sys.stdout.flush if sys.stdout else _nothing)
        warnings.emit = lambda message, category: self.complain(f"{category}: {message}\n")
        warnings.given = set()
        text_options.current = DEFAULT
        self.classes = set(PROGRAM_CLASSES)
        room.max_bytes = settings.max_bytes
        limits.start(settings.max_steps, settings.max_bytes)
        implicit.clear()
        if settings.implicit:
            implicit.update(IMPLICIT)
        bare.on = settings.bare
        if settings.manual_seed is not None:
            default_generator().manual_seed(settings.manual_seed)
        return self

    def __exit__(self, *_: Any) -> None:
        dtypes.set_default(self.before[0])
        state.max_elements, state.eager, state.grad_enabled = self.before[1:4]
        state.deferred = self.deferred
        output.write, warnings.emit, text_options.current = self.before[4:7]
        PROGRAM_CLASSES.intersection_update(self.classes)
        forget()
        anomaly.check_nan = False
        resources.threads = self.threads
        np.set_printoptions(**self.before[7])
        gc.set_threshold(*self.before[8])
        room.max_bytes = self.before[9]

    def _print(self, text: str) -> None:
        if (
            limits.ended is not None
        ):  # nothing is printed behind a limit's error, whoever threw it away
            raise limits.ended
        self.printed = self.printed or bool(text)
        self.write(text)

    def run(self, source: Source, *, echo: bool | None = None, last_only: bool = False) -> Any:
        """Run one text.

        Args:
            source: the program.
            echo: whether expressions are echoed; as the settings say if None.
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
        echoing = self.settings.echo if echo is None else echo
        tree = compiled.tree
        value: list[Any] = [None]

        def echo_value(result: Any) -> None:
            value[0] = result
            if echoing and not last_only and result is not None:
                self.write(repr(result) + "\n")

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
                    complain=self.complain,
                )
                if limits.ended is not None:
                    raise limits.ended  # which a `finally` threw away
        except (KeyboardInterrupt, Unknown):
            raise
        except SystemExit as error:
            if error.code:
                text = f"{error.code}\n" if isinstance(error.code, str) else ""
                raise ProgramError(text, error) from None
            return None
        except BaseException as raised:
            ended = as_user_error(raised).with_traceback(raised.__traceback__)
            trace = places(ended)
            if isinstance(ended, LimitError) and trace:
                ended.at(trace[-1][2], trace[-1][1])
            raise ProgramError(traceback_text(ended), ended) from None
        if type(last).__name__ != "ExpressionStatement":
            return NO_VALUE
        if last_only and echoing and value[0] is not None:
            self.write(repr(value[0]) + "\n")
        return value[0]


class Compiled(NamedTuple):
    """A program ready to run.

    Attributes:
        tree: its statements.
        code: for CPython.
        reads: what it does with names.
    """

    tree: statements.Program
    code: Code
    reads: Reads


def compiled_program(source: Source, *, valued: bool = False) -> Compiled:
    """A text, parsed and compiled; one that comes again, as for the rows of a table, only once.

    Args:
        source: the program.
        valued: whether it ends in the value of what it assigns last.

    Raises:
        SourceSyntaxError: it is no program.
    """
    try:
        return _compiled(source.text, valued)
    except SourceSyntaxError as error:
        error.source = source
        raise


@lru_cache(16)
def _compiled(text: str, valued: bool) -> Compiled:
    tree = parse_program(Source(text))
    if valued:
        tree = with_value(tree)
    return Compiled(tree, compiled(tree, echo=True), of_program(tree))


def bound(
    given: Mapping[str, Any],
    *,
    dtype: str,
    max_elements: int,
    wrt: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Inputs as the variables that a program starts with: floating ones are leaves.

    Args:
        given: by name, as `evaluate` takes them: expressions, numbers, lists or arrays.
        dtype: the default floating dtype.
        max_elements: the most elements one tensor may have.
        wrt: the names of those that require grad, if not all.
    """
    before = dtypes.default(), state.max_elements
    dtypes.set_default(dtypes.NAMES[dtype])
    state.max_elements = max_elements
    try:
        with np.errstate(all="ignore"):
            values = {
                name: bind(name, value, wrt is None or name in wrt) for name, value in given.items()
            }
    finally:
        dtypes.set_default(before[0])
        state.max_elements = before[1]
    return {
        name: of_array(np.array(value.value), requires_grad=value.requires_grad)
        if isinstance(value, Node)
        else value
        for name, value in values.items()
    }


def graph_of(
    source: Source,
    variables: Mapping[str, Any],
    settings: Settings,
    *,
    complain: Write,
) -> Any:
    """What a program gives, as nodes of one graph that isn't computed yet.

    Where a graph is being made already (`state.deferred`), that one decides what branches do.

    Args:
        source: of a program without effects (`Code.has_effects`).
        variables: that it starts with: nodes, and other values.
        settings: limits and modes.
        complain: called with each line for standard error, once there is a graph.

    Returns:
        The value of its last expression, or of what it assigns last, with nodes for tensors.

    Raises:
        Unknown: a value is needed that only placeholders could tell; or memory would be shared.
        ProgramError: the program ends in an error.
    """
    deferred = Deferred(None if state.deferred is None else state.deferred.choose)
    given = {
        name: lifted(value, ()) if isinstance(value, Node) else value
        for name, value in variables.items()
    }
    settings = settings._replace(deferred=deferred)
    said: list[str] = []
    with Session(settings, write=_nothing, complain=said.append, variables=given) as session:
        value = lower(session.run_compiled(compiled_program(source, valued=True), source), [])
    if deferred.written:
        _check_written(value, deferred.written)
    for line in said:
        complain(line)
    return value


def _check_written(value: Any, written: Sequence[tuple[Node, Node]]) -> None:
    """Refuse a graph in which something else than a write reads what was written to: it may be too late."""
    instead = {id(old): new for old, new in written}
    for node in topological(nodes_in(value), through_values=False):
        for operand in node.operands:
            if instead.get(id(operand), node) is not node:
                raise Unknown


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
            left = compiled_program(cell).reads.unread(left, cell)
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
) -> int:
    """Run a program; its traceback goes to `complain` if it ends in an error.

    Returns:
        The exit code: 0, or 1 after an error.
    """
    with Session(settings, write=write, complain=complain, variables=variables) as session:
        return _run_cells(session, [source], complain, last_only=False)


def run_cells(
    cells: Sequence[Source],
    settings: Settings = DEFAULTS,
    *,
    write: Write,
    complain: Write,
    variables: Mapping[str, Any] | None = None,
) -> int:
    """Run the cells of a notebook one after the other, each echoing its last expression."""
    settings = settings._replace(implicit=True)  # cells are run in any order, imports last
    with Session(settings, write=write, complain=complain, variables=variables) as session:
        return _run_cells(session, cells, complain, last_only=True)


def _run_cells(session: Session, cells: Sequence[Source], complain: Write, last_only: bool) -> int:
    for cell in cells:
        try:
            session.run(cell, echo=True if last_only else None, last_only=last_only)
        except ProgramError as error:
            complain(error.text)
            code = error.error.code if isinstance(error.error, SystemExit) else 1
            return code & 0xFF if isinstance(code, int) else 1
    return 0


__all__ = ["AutodiffError", "LimitError", "Session", "Settings", "run_cells", "run_text"]
