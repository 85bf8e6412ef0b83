"""The limits of a program: steps and memory. Each ends it with a clear error.

A step is a turn of a loop, a call of a function of the program, or an item that one of Python's own reads.
"""

from __future__ import annotations

import gc
from typing import Any

from autodiff_cli.errors import InputError, LimitError
from autodiff_cli.ir import dtypes
from autodiff_cli.ir.context import Context, current, own, started
from autodiff_cli.ir.room import resident_bytes
from autodiff_cli.random.checks import checked_seed
from autodiff_cli.settings import PROGRAM_BYTES, Settings

CHECKPOINT = 20_000  # steps between looks at the memory
MAX_DEPTH = 1000  # nested calls, as Python's own limit


class Limits:
    """What a program may still use.

    Attributes:
        left: steps until the next checkpoint.
        ended: the limit's error that ended the program: whoever swallows it meets it again.
    """

    __slots__ = ("ended", "left", "max_bytes", "max_steps", "taken")

    def __init__(self, max_steps: int = Settings.max_steps, max_bytes: int = PROGRAM_BYTES) -> None:
        self.max_steps = max_steps
        self.max_bytes = max_bytes
        self.begin()

    def begin(self) -> None:
        """Let a text take as many steps as the first, whatever became of those before."""
        self.taken = 0
        self.ended: LimitError | None = None
        self.left = min(CHECKPOINT, self.max_steps)

    def end(self, error: LimitError) -> None:
        """Let the program do no more: its next step raises the error again."""
        self.ended = error
        self.left = -1

    def turn(self) -> bool:
        """Count a loop's turn, or a call of a function of the program; always true."""
        self.left -= 1
        if self.left < 0:
            self.checkpoint()
        return True

    def checkpoint(self) -> None:
        """Refuse to go on past a limit; called when `left` is used up.

        Raises:
            LimitError: too many steps, or too much memory.
        """
        if self.ended is not None:
            raise self.ended
        self.taken += min(CHECKPOINT, self.max_steps - self.taken)
        if self.taken >= self.max_steps:
            raise LimitError(
                f"the program has taken {self.max_steps:,} steps, which is the limit",
                hint="--max-steps N raises the limit",
            )
        check_memory(self.max_bytes)
        self.left = min(CHECKPOINT, self.max_steps - self.taken)


def check_memory(max_bytes: int) -> None:
    """
    Raises:
        LimitError: the process holds more than so many bytes.
    """
    used = resident_bytes()
    if used > max_bytes:
        gc.collect()  # which runs rarely
        used = resident_bytes()
    if used > max_bytes:
        raise too_much_memory(used, max_bytes)


def too_much_memory(used: int, max_bytes: int) -> LimitError:
    """That so much memory is used."""
    return LimitError(
        f"the program uses {used >> 20:,} MiB of memory; the limit is {max_bytes >> 20:,} MiB",
        hint="--max-memory SIZE raises the limit",
    )


class Held:
    """The memory that the system gives to this process at most, beyond what it had when the text began.

    Attributes:
        bytes: None for as much as there is.
    """

    __slots__ = ("bytes",)

    def __init__(self) -> None:
        self.bytes: int | None = None


held = Held()


def out_of_memory() -> LimitError:
    """That the system gives no more memory."""
    if held.bytes is None:
        return LimitError("out of memory", hint="use smaller tensors, or del what isn't needed")
    return LimitError(
        f"out of memory; the limit is {held.bytes >> 20:,} MiB",
        hint="--max-memory SIZE raises the limit",
    )


def limits() -> Limits:
    """What the text that runs may still use; as much as by default, if nobody has started one."""
    found: Limits | None = current().limits
    if found is None:
        found = own().limits = Limits()
    return found


def started_with(settings: Settings, **fields: Any) -> Context:
    """The context of a text of its own.

    Args:
        settings: what it is computed with, but for its memory.
        fields: of the context, besides.

    Raises:
        InputError: no such dtype.
        RuntimeFault: no such seed.

    >>> with started_with(Settings(dtype="float64", threads=1), eager=True) as context:
    ...     context.dtype, context.threads, context.eager
    (torch.float64, 1, True)
    """
    dtype = dtypes.NAMES.get(settings.dtype)
    if dtype is None or not dtype.is_floating:
        raise InputError(
            f"the default dtype is float16, float32 or float64, not {settings.dtype!r}"
        )
    given = {"max_elements": settings.max_elements, "threads": settings.threads}
    seed = settings.manual_seed
    return started(
        **{
            "dtype": dtype,
            "seed": None if seed is None else checked_seed(seed),
            "limits": Limits(settings.max_steps),
            **{name: value for name, value in given.items() if value is not None},
            **fields,
        }
    )
