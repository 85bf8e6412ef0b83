"""In-place operations: a result is written into a tensor's memory, and its history follows.

Source: torch/csrc/autograd/VariableTypeUtils.h (`check_inplace`, `rebase_history`), variable.cpp.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff_cli.autograd.saved import saved
from autodiff_cli.autograd.tensor import Tensor
from autodiff_cli.errors import RuntimeFault
from autodiff_cli.ir.node import NO_PARAMS, Node, state
from autodiff_cli.ops.writes import copy_slices

AMBIGUOUS = (
    "A view was created in no_grad mode and is being modified inplace with grad mode enabled. Given "
    "that this use case is ambiguous and error-prone, it is forbidden. You can clarify your code by "
    "moving both the view and the inplace either both inside the no_grad block (if you don't want the "
    "inplace to be tracked) or both outside (if you want the inplace to be tracked)."
)
OVERLAPPING = (
    "unsupported operation: more than one element of the written-to tensor refers to a single memory "
    "location. Please clone() the tensor before performing the operation."
)


def check_inplace(tensor: Tensor) -> None:
    """Refuse what the reference refuses to write to while gradients are recorded."""
    if not state.grad_enabled:
        return
    view = tensor.view
    if view is not None and (view.base.requires_grad or tensor.requires_grad):
        if view.base.is_leaf and view.base.requires_grad and not view.without_grad:
            raise RuntimeFault(
                "a view of a leaf Variable that requires grad is being used in an in-place operation."
            )
        if view.several:
            raise RuntimeFault(
                f"Output 0 of {view.several} is a view and is being modified inplace. This view is the "
                "output of a function that returns multiple views. Such functions do not allow the "
                "output views to be modified inplace. You should replace the inplace operation by an "
                "out-of-place one."
            )
        if view.without_grad:
            raise RuntimeFault(AMBIGUOUS)
    elif tensor.requires_grad and tensor.is_leaf:
        raise RuntimeFault(
            "a leaf Variable that requires grad is being used in an in-place operation."
        )


def in_place(tensor: Tensor, compute: Callable[[Node], Node]) -> Tensor:
    """Run an operation on a tensor's node, and let the tensor be the result from now on.

    Args:
        tensor: the one to write to.
        compute: gives the result as a node, from the tensor's node.

    Returns:
        The same tensor.

    Raises:
        RuntimeFault: in the reference's words, where a tensor must not or can't be written to so.
    """
    check_inplace(tensor)
    old = tensor.node
    new = compute(old)
    if new.shape != old.shape:
        raise RuntimeFault(
            f"output with shape {list(old.shape)} doesn't match the broadcast shape "
            f"{list(new.shape)}"
        )
    if new.dtype is not old.dtype and new.dtype.category > old.dtype.category:
        raise RuntimeFault(
            f"result type {new.dtype.scalar_name} can't be cast to the desired output type "
            f"{old.dtype.scalar_name}"
        )
    write(tensor, old, new)
    return tensor


def write(tensor: Tensor, old: Node, new: Node) -> None:
    """Put the value of `new` into the tensor's memory; the history becomes that of `new`."""
    memory, array = tensor.memory, tensor.array
    recorded = new.requires_grad and new is not old
    if recorded and _reads_itself(new, old):
        old.value = np.array(array)  # what `old` was, which the derivative of `new` needs
    value: Any = new.value
    try:
        if value is not array:
            np.copyto(array, value, casting="unsafe")
    except ValueError:
        raise RuntimeFault(OVERLAPPING) from None
    state.made += 1
    memory.writes.append(state.made)
    if not recorded:
        return
    new.number = state.made
    new.value, new.memory, new.dtype = array, memory, old.dtype
    view = tensor.view
    if view is None:
        tensor.node = new
    else:
        base = view.base
        params: dict[str, Any] = {"steps": view.steps}
        whole = Node(
            copy_slices, (base.node, new), params, base.shape, base.dtype, True, base.array
        )
        whole.memory = memory
        base.node = whole
        new.memory = (
            None  # its value is the whole's from here on; the part has no version of its own
        )
        new = whole
    memory.latest = new


def _reads_itself(new: Node, old: Node) -> bool:
    return any(operand is old for operand in new.operands) and any(
        new.operands[place] is old for place in saved(new) if place >= 0
    )


def replace_data(tensor: Tensor, source: Tensor) -> None:
    """`tensor.data = source`: other memory, the same history."""
    node = tensor.node
    value = source.array
    if tensor.is_leaf:
        fresh = Node(node.op, (), NO_PARAMS, source.shape, source.dtype, node.requires_grad, value)
        fresh.tape = node.tape
        fresh.memory = node.memory
        tensor.node = fresh
        return
    node.value, node.shape, node.dtype = value, source.shape, source.dtype
