"""The sizes of blocks: from the cache, and the arrays that are alive at a time."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from itertools import product
from typing import TypeAlias

from autodiff_cli.ir.node import Shape

Box: TypeAlias = tuple[slice, ...]
LEAST = 1 << 17  # elements of a block, at least: below, numpy's calls cost more than caches gain
MOST = 1 << 18
LANES = 64  # blocks are multiples of it, so that numpy's loops have no rest but the last


def cache_bytes() -> int:
    """The size of a processor's own second-level cache, as far as the system tells."""
    try:
        with open("/sys/devices/system/cpu/cpu0/cache/index2/size") as file:
            size = file.read().strip()
        return int(size[:-1]) << {"K": 10, "M": 20}[size[-1]]
    except (OSError, ValueError, LookupError):
        return 1 << 20


def block_shape(
    space: Shape, held: Collection[int], bytes_each: int, partial: Callable[[Shape], int]
) -> Shape:
    """The size of a block along each axis: inner ones in whole first, as the arrays are stored.

    Args:
        space: what is cut.
        held: axes that a block has in whole.
        bytes_each: of all that is read and written, for each element of a block.
        partial: how many elements the partial results of all blocks of a shape have.
    """
    target = cache_bytes() // bytes_each
    target = min(max(target // LANES * LANES, LEAST), MOST)
    inner_first = _filled(space, held, target, range(len(space))[::-1])
    if partial(inner_first) > math.prod(space) // 8:
        outer_first = _filled(space, held, target, range(len(space)))
        if partial(outer_first) < partial(inner_first):
            return outer_first
    return inner_first


def _filled(space: Shape, held: Collection[int], target: int, order: Sequence[int]) -> Shape:
    sizes = [size if at in held else 1 for at, size in enumerate(space)]
    room = max(1, target // math.prod(sizes))
    for at in order:
        if at in held:
            continue
        size = min(space[at], room)
        if size < space[at] and size > LANES:
            size = size // LANES * LANES
        sizes[at] = size
        room = max(1, room // size)
    return tuple(sizes)


def boxes(space: Shape, block: Shape) -> list[Box]:
    """The blocks of a space, in order.

    >>> boxes((3,), (2,))
    [(slice(0, 2, None),), (slice(2, 3, None),)]
    """
    ranges = [
        [slice(start, min(start + part, size)) for start in range(0, size, part)]
        for size, part in zip(space, block, strict=True)
    ]
    return list(product(*ranges))
