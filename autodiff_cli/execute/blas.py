"""The threads of numpy's linear algebra library, OpenBLAS.

The command loads it with one thread (`startup.py`). Around a large product or decomposition it gets as many
as the execution may use, and one again afterwards, so that a small product's digits don't depend on what
was computed before it.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable
from os.path import dirname, join
from typing import Any

import numpy as np

from autodiff_cli.execute.pool import each, threads
from autodiff_cli.ops.heavy import directly, runner
from autodiff_cli.startup import library

# As the wheels of numpy and scipy name it (64-bit and 32-bit integers), and OpenBLAS itself.
SETTERS = (
    "scipy_openblas_set_num_threads64_",
    "scipy_openblas_set_num_threads",
    "openblas_set_num_threads64_",
    "openblas_set_num_threads",
)
PACKAGES = ("numpy", "scipy")  # each brings a library of its own

Setter = Callable[[int], Any]


def loaded_libraries() -> list[str]:
    """The files of the OpenBLAS libraries that this process has loaded."""
    try:
        with open("/proc/self/maps", encoding="utf-8", errors="replace") as file:
            paths = {line.split(maxsplit=5)[-1].strip() for line in file if "openblas" in line}
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


def _setter(path: str) -> Setter | None:
    try:
        handle = ctypes.CDLL(path)
    except OSError:
        return None
    for name in SETTERS:
        function = getattr(handle, name, None)
        if function is not None:
            function.argtypes, function.restype = (ctypes.c_int,), None
            setter: Setter = function
            return setter
    return None


_known: dict[tuple[bool, ...], list[Setter]] = {}


def setters() -> list[Setter]:
    """What sets the number of threads, one function a loaded library; none where it can't be set."""
    loaded = tuple(name in sys.modules for name in ("numpy.linalg", "scipy.linalg"))
    if loaded not in _known:
        found = [_setter(path) for path in loaded_libraries()]
        _known[loaded] = [setter for setter in found if setter is not None]
    return _known[loaded]


def on_all_threads(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call a function with as many threads as the execution may use."""
    count = threads() if library.held else 1
    if count == 1:
        return directly(function, *args, **kwargs)
    found = setters()
    for setter in found:
        setter(count)
    try:
        return function(*args, **kwargs)
    finally:
        for setter in found:
            setter(1)


LEAST_ROWS = 64  # of a part of a product
PARTS = 16  # of a product, at most
ROWS = 512  # of a part, where there are enough


def product_in_parts(a: Any, b: Any) -> Any:
    """A product, its rows (or columns, or matrices) cut in the same way however many threads there are.

    The library itself would cut it by their number, and the last digits would depend on that.
    """
    if not library.held or a.ndim < 2:
        return np.matmul(a, b)
    if a.ndim == 2 and b.ndim == 2 and len(a) < 2 * LEAST_ROWS <= b.shape[1]:
        return product_in_parts(b.T, a.T).T
    if len(a) < 2 * LEAST_ROWS and a.ndim == 2:
        return np.matmul(a, b)
    count = min(PARTS, len(a)) if a.ndim > 2 else min(PARTS, max(2, len(a) // ROWS))
    size = -(-len(a) // count)
    batched = b.ndim == a.ndim > 2 and len(b) == len(a)
    if a.ndim > 2 and not batched:
        return np.matmul(a, b)
    tail = b.shape[-1:] if b.ndim > 1 else ()
    result = np.empty((*a.shape[:-1], *tail), np.result_type(a, b))

    def part(number: int) -> None:
        rows = slice(number * size, (number + 1) * size)
        np.matmul(a[rows], b[rows] if batched else b, out=result[rows])

    each(-(-len(a) // size), lambda: part, threads())
    return result


def install() -> None:
    """Let heavy calls have threads."""
    runner.run = on_all_threads
    runner.product = product_in_parts
