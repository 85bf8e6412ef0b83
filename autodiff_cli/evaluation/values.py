"""The tensors, gradients and steps that an evaluation gives."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff_cli.ir.node import Array, Node, Shape
from autodiff_cli.record import Record
from autodiff_cli.vocabulary.tensor_str import tensor_text


class Tensor(Record):
    """A computed tensor: an array to numpy, and a number if it has one element.

    Attributes:
        array: its elements.
        dtype: torch's name of its dtype, such as "float32".
        grad_fn: the backward function's name, or None.
        requires_grad: whether a gradient flows to it.
    """

    array: Array
    dtype: str
    grad_fn: str | None = None
    requires_grad: bool = False

    @property
    def shape(self) -> Shape:
        return self.array.shape

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.array(self.array, dtype=dtype, copy=copy)

    def __float__(self) -> float:
        if self.array.size != 1:
            raise TypeError(
                f"float() takes a tensor of one element, and this one has shape {list(self.shape)}"
            )
        return float(self.array.item())

    def __repr__(self) -> str:
        return tensor_text(
            self.array, self.dtype, requires_grad=self.requires_grad, grad_fn=self.grad_fn
        )


class Intermediate(Record):
    """One traced step: the source it was written as, and what it gave, as in `Result.value`."""

    text: str
    value: Any


class Gradients(Record):
    """The gradients for one seed: by input, None where no gradient flows."""

    seed: Tensor | None
    by_input: dict[str, Tensor | None]


def shown_tensor(node: Node, array: Array) -> Tensor:
    """A node's result, with how it came about."""
    return Tensor(array, node.dtype.name, node.grad_fn, node.requires_grad)


def plain_tensor(node: Node, array: Array) -> Tensor:
    """A node's result, through which no gradient flows."""
    return Tensor(array, node.dtype.name)
