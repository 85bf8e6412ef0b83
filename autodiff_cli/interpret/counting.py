"""What Python's own functions would do for hours, or until memory ends: counted, or refused.

A loop of the program counts its turns; so must the loops inside `list(…)`, `sum(…)` or `dict.update(…)`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from autodiff_cli.autograd.tensor import Tensor
from autodiff_cli.errors import LimitError
from autodiff_cli.interpret.limits import limits
from autodiff_cli.interpret.operators import MAX_ITEMS

MAX_WIDTH = 10**6  # of a formatted number
SMALL = 10_000  # items that need no counting


class Counted:
    """An iterator whose items count as statements."""

    __slots__ = ("items",)

    def __init__(self, items: Any) -> None:
        self.items = iter(items)

    def __iter__(self) -> Iterator[Any]:
        return _ticking(self.items)

    def __next__(self) -> Any:
        _tick()
        return next(self.items)

    def __repr__(self) -> str:
        return repr(self.items)


def _tick() -> None:
    limits.left -= 1
    if limits.left < 0:
        limits.checkpoint()


def _ticking(items: Iterator[Any]) -> Iterator[Any]:
    for item in items:
        limits.left -= 1
        if limits.left < 0:
            limits.checkpoint()
        yield item


def counted(items: Any) -> Any:
    """An iterable whose items count, unless they are few or there already; other values as they are."""
    if isinstance(items, range):
        return items if len(items) < SMALL else Counted(items)
    if isinstance(items, (list, tuple, dict, set, frozenset, str, Tensor, Counted)):
        return items
    return Counted(items) if isinstance(items, Iterator) else items


def counting(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function whose arguments, and whose result if it is an iterator, are counted."""

    def run(*args: Any, **kwargs: Any) -> Any:
        result = function(*map(counted, args), **kwargs)
        return Counted(result) if isinstance(result, Iterator) else result

    run.__name__ = run.__qualname__ = getattr(function, "__name__", "function")
    return run


def check_format(spec: Any) -> None:
    """Refuse a format with a width or a precision that would fill the memory."""
    digits = ""
    for letter in f"{spec} ":
        if letter.isdigit():
            digits += letter
        else:
            if digits and int(digits[:12]) > MAX_WIDTH:
                raise LimitError(f"a format's width or precision is at most {MAX_WIDTH:,}")
            digits = ""


def check_length(length: int) -> None:
    if length > MAX_ITEMS:
        raise LimitError(f"a str of {length:,} characters; the limit is {MAX_ITEMS:,}")


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


GUARDS: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("ljust", "rjust", "center", "zfill", "expandtabs"), _padded),
    "join": _joined,
    "replace": _replaced,
    **dict.fromkeys(
        "update union fromkeys from_iterable intersection difference symmetric_difference issuperset "
        "difference_update intersection_update symmetric_difference_update extendleft subtract".split(),
        counting,
    ),
}


def _extending(method: Callable[..., None]) -> Callable[..., None]:
    def run(items: Any) -> None:
        held: list[Any] = method.__self__  # type: ignore[attr-defined]
        if len(held) + (len(items) if hasattr(items, "__len__") else 0) > MAX_ITEMS:
            raise LimitError(f"a list of more than {MAX_ITEMS:,} items")
        method(counted(items))

    return run


GUARDS["extend"] = _extending


def guarded(name: str, method: Any) -> Any:
    """A method of Python's own types, with its limits."""
    guard = GUARDS.get(name)
    return method if guard is None else guard(method)
