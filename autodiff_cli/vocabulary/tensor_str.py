"""Tensors as text, to the byte as ``repr(torch.Tensor)`` writes them.

Source: PyTorch 2.13.0, ``torch/_tensor_str.py``, for strided tensors on the CPU. The reference
formats every element once to find the column width and once more to print it; here the width
comes from at most four elements, and the rest is formatted once, as one flat list.

>>> print(tensor_text(np.array([[1.5, -2.0], [0.0, np.inf]]), "float64", requires_grad=True))
tensor([[ 1.5000, -2.0000],
        [ 0.0000,     inf]], dtype=torch.float64, requires_grad=True)
"""

from __future__ import annotations

from math import inf, isfinite
from typing import TYPE_CHECKING

import numpy as np

from autodiff_cli.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

__all__ = ["DEFAULT", "PrintOptions", "print_options", "tensor_text"]

_PREFIX = "tensor("
_INDENT = len(_PREFIX)

# A float array without fractions prints "2." for 2.0, but "inf" and "nan" without the dot.
_WHOLE = "{:.0f}."


class PrintOptions(Record):
    """What ``torch.set_printoptions`` controls.

    ``precision`` is the number of decimals, ``threshold`` the number of elements above which
    only ``edgeitems`` items at both ends of each dimension are shown, ``linewidth`` the number
    of columns, and ``sci_mode`` turns scientific notation on or off (``None``: by the values).

    >>> PrintOptions(precision=2).threshold
    1000

    Source: https://docs.pytorch.org/docs/2.13/generated/torch.set_printoptions.html
    """

    precision: int = 4
    threshold: float = 1000
    edgeitems: int = 3
    linewidth: int = 80
    sci_mode: bool | None = None


DEFAULT = PrintOptions()

_PROFILES = {
    "default": DEFAULT,
    "short": PrintOptions(precision=2, edgeitems=2),
    "full": PrintOptions(threshold=inf),
}


def print_options(
    profile: str | None = None,
    *,
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    sci_mode: bool | None = None,
    current: PrintOptions = DEFAULT,
) -> PrintOptions:
    """Return the options that ``torch.set_printoptions`` sets where ``current`` ones hold.

    A ``profile`` ("default", "short" or "full") replaces them all, the other arguments replace
    one each. As in the reference, ``sci_mode`` is never kept from the current options.

    >>> print_options("short", linewidth=60)
    PrintOptions(precision=2, threshold=1000, edgeitems=2, linewidth=60, sci_mode=None)

    Source: ``set_printoptions`` of ``torch/_tensor_str.py``, which ignores an unknown profile;
    here it is a ``ValueError``.
    """
    if profile is not None and profile not in _PROFILES:
        raise ValueError(f"unknown profile {profile!r}: expected one of {', '.join(_PROFILES)}")
    base = current if profile is None else _PROFILES[profile]
    return PrintOptions(
        base.precision if precision is None else precision,
        base.threshold if threshold is None else threshold,
        base.edgeitems if edgeitems is None else edgeitems,
        base.linewidth if linewidth is None else linewidth,
        sci_mode,
    )


def tensor_text(
    array: NDArray[np.generic],
    dtype_name: str,
    *,
    default_dtype: str = "float32",
    requires_grad: bool = False,
    grad_fn: str | None = None,
    tangent: str = "",
    options: PrintOptions = DEFAULT,
) -> str:
    """Return what ``repr`` prints for a tensor.

    ``array`` holds the values: any shape, of a boolean, integer, real or complex dtype.
    ``dtype_name`` is what torch calls the dtype, without prefix ("float32"); it is printed unless
    it follows from the text and from ``default_dtype``. ``grad_fn`` is the name of the node which
    made the tensor ("AddBackward0"); ``requires_grad`` is printed for a tensor without one; ``tangent`` is
    the text of that of a dual tensor.

    >>> tensor_text(np.arange(4) / 4, "float64", grad_fn="DivBackward0")
    'tensor([0.0000, 0.2500, 0.5000, 0.7500], dtype=torch.float64,\\n       grad_fn=<DivBackward0>)'
    >>> tensor_text(np.zeros((0, 3)), "float64")
    'tensor([], size=(0, 3), dtype=torch.float64)'

    Source: ``_str_intern`` of ``torch/_tensor_str.py``.
    """
    suffixes = []
    if array.size == 0:
        if array.ndim != 1:
            suffixes.append(f"size={array.shape}")
        implied = [default_dtype]
    else:
        if not options.edgeitems:
            suffixes.append(f"size={array.shape}")
        default_complex = "complex128" if default_dtype == "float64" else "complex64"
        implied = [default_dtype, default_complex, "int64", "bool"]
    if dtype_name not in implied:
        suffixes.append(f"dtype=torch.{dtype_name}")
    if grad_fn is not None:
        suffixes.append(f"grad_fn=<{grad_fn}>")
    elif requires_grad:
        suffixes.append("requires_grad=True")
    if tangent:
        suffixes.append(f"tangent={tangent}")

    text = _PREFIX + _body(array, options)
    # The reference counts two columns more than the line has.
    column = len(text) - text.rfind("\n") + 1
    pieces = [text]
    for suffix in suffixes:
        if column + len(suffix) + 2 > options.linewidth:
            pieces.append(",\n" + " " * _INDENT + suffix)
            column = _INDENT + len(suffix)
        else:
            pieces.append(", " + suffix)
            column += len(suffix) + 2
    return "".join(pieces) + ")"


def _body(array: NDArray[np.generic], options: PrintOptions) -> str:
    """Return the nested brackets, whose lines after the first are indented below the prefix."""
    if array.size == 0:
        return "[]"
    shape, edge = array.shape, options.edgeitems
    if array.size > options.threshold:
        if not edge and shape:
            return "[...]"
        array = _edges(array, edge)
    texts, width = _elements(array.reshape(-1), options)
    last = len(shape) - 1
    per_line = max(1, (options.linewidth - _INDENT - last) // (width + 2))
    for axis in range(last, -1, -1):  # join the innermost rows first
        size = array.shape[axis]
        between = "," + "\n" * max(1, last - axis) + " " * (_INDENT + axis + 1)
        rows = []
        for start in range(0, len(texts), size):
            row = texts[start : start + size]
            if size < shape[axis]:
                row.insert(edge, " ..." if axis == last else "...")
            if axis == last:
                row = [", ".join(row[i : i + per_line]) for i in range(0, len(row), per_line)]
            rows.append("[" + between.join(row) + "]")
        texts = rows
    return texts[0]


def _edges(array: NDArray[np.generic], edge: int, axis: int = 0) -> NDArray[np.generic]:
    """Return the first and last ``edge`` items along each dimension, copying nothing else."""
    if axis == array.ndim:
        return array
    if array.shape[axis] <= 2 * edge:
        return _edges(array, edge, axis + 1)
    before = (slice(None),) * axis
    ends = array[(*before, slice(edge))], array[(*before, slice(-edge, None))]
    return np.concatenate([_edges(end, edge, axis + 1) for end in ends], axis)


def _elements(flat: NDArray[np.generic], options: PrintOptions) -> tuple[list[str], int]:
    """Return the padded text of each element, and the width with which lines are filled."""
    if not np.iscomplexobj(flat):
        template, width = _style(flat, options)
        return [text.rjust(width) for text in _write(template, flat.tolist())], width
    reals, real_width = _elements(flat.real, options)
    template, imag_width = _style(flat.imag, options)
    imags = _write(template, flat.imag.tolist())
    # The reference strips the imaginary part, though it fills lines as if it were padded.
    pairs = [
        f"{real}{imag}j" if imag[0] == "-" else f"{real}+{imag}j"
        for real, imag in zip(reals, imags, strict=True)
    ]
    return pairs, real_width + imag_width + 1


def _style(flat: NDArray[np.generic], options: PrintOptions) -> tuple[str, int]:
    """Return the format template of an array's elements, and their common width.

    Zeros and non-finite values have no say in a float array, so they may be wider.
    """
    if flat.dtype.kind != "f":
        template, extremes = "{}", [flat.min().item(), flat.max().item()]
    else:
        finite = flat[np.isfinite(flat) & (flat != 0)]
        if not finite.size:
            return _WHOLE, 1
        # Among the values of one sign the longest text belongs to the smallest or the largest.
        signed = [part for part in (finite[finite > 0], finite[finite < 0]) if part.size]
        extremes = [value.item() for part in signed for value in (part.min(), part.max())]
        sizes = [abs(value) for value in extremes]
        low, high = min(sizes), max(sizes)
        scientific = options.sci_mode
        if scientific is None:
            scientific = high / low > 1000.0 or high > 1.0e8 or low < 1.0e-4
        if scientific:
            template = f"{{:.{options.precision}e}}"
        elif (finite == np.ceil(finite)).all():
            template = _WHOLE
        else:
            template = f"{{:.{options.precision}f}}"
    return template, max(map(len, _write(template, extremes)))


def _write(template: str, values: Iterable[float]) -> list[str]:
    """Return the text of each value, unpadded."""
    write = template.format
    if template == _WHOLE:
        return [write(value) if isfinite(value) else str(value) for value in values]
    return list(map(write, values))
