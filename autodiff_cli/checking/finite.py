"""The first number that isn't finite, forward and backward, and what it was made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from autodiff_cli.checking.function import Function
from autodiff_cli.checking.records import NonFinite
from autodiff_cli.explanation.records import Index
from autodiff_cli.ir.node import NUMBER, Array, Node, constant
from autodiff_cli.transform.reverse import fitted, reverse

MANY = 3_000  # operations from where on nobody looks

Names = Callable[[Node], str]


def first(function: Function, name: Names) -> tuple[list[NonFinite], list[Node]]:
    """The first infinity or nan of each pass, and the nodes of the operations that made them."""
    order = function.order
    if len(order) > MANY:
        return [], []
    values = dict(zip(map(id, order), function.all(order), strict=True))
    found: list[NonFinite] = []
    makers: list[Node] = []
    for node in order:
        if node.operands and _is_first(values[id(node)], [values[id(o)] for o in node.operands]):
            at = _place(values[id(node)])
            operand = _operand(node)
            number = _number(values[id(operand)], at, node.shape)
            value = float(values[id(node)][at])
            found.append(NonFinite("forward", name(node), value, at, name(operand), number, None))
            makers.append(node)
            break
    seed = constant(np.asarray(function.weights), function.value.dtype)
    wrt = [node for node in order if node.requires_grad and not node.op.is_joint]
    cotangents = dict(zip(map(id, wrt), reverse([function.value], [seed], wrt), strict=True))
    for node in reversed(order):
        g = cotangents.get(id(node))
        if g is None or not node.operands:
            continue
        (incoming,) = function.all([g])
        if not np.isfinite(incoming).all():
            continue
        for operand, flow in _flows(node, g):
            (array,) = function.all([fitted(flow, operand)])
            if np.isfinite(array).all():
                continue
            at = _place(array)
            number = float(values[id(operand)][at])
            gradient = _number(incoming, at, operand.shape)
            value = float(array[at])
            found.append(
                NonFinite("backward", name(node), value, at, name(operand), number, gradient)
            )
            return found, [*makers, node]
    return found, makers


def _flows(node: Node, g: Node) -> Iterator[tuple[Node, Node]]:
    """What flows on to which operands; from an output of a call, to those of the call."""
    for position, operand in enumerate(node.operands):
        flow = node.op.vjp(node, g, position) if operand.requires_grad else None
        if flow is not None and operand.op.is_joint:
            yield from _flows(operand, flow)
        elif flow is not None:
            yield operand, flow


def _is_first(array: Array, operands: list[Array]) -> bool:
    return not _finite(array) and all(map(_finite, operands))


def _finite(array: Array) -> bool:
    return array.dtype.kind != "f" or bool(np.isfinite(array).all())


def _place(array: Array) -> Index:
    return tuple(map(int, np.argwhere(~np.isfinite(array))[0]))


def _operand(node: Node) -> Node:
    """The operand to speak of: the first that is no number."""
    return next((o for o in reversed(node.operands) if o.op is not NUMBER), node.operands[0])


def _number(array: Array, at: Index, shape: tuple[int, ...]) -> float:
    """An array's element at an index of a shape; nan where it has another shape."""
    try:
        return float(np.broadcast_to(array, shape)[at])
    except (ValueError, IndexError):
        return float(array.reshape(-1)[0]) if array.size == 1 else float("nan")
