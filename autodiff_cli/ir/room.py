"""What one step may take, known before it is taken: elements of a tensor, bytes of memory."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterable

from autodiff_cli.errors import LimitError
from autodiff_cli.ir.context import current
from autodiff_cli.wall.again import MEMORY, contents

FEW = 1 << 20  # bytes that nobody asks about


def check_room(needed: float, what: str = "this step") -> None:
    """Refuse what takes more memory than there may be.

    Args:
        needed: bytes, besides those in use.
        what: the subject of the message.

    Raises:
        LimitError: it would go past the limit.
    """
    most = current().max_bytes
    if most is None or needed < FEW:
        return
    if needed > most or (needed > most // 8 and needed + resident_bytes() > most):
        raise LimitError(
            f"{what} needs {int(needed) >> 20:,} MiB of memory; the limit is {most >> 20:,} MiB",
            hint="--max-memory SIZE raises the limit",
        )


def too_many_elements(shape: tuple[int, ...]) -> LimitError:
    """The error for an array past the limit of elements."""
    return LimitError(
        f"a tensor of shape {list(shape)} has {math.prod(shape):,} elements; "
        f"the limit is {current().max_elements:,}",
        hint="--max-elements N raises the limit",
    )


def check_elements(sizes: Iterable[int], bytes_each: int = 8) -> None:
    """Refuse an array, a step's own included, past the limit of elements or of memory.

    Raises:
        LimitError: it has more elements, or bytes, than an array may have.
    """
    shape = tuple(sizes)
    count = math.prod(shape)
    if count > current().max_elements:
        raise too_many_elements(shape)
    check_room(count * bytes_each)


def resident_bytes() -> int:
    """The memory this process holds; 0 where the system has no way to tell that Python knows."""
    try:
        pages = int(contents(MEMORY).split()[1])
    except OSError:  # not Linux: the largest so far
        try:
            import resource
        except ImportError:  # Windows
            return 0
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
    return pages * os.sysconf("SC_PAGE_SIZE")
