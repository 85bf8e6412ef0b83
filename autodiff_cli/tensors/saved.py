"""Which values a derivative needs, and whether they are still there and unchanged.

Nothing is written down twice: what the reference saves for a backward pass is what its rule reads, so
a rule is run once on nodes without values, and the operands that its graph reaches are the saved ones.
"""

from __future__ import annotations

from typing import Any

from autodiff_cli.errors import RuntimeFault
from autodiff_cli.ir.context import changed
from autodiff_cli.ir.memory import Memory, writes
from autodiff_cli.ir.node import INPUT, NO_PARAMS, Node
from autodiff_cli.ops.writes import copy_slices

RESULT = -1  # the place of a node's own value among what it saved

FREED = (
    "Trying to backward through the graph a second time (or directly access saved tensors after they "
    "have already been freed). Saved intermediate values of the graph are freed when you call "
    ".backward() or autograd.grad(). Specify retain_graph=True if you need to backward through the "
    "graph a second time or if you need to access saved tensors after calling backward."
)

_known: dict[Any, frozenset[int]] = {}


def saved(node: Node) -> frozenset[int]:
    """The places of the operands that the node's derivative reads, and RESULT for its own value."""
    own = getattr(node.op, "saved", None)
    if own is not None:
        places: frozenset[int] = own(node)
        return places
    needs = tuple([operand.requires_grad for operand in node.operands])
    exponent = node.params.get("exponent")
    key = (node.op, needs, len(node.shape), exponent if exponent in (0, 1) else None)
    places = _known.get(key, frozenset((RESULT - 1,)))
    if RESULT - 1 in places:
        places = _known[key] = _probed(node)
    return places


def _blank(node: Node) -> Node:
    return Node(INPUT, (), NO_PARAMS, node.shape, node.dtype, node.requires_grad)


def _probed(node: Node) -> frozenset[int]:
    operands = tuple([_blank(operand) for operand in node.operands])
    for probe, operand in zip(operands, node.operands, strict=True):
        probe.op = operand.op if not operand.operands else INPUT
    result = Node(node.op, operands, node.params, node.shape, node.dtype, True)
    try:
        with changed(grad=False, eager=False):
            flows = [
                node.op.vjp(result, _blank(result), position)
                for position, operand in enumerate(operands)
                if operand.requires_grad
            ]
    except RuntimeFault:  # there is no derivative
        flows = []
    places = {id(probe): position for position, probe in enumerate(operands)}
    places[id(result)] = RESULT
    found = set()
    seen: set[int] = set()
    pending = [flow for flow in flows if flow is not None]
    while pending:
        reached = pending.pop()
        if id(reached) in seen:
            continue
        seen.add(id(reached))
        if id(reached) in places:
            found.add(places[id(reached)])
        else:
            pending.extend(reached.operands)
    return frozenset(found)


def check_saved(node: Node) -> None:
    """Refuse a backward pass through a node whose saved values are freed or were written to.

    Source: torch/csrc/autograd/saved_variable.cpp (`SavedVariable::unpack`).
    """
    if node.number > writes.newest and not node.released:
        return  # nothing was written to since it was made
    if node.released and (node.op is copy_slices or saved(node)):
        raise RuntimeFault(FREED)
    if node.tape is not None and node.tape.packed:
        return  # hooks keep them, and know of no versions
    memory = node.memory
    if memory is not None and memory.writes and memory.writes[-1] > node.number:
        if RESULT in saved(node):
            raise _modified(node, node, node)
    for position, operand in enumerate(node.kept or node.operands):
        memory = operand.memory or (operand.op.is_view and _shown_memory(operand)) or None
        # a node of the number of a write is what was written: it read its operands before
        if memory is not None and memory.writes and memory.writes[-1] >= node.number:
            if position in saved(node):
                raise _modified(operand, node, memory.latest)


def _shown_memory(node: Node) -> Memory | None:
    """The memory that a view inside a composite operation shows, such as a layer's transposed weight."""
    while node.memory is None and node.op.is_view and node.operands:
        node = node.operands[0]
    return node.memory


def _modified(value: Node, node: Node, maker: Node | None) -> RuntimeFault:
    memory = _shown_memory(value)
    assert memory is not None
    writes = memory.writes
    then = sum(1 for n in writes if n < node.number or (n == node.number and value is node))
    name = ""
    if value.op.is_view and value.requires_grad:
        name = ", which is output 0 of AsStrided,"
    elif maker is not None and maker.requires_grad and maker.operands:
        name = f", which is output 0 of {function_name(maker)},"
    return RuntimeFault(
        "one of the variables needed for gradient computation has been modified by an inplace "
        f"operation: [torch.{value.dtype.scalar_name}Tensor {list(value.shape)}]{name} is at version "
        f"{len(writes)}; expected version {then} instead. Hint: enable anomaly detection to find the "
        "operation that failed to compute its gradient, with "
        "torch.autograd.set_detect_anomaly(True, check_nan=False)."
    )


def function_name(node: Node) -> str:
    """The name of a backward function without its ending, as messages about writes have it."""
    name = node.op.grad_fn_name(node)
    if name == "CopySlices":
        return "torch::autograd::CopySlices"
    return name.removesuffix("0").replace("Backward", "")
