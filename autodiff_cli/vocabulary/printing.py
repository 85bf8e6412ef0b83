"""Tensors of programs as text: what `print`, `repr` and formats give."""

from __future__ import annotations

from autodiff_cli.ir.context import current, own
from autodiff_cli.tensors.tensor import Tensor
from autodiff_cli.vocabulary.calls.handles import named
from autodiff_cli.vocabulary.tensor_str import DEFAULT, print_options, tensor_text


def tensor_repr(tensor: Tensor) -> str:
    invalid = tensor.is_invalid
    node = tensor._node if invalid else tensor.node
    tangent = ""
    if current().duals is not None and not invalid:
        from autodiff_cli.vocabulary.autograd.forward_ad import unpack_dual

        primal, moving = unpack_dual(tensor)
        if moving is not None:
            node, tangent = primal.node, f"{moving}"
    text = tensor_text(
        tensor.array,
        node.dtype.name,
        default_dtype=current().dtype.name,
        requires_grad=node.requires_grad,
        grad_fn="Invalid" if invalid else node.grad_fn,
        tangent=tangent,
        options=current().print_options or DEFAULT,
    )
    return f"Parameter containing:\n{text}" if getattr(tensor, "is_parameter", False) else text


def tensor_format(tensor: Tensor, spec: str) -> str:
    """`f"{x:.4f}"`: a number's format for a 0-dim tensor out of the graph or in it."""
    if not tensor.shape and type(tensor) is Tensor:
        text: str = tensor.array.item().__format__(spec)
        return text
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
    own().print_options = print_options(
        profile,
        precision=precision,
        threshold=threshold,
        edgeitems=edgeitems,
        linewidth=linewidth,
        sci_mode=sci_mode,
        current=current().print_options or DEFAULT,
    )
