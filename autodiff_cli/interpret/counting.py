"""What Python's own functions would do for hours, or until memory ends: counted, or refused.

A loop of the program counts its turns; so must the loops inside `list(…)`, `sum(…)` or `dict.update(…)`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autodiff_cli.errors import LimitError
from autodiff_cli.interpret.formats import check_format, check_percent
from autodiff_cli.interpret.limits import limits
from autodiff_cli.interpret.sizes import MAX_ITEMS, check_length, check_size
from autodiff_cli.interpret.stands import STANDS
from autodiff_cli.tensors.tensor import Tensor

SMALL = 10_000  # items that need no counting


class Counted:
    """An iterator whose items count as turns of a loop."""

    __slots__ = ("inner",)  # not "items", which Python asks mappings for

    def __init__(self, items: Any) -> None:
        self.inner = iter(items)

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        left = limits()
        left.left -= 1
        if left.left < 0:
            left.checkpoint()
        return next(self.inner)

    def __repr__(self) -> str:
        return repr(self.inner)


def counted(items: Any) -> Any:
    """An iterable whose items count, unless they are few or there already; other values as they are."""
    kind = type(items)
    if kind in THERE:
        return items
    if kind is range:
        return items if len(items) < SMALL else Counted(items)
    if kind is np.ndarray:
        return items if items.size < SMALL else Counted(items)
    return Counted(items) if isinstance(items, Iterator) and kind is not Counted else items


THERE = frozenset((list, tuple, dict, set, frozenset, str, Tensor, Counted, int, float, bool))


def counting(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function whose arguments, and whose result if it is an iterator, are counted."""

    def run(*args: Any, **kwargs: Any) -> Any:
        result = function(*map(counted, args), **kwargs)
        return Counted(result) if isinstance(result, Iterator) else result

    run.__name__ = run.__qualname__ = getattr(function, "__name__", "function")
    return run


def check_spread(items: Any, before: int) -> None:
    """Refuse items that are known to be too many for a list, or for the arguments of a call."""
    if type(items) in LONG and before + len(items) > MAX_ITEMS:
        raise LimitError(f"a list of more than {MAX_ITEMS:,} items")


LONG = frozenset((range, list, tuple, str, dict, set, frozenset))


def _padded(method: Callable[..., str]) -> Callable[..., str]:
    def run(width: Any, *rest: Any) -> str:
        if isinstance(width, int):
            check_length(width)
        return method(width, *rest)

    return run


def _joined(method: Callable[..., str]) -> Callable[..., str]:
    def run(items: Any) -> str:
        parts = list(counted(items))
        gap: str = method.__self__  # type: ignore[attr-defined]
        check_length(
            sum(len(part) for part in parts if isinstance(part, str)) + len(gap) * len(parts)
        )
        return method(parts)

    return run


def _replaced(method: Callable[..., str]) -> Callable[..., str]:
    def run(old: Any, new: Any, count: int = -1) -> str:
        text: str = method.__self__  # type: ignore[attr-defined]
        if isinstance(old, str) and isinstance(new, str):
            check_length(len(text) + text.count(old) * max(0, len(new) - len(old)))
        return method(old, new, count)

    return run


def _translated(method: Callable[..., str]) -> Callable[..., str]:
    def run(table: Any) -> str:
        if type(table) is not dict:
            raise TypeError("translate() takes a dict, such as str.maketrans gives")
        text: str = method.__self__  # type: ignore[attr-defined]
        longest = max((len(v) for v in table.values() if isinstance(v, str)), default=1)
        if longest > 1:
            check_length(sum(len(entry) if isinstance(entry := table.get(ord(c), ""), str) else 1
                             for c in text))  # fmt: skip
        return method(table)

    return run


def _expanded(method: Callable[..., str]) -> Callable[..., str]:
    def run(tabsize: Any = 8) -> str:
        text: str = method.__self__  # type: ignore[attr-defined]
        if isinstance(tabsize, int):
            check_length(len(text) + text.count("\t") * max(tabsize, 0))
        return method(tabsize)

    return run


def _extending(method: Callable[..., None]) -> Callable[..., None]:
    def run(items: Any) -> None:
        check_spread(items, len(method.__self__))  # type: ignore[attr-defined]
        method(counted(items))

    return run


def _searching(method: Callable[..., int]) -> Callable[..., int]:
    """`range.index` and `range.count`, which compare with each number what isn't one."""

    def run(value: Any, *rest: Any) -> int:
        held: Any = method.__self__  # type: ignore[attr-defined]
        if type(held) is range and type(value) is not int:
            if isinstance(value, float) and value.is_integer():
                value = int(value)
            elif len(held) > SMALL:
                raise LimitError(f"a search of {len(held):,} numbers for a {type(value).__name__}")
        return method(value, *rest)

    return run


def check_operation(sign: str, a: Any, b: Any) -> None:
    """Refuse an operator whose result Python would compute for hours, or until memory ends."""
    if sign == "%" and isinstance(a, (str, bytes)):
        check_percent(a, b)
    else:
        check_size(sign, a, b)


def _operating(sign: str) -> Callable[[Any], Any]:
    """A method of an operator, such as `__mul__`."""

    def guard(method: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def run(other: Any) -> Any:
            held: Any = method.__self__  # type: ignore[attr-defined]
            if sign == "+":
                check_spread(other, len(held) if hasattr(held, "__len__") else 0)
                other = counted(other)
            check_operation(sign, held, other)
            if sign == "**" and isinstance(other, int):
                check_size(sign, other, held)
            return method(other)

        return run

    return guard


def _formatting(method: Callable[[str], str]) -> Callable[[str], str]:
    def run(spec: str) -> str:
        check_format(spec)
        return method(spec)

    return run


def _putting(method: Callable[..., None]) -> Callable[..., None]:
    def run(index: Any, value: Any) -> None:
        if type(index) is slice:
            check_spread(value, len(method.__self__))  # type: ignore[attr-defined]
            value = counted(value)
        method(index, value)

    return run


# The methods of Python's own types that could fill the memory, by name.
GUARDS: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("ljust", "rjust", "center", "zfill"), _padded),
    "expandtabs": _expanded,
    "join": _joined,
    "replace": _replaced,
    "translate": _translated,
    **dict.fromkeys(("index", "count"), _searching),
    **dict.fromkeys(("extend", "extendleft"), _extending),
    **dict.fromkeys(
        "update union fromkeys from_iterable intersection difference symmetric_difference issuperset "
        "difference_update intersection_update symmetric_difference_update subtract __init__".split(),
        counting,
    ),
    **dict.fromkeys(("__add__", "__radd__", "__iadd__"), _operating("+")),
    **dict.fromkeys(("__mul__", "__rmul__", "__imul__"), _operating("*")),
    **dict.fromkeys(("__pow__", "__rpow__"), _operating("**")),
    **dict.fromkeys(("__mod__", "__rmod__"), _operating("%")),
    "__floordiv__": _operating("//"),
    "__format__": _formatting,
    "__setitem__": _putting,
    "default_factory": lambda made: STANDS.get(made, made) if isinstance(made, type) else made,
}


def guarded(name: str, method: Any) -> Any:
    """A method of Python's own types, with its limits."""
    guard = GUARDS.get(name)
    return method if guard is None else guard(method)
