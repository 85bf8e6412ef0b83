"""Programs to code that CPython runs, and running it."""

from __future__ import annotations

import builtins
import gc
import sys
import types
import warnings
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any

from autodiff_cli.errors import LimitError, SourceSyntaxError
from autodiff_cli.interpret import guards, reach
from autodiff_cli.interpret.limits import MAX_DEPTH, limits
from autodiff_cli.interpret.names import found_names
from autodiff_cli.interpret.places import MACHINERY, PROGRAM_FILE, RUNNING, Running
from autodiff_cli.interpret.translation import MODULE, translated
from autodiff_cli.ir.context import current
from autodiff_cli.record import Record
from autodiff_cli.source import Source, Span
from autodiff_cli.syntax.tree import Program

GUARDS_DEPTH = 30  # calls that a guard makes where the program may make no more


class Code(Record):
    """A program that CPython can run.

    Attributes:
        code: of the function that the program is the body of.
        guards: the names of that function's arguments.
        loaded: the names that the program reads anywhere.
        assigned: those that it sets anywhere.
        spans: where each line of the code comes from; the first is 1.
        effect: what the program may do more than compute a value, and where; None if nothing.
    """

    code: types.CodeType
    guards: tuple[str, ...]
    loaded: dict[str, None]
    assigned: set[str]
    spans: Sequence[Span]
    effect: tuple[str, Span] | None

    @property
    def has_effects(self) -> bool:
        """Whether the program may do more than compute a value."""
        return self.effect is not None


def compiled(program: Program, *, traced: bool = False, is_expression: bool = False) -> Code:
    """The code of a program.

    Args:
        program: its tree, checked.
        traced: whether intermediate results are handed on when it runs.
        is_expression: whether it is an expression, with assignments to names before it.

    Raises:
        SourceSyntaxError: CPython's compiler refuses it: blocks nested too deeply.
    """
    try:
        return _compiled(program, traced, is_expression)
    except RecursionError:
        pass
    from autodiff_cli.interpret.translation.deep import cut

    try:
        return _compiled(cut(program), traced, is_expression)
    except RecursionError:
        raise SourceSyntaxError("too many expressions or blocks in each other") from None


def _compiled(program: Program, traced: bool, is_expression: bool) -> Code:
    module, translator = translated(program, traced, is_expression)
    # what Python advises about other people's code ("is" with a literal) isn't said here
    warnings.filterwarnings("ignore", category=SyntaxWarning, module=PROGRAM_FILE)
    try:
        code = builtins.compile(module, PROGRAM_FILE, "exec", dont_inherit=True)
    except SyntaxError as error:
        line = error.lineno or 1
        raise SourceSyntaxError(error.msg, span=translator.spans[line - 1]) from None
    body = next(c for c in code.co_consts if isinstance(c, types.CodeType))
    return Code(
        _named(body),
        tuple(translator.guards),
        translator.loaded,
        translator.set_names,
        tuple(translator.spans),
        translator.effect,
    )


def _named(code: types.CodeType) -> types.CodeType:
    """The code with the names of a module's functions, which no function is around."""
    around = f"{MODULE}.<locals>."
    inner = [_named(c) if isinstance(c, types.CodeType) else c for c in code.co_consts]
    qualified = code.co_qualname.removeprefix(around)
    return code.replace(co_consts=tuple(inner), co_qualname=qualified)


def run(
    code: Code,
    source: Source,
    variables: dict[str, Any],
    *,
    echo: Callable[[Any], None],
    traced: Callable[[Any, int], Any] | None = None,
) -> None:
    """Run a program.

    Args:
        code: of the program.
        source: its text, for tracebacks.
        variables: its own variables, which it reads and sets.
        echo: takes the values of expressions outside of functions.
        traced: takes each intermediate result, with its line, and gives it back.

    Raises:
        BaseException: what the program raises and doesn't catch.
    """
    own = {
        **found_names(code.loaded, variables, code.assigned),
        "__build_class__": _build_class,
        "__import__": builtins.__import__,  # for code in C that a program's functions call
        RUNNING: Running(source, code.spans),
    }
    if "globals" in code.loaded:
        own["globals"] = _globals(variables)
    own_guards: dict[str, Any] = {
        "echo": echo,
        "traced": traced or _passed_on,
        "import_all": lambda module: _import_all(module, variables),
        "turn": limits().turn,
    }
    if not code.has_effects:
        own_guards["attribute"] = reach.attribute
    variables[MACHINERY] = own
    variables.setdefault("__name__", "__main__")  # where functions say that they come from
    function = types.FunctionType(code.code, variables)
    arguments = [own_guards.get(name) or guards.guard(name) for name in code.guards]
    depth = _depth() + MAX_DEPTH + GUARDS_DEPTH
    process.begin(depth)
    try:
        function(*arguments)
    finally:
        process.end(depth)


def _passed_on(value: Any, line: int) -> Any:
    """What stands for `traced` in a text that is run again with values: nothing is noted."""
    return value


def _build_class(*args: Any, **kwargs: Any) -> Any:
    """What a `class` statement calls."""
    from autodiff_cli.interpret.classes import build_class

    return build_class(*args, **kwargs)


def _globals(variables: dict[str, Any]) -> Callable[[], Any]:
    from autodiff_cli.interpret.state import Variables

    def run() -> Any:
        return Variables(variables)

    run.__name__ = run.__qualname__ = "globals"
    return run


def _import_all(module: str, variables: dict[str, Any]) -> None:
    """`from module import *`."""
    from autodiff_cli.interpret.modules import everything

    variables.update(everything(module))


# Graphs have no cycles: the collector finds nothing in them, and would walk them again and again.
COLLECTOR = (500_000, 50, 100)


class _Process:
    """What programs need of the process as a whole: set for the first that runs, put back after the last.

    Attributes:
        depths: how deep the calls of those that run may be, and 0 for each session.
        before: the recursion limit, the collector's thresholds and the hook as they were.
    """

    def __init__(self) -> None:
        self.lock = Lock()
        self.depths: list[int] = []
        self.before: tuple[int, tuple[int, int, int], Callable[[Any], Any]]

    def begin(self, depth: int = 0) -> None:
        """A session begins, or a program whose calls may be so deep."""
        with self.lock:
            if not self.depths:
                self.before = sys.getrecursionlimit(), gc.get_threshold(), sys.unraisablehook
                gc.set_threshold(*COLLECTOR)
                sys.unraisablehook = _unraisable
            self.depths.append(depth)
            sys.setrecursionlimit(max(self.depths) or self.before[0])

    def end(self, depth: int = 0) -> None:
        """What began so ends. Makes nothing that the collector counts: it would walk the graph at once."""
        with self.lock:
            self.depths.remove(depth)
            sys.setrecursionlimit(max(self.depths, default=0) or self.before[0])
            if not self.depths:
                sys.unraisablehook = self.before[2]
                gc.set_threshold(*self.before[1])


process = _Process()


def _unraisable(found: Any) -> None:
    """What becomes of an exception that nobody can catch: of a generator that is thrown away."""
    complain, error = current().complain, found.exc_value
    if complain is None:  # no program runs here
        process.before[2](found)
    elif isinstance(error, LimitError):
        limits().end(error)
    elif error is not None:
        from autodiff_cli.interpret.traceback import traceback_text

        complain(f"Exception ignored in: {found.object!r}\n{traceback_text(error)}")


def _depth() -> int:
    """How many calls stand around this one."""
    depth = 0
    frame: types.FrameType | None = sys._getframe()
    while frame is not None:
        depth += 1
        frame = frame.f_back
    return depth
