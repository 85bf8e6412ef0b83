"""What in-place operations leave in the graph: a tensor with a part of it, or all of it, replaced.

A part is told by *steps*: the view operations that lead from the whole tensor to it.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from autodiff_cli.ir import layout
from autodiff_cli.ir.node import Node, Op, Params, Shape
from autodiff_cli.ops.create import zeros_like
from autodiff_cli.ops.kinds import Elementwise, Shaped, View, like
from autodiff_cli.ops.movement import sum_to

Steps: TypeAlias = tuple[tuple[Op, Params], ...]


def followed(array: Any, steps: Steps) -> Any:
    """The part of an array that the steps lead to, sharing its memory."""
    for op, params in steps:
        array = op.kernel(array, **params)
    return array


def _written(base: Any, value: Any, steps: Steps) -> Any:
    result = np.array(base)
    followed(result, steps)[...] = value
    return result


copy_slices: Shaped = Shaped(
    "copy_slices",
    _written,
    vjps=(
        lambda g, y, base, value, steps: copy_slices(g, zeros_like(value), steps=steps),
        lambda g, y, base, value, steps: as_strided(g, steps=steps, shape=value.shape),
    ),
    grad_fn="CopySlices",
    linear=((0, 1),),
    doc="a tensor with the part that the steps lead to replaced",
)


def _part_strides(x: Node, steps: Steps, shape: Shape) -> Shape | None:
    strides = layout.strides_of(x)
    probe = np.lib.stride_tricks.as_strided(np.empty(0, np.int8), x.shape, strides)
    return tuple(followed(probe, steps).strides)


as_strided: View = View(
    "as_strided",
    lambda x, steps, shape: followed(np.asarray(x), steps),
    shape=lambda x, steps, shape: shape,
    strides=_part_strides,
    vjps=(lambda g, y, x, steps, shape: copy_slices(zeros_like(x), g, steps=steps),),
    doc="the part of a tensor that the steps lead to, after the tensor was written to",
)
copy_backwards: Elementwise = Elementwise(
    "copy_backwards",
    lambda x: np.array(x),
    vjps=(lambda g, y, x: g,),
    grad_fn="CopyBackwards",
    doc="a copy made by the accumulation of gradients",
)
zero = Elementwise(
    "zero", lambda x: np.zeros_like(x), vjps=(lambda g, y, x: zeros_like(g),), doc="zeros, in place"
)
fill = Elementwise(
    "fill",
    lambda x, value: np.full_like(x, like(x, value)),
    vjps=(lambda g, y, x, value: zeros_like(g),),
    grad_fn="FillBackward2",
    doc="a number everywhere, in place",
)
randomized = Shaped(
    "randomized",
    lambda x, draw, name: draw,
    vjps=(lambda g, y, x, draw, name: zeros_like(g),),
    grad_fn=lambda node: node.params["name"],
    doc="random numbers, in place",
)


class _Replacing(Op):
    """Operand 0 replaced by operand 1, which is broadcast to its shape and cast to its dtype."""

    __slots__ = ()

    def infer(self, operands: tuple[Node, ...], params: Params) -> tuple[Shape, Any]:
        return operands[0].shape, operands[0].dtype


def _copied(x: Any, source: Any) -> Any:
    return np.broadcast_to(source, np.shape(x)).astype(x.dtype)


copy = _Replacing(
    "copy",
    _copied,
    vjps=(lambda g, y, x, source: zeros_like(g), lambda g, y, x, source: g),
    grad_fn="CopyBackwards",
    linear=((1,),),
    batch="pointwise.copy",
    doc="the elements of another tensor, in place",
)
fill_tensor = _Replacing(
    "fill_tensor",
    _copied,
    vjps=(
        lambda g, y, x, value: zeros_like(g),
        lambda g, y, x, value: sum_to(g, shape=value.shape),
    ),
    grad_fn="FillBackward3",
    linear=((1,),),
    batch="pointwise.copy",
    doc="the one element of another tensor everywhere, in place",
)
