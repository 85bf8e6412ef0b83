"""Diagonals, triangles, windows and turns: linear maps, in adjoint pairs.

diagonal/diagonal_backward, unfold/unfold_backward, pad/pad_backward; flips, rolls and triangles are
their own kind's adjoint.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff_cli.ir import dtypes, layout
from autodiff_cli.ir.dtypes import DType
from autodiff_cli.ir.node import Node, Number, Op, Params, Shape
from autodiff_cli.ops.kinds import Shaped, View, like
from autodiff_cli.ops.movement import Join, expand, joined_dtype, reshape, slice_

# ---- diagonals ----------------------------------------------------------------------------------


def _diagonal(x: Any, offset: int, dim1: int, dim2: int) -> Any:
    result = np.diagonal(x, offset, dim1, dim2)
    if x.flags.writeable:  # numpy shows it for reading alone
        result.flags.writeable = True
    return result


def diagonal_length(rows: int, columns: int, offset: int) -> int:
    return max(0, min(rows, columns - offset) if offset >= 0 else min(rows + offset, columns))


def _diagonal_shape(x: Node, offset: int, dim1: int, dim2: int) -> Shape:
    kept = tuple(size for dim, size in enumerate(x.shape) if dim not in (dim1, dim2))
    return (*kept, diagonal_length(x.shape[dim1], x.shape[dim2], offset))


def _diagonal_strides(x: Node, offset: int, dim1: int, dim2: int) -> Shape:
    strides = layout.strides_of(x)
    kept = tuple(stride for dim, stride in enumerate(strides) if dim not in (dim1, dim2))
    return (*kept, strides[dim1] + strides[dim2])


def _diagonal_vjp(g: Node, y: Node, x: Node, offset: int, dim1: int, dim2: int) -> Node:
    return diagonal_backward(g, shape=x.shape, offset=offset, dim1=dim1, dim2=dim2)


diagonal = View(
    "diagonal",
    _diagonal,
    shape=_diagonal_shape,
    strides=_diagonal_strides,
    vjps=(_diagonal_vjp,),
    batch="shape.shifted",
    doc="the elements of two dimensions with equal indices",
)
diagonal_copy = Shaped(
    "diagonal_copy",
    lambda x, offset, dim1, dim2: _diagonal(x, offset, dim1, dim2).copy(),
    shape=_diagonal_shape,
    vjps=(_diagonal_vjp,),
    grad_fn="DiagonalBackward0_copy",
    linear=((0,),),
    batch="shape.shifted",
    doc="the diagonal of a matrix, as a copy",
)


def _embed_diagonal(g: Any, shape: Shape, offset: int, dim1: int, dim2: int) -> Any:
    result = np.zeros(shape, g.dtype)
    _diagonal(result, offset, dim1, dim2)[...] = g
    return result


def _embedder(name: str, grad_fn: str, doc: str) -> Shaped:
    return Shaped(
        name,
        _embed_diagonal,
        shape=lambda g, shape, offset, dim1, dim2: shape,
        vjps=(
            lambda g, y, x, shape, offset, dim1, dim2: diagonal(
                g, offset=offset, dim1=dim1, dim2=dim2
            ),
        ),
        grad_fn=grad_fn,
        linear=((0,),),
        batch="shape.shifted",
        doc=doc,
    )


diagonal_backward = _embedder(
    "diagonal_backward", "DiagonalBackwardBackward0", "zeros but for a diagonal: its adjoint"
)
diag_embed = _embedder("diag_embed", "DiagEmbedBackward0", "zeros but for a diagonal")


def _trace(x: Any) -> Any:
    return np.trace(x, dtype=np.int64 if x.dtype.kind in "iub" else np.float64).astype(
        np.int64 if x.dtype.kind in "iub" else x.dtype
    )


def _trace_dtype(x: Node) -> DType:
    return x.dtype if x.dtype.is_floating else dtypes.int64


def _trace_vjp(g: Node, y: Node, x: Node) -> Node:
    length = diagonal_length(x.shape[0], x.shape[1], 0)
    return diagonal_backward(expand(g, shape=(length,)), shape=x.shape, offset=0, dim1=0, dim2=1)


trace = Shaped(
    "trace",
    _trace,
    shape=lambda x: (),
    dtype=_trace_dtype,
    vjps=(_trace_vjp,),
    linear=((0,),),
    batch="shape.trace",
    doc="sum of the diagonal",
    latex=r"\mathrm{{tr}} {}",
)


def _triangle(name: str, kernel: Callable[..., Any], doc: str) -> Shaped:
    made: Shaped = Shaped(
        name,
        lambda x, diagonal: kernel(x, diagonal),
        vjps=(lambda g, y, x, diagonal: made(g, diagonal=diagonal),),
        linear=((0,),),
        on_arrays=True,
        batch="shape.leading",
        doc=doc,
    )
    return made


tril = _triangle("tril", np.tril, "the lower triangle of matrices, zeros above")
triu = _triangle("triu", np.triu, "the upper triangle of matrices, zeros below")

# ---- turns --------------------------------------------------------------------------------------

flip: Shaped = Shaped(
    "flip",
    lambda x, dims: np.flip(x, dims).copy(),
    vjps=(lambda g, y, x, dims: flip(g, dims=dims),),
    linear=((0,),),
    batch="shape.shifted",
    doc="some dimensions in reverse order",
)
roll: Shaped = Shaped(
    "roll",
    lambda x, shifts, dims: np.roll(x, shifts, dims or None),
    vjps=(lambda g, y, x, shifts, dims: roll(g, shifts=tuple(-n for n in shifts), dims=dims),),
    linear=((0,),),
    batch="shape.roll",
    doc="shifted along dimensions, what leaves at one end entering at the other",
)


def _rot90_shape(x: Node, k: int, dims: tuple[int, int]) -> Shape:
    shape = list(x.shape)
    if k % 2:
        shape[dims[0]], shape[dims[1]] = shape[dims[1]], shape[dims[0]]
    return tuple(shape)


rot90: Shaped = Shaped(
    "rot90",
    lambda x, k, dims: np.rot90(x, k, dims).copy(),
    shape=_rot90_shape,
    vjps=(lambda g, y, x, k, dims: rot90(g, k=-k, dims=dims),),
    linear=((0,),),
    batch="shape.shifted",
    doc="turned by quarters in the plane of two dimensions",
)

# ---- windows ------------------------------------------------------------------------------------


def _windows(x: Any, dim: int, size: int, step: int) -> Any:
    wide = np.atleast_1d(x)
    windows = np.lib.stride_tricks.sliding_window_view(
        wide, size, axis=dim, writeable=x.flags.writeable
    )
    every = (slice(None),) * dim + (slice(None, None, step),)
    return windows[every] if x.ndim else windows[0]


def _windows_shape(x: Node, dim: int, size: int, step: int) -> Shape:
    if not x.ndim:
        return (size,)
    count = (x.shape[dim] - size) // step + 1
    return (*x.shape[:dim], count, *x.shape[dim + 1 :], size)


def _windows_strides(x: Node, dim: int, size: int, step: int) -> Shape:
    strides = layout.strides_of(x)
    if not x.ndim:
        return (1,)
    return (*strides[:dim], strides[dim] * step, *strides[dim + 1 :], strides[dim])


def _overlay(g: Any, shape: Shape, dim: int, size: int, step: int) -> Any:
    result = np.zeros(shape, g.dtype)
    if not shape:
        return result + g.sum()
    count = g.shape[dim]
    for place in range(size):
        at = (slice(None),) * dim + (slice(place, place + (count - 1) * step + 1, step),)
        result[at] += g[..., place]
    return result


unfold = View(
    "unfold",
    _windows,
    shape=_windows_shape,
    strides=_windows_strides,
    vjps=(
        lambda g, y, x, dim, size, step: unfold_backward(
            g, shape=x.shape, dim=dim, size=size, step=step
        ),
    ),
    batch="shape.unfold",
    doc="every window of a dimension, as a new last dimension",
)
unfold_backward: Shaped = Shaped(
    "unfold_backward",
    _overlay,
    shape=lambda g, shape, dim, size, step: shape,
    vjps=(lambda g, y, x, shape, dim, size, step: unfold(g, dim=dim, size=size, step=step),),
    linear=((0,),),
    batch="shape.unfold_backward",
    doc="windows added where they came from: the adjoint of unfold",
)

# ---- padding and blocks -------------------------------------------------------------------------

Margins = tuple[tuple[int, int], ...]  # (before, after) of each dimension; negative ones cut


def _pad(x: Any, margins: Margins, value: Number) -> Any:
    shape = tuple(b + n + a for n, (b, a) in zip(x.shape, margins))
    result = np.full(shape, like(x, value), x.dtype)
    inside = tuple(slice(max(b, 0), n - max(a, 0)) for n, (b, a) in zip(shape, margins))
    kept = tuple(slice(max(-b, 0), n - max(-a, 0)) for n, (b, a) in zip(x.shape, margins))
    result[inside] = x[kept]
    return result


pad: Shaped = Shaped(
    "constant_pad_nd",
    _pad,
    shape=lambda x, margins, value: tuple(b + n + a for n, (b, a) in zip(x.shape, margins)),
    vjps=(
        lambda g, y, x, margins, value: pad(
            g, margins=tuple((-b, -a) for b, a in margins), value=0
        ),
    ),
    batch="shape.shifted",
    doc="with margins of a number around it",
)


def _blocks(arrays: list[Any]) -> Any:
    matrices = [np.atleast_2d(array) for array in arrays]
    shape = tuple(sum(matrix.shape[at] for matrix in matrices) for at in (0, 1))
    result = np.zeros(shape, matrices[0].dtype)
    row = column = 0
    for matrix in matrices:
        result[row : row + matrix.shape[0], column : column + matrix.shape[1]] = matrix
        row, column = row + matrix.shape[0], column + matrix.shape[1]
    return result


def _matrix_shape(x: Node) -> tuple[int, int]:
    rows, columns = ((1,) * (2 - x.ndim)) + x.shape
    return rows, columns


class _BlockDiagonal(Join):
    __slots__ = ()

    def infer(self, operands: tuple[Node, ...], params: Params) -> tuple[Shape, DType]:
        shapes = [_matrix_shape(node) for node in operands]
        rows, columns = sum(s[0] for s in shapes), sum(s[1] for s in shapes)
        return (rows, columns), joined_dtype(operands)

    def vjp(self, node: Node, g: Node, position: int) -> Node | None:
        shapes = [_matrix_shape(operand) for operand in node.operands]
        block = g
        for dim in (0, 1):
            start = sum(shape[dim] for shape in shapes[:position])
            stop = start + shapes[position][dim]
            block = slice_(block, dim=dim, start=start, stop=stop, step=1)
        return reshape(block, node.operands[position].shape)


def _each_operand(g: Node, y: Node, *operands: Node) -> Node:
    raise ValueError("a join's derivative depends on the operand's position: see its vjp")


block_diag: Op = _BlockDiagonal(
    "block_diag", _blocks, vjps=(_each_operand,), doc="matrices along a diagonal, zeros elsewhere"
)
