"""What is wrong with how a text ended: the child of fuzz.py, which runs texts in its own process."""

from __future__ import annotations

import dis
import io
import os
import sys
import types
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from fuzz_texts import INPUTS

import autodiff_cli
from autodiff_cli.errors import AutodiffError, LimitError
from autodiff_cli.evaluation import evaluate
from autodiff_cli.evaluation.report import report
from autodiff_cli.interpret import run as running
from autodiff_cli.interpret.allowed import PROGRAM_FILE
from autodiff_cli.interpret.code import compiled_program
from autodiff_cli.program import ProgramError, Session, Settings
from autodiff_cli.source import Source
from autodiff_cli.threads import blas
from autodiff_cli.vocabulary.calls.registry import Function

PACKAGE = str(Path(autodiff_cli.__file__).parent)
LIMITS = Settings(max_steps=20_000, max_elements=100_000, max_memory=2 << 30, threads=1)
# What no torch function raises by accident: where one comes out of our own code, that is wrong.
OURS = (AssertionError, AttributeError, LookupError, NameError, NotImplementedError, SystemError,
        BufferError, UnicodeError, ImportError, StopIteration, GeneratorExit)  # fmt: skip
# What Python and numpy say of wrong arguments, in words that aren't the reference's: told apart.
FOREIGN = (TypeError, ValueError, ArithmeticError)
# Where our own code does with its arguments what the reference's Python does, whose errors are Python's too:
# tests/test_fuzz.py holds that calls recorded from the reference lead to each.
AS_THERE = frozenset((
    "vocabulary/einsum.py _letter",
    "vocabulary/einsum.py _spelled",
    "vocabulary/generators.py manual_seed",
    "vocabulary/autograd/differentiation.py grad",
    "vocabulary/autograd/gradcheck.py gradgradcheck",
    "vocabulary/autograd/gradients.py as_tensors",
    "vocabulary/autograd/functional.py _called",
    "vocabulary/nn/activations.py Hardtanh._start",
    "vocabulary/nn/init.py _fan",
    "vocabulary/nn/init.py trunc_normal_",
    "vocabulary/nn/init.py xavier_normal_",
    "vocabulary/nn/init.py xavier_uniform_",
    "vocabulary/optim/descent.py Adam._start",
    "vocabulary/optim/optimizer.py _check_betas",
    "vocabulary/optim/optimizer.py _check_factors",
    "vocabulary/optim/optimizer.py _check_least",
    "vocabulary/optim/optimizer.py _check_share",
    "vocabulary/optim/optimizer.py check_not_negative",
    "vocabulary/printing.py tensor_format",
    "vocabulary/func/transforms.py _jacobian.<locals>.run",
    "vocabulary/func/transforms.py grad_and_value.<locals>.run",
    "vocabulary/func/transforms.py jacrev",
    "vocabulary/func/transforms.py jvp",
    "vocabulary/func/transforms.py vjp",
    "vocabulary/calls/values.py size_of",
    "vocabulary/func/vmap.py vmap",
    "vocabulary/func/vmap.py over_rows.<locals>.run.<locals>.run_on",
))  # fmt: skip
MOST_CAUSES = (
    100  # of an error that are looked at: a recursion leads to thousands, each with its trace
)
AS_PYTHON = (TypeError, ValueError, ArithmeticError, AttributeError, IndexError)
NOTED = ("open", "os.", "subprocess.", "exec", "compile", "ctypes.", "import", "socket.", "shutil.",
         "code.", "pickle.", "object.__setattr__", "sys._getframe", "marshal.")  # fmt: skip
STANDARD = f"{Path(os.__file__).parent}{os.sep}"
BY_NAME = f"{STANDARD}importlib{os.sep}__init__.py"  # which imports whatever it is told
NAMING = frozenset(("__doc__", "__module__", "__qualname__", "__name__"))
LIBRARIES = ("autodiff_cli", "numpy", "scipy", "orjson")


class Finding(NamedTuple):
    """What is wrong with how a text ended.

    Attributes:
        kind: "escaped", "internal", "foreign words", "output behind a limit", "limit caught", "event";
            of the parent's "crash" and "hang".
        what: the same for all texts that find the same.
    """

    kind: str
    what: str


class Watch:
    """What happens while a text runs: audit events, and limits' errors."""

    def __init__(self) -> None:
        self.armed = False
        self.events: list[str] = []
        self.limited = False  # a limit's error was made
        self.late = False  # and something printed behind it
        sys.addaudithook(self._note)
        made = LimitError.__init__

        def noted(error: LimitError, *args: Any, **kwargs: Any) -> None:
            self.limited = True
            made(error, *args, **kwargs)

        LimitError.__init__ = noted  # type: ignore[method-assign]

    def _note(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.armed and event.startswith(NOTED) and not self._is_ours(event, arguments):
            self.armed = False
            self.events.append(f"{event} {_shown(arguments)}")
            self.armed = True

    def _is_ours(self, event: str, arguments: tuple[Any, ...]) -> bool:
        """Whether this is how a program is begun, its memory measured, or our own code imported."""
        if event == "sys._getframe" and arguments[0].f_code is running._depth.__code__:
            return True
        if event == "open" and arguments[0] == "/proc/self/statm":
            return True
        if event == "object.__setattr__" and arguments[1] in NAMING:
            return True  # of a class or function, which has those of its own
        if event == "import" and str(arguments[0]).partition(".")[0] in LIBRARIES:
            return True
        frame = _caller()
        file = "" if frame is None else frame.f_code.co_filename
        if event == "import" and file.startswith(STANDARD) and file != BY_NAME:
            return True
        while frame is not None:
            name = frame.f_code.co_filename
            if name == PROGRAM_FILE:
                return False
            if name == blas.__file__:
                return True  # which looks for libraries whenever more may be loaded
            if name.startswith("<frozen importlib") and "_load" in frame.f_code.co_name:
                return True  # within the import of one of LIBRARIES, which was let through
            frame = frame.f_back
        return event == "compile" and arguments[1] == PROGRAM_FILE


def _caller() -> types.FrameType | None:
    """The frame that the hook was called from; sys._getframe would be an event."""
    try:
        raise LookupError
    except LookupError as error:
        frame = error.__traceback__ and error.__traceback__.tb_frame
    for _ in range(3):  # this one's, and two of the hook's
        frame = frame and frame.f_back
    return frame


def _shown(arguments: tuple[Any, ...]) -> str:
    return " ".join(a if isinstance(a, str) else type(a).__name__ for a in arguments)[:100]


def judged(kind: str, text: str, watch: Watch) -> list[Finding]:
    """What is wrong with how a text ends."""
    watch.events, watch.limited, watch.late = [], False, False
    found = _expression(text) if kind == "expression" else _program(text, watch)
    watch.armed = False
    found += [Finding("event", event) for event in dict.fromkeys(watch.events)]
    if watch.late:
        found.append(Finding("output behind a limit", ""))
    return found


def _expression(text: str) -> list[Finding]:
    inputs = {name: given for name, given in INPUTS.items() if name in text}
    try:
        result = evaluate(
            text,
            inputs,
            max_elements=100_000,
            max_steps=20_000,
            max_memory=2 << 30,
            write=lambda _: None,
        )
        report(result)
    except AutodiffError as error:
        error.report()
        return list(_causes(getattr(error, "error", error)))
    except (RecursionError, MemoryError):  # which the command calls a limit
        return []
    except BaseException as error:
        return [Finding("escaped", f"{type(error).__name__} {_place(error)}")]
    return []


def _program(text: str, watch: Watch) -> list[Finding]:
    out = io.StringIO()

    def write(piece: str) -> None:
        watch.late = watch.late or watch.limited
        out.write(piece)

    source = Source(text, "p.py")
    try:
        with Session(LIMITS, write=write, complain=out.write, implicit=True, bare=True) as session:
            with suppress(AutodiffError):  # which the run meets again
                compiled_program(source)
            watch.armed = True
            try:
                session.run(source)
            finally:
                watch.armed = False
    except ProgramError as ended:
        found = list(_causes(ended.error))
        if "autodiff_cli" in ended.text and "autodiff_cli" not in text:
            found.append(Finding("internal", f"text {ended.text[-100:]}"))
        if watch.limited and not isinstance(ended.error, (LimitError, RecursionError, SystemExit)):
            found.append(Finding("limit caught", type(ended.error).__name__))
        return found
    except BaseException as error:
        return [Finding("escaped", f"{type(error).__name__} {_place(error)}")]
    return [Finding("limit caught", "")] if watch.limited else []


def _causes(error: BaseException | None) -> Iterator[Finding]:
    """What our own code raised by accident, of an error and those that it followed."""
    seen: set[int] = set()
    worded = False  # as an operation's refusal, which may be right
    while error is not None and id(error) not in seen and len(seen) < MOST_CAUSES:
        seen.add(id(error))
        if not isinstance(error, AutodiffError) and (place := _accident(error)):
            if isinstance(error, OURS) and not worded and not _of_a_value(error):
                yield Finding("internal", f"{type(error).__name__} {place}")
            elif isinstance(error, (*OURS, *FOREIGN)):
                yield Finding("foreign words", f"{type(error).__name__} {place}")
        because = getattr(error, "because", None)
        worded = worded or because is not None
        before = because or error.__context__
        reworded = isinstance(error, AutodiffError) and before and error.message == str(before)
        follows = because or reworded or not error.__suppress_context__
        error = error.__cause__ or (before if follows else None)


def _of_a_value(error: BaseException) -> bool:
    """Whether it is a missing attribute of what the program gave, which the reference's Python meets too."""
    if not isinstance(error, AttributeError) or error.obj is None:
        return False
    return not type(error.obj).__module__.startswith("autodiff_cli")


def _accident(error: BaseException) -> str:
    """Where our own code had an error that it didn't raise; "" of the program's, and of those that are meant.

    What stands between the program and Python's objects, and special methods, raise what those raise.
    """
    trace = error.__traceback__
    last = None
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == PROGRAM_FILE:
            last = None  # called back
        elif trace.tb_frame.f_code.co_filename.startswith(PACKAGE):
            last = trace
        trace = trace.tb_next
    if last is None:
        return ""
    code = last.tb_frame.f_code
    folder = os.path.relpath(code.co_filename, PACKAGE)
    place = f"{folder} {code.co_qualname}"
    if place in AS_THERE and isinstance(error, AS_PYTHON):
        return ""
    if last.tb_lasti in _raises(code):
        return ""
    if code is Function._call_python.__code__:
        return ""  # the call itself, which Python refuses as it does the reference's
    between = folder.startswith("interpret") or code.co_name.startswith("__")
    if between and not isinstance(error, (AssertionError, UnboundLocalError, SystemError)):
        return ""
    return place


@cache
def _raises(code: types.CodeType) -> frozenset[int]:
    """Where a function raises an error itself."""
    instructions = dis.get_instructions(code)
    return frozenset(i.offset for i in instructions if i.opname in ("RAISE_VARARGS", "RERAISE"))


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    place = ""
    while trace is not None:
        code = trace.tb_frame.f_code
        if code.co_filename.startswith(PACKAGE):
            place = f"{os.path.relpath(code.co_filename, PACKAGE)} {code.co_qualname}"
        trace = trace.tb_next
    return place


def warmed() -> Watch:
    """The watch, when what our own code imports at first use is there."""
    from doors import DOORS

    watch = Watch()
    blas.counts()
    for text in DOORS.values():
        _program(text, watch)
    return watch
