"""Checks of a program's backward passes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from autodiff_cli.checking.function import arrays_of
from autodiff_cli.checking.graph import Narrow, Terms, checked, weights_of
from autodiff_cli.checking.records import Check
from autodiff_cli.explanation.watching import Pass, Watch, leaves_of, run_of
from autodiff_cli.inputs import Given
from autodiff_cli.ir.context import changed
from autodiff_cli.ir.dtypes import DType, float64
from autodiff_cli.ir.node import INPUT, NUMBER, Node, constant, leaf
from autodiff_cli.ir.walk import topological
from autodiff_cli.source import Source
from autodiff_cli.transform.reverse import reverse
from autodiff_cli.vocabulary.autograd.function import CALL, OUTPUT, copied

FIRST = 3  # passes of a place that are checked; then those whose number is a power of 2


def watched(say: Callable[[Pass, Check | str], None], terms: Terms) -> Watch:
    """A watch that checks backward passes.

    Args:
        say: called with the pass and its check, or why there is none.
        terms: how to check.
    """

    return Watch(
        lambda number: number <= FIRST or not number & (number - 1),
        lambda found: _checked(found, terms),
        say,
    )


def checked_run(
    source: Source,
    inputs: Mapping[str, Given],
    wrt: Sequence[str] | None,
    seed: Given | None,
    terms: Terms,
) -> Check:
    """The check of a text that writes to tensors, or prints: it is run as it is written.

    Raises:
        AutodiffError: it can't be run, or has no gradient.
    """
    found, _ = run_of(source, inputs, wrt, seed, "checked")
    if seed is None:
        weights = weights_of(found.value.shape)
        found = found._replace(cotangent=constant(weights, found.value.dtype))
    return _checked(found, terms)


def _checked(found: Pass, terms: Terms) -> Check:
    """The check of a copy of a pass's graph in float64: what the program holds stays as it is."""
    leaves = leaves_of(found)
    dtype = found.value.dtype
    flows = reverse([found.value], [found.cotangent], list(leaves.values()))
    by_name = {name: g for name, g in zip(leaves, flows, strict=True) if g is not None}
    arrays = arrays_of(list(by_name.values()))
    narrow = Narrow(
        {name: np.asarray(node.value) for name, node in leaves.items()},
        np.asarray(found.value.value),
        dict(zip(by_name, arrays, strict=True)),
    )
    with changed(dtype=float64):
        made: dict[int, Node] = {}
        order = topological([found.value])
        for node in order:
            made[id(node)] = _wide(node, made)
        copies = {name: made[id(node)] for name, node in leaves.items()}
        names = {id(copy): name for name, copy in copies.items()}
        texts = {id(made[id(node)]): node for node in order}

        def name(node: Node) -> str:
            if node.op is INPUT:
                return names.get(id(node), "")
            if node.op is NUMBER:
                return f"{node.value}"
            own = texts.get(id(node), node)
            return found.names.get(id(own)) or found.text(own) or node.op.name

        weights = np.asarray(found.cotangent.value, np.float64)
        return checked(
            made[id(found.value)],
            copies,
            np.broadcast_to(weights, found.value.shape),
            name,
            terms._replace(dtype=dtype.name),
            None if dtype is float64 else narrow,
        )


def _wide(node: Node, made: Mapping[int, Node]) -> Node:
    """A node in float64."""
    if node.op is NUMBER:
        return node
    if node.op in (CALL, OUTPUT):
        copy = copied(node, [made[id(operand)] for operand in node.operands], float64)
        copy.span = node.span
        return copy
    if not node.operands:
        array = np.array(node.value)
        if array.dtype.kind == "f":
            array = array.astype(np.float64)
        if node.op is INPUT:
            return leaf(array, requires_grad=node.requires_grad)
        return constant(array)
    params = {
        name: float64 if isinstance(value, DType) and value.is_floating else value
        for name, value in node.params.items()
    }
    with changed(grad=node.requires_grad):
        copy = node.op(*[made[id(operand)] for operand in node.operands], **params)
    copy.span = node.span
    return copy
