"""In-place operations: a result is written into a tensor's memory, and its history follows.

Source: torch/csrc/autograd/VariableTypeUtils.h (`check_inplace`, `rebase_history`), variable.cpp.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from autodiff_cli.errors import RuntimeFault
from autodiff_cli.ir.context import Deferred, Unknown, current
from autodiff_cli.ir.node import NO_PARAMS, Array, Node
from autodiff_cli.ir.walk import nodes_in, topological
from autodiff_cli.ops.pointwise import clone
from autodiff_cli.ops.writes import copy_slices
from autodiff_cli.tensors.packing import packing_of
from autodiff_cli.tensors.saved import saved
from autodiff_cli.tensors.tensor import Tensor, keep_tangent

SHARING = (
    "unsupported operation: some elements of the input tensor and the written-to tensor refer to a single "
    "memory location. Please clone() the tensor before performing the operation."
)
OVERLAPPING = (
    "unsupported operation: more than one element of the written-to tensor refers to a single memory "
    "location. Please clone() the tensor before performing the operation."
)

CAPTURED = (
    "During a grad (vjp, jvp, grad, etc) transform, the function provided attempted to call in-place "
    "operation (aten::{}) that would mutate a captured Tensor. This is not supported; please rewrite the "
    "function being transformed to explicitly accept the mutated Tensor(s) as inputs."
)


def check_inplace(tensor: Tensor, given: Iterable[Node] = (), name: str = "copy_") -> None:
    """Refuse what the reference refuses to write to while gradients are recorded."""
    context = current()
    if not context.grad:
        return
    if context.transform in ("grad", "jvp") and tensor._node.number < context.began:
        if id(tensor) not in context.arguments:
            raise RuntimeFault(CAPTURED.format(name))
    view = tensor.view
    if view is not None:
        known = tensor._node.requires_grad or view.base._node.requires_grad
        if known or any(node.requires_grad for node in given):
            if view.made:
                raise RuntimeFault(tensor.refusal("is being"))
            if known and view.base.is_leaf:
                raise RuntimeFault(
                    "a view of a leaf Variable that requires grad is being used in an in-place operation."
                )
    elif tensor._node.requires_grad and tensor._node.is_leaf:
        raise RuntimeFault(
            "a leaf Variable that requires grad is being used in an in-place operation."
        )


def check_apart(tensor: Tensor, given: Iterable[Node], *, same: bool = True) -> None:
    """Refuse to write to memory that is read at the same time in another order.

    Source: ATen/MemoryOverlap.cpp (`assert_no_partial_overlap`, `assert_no_overlap`).

    Args:
        tensor: the one to write to.
        given: the nodes that are read, besides its own.
        same: whether the very elements that are written may be read.
    """
    array: Any = None
    for node in given:
        value = node.value
        if not isinstance(value, np.ndarray) or not value.size:
            continue
        if array is None:
            array = tensor.array
        if not np.may_share_memory(array, value) or not (_is_dense(array) and _is_dense(value)):
            continue
        if not same or not _is_same(array, value):
            raise RuntimeFault(SHARING)


def _dims(array: Array) -> list[tuple[int, int]]:
    """The size and the stride of each dimension that has more than one index."""
    pairs = zip(array.shape, array.strides, strict=True)
    return [(size, stride) for size, stride in pairs if size != 1]


def _is_dense(array: Array) -> bool:
    expected = array.itemsize
    for size, stride in sorted(_dims(array), key=lambda dim: dim[1]):
        if stride != expected:
            return False
        expected *= size
    return True


def is_repeated(array: Array) -> bool:
    """Whether an expanded dimension shows the same elements several times."""
    return array.size > 0 and 0 in array.strides and any(not stride for _, stride in _dims(array))


def _is_same(a: Array, b: Array) -> bool:
    return a.shape == b.shape and a.ctypes.data == b.ctypes.data and _strides(a) == _strides(b)


def _strides(array: Array) -> list[int]:
    """The strides, where expanding gives a new dimension of size 1 the stride of the whole behind it."""
    result: list[int] = []
    behind = array.itemsize
    for size, stride in zip(reversed(array.shape), reversed(array.strides), strict=True):
        result.append(behind if size == 1 and not stride else stride)
        behind = size * result[-1]
    return result


def _replaced(tensor: Tensor, compute: Callable[[Node], Node], deferred: Deferred) -> Tensor:
    """A write in a graph that isn't computed yet: the tensor is another node from now on.

    Raises:
        Unknown: where memory that is shared would show it.
    """
    old = tensor.node
    new = compute(old)
    if deferred.viewed or (old.is_leaf and old.requires_grad) or old.shape != new.shape:
        raise Unknown
    if old.dtype is not new.dtype:
        raise Unknown
    deferred.written.append((old, new))
    tensor.node = new
    return tensor


def in_place(
    tensor: Tensor,
    compute: Callable[[Node], Node],
    given: Sequence[Node] = (),
    *,
    scattered: bool = False,
    idempotent: bool = False,
) -> Tensor:
    """Run an operation on a tensor's node, and let the tensor be the result from now on.

    Args:
        tensor: the one to write to.
        compute: gives the result as a node, from the tensor's node.
        given: the other nodes that go into it.
        scattered: whether elements are written while others are read.
        idempotent: whether an element may be written several times.

    Returns:
        The same tensor.

    Raises:
        RuntimeFault: in the reference's words, where a tensor must not or can't be written to so.
    """
    check_inplace(tensor, given)
    deferred = current().deferred
    if deferred is not None:
        return _replaced(tensor, compute, deferred)
    if not idempotent and is_repeated(tensor.array):
        raise RuntimeFault(OVERLAPPING)
    if given:
        check_apart(tensor, given, same=not scattered)
    packing = packing_of(current()) if current().saving else None
    if packing is None or packing.waiting is not None:
        return _written(tensor, compute)
    with packing.put_off():
        return _written(tensor, compute)


def _written(tensor: Tensor, compute: Callable[[Node], Node]) -> Tensor:
    old = tensor.node
    new = compute(old)
    if new.requires_grad:
        check_inplace(tensor, (new,))
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


def reshape_in_place(tensor: Tensor, shown: Node) -> None:
    """Let a tensor show its memory as a view of it does."""
    current().acts()
    memory = tensor.memory
    shown.number, shown.memory = memory.wrote(), memory
    tensor.node = shown
    memory.latest = shown


def write(tensor: Tensor, old: Node, new: Node) -> None:
    """Put the value of `new` into the tensor's memory; the history becomes that of `new`."""
    context = current()
    context.acts()
    packing = packing_of(context) if context.saving else None
    if packing is not None:
        packing.overwritten(tensor)
    memory, array = tensor.memory, tensor.array
    recorded = new.requires_grad and new is not old
    if recorded and new.operands and new.operands[0] is old and 0 in saved(new):
        kept = Node(clone, (old,), NO_PARAMS, old.shape, old.dtype, old.requires_grad)
        kept.value = np.array(array)
        new.kept = (kept, *new.operands[1:])
    value: Any = new.value
    if value is not array:
        np.copyto(array, value, casting="unsafe")
    number = memory.wrote()
    if recorded:
        new.number, new.dtype = number, old.dtype
        rebase(tensor, old, new)
    if new.tangent is not None or old.tangent is not None:
        duals = current().duals
        if duals is not None:
            duals.overwrite(tensor, old.tangent, new)


def rebase(tensor: Tensor, old: Node, new: Node) -> None:
    """Let the history of a tensor, and of what it is a view of, be that of `new`, whose value it holds."""
    memory, array = tensor.memory, tensor.array
    new.value, new.memory = array, memory
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
        keep_tangent(base._node, whole)
        base.node = whole
        new.memory = (
            None  # its value is the whole's from here on; the part has no version of its own
        )
        new = whole
    memory.latest = new
    if old.tape is not None:
        if tensor.node is not old:  # a view's is made anew here
            tensor.keep_retaining(old)


def replace_data(tensor: Tensor, source: Tensor) -> None:
    """`tensor.data = source`: other memory, the same history."""
    current().acts()
    node = tensor.node
    value = source.array
    if tensor.is_leaf:
        fresh = Node(node.op, (), NO_PARAMS, source.shape, source.dtype, node.requires_grad, value)
        fresh.tape = node.tape
        fresh.memory = node.memory
        tensor.node = fresh
        return
    node.value, node.shape, node.dtype = value, source.shape, source.dtype


def check_unread(value: Any, deferred: Deferred) -> None:
    """Refuse a graph in which something else than a write reads what was written to: it may be too late.

    Raises:
        Unknown: the graph has to be computed as it is made.
    """
    if not deferred.written:
        return
    instead = {id(old): new for old, new in deferred.written}
    for node in topological(nodes_in(value), through_values=False):
        for operand in node.operands:
            if instead.get(id(operand), node) is not node:
                raise Unknown
