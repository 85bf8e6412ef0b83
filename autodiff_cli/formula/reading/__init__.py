"""A graph as terms, node by node in the order of making: nothing recurses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from autodiff_cli.formula.algebra import Algebra
from autodiff_cli.formula.reading import (
    elementwise,
    indices,
    parts,
    products,
    reductions,
    shapes,
    windows,
)
from autodiff_cli.formula.reading.table import READERS, Unspelled, number
from autodiff_cli.formula.terms import ONE, Term
from autodiff_cli.ir.context import changed
from autodiff_cli.ir.node import CONSTANT, INPUT, NUMBER, Node
from autodiff_cli.ir.walk import topological

__all__ = ["Unspelled", "read"]
FAMILIES = (
    elementwise,
    indices,
    parts,
    products,
    reductions,
    shapes,
    windows,
)  # whose import declares their readers
MANY_ELEMENTS = 256  # of a constant from where on a formula isn't the place for it


def read(algebra: Algebra, outputs: Sequence[Node], names: Mapping[int, Term]) -> list[Term]:
    """The terms of nodes.

    Args:
        algebra: makes the terms.
        outputs: the nodes.
        names: terms of nodes that aren't looked into, by the nodes' ids: inputs, what the user named; and of
            inputs' arrays, by theirs: what is detached is a constant of the same array.

    Raises:
        Unspelled: an operation has no formula.
    """
    known: dict[int, Term] = {}
    order = _read_nodes(outputs, names)
    chains = _links(order, outputs, names)
    for node in order:
        if id(node) in names:
            known[id(node)] = names[id(node)]
        elif node.op is CONSTANT and id(node.value) in names:
            known[id(node)] = names[id(node.value)]
        elif id(node) not in chains:
            try:
                known[id(node)] = _term(algebra, node, known, chains)
            except Unspelled as missing:
                raise Unspelled(missing.name, node) from None
    return [known[id(node)] for node in outputs]


def _read_nodes(outputs: Sequence[Node], names: Mapping[int, Term]) -> list[Node]:
    """The nodes that are read, operands first: nothing above what has a term already."""
    needed = {id(node) for node in outputs}
    order = []
    for node in reversed(topological(outputs)):
        if id(node) in needed:
            order.append(node)
            if id(node) not in names:
                needed.update(map(id, node.operands))
    return order[::-1]


def _links(order: Sequence[Node], outputs: Sequence[Node], names: Mapping[int, Term]) -> set[int]:
    """Additions within additions, and products within products, that nothing else reads.

    They are read with the outermost one: a sum of 20,000 terms is one sum.
    """
    uses: dict[int, int] = {id(node): 1 for node in outputs}
    readers: dict[int, Node] = {}
    for node in order:
        for operand in node.operands if id(node) not in names else ():
            uses[id(operand)] = uses.get(id(operand), 0) + 1
            readers[id(operand)] = node
    return {
        id(node)
        for node in order
        if id(node) not in names
        and uses.get(id(node)) == 1
        and (reader := readers.get(id(node))) is not None
        and _chained(node)
        and _chained(node) == _chained(reader)
        and node.shape == reader.shape
    }


def _chained(node: Node) -> str:
    """The kind of chain that an operation is a link of."""
    if node.op.name in ("add", "sub"):
        return "sum" if node.params["alpha"] == 1 else ""
    return "product" if node.op.name == "mul" else ""


def _chain(algebra: Algebra, node: Node, known: Mapping[int, Term], chains: set[int]) -> Term:
    """The term of a chain's outermost operation."""
    pairs: list[tuple[Term, Fraction]] = []
    waiting = [(node, ONE)]
    while waiting:
        top, sign = waiting.pop()
        if top is not node and id(top) not in chains:
            pairs.append((known[id(top)], sign))
            continue
        first, second = top.operands
        waiting += [(second, -sign if top.op.name == "sub" else sign), (first, sign)]
    if _chained(node) == "sum":
        return algebra.sum(pairs, node.shape)
    return algebra.times(*(term for term, _ in pairs))


def _term(algebra: Algebra, node: Node, known: Mapping[int, Term], chains: set[int]) -> Term:
    if node.op is NUMBER:
        assert node.value is not None
        return number(algebra, node.value)
    if node.op in (CONSTANT, INPUT):
        return constant(algebra, node)
    if _chained(node):
        return _chain(algebra, node, known, chains)
    reader = READERS.get(node.op.name)
    args = [known[id(operand)] for operand in node.operands]
    if reader is None:
        with changed(eager=False, grad=False):
            composed = node.op.composed(node)
        if composed is None:
            raise Unspelled(node.op.name)
        return read(algebra, [composed], dict(zip(map(id, node.operands), args, strict=True)))[0]
    term = reader(algebra, node, *args, **node.params)
    assert term.shape == node.shape, (node, term, term.shape, node.shape)
    return term


def constant(algebra: Algebra, node: Node) -> Term:
    """The term of an array that is part of the expression."""
    array: Any = node.value
    if array is None:
        raise Unspelled(node.op.name)
    kind: str = node.dtype.numpy.kind
    kind = {"u": "i"}.get(kind, kind)
    if not array.size:
        return algebra.number(0, node.shape)
    if (array == array.flat[0]).all() and kind == "f":
        return algebra.expanded(number(algebra, array.flat[0].item()), node.shape)
    if not array.shape and kind == "i":
        return algebra.number(int(array.item()))
    if array.size > MANY_ELEMENTS:
        raise Unspelled("a constant of many elements")
    return algebra.function("tensor", [], node.shape, kind, values=_nested(array.tolist()))


def _nested(values: Any) -> Any:
    return tuple(map(_nested, values)) if isinstance(values, list) else values
