"""Warnings of programs, to standard error, in the reference's words."""

from __future__ import annotations

from autodiff_cli.ir.context import own

# Of a conversion of a tensor that requires grad to a number: no gradient flows through it.
CUT = (
    "Converting a tensor with requires_grad=True to a scalar may lead to unexpected behavior.\n"
    "Consider using tensor.detach() first. (Triggered internally at "
    "/__w/pytorch/pytorch/torch/csrc/autograd/generated/python_variable_methods.cpp:822.)"
)


def warn(message: str, category: str = "UserWarning", once: bool = False) -> None:
    """Give a warning; `once` in a program's run, or at every occurrence."""
    context = own()
    if once:
        if message in context.warned:
            return
        context.warned.add(message)
    context.warn(message, category)
