"""Checks of a graph's gradients, and what explains what they find."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from autodiff_cli.checking.digits import DIGITS, kept, losses
from autodiff_cli.checking.finite import first
from autodiff_cli.checking.function import Function
from autodiff_cli.checking.records import DIFFERS, NOT_FINITE, UNSURE, Check, Kink, Row
from autodiff_cli.checking.rewriting import instead_of
from autodiff_cli.checking.rows import DIRECTIONS, Input, Tolerance, row_of
from autodiff_cli.ir.context import changed
from autodiff_cli.ir.node import Array, Node, constant
from autodiff_cli.transform.forward import forward
from autodiff_cli.transform.reverse import reverse

HALF = 0.5  # of a dtype's digits: where fewer are kept, it is said where they are lost
MASKED = "where"


class Terms(NamedTuple):
    """How to check.

    Attributes:
        tolerance: what is taken for equal.
        directions: along how many to compare inputs of many elements.
        dtype: whose digits are counted.
    """

    tolerance: Tolerance = Tolerance()
    directions: int = DIRECTIONS
    dtype: str = "float32"


class Narrow(NamedTuple):
    """Value and gradients in the asked dtype, and the inputs in it."""

    inputs: dict[str, Array]
    value: Array
    gradients: dict[str, Array]


def weights_of(shape: tuple[int, ...]) -> Array:
    """A cotangent of which no two elements are alike; 1 for a number."""
    size = int(np.prod(shape))
    if size == 1:
        return np.ones(shape)
    weights: Array = np.cos(1.7 * np.arange(1, size + 1))
    return weights.reshape(shape)


def checked(
    value: Node,
    leaves: Mapping[str, Node],
    weights: Array | None,
    name: Callable[[Node], str],
    terms: Terms,
    narrow: Narrow | None = None,
) -> Check:
    """Check the gradients of a graph in float64.

    Args:
        value: the result; what is known of its graph's values is forgotten.
        leaves: its inputs, by name.
        weights: the cotangent; one without order if None.
        name: gives the source of a node.
        terms: how to check.
        narrow: the same gradients in the asked dtype.
    """
    own = weights_of(value.shape) if weights is None else weights
    with changed(eager=False), np.errstate(all="ignore"):
        function = Function(value, leaves, own)
        seed = constant(np.asarray(own), value.dtype)
        nodes = reverse([value], [seed], list(leaves.values()))
        arrays = [
            np.zeros(x.shape) if g is None else np.asarray(function.all([g])[0], np.float64)
            for g, x in zip(nodes, leaves.values(), strict=True)
        ]
        counts = _digits(function, nodes, leaves, terms.dtype, narrow)
        rows: list[Row] = []
        kinks: list[Kink] = []
        for (key, x), gradient in zip(leaves.items(), arrays, strict=True):
            given = Input(
                key,
                np.asarray(x.value),
                gradient,
                _forward(function, x, gradient),
                counts.get(key),
                function.coarseness,
            )
            row, own_kinks = row_of(function, given, terms.tolerance, terms.directions)
            rows.append(row)
            kinks += own_kinks
        shown = own if weights is None and own.size > 1 else None
        return _why(function, rows, kinks, name, terms.dtype, counts.get(""), shown)


def _forward(function: Function, x: Node, gradient: Array) -> float | None:
    """How far forward mode differs from reverse mode along a direction, relative; None: unknown."""
    if any(node.op.is_foreign for node in function.order):  # a backward method has no transpose
        return None
    direction = np.sin(1.3 * np.arange(1, x.numel + 1) + 0.4).reshape(x.shape)
    (tangent,) = forward([function.value], [x], [constant(direction, x.dtype)])
    terms = gradient * direction
    if not np.isfinite(gradient).all():
        return None
    if tangent is None:
        return None if not gradient.any() else np.inf
    (array,) = function.all([tangent])
    products = array * function.weights
    scale = max(float(np.abs(terms).sum()), float(np.abs(products).sum()))
    gap = abs(float(terms.sum()) - float(products.sum()))
    return gap / scale if scale else gap


def _digits(
    function: Function,
    nodes: Sequence[Node | None],
    leaves: Mapping[str, Node],
    dtype: str,
    narrow: Narrow | None,
) -> dict[str, float | None]:
    """The digits that the asked dtype keeps, by input, and by "" of the value.

    They are those of float64 at the inputs as that dtype has them.
    """
    if narrow is None:
        return {}
    held = {name: x.value for name, x in leaves.items()}
    found: dict[str, float | None] = {}
    try:
        for name, x in leaves.items():
            x.value = np.asarray(narrow.inputs[name], np.float64)
        (wide,) = function.all([function.value])
        found[""] = kept(wide, narrow.value, dtype)
        for (name, _), g in zip(leaves.items(), nodes, strict=True):
            if g is not None and name in narrow.gradients:
                (wide,) = function.all([g])
                found[name] = kept(wide, narrow.gradients[name], dtype)
    finally:
        for name, x in leaves.items():
            x.value = held[name]
    return found


def _why(
    function: Function,
    rows: Sequence[Row],
    kinks: Sequence[Kink],
    name: Callable[[Node], str],
    dtype: str,
    digits: float | None,
    weights: Array | None,
) -> Check:
    """The check with what explains its rows."""
    counts = [digits, *(row.digits for row in rows)]
    few = any(count is not None and count < HALF * DIGITS[dtype] for count in counts)
    found: list[Any] = []
    makers: list[Node] = []
    hints: list[str] = []
    lost: list[Any] = []
    if any(row.verdict in (NOT_FINITE, UNSURE) for row in rows):
        found, makers = first(function, name)
        hints += [hint for node in makers if (hint := _of_infinity(function, node, name))]
    if few or any(row.verdict in (DIFFERS, UNSURE) for row in rows):
        lost, nodes = losses(function, name)
        makers += nodes
        hints += [
            f"write {new} for {name(node)}" for node in nodes if (new := instead_of(node, name))
        ]
    for node in function.order if makers or few else ():
        new = instead_of(node, name)
        if new and not any(new in hint for hint in hints):
            hints.append(f"write {new} for {name(node)}")
    return Check(
        tuple(rows),
        tuple(kinks),
        tuple(lost),
        tuple(found),
        tuple(dict.fromkeys(hints)),
        dtype,
        digits,
        weights,
        (),
    )


def _of_infinity(function: Function, node: Node, name: Callable[[Node], str]) -> str:
    """What to write instead of an operation that made an infinity."""
    text = name(node)
    floating = [operand for operand in node.operands if operand.dtype.is_floating]
    if not floating or not text:
        return ""
    inner = name(floating[-1])
    for other in function.order:
        if other.op.name == MASKED and node in other.operands[1:] and inner in text:
            condition = name(other.operands[0])
            sides = (inner, "1.") if other.operands[1] is node else ("1.", inner)
            masked = f"where({condition}, {', '.join(sides)})"
            return f"mask before the function: {text.replace(inner, masked)}"
    return ""
