"""Tensors of programs as text: what `print`, `repr` and formats give."""

from __future__ import annotations

from typing import Any

from autodiff_cli.autograd.tensor import Tensor
from autodiff_cli.ir import dtypes
from autodiff_cli.vocabulary.handles import named
from autodiff_cli.vocabulary.torch_text import DEFAULT, PrintOptions, print_options, tensor_text


class _Options:
    """How tensors are printed now."""

    __slots__ = ("current",)

    def __init__(self) -> None:
        self.current: PrintOptions = DEFAULT


options = _Options()


def tensor_repr(tensor: Tensor) -> str:
    invalid = tensor.is_invalid
    node = tensor._node if invalid else tensor.node
    text = tensor_text(
        tensor.array,
        node.dtype.name,
        default_dtype=dtypes.default().name,
        requires_grad=node.requires_grad,
        grad_fn="Invalid" if invalid else node.grad_fn,
        options=options.current,
    )
    return f"Parameter containing:\n{text}" if getattr(tensor, "is_parameter", False) else text


def tensor_format(tensor: Tensor, spec: str) -> str:
    """`f"{x:.4f}"`: a number's format for a 0-dim tensor out of the graph or in it."""
    if not tensor.shape and type(tensor) is Tensor:
        return format(tensor.array.item(), spec)
    return object.__format__(tensor, spec)


@named("set_printoptions")
def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    options.current = print_options(
        profile,
        precision=precision,
        threshold=threshold,
        edgeitems=edgeitems,
        linewidth=linewidth,
        sci_mode=sci_mode,
        current=options.current,
    )


def install() -> None:
    """Give tensors Python's protocols of text."""
    protocols: dict[str, Any] = {"__repr__": tensor_repr, "__format__": tensor_format}
    for name, function in protocols.items():
        setattr(Tensor, name, function)
