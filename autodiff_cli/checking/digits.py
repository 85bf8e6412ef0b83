"""Where digits are lost: sums whose terms cancel, in the forward pass and in the backward pass."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from autodiff_cli.checking.function import Function
from autodiff_cli.checking.records import Loss
from autodiff_cli.ir.node import Array, Node, constant
from autodiff_cli.ir.walk import topological
from autodiff_cli.transform.reverse import reverse

DIGITS = {"float16": 3.3, "float32": 7.2, "float64": 15.95}
LOST = 3.0  # digits from where on a sum is said
MOST = 4  # sums that are said
MANY = 3_000  # operations from where on nobody looks
LARGE = 1 << 16  # elements of an array, likewise
SUMS = ("add", "sub", "rsub", "add_number", "rsub_number")

Names = Callable[[Node], str]


def losses(function: Function, name: Names) -> tuple[list[Loss], list[Node]]:
    """The sums that lose most digits, and the nodes of those of the forward pass.

    Args:
        function: the graph.
        name: gives the source of a node.
    """
    order = function.order
    inner = [node for node in order if node.requires_grad and node.operands]
    if len(order) > MANY or not inner or max(node.numel for node in order) > LARGE:
        return [], []
    seed = constant(np.asarray(function.weights), function.value.dtype)
    wrt = [node for node in order if node.requires_grad and not node.op.is_joint]
    cotangents = reverse([function.value], [seed], wrt)
    backward = {id(g): node for node, g in zip(wrt, cotangents, strict=True) if g is not None}
    every = topological([function.value, *(g for g in cotangents if g is not None)])
    values = dict(zip(map(id, every), function.all(every), strict=True))
    inside = {id(node) for node in order}
    found: list[tuple[Loss, Node | None]] = []
    for node in inner:
        loss = _forward(node, values, name)
        if loss is not None:
            found.append((loss, node))
    for g in every:
        at = backward.get(id(g))
        if at is not None and id(g) not in inside and g.op.name == "add":
            terms = [values[id(term)] for term in _summed(g)]
            loss = _loss("backward", f"sum at {name(at)}", terms, values[id(g)])
            if loss is not None:
                found.append((loss, None))
    found.sort(key=lambda pair: -pair[0].digits)
    kept = [pair for pair in found if pair[0].digits >= LOST][:MOST]
    return [loss for loss, _ in kept], [node for _, node in kept if node is not None]


def _forward(node: Node, values: dict[int, Array], name: Names) -> Loss | None:
    if node.op.name in SUMS:
        terms = list(_terms(node, values))
    elif node.op.name in ("sum", "mean") and node.operands[0].numel > 1 and node.numel == 1:
        terms = [np.asarray(n) for n in values[id(node.operands[0])].reshape(-1)[:LARGE]]
        whole = np.asarray(sum(float(term) for term in terms))
        return _loss("forward", name(node), terms, whole)
    elif node.op.name == "log":
        return _of_log(node, values, name)
    else:
        return None
    return _loss("forward", name(node), terms, values[id(node)])


def _of_log(node: Node, values: dict[int, Array], name: Names) -> Loss | None:
    """A logarithm near 1: its condition number is one over it."""
    inner, result = (np.asarray(values[id(n)], np.float64) for n in (node.operands[0], node))
    with np.errstate(all="ignore"):
        lost = -np.log10(np.abs(result))
    lost = np.where(np.isfinite(lost), lost, 0.0)
    if not lost.size:
        return None
    at = np.unravel_index(int(lost.argmax()), lost.shape)
    text = name(node)
    return Loss("forward", text, (float(inner[at]),), float(result[at]), float(lost[at]))


def _terms(node: Node, values: dict[int, Array]) -> Iterator[Array]:
    op, params = node.op.name, node.params
    alpha = float(params.get("alpha", 1))
    if op in ("add_number", "rsub_number"):
        other = np.asarray(float(params["other"]))
        operand = values[id(node.operands[0])]
        yield from (operand, other) if op == "add_number" else (other, -alpha * operand)
        return
    first, second = (values[id(operand)] for operand in node.operands)
    if op == "rsub":
        first, second = second, first
    yield np.asarray(first, np.float64)
    yield np.asarray(second, np.float64) * (alpha if op == "add" else -alpha)


def _summed(g: Node) -> list[Node]:
    """What flows together: the terms of sums within sums."""
    found, waiting = [], [g]
    while waiting:
        top = waiting.pop()
        if top.op.name == "add" and (top is g or top.span is g.span):
            waiting += reversed(top.operands)
        else:
            found.append(top)
    return found


def _loss(phase: str, text: str, terms: Sequence[Array], result: Array) -> Loss | None:
    """How many digits a sum loses at the element where it loses most: by its condition number."""
    with np.errstate(all="ignore"):
        sizes = np.asarray(sum(np.abs(np.asarray(term, np.float64)) for term in terms))
        whole = np.abs(np.asarray(result, np.float64))
        lost = np.log10(np.broadcast_to(sizes, whole.shape) / whole)
    lost = np.where(np.isfinite(lost), lost, 0.0)  # what is 0 exactly has no digits to lose
    if not lost.size:
        return None
    at = np.unravel_index(int(lost.argmax()), lost.shape)
    own = tuple(float(np.broadcast_to(term, whole.shape)[at]) for term in terms)
    return Loss(phase, text, own, float(np.asarray(result)[at]), float(lost[at]))


def kept(wide: Array, narrow: Array, dtype: str) -> float | None:
    """How many decimal digits a gradient in a dtype has in common with the same in float64."""
    wide, narrow = np.asarray(wide, np.float64), np.asarray(narrow, np.float64)
    if not wide.size or not np.isfinite(wide).all():
        return None
    if not np.isfinite(narrow).all():
        return 0.0
    large = np.abs(wide) > 1e-3 * np.abs(wide).max()
    if not large.any():
        return DIGITS[dtype]
    gap = float((np.abs(narrow - wide)[large] / np.abs(wide)[large]).max())
    return DIGITS[dtype] if gap == 0 else max(0.0, min(DIGITS[dtype], -math.log10(gap)))
