"""Moving elements without arithmetic: views, joins, and their adjoints.

These are linear maps, declared in adjoint pairs: the derivative of each is the other
(select/select_backward, slice/slice_backward, expand/sum_to, permute/its inverse, view/view).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from autodiff_cli.ir import dtypes, layout
from autodiff_cli.ir.dtypes import DType
from autodiff_cli.ir.node import Node, Op, Params, Rule, Shape
from autodiff_cli.ir.shapes import broadcast
from autodiff_cli.ops.create import zeros_like
from autodiff_cli.ops.kinds import Shaped, View
from autodiff_cli.ops.summation import total

# ---- the same elements in another shape ---------------------------------------------------------


def _view_strides(x: Node, shape: Shape) -> Shape | None:
    return layout.view_strides(x.shape, layout.strides_of(x), shape)


def _reshaper(name: str, grad_fn: str, doc: str, back: Callable[[], View] | None = None) -> View:
    """`back`: the operation that the reference reshapes gradients with, if that isn't `view`."""

    def vjp(g: Node, y: Node, x: Node, shape: Shape) -> Node:
        return (back() if back else view)(g, shape=x.shape)

    return View(
        name,
        lambda x, shape: np.reshape(x, shape),
        shape=lambda x, shape: shape,
        strides=_view_strides,
        vjps=(vjp,),
        grad_fn=grad_fn,
        batch="shape.shifted",
        doc=doc,
    )


view = _reshaper("view", "ViewBackward0", "the same elements in another shape")
reshape_alias = _reshaper("reshape_alias", "ReshapeAliasBackward0", "reshape, as a view")
unsafe_view = _reshaper("unsafe_view", "UnsafeViewBackward0", "reshape of a fresh copy")
squeeze = _reshaper(
    "squeeze", "SqueezeBackward0", "without the dimensions of size 1", lambda: unsqueeze
)
squeeze_dim = _reshaper(
    "squeeze_dim", "SqueezeBackward1", "without one dimension of size 1", lambda: unsqueeze
)
squeeze_dims = _reshaper(
    "squeeze_dims", "SqueezeBackward2", "without some dimensions of size 1", lambda: unsqueeze
)
squeeze_product = _reshaper(
    "squeeze_product", "SqueezeBackward4", "a row vector product as a vector", lambda: unsqueeze
)
unsqueeze: View = _reshaper(
    "unsqueeze", "UnsqueezeBackward0", "with a new dimension of size 1", lambda: squeeze_dim
)
squeeze_written = _reshaper("squeeze_written", "SqueezeBackward3", "squeeze in place")
squeeze_dim_written = _reshaper("squeeze_dim_written", "SqueezeBackward4", "squeeze in place")
squeeze_dims_written = _reshaper("squeeze_dims_written", "SqueezeBackward5", "squeeze in place")
unsqueeze_written = _reshaper("unsqueeze_written", "UnsqueezeBackward1", "unsqueeze in place")
alias = _reshaper("alias", "AliasBackward0", "the same tensor under another name")


def reshape(x: Node, shape: Shape) -> Node:
    """`view`, or nothing where the shape is the same already. For use inside derivative rules."""
    return x if x.shape == shape else view(x, shape=shape)


# ---- order of dimensions ------------------------------------------------------------------------


def _inverse(dims: tuple[int, ...]) -> tuple[int, ...]:
    result = [0] * len(dims)
    for position, dim in enumerate(dims):
        result[dim] = position
    return tuple(result)


def _permuter(name: str, grad_fn: str, doc: str) -> View:
    made: View = View(
        name,
        lambda x, dims: x.transpose(dims),
        shape=lambda x, dims: tuple([x.shape[dim] for dim in dims]),
        strides=lambda x, dims: tuple([layout.strides_of(x)[dim] for dim in dims]),
        vjps=(lambda g, y, x, dims: made(g, dims=_inverse(dims)),),
        grad_fn=grad_fn,
        batch="shape.permute",
        doc=doc,
    )
    return made


permute = _permuter("permute", "PermuteBackward0", "with its dimensions in another order")
transpose = _permuter("transpose", "TransposeBackward0", "with two dimensions swapped")
transpose_outputs = _permuter(
    "transpose_outputs", "TransposeBackward1", "the outputs of a recurrent layer, batch first"
)
t = _permuter("t", "TBackward0", "a matrix transposed")
transpose_written = _permuter("transpose_written", "TransposeBackward1", "transpose in place")
t_written = _permuter("t_written", "TBackward1", "t in place")


def swap(ndim: int, dim0: int, dim1: int) -> tuple[int, ...]:
    """The order of dimensions that swaps two.

    >>> swap(3, 0, 2)
    (2, 1, 0)
    """
    dims = list(range(ndim))
    dims[dim0], dims[dim1] = dim1, dim0
    return tuple(dims)


def matrix_t(x: Node) -> Node:
    """The last two dimensions swapped."""
    return transpose(x, dims=swap(x.ndim, x.ndim - 2, x.ndim - 1))


# ---- repetition ---------------------------------------------------------------------------------


def _expand_strides(x: Node, shape: Shape) -> Shape:
    lead = len(shape) - x.ndim
    strides = layout.strides_of(x)
    return (0,) * lead + tuple(
        0 if size == 1 and shape[lead + dim] != 1 else strides[dim]
        for dim, size in enumerate(x.shape)
    )


def _expanded(x: Any, shape: Shape) -> Any:
    result = np.broadcast_to(x, shape)
    if isinstance(x, np.ndarray) and x.flags.writeable:
        # which elements may be written to is checked where they are
        result = np.lib.stride_tricks.as_strided(x, shape, result.strides)
    return result


expand = View(
    "expand",
    _expanded,
    shape=lambda x, shape: shape,
    strides=_expand_strides,
    vjps=(lambda g, y, x, shape: sum_to(g, shape=x.shape),),
    batch="shape.expand",
    doc="repeated along dimensions of size 1, without a copy",
)


def together(a: Node, b: Node) -> tuple[Node, Node]:
    """Both in the shape that they broadcast to."""
    shape = broadcast(a.shape, b.shape)
    return (
        a if a.shape == shape else expand(a, shape=shape),
        b if b.shape == shape else expand(b, shape=shape),
    )


def _sum_to(x: Any, shape: Shape) -> Any:
    if np.shape(x) == shape:  # a sum, even of one element, would make -0.0 0.0
        return x
    lead = np.ndim(x) - len(shape)
    axes = tuple(range(lead)) + tuple(
        lead + dim for dim, size in enumerate(shape) if size == 1 and np.shape(x)[lead + dim] != 1
    )
    return total(x, axes, True).reshape(shape)


def _sum_to_name(node: Node) -> str:
    if not node.shape:
        return "SumBackward0"
    return "ViewBackward0" if node.operands[0].ndim > node.ndim else "SumBackward1"


sum_to: Shaped = Shaped(
    "sum_to",
    _sum_to,
    shape=lambda x, shape: shape,
    vjps=(lambda g, y, x, shape: expand(g, shape=x.shape),),
    grad_fn=_sum_to_name,
    linear=((0,),),
    on_arrays=True,
    batch="shape.sum_to",
    doc="summed over what broadcasting repeated: the adjoint of expand",
)

# ---- a part of the elements ---------------------------------------------------------------------


def _at(ndim: int, dim: int, index: Any) -> tuple[Any, ...]:
    return (slice(None),) * dim + (index,)


def _selector(name: str, grad_fn: str, doc: str, backward: str = "") -> View:
    return View(
        name,
        lambda x, dim, index: np.asarray(x)[(*_at(x.ndim, dim, index), ...)],  # a view, 0-dim too
        shape=lambda x, dim, index: x.shape[:dim] + x.shape[dim + 1 :],
        strides=lambda x, dim, index: layout.strides_of(x)[:dim] + layout.strides_of(x)[dim + 1 :],
        vjps=(lambda g, y, x, dim, index: select_backward(g, shape=x.shape, dim=dim, index=index),),
        grad_fn=grad_fn,
        backward=backward,
        batch="shape.shifted",
        doc=doc,
    )


select = _selector("select", "SelectBackward0", "one index of a dimension, which goes away")
unbind = _selector(
    "unbind", "UnbindBackward0", "one of the tensors that iteration gives", "StackBackward0"
)


def _embed(x: Any, shape: Shape, place: tuple[Any, ...]) -> Any:
    result = np.zeros(shape, x.dtype)
    result[place] = x
    return result


select_backward: Shaped = Shaped(
    "select_backward",
    lambda x, shape, dim, index: _embed(x, shape, _at(len(shape), dim, index)),
    shape=lambda x, shape, dim, index: shape,
    vjps=(lambda g, y, x, shape, dim, index: select(g, dim=dim, index=index),),
    linear=((0,),),
    batch="shape.shifted",
    on_arrays=True,
    doc="zeros but for one index: the adjoint of select",
)


def slice_length(start: int, stop: int, step: int) -> int:
    return max(0, -((start - stop) // step))


def _slice_strides(x: Node, dim: int, start: int, stop: int, step: int) -> Shape:
    strides = layout.strides_of(x)
    return strides[:dim] + (strides[dim] * step,) + strides[dim + 1 :]


def _slicer(name: str, grad_fn: str, doc: str, backward: str = "") -> View:
    return View(
        name,
        lambda x, dim, start, stop, step: x[_at(x.ndim, dim, slice(start, stop, step))],
        shape=lambda x, dim, start, stop, step: (
            x.shape[:dim] + (slice_length(start, stop, step),) + x.shape[dim + 1 :]
        ),
        strides=_slice_strides,
        vjps=(
            lambda g, y, x, dim, start, stop, step: slice_backward(
                g, shape=x.shape, dim=dim, start=start, stop=stop, step=step
            ),
        ),
        grad_fn=grad_fn,
        backward=backward,
        batch="shape.shifted",
        doc=doc,
    )


slice_ = _slicer("slice", "SliceBackward0", "every step-th index of a dimension")
split = _slicer("split", "SplitBackward0", "one of the parts of one size", "CatBackward0")
split_with_sizes = _slicer(
    "split_with_sizes", "SplitWithSizesBackward0", "one of the parts of given sizes", "CatBackward0"
)
slice_backward: Shaped = Shaped(
    "slice_backward",
    lambda x, shape, dim, start, stop, step: _embed(
        x, shape, _at(len(shape), dim, slice(start, stop, step))
    ),
    shape=lambda x, shape, dim, start, stop, step: shape,
    vjps=(
        lambda g, y, x, shape, dim, start, stop, step: slice_(
            g, dim=dim, start=start, stop=stop, step=step
        ),
    ),
    linear=((0,),),
    batch="shape.shifted",
    on_arrays=True,
    doc="zeros but for a slice: the adjoint of slice",
)

# ---- joins --------------------------------------------------------------------------------------


class Join(Op):
    """Any number of operands, one after the other along a dimension."""

    __slots__ = ()
    is_view: ClassVar[bool] = False

    def rules(self, operands: tuple[Node, ...]) -> tuple[Rule | None, ...]:
        return self.vjps * len(operands)

    def linear_in(self, operands: tuple[Node, ...]) -> tuple[tuple[int, ...], ...]:
        return (tuple(range(len(operands))),)

    def evaluate(self, node: Node, arrays: list[Any]) -> Any:
        dtype = node.dtype.numpy
        return self.kernel(
            [np.asarray(array).astype(dtype, copy=False) for array in arrays], **node.params
        )


def joined_dtype(operands: tuple[Node, ...]) -> DType:
    kinds = {
        (node.dtype, dtypes.DIMENSIONED if node.shape else dtypes.ZERO_DIM) for node in operands
    }
    return dtypes.result_type(tuple(kinds))


class Cat(Join):
    """Operands of equal sizes but for one dimension; legacy empty (0,) operands are skipped."""

    __slots__ = ()

    def infer(self, operands: tuple[Node, ...], params: Params) -> tuple[Shape, DType]:
        dim = params["dim"]
        shapes = [node.shape for node in operands if node.shape != (0,)]
        shape = shapes[0] if shapes else (0,)
        total = sum(s[dim] for s in shapes)
        return shape[:dim] + (total,) + shape[dim + 1 :], joined_dtype(operands)

    def evaluate(self, node: Node, arrays: list[Any]) -> Any:
        kept = [array for array in arrays if np.shape(array) != (0,)] or arrays
        return super().evaluate(node, kept)

    def vjp(self, node: Node, g: Node, position: int) -> Node | None:
        operand = node.operands[position]
        if operand.shape == (0,) != node.shape:
            return zeros_like(operand)
        dim = node.params["dim"]
        start = sum(o.shape[dim] for o in node.operands[:position] if o.shape != (0,))
        return slice_(g, dim=dim, start=start, stop=start + operand.shape[dim], step=1)


class Stack(Join):
    """Operands of one shape along a new dimension."""

    __slots__ = ()

    def infer(self, operands: tuple[Node, ...], params: Params) -> tuple[Shape, DType]:
        dim, shape = params["dim"], operands[0].shape
        return shape[:dim] + (len(operands),) + shape[dim:], joined_dtype(operands)

    def vjp(self, node: Node, g: Node, position: int) -> Node | None:
        return select(g, dim=node.params["dim"], index=position)


def _each_operand(g: Node, y: Node, *operands: Node, dim: int) -> Node:
    raise ValueError("a join's derivative depends on the operand's position: see its vjp")


cat = Cat(
    "cat",
    lambda arrays, dim: np.concatenate(arrays, axis=dim),
    vjps=(_each_operand,),
    batch="shape.cat",
    doc="joined along a dimension",
)
stack = Stack(
    "stack",
    lambda arrays, dim: np.stack(arrays, axis=dim),
    vjps=(_each_operand,),
    batch="shape.shifted",
    doc="joined along a new dimension",
)


# ---- tiling -------------------------------------------------------------------------------------


def _untiled(g: Node, y: Node, x: Node, repeats: Shape) -> Node:
    """The copies summed: each repeated dimension split in (copies, size)."""
    sizes = (1,) * (len(repeats) - x.ndim) + x.shape
    split = [n for pair in zip(repeats, sizes, strict=True) for n in pair]
    kept = tuple(n if at % 2 else 1 for at, n in enumerate(split))
    return reshape(sum_to(reshape(g, tuple(split)), shape=kept), x.shape)


repeat = Shaped(
    "repeat",
    lambda x, repeats: np.tile(x, repeats),
    shape=lambda x, repeats: tuple(
        n * size for n, size in zip(repeats, (1,) * (len(repeats) - x.ndim) + x.shape, strict=True)
    ),
    vjps=(_untiled,),
    backward="SumBackward1",
    linear=((0,),),
    batch="shape.repeat",
    doc="copies side by side, along each dimension",
)
