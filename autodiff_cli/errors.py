"""Every error a user can meet.

    AutodiffError                 anything this package raises on purpose
    ├── SourceSyntaxError         the text is not in the language
    │   └── SourceIndentationError    a line of a program begins in the wrong column
    │       └── SourceTabError        it depends on the width of a tab
    ├── InputError                a binding or a file is wrong, by name
    ├── LimitError                a safety limit was reached
    ├── Crash                     the system ended the process that computes
    └── Fault                     evaluation failed as it fails in Python with the reference
        ├── TypeFault             TypeError
        ├── ValueFault            ValueError
        ├── RuntimeFault          RuntimeError
        ├── IndexFault            IndexError
        ├── KeyFault              KeyError
        ├── NameFault             NameError
        ├── AttributeFault        AttributeError
        ├── NotImplementedFault   NotImplementedError
        ├── OverflowFault         OverflowError
        ├── AssertionFault        AssertionError
        ├── ZeroDivisionFault     ZeroDivisionError
        └── LinAlgFault           torch._C._LinAlgError

An operation raises without knowing where it stands; the interpreter adds the place (`at`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autodiff_cli.source import Source, Span


class AutodiffError(Exception):
    """What went wrong, where, and what to type instead.

    Args:
        message: what and why; the reference's own words where it has them.
        hint: what to type instead, in this tool's words.
        span, source: the place, if there is one.

    Attributes:
        where: of an operation on a stack, the ways in which its entries fail: for each the error of a single
            entry, and an array of bools, True where they are. Empty if that isn't known.
        because: the error of Python's or numpy's own that it stands for, in words that say little.
    """

    kind = "error"
    where: Sequence[tuple[AutodiffError, Any]] = ()
    because: Exception | None = None
    module = ""  # where the reference defines the class, if it isn't Python's own
    is_ours = (
        False  # whether Python and the reference have no such error, and a hint may stand behind it
    )

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        span: Span | None = None,
        source: Source | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.span = span
        self.source = source

    def at(self, span: Span, source: Source) -> AutodiffError:
        """Add the place, unless an inner place is known already."""
        if self.span is None:
            self.span = span
            self.source = source
        return self

    def report(self) -> str:
        """The message, the source line with its caret, and the hint, as lines of text."""
        lines = [f"{self.kind}: {self.message.rstrip()}"]
        if self.span is not None and self.source is not None:
            if self.source.name:
                lines.append(f"  in {self.source.name}:")
            lines += ["  " + line for line in self.source.caret(self.span).split("\n")]
        if self.hint:
            lines.append(f"hint: {self.hint}")
        return "\n".join(lines)


class SourceSyntaxError(AutodiffError):
    """The text is not in the language."""

    kind = "SyntaxError"


class SourceIndentationError(SourceSyntaxError):
    """A line of a program begins in the wrong column."""

    kind = "IndentationError"


class SourceTabError(SourceIndentationError):
    """Whether a line of a program is in the right column depends on the width of a tab."""

    kind = "TabError"


class InputError(AutodiffError):
    """A binding, an option's value or a file is wrong."""

    kind = "InputError"
    is_ours = True


class Crash(AutodiffError):
    """The system ended the process that computes."""

    kind = "Crash"


class Ended(Exception):
    """No error: the work was done in another process, which ended with this exit code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class LimitError(AutodiffError):
    """A safety limit was reached: elements, nesting, statements."""

    kind = "LimitError"
    is_ours = True


class Fault(AutodiffError):
    """The evaluation failed as it would in Python with the reference.

    Each is Python's own exception as well, whose name it has, so that a program's `except RuntimeError`
    catches it.
    """

    def __init_subclass__(cls) -> None:
        if "kind" not in vars(cls):
            cls.kind = cls.__bases__[-1].__name__

    def __str__(self) -> str:
        return self.message


class TypeFault(Fault, TypeError):
    """Python's TypeError."""


class ValueFault(Fault, ValueError):
    """Python's ValueError."""


class RuntimeFault(Fault, RuntimeError):
    """Python's RuntimeError."""


class IndexFault(Fault, IndexError):
    """Python's IndexError."""


class KeyFault(Fault, KeyError):
    """Python's KeyError."""


class NameFault(Fault, NameError):
    """Python's NameError."""


class AttributeFault(Fault, AttributeError):
    """Python's AttributeError."""


class NotImplementedFault(Fault, NotImplementedError):
    """Python's NotImplementedError: the reference has no kernel for this dtype."""


class OverflowFault(Fault, OverflowError):
    """Python's OverflowError."""


class AssertionFault(Fault, AssertionError):
    """Python's AssertionError."""


class ZeroDivisionFault(Fault, ZeroDivisionError):
    """Python's ZeroDivisionError."""


class LinAlgFault(Fault, RuntimeError):
    """A matrix has no such result."""

    kind = "_LinAlgError"
    module = "torch._C"


PYTHON_FAULTS: dict[type[Exception], type[Fault]] = {
    TypeError: TypeFault,
    ValueError: ValueFault,
    RuntimeError: RuntimeFault,
    IndexError: IndexFault,
    KeyError: KeyFault,
    NameError: NameFault,
    AttributeError: AttributeFault,
    NotImplementedError: NotImplementedFault,
    OverflowError: OverflowFault,
    ZeroDivisionError: ZeroDivisionFault,
}


# What an operation may raise: faults, which are worded already, and errors that aren't.
FAILURES: tuple[type[Exception], ...] = (
    AutodiffError,
    TypeError,
    ValueError,
    RuntimeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    AssertionError,
)


def fault_of(error: Exception) -> Fault:
    """Python's own exception, met while evaluating the user's scalars, as a `Fault`."""
    for kind in type(error).__mro__:
        if kind in PYTHON_FAULTS:
            return PYTHON_FAULTS[kind](str(error))
    raise error
