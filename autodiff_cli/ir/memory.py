"""The order of nodes and writes, and what tensors that share their elements know of writes to them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autodiff_cli.ir.node import Node

# Numbers of nodes and of writes, each higher than all before it, in any thread: tensors may be handed on.
next_number: Callable[[], int] = count(1).__next__


class _Writes:
    """The number of the newest write to any tensor: nodes made since read what is still there."""

    __slots__ = ("lock", "newest")

    def __init__(self) -> None:
        self.newest = 0
        self.lock = Lock()


writes = _Writes()


class Memory:
    """What a tensor shares with its views, besides their elements: the record of writes to it.

    Attributes:
        writes: the number of the newest node at each write; as many as the tensor's version.
        latest: the node that the last write made, if it is part of the graph.
    """

    __slots__ = ("latest", "writes")

    def __init__(self) -> None:
        self.writes: list[int] = []
        self.latest: Node | None = None

    def wrote(self) -> int:
        """Count a write; gives its number."""
        number = next_number()
        self.writes.append(number)
        with writes.lock:
            if number > writes.newest:
                writes.newest = number
        return number
