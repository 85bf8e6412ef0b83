"""What a text is computed with, whatever asks for it."""

from __future__ import annotations

from autodiff_cli.record import Record

PROGRAM_BYTES = 8 << 30  # of memory that a program may use where nothing else is said


class Settings(Record):
    """What a text is computed with.

    Attributes:
        dtype: the default floating dtype: "float16", "float32" or "float64".
        manual_seed: of the random generator; None: by chance.
        max_elements: the most elements one tensor may have; None: as around it, at first 10**9.
        max_steps: the most loop turns and function calls of a program.
        max_memory: the most bytes of an execution's arrays, or of a program; None: as around it, and
            `PROGRAM_BYTES` for a program.
        threads: the most threads of an execution; None: as around it, at first as many as processors.
    """

    dtype: str = "float32"
    manual_seed: int | None = None
    max_elements: int | None = None
    max_steps: int = 10**8
    max_memory: int | None = None
    threads: int | None = None
