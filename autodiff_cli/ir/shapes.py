"""Rules of shapes: broadcasting, dimensions, and the reference's errors about them.

Source: ATen/ExpandUtils.cpp, c10/core/WrapDimMinimal.h, ATen/InferSize.h.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from autodiff_cli.errors import IndexFault, RuntimeFault
from autodiff_cli.ir.node import Shape


def broadcast(a: Shape, b: Shape) -> Shape:
    """The shape that two shapes broadcast to.

    Raises:
        RuntimeFault: they don't, in the reference's words.

    >>> broadcast((2, 1), (3,))
    (2, 3)
    """
    if a == b or not b:
        return a
    if not a:
        return b
    ndim = max(len(a), len(b))
    sizes = []
    for dim in reversed(range(ndim)):
        m = a[dim - ndim + len(a)] if dim >= ndim - len(a) else 1
        n = b[dim - ndim + len(b)] if dim >= ndim - len(b) else 1
        if m != n and m != 1 and n != 1:
            raise RuntimeFault(
                f"The size of tensor a ({m}) must match the size of tensor b ({n}) "
                f"at non-singleton dimension {dim}",
                hint=f"shapes {list(a)} and {list(b)} do not broadcast: sizes are compared from "
                "the right and must be equal or 1",
            )
        sizes.append(n if m == 1 else m)
    return tuple(reversed(sizes))


def broadcast_all(shapes: Iterable[Shape]) -> Shape:
    result: Shape = ()
    for shape in shapes:
        result = broadcast(result, shape)
    return result


def wrap_dim(dim: int, ndim: int) -> int:
    """A dimension counted from the front; a 0-dim tensor is treated as having one.

    >>> wrap_dim(-1, 3)
    2
    """
    span = max(ndim, 1)
    if not -span <= dim < span:
        raise IndexFault(
            f"Dimension out of range (expected to be in range of [{-span}, {span - 1}], "
            f"but got {dim})"
        )
    return dim + span if dim < 0 else dim


def size_at(shape: Shape, dim: int) -> int:
    """The size of one dimension; a tensor that has none is refused.

    >>> size_at((2, 3), -1)
    3
    """
    if not shape:
        raise IndexFault(f"Dimension specified as {dim} but tensor has no dimensions")
    return shape[wrap_dim(dim, len(shape))]


def wrap_dims(dims: Sequence[int], ndim: int) -> tuple[int, ...]:
    """Distinct dimensions counted from the front, in the order given."""
    wrapped = tuple([wrap_dim(dim, ndim) for dim in dims])
    if len(set(wrapped)) != len(wrapped):
        twice = next(dim for dim in wrapped if wrapped.count(dim) > 1)
        raise RuntimeFault(f"dim {twice} appears multiple times in the list of dims")
    return wrapped


def reduction_dims(dims: Sequence[int] | None, ndim: int) -> tuple[int, ...]:
    """The sorted dimensions to reduce; none given means all."""
    if not dims:
        return tuple(range(ndim))
    wrapped = wrap_dims(dims, ndim)
    return tuple(sorted(wrapped)) if ndim else ()


def reduced(shape: Shape, dims: tuple[int, ...], keepdim: bool) -> Shape:
    """The shape that is left when `dims` are reduced."""
    if keepdim:
        return tuple([1 if dim in dims else size for dim, size in enumerate(shape)])
    return tuple([size for dim, size in enumerate(shape) if dim not in dims])


def infer_size(sizes: Sequence[int], numel: int) -> Shape:
    """Sizes with one -1 filled in so that they hold `numel` elements.

    >>> infer_size([2, -1], 6)
    (2, 3)
    """
    inferred = None
    known = 1
    for position, size in enumerate(sizes):
        if size == -1:
            if inferred is not None:
                raise RuntimeFault("only one dimension can be inferred")
            inferred = position
        elif size < 0:
            raise RuntimeFault(
                f"invalid shape dimension {size} at index {position} of shape {list(sizes)}"
            )
        else:
            known *= size
    if inferred is None:
        if known == numel:
            return tuple(sizes)
    elif known == 0 and numel == 0:
        raise RuntimeFault(
            f"cannot reshape tensor of 0 elements into shape {list(sizes)} because the unspecified "
            "dimension size -1 can be any value and is ambiguous"
        )
    elif known and numel % known == 0:
        return tuple([numel // known if size == -1 else size for size in sizes])
    raise RuntimeFault(f"shape '{list(sizes)}' is invalid for input of size {numel}")


def expanded(shape: Shape, sizes: Sequence[int]) -> Shape:
    """The shape that `expand(*sizes)` gives; -1 keeps a size."""
    extra = len(sizes) - len(shape)
    result = []
    for dim in reversed(range(len(sizes))):  # errors name the last dimension that doesn't fit
        size = sizes[dim]
        if dim < extra:
            if size == -1:
                raise RuntimeFault(
                    f"The expanded size of the tensor ({size}) isn't allowed in a leading, "
                    f"non-existing dimension {dim}"
                )
            result.append(size)
            continue
        old = shape[dim - extra]
        new = old if size == -1 else size
        if new != old and old != 1:
            raise RuntimeFault(
                f"The expanded size of the tensor ({size}) must match the existing size ({old}) at "
                f"non-singleton dimension {dim}.  Target sizes: {list(sizes)}.  "
                f"Tensor sizes: {list(shape)}"
            )
        result.append(new)
    if min(result, default=0) < 0:
        raise RuntimeFault("numel: integer multiplication overflow")
    return tuple(reversed(result))


def numel(shape: Shape) -> int:
    return math.prod(shape)
