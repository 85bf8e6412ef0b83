"""Values in a line: what a picture or a table has room for."""

from __future__ import annotations

import numpy as np

from autodiff_cli.explanation.compact import number
from autodiff_cli.ir.node import Array

FEW = 6  # elements that are shown one by one


def brief(array: Array | None, digits: int = 4) -> str:
    """An array in a line: its elements if they are few, or else its shape and its range.

    Args:
        array: any; None is "".
        digits: significant ones.

    >>> brief(np.array([[1.0, 2.5], [3.0, 1 / 3]])), brief(np.arange(12.0).reshape(3, 4))
    ('[[1, 2.5], [3, 0.3333]]', '[3, 4]: 0 … 11')
    """
    if array is None:
        return ""
    array = np.asarray(array)
    if array.size <= FEW:
        return _elements(array, digits)
    sizes = f"[{', '.join(map(str, array.shape))}]"
    if array.dtype.kind != "f":
        return f"{sizes}: {array.min()} … {array.max()}"
    finite = array[np.isfinite(array)]
    bounds = (
        [number(float(bound), digits) for bound in (finite.min(), finite.max())]
        if finite.size
        else []
    )
    bounds = bounds[:1] if bounds[:1] == bounds[1:] else bounds
    lost = array.size - finite.size
    rest = [f"{lost:,} not finite"] if lost else []
    return f"{sizes}: {', '.join([*filter(None, [' … '.join(bounds)]), *rest])}"


def _elements(array: Array, digits: int) -> str:
    if array.ndim:
        return f"[{', '.join([_elements(row, digits) for row in array])}]"
    item = array.item()
    return number(item, digits) if isinstance(item, float) else str(item)


def shortened(text: str, most: int) -> str:
    """A text of at most so many characters.

    >>> shortened("mean(3*(x+2)**2)", 10)
    'mean(3*(x…'
    """
    return text if len(text) <= most else f"{text[: most - 1]}…"
