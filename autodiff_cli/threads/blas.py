"""The threads of numpy's linear algebra library, OpenBLAS.

Its last digits depend on how many threads share an addition. So a call that is small runs on one, and a large
product is cut into parts, alike for any number of threads, each of which runs on one. Only decompositions
that are large get the library's own threads.

The command loads the library with one thread (`startup.py`), so that nothing has to be set around what is
small. In a program that imports us, and where the user has said how many, it has more: then it gets one for
the time of the call, and afterwards as many as it had. Other threads of that program have one meanwhile, too,
and a call of ours that needs another number waits until those that run have ended.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable
from os.path import dirname, join
from threading import Condition, get_ident
from typing import Any

import numpy as np

from autodiff_cli.record import Record
from autodiff_cli.startup import library
from autodiff_cli.threads.pool import each, threads
from autodiff_cli.wall.again import MAPS, contents

# The number of threads, as the wheels of numpy and scipy name it (64-bit and 32-bit integers), and OpenBLAS.
SYMBOLS = (
    ("scipy_openblas_get_num_threads64_", "scipy_openblas_set_num_threads64_"),
    ("scipy_openblas_get_num_threads", "scipy_openblas_set_num_threads"),
    ("openblas_get_num_threads64_", "openblas_set_num_threads64_"),
    ("openblas_get_num_threads", "openblas_set_num_threads"),
)
PACKAGES = ("numpy", "scipy")  # each brings a library of its own


class Count(Record):
    """The number of threads of one loaded library."""

    get: Callable[[], int]
    set: Callable[[int], Any]


def loaded_libraries() -> list[str]:
    """The files of the OpenBLAS libraries that this process has loaded."""
    try:
        lines = os.fsdecode(contents(MAPS)).splitlines()
        paths = {line.split(maxsplit=5)[-1] for line in lines if "openblas" in line}
        return sorted(paths)
    except OSError:  # not Linux: those that came with the packages
        return sorted(
            path
            for name in PACKAGES
            if name in sys.modules
            for path in _bundled(dirname(str(sys.modules[name].__file__)))
        )


def _bundled(package: str) -> list[str]:
    found = []
    for folder in (join(package, ".dylibs"), f"{package}.libs"):
        try:
            names = os.listdir(folder)
        except OSError:
            continue
        found += [join(folder, name) for name in names if "openblas" in name]
    return found


def _count_of(path: str) -> Count | None:
    try:
        handle = ctypes.CDLL(path)
    except OSError:
        return None
    for getter, setter in SYMBOLS:
        if hasattr(handle, getter) and hasattr(handle, setter):
            count = Count(getattr(handle, getter), getattr(handle, setter))
            count.get.argtypes, count.get.restype = (), ctypes.c_int  # type: ignore[attr-defined]
            count.set.argtypes, count.set.restype = (ctypes.c_int,), None  # type: ignore[attr-defined]
            return count
    return None


_known: dict[tuple[bool, ...], list[Count]] = {}


def counts() -> list[Count]:
    """The numbers of threads, one a loaded library; none where they can't be set."""
    loaded = tuple(name in sys.modules for name in ("numpy.linalg", "scipy.linalg"))
    if loaded not in _known:
        found = [_count_of(path) for path in loaded_libraries()]
        _known[loaded] = [count for count in found if count is not None]
    return _known[loaded]


class _Set:
    """The number that is set at the moment, for the calls that run: the libraries' is the process's.

    Attributes:
        number: None for the one that the library was given.
        inside: the threads that they run in: what is called within a call has its number.
        before: the libraries that had another one, and that.
    """

    def __init__(self) -> None:
        self.changed = Condition()
        self.number: int | None = None
        self.inside: set[int] = set()
        self.before: list[tuple[Count, int]] = []

    def begin(self, number: int | None) -> None:
        with self.changed:
            self.changed.wait_for(lambda: not self.inside or self.number == number)
            self.number = number
            if number is not None:
                for count in counts():
                    if (before := count.get()) != number:
                        self.before.append((count, before))
                        count.set(number)
            self.inside.add(get_ident())

    def end(self) -> None:
        with self.changed:
            self.inside.remove(get_ident())
            if not self.inside:
                for count, before in self.before:
                    count.set(before)
                self.before = []
                self.changed.notify_all()


_set = _Set()


def _on(number: int | None, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call a function while the libraries have so many threads; None: as many as they were given."""
    if get_ident() in _set.inside:
        return function(*args, **kwargs)
    _set.begin(number)
    try:
        return function(*args, **kwargs)
    finally:
        _set.end()


def alone(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call a function on one thread."""
    if library.held:
        return function(*args, **kwargs)
    return _on(1, function, *args, **kwargs)


def on_all_threads(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call a function with as many threads as the execution may use, or as the library was given."""
    number = threads() if library.held else None
    if number == 1:
        return function(*args, **kwargs)
    return _on(number, function, *args, **kwargs)


def given_threads() -> int:
    """How many threads may compute parts: as many as the execution may use, or as the library was given."""
    return threads() if library.held else max((count.get() for count in counts()), default=1)


LEAST_ROWS = 64  # of a part of a product
PARTS = 16  # of a product, at most
ROWS = 512  # of a part, where there are enough


def product_in_parts(a: Any, b: Any) -> Any:
    """A product, its rows (or columns, or matrices) cut in the same way however many threads there are.

    The library itself would cut it by their number, and the last digits would depend on that.
    """
    return alone(_in_parts, a, b, given_threads())


def _in_parts(a: Any, b: Any, workers: int) -> Any:
    if a.ndim == 2 and b.ndim == 2 and len(a) < 2 * LEAST_ROWS <= b.shape[1]:
        return _in_parts(b.T, a.T, workers).T
    if not _can_be_cut(a, b):
        return np.matmul(a, b)
    batched = a.ndim > 2
    parts = min(PARTS, len(a)) if batched else min(PARTS, max(2, len(a) // ROWS))
    size = -(-len(a) // parts)
    tail = b.shape[-1:] if b.ndim > 1 else ()
    result = np.empty((*a.shape[:-1], *tail), np.result_type(a, b))

    def part(number: int) -> None:
        rows = slice(number * size, (number + 1) * size)
        np.matmul(a[rows], b[rows] if batched else b, out=result[rows])

    each(-(-len(a) // size), lambda: part, workers)
    return result


def _can_be_cut(a: Any, b: Any) -> bool:
    """Whether a product's rows, or matrices, are those of `a`, and enough."""
    if a.ndim == 2:
        return b.ndim <= 2 and len(a) >= 2 * LEAST_ROWS
    leading: tuple[int, ...] = a.shape[:-2]
    return bool(leading) and leading == b.shape[:-2]
