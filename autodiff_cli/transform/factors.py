"""Numbers that multiply one after the other are multiplied with each other first: 3*(2*x) is 6*x.

The only pass that can change a last digit, so it is bound by rules:

- the product of the two numbers has to be exact in the dtype. Then the result is rounded once where it was
  rounded twice: at most 1 ulp away from the reference's order, never less accurate, and the same bit for bit
  if one of them is a power of two. (A denormal intermediate of the reference has fewer digits; that goes
  for its error there.)
- no result may become infinite, zero or denormal that wasn't, and the other way round: either both numbers
  are at least 1 in size, or both at most, or the one applied first is the greater and at most `HEADROOM`.
  In the last case the reference's intermediate overflows where the result doesn't, for arguments
  within that factor of the greatest number; this result is right there.
- nothing else needs the inner product.
"""

from __future__ import annotations

from collections.abc import Sequence

from autodiff_cli.ir.node import NUMBER, Node, number
from autodiff_cli.ops.arithmetic import mul
from autodiff_cli.ops.constants import exact_product, rounded
from autodiff_cli.transform.rewrite import fitting, rewritten, use_counts

HEADROOM = 16.0


def factors(outputs: Sequence[Node]) -> list[Node]:
    """The graph with each chain of multiplications by numbers as one, where that is safe."""
    uses = use_counts(outputs)

    def rule(node: Node, before: Node) -> Node:
        if node.op is not mul or not node.dtype.is_floating:
            return node
        outer = _by_number(node)
        if outer is None:
            return node
        value, position = outer
        product = node.operands[position]
        if product.value is not None or product.dtype is not node.dtype:
            return node
        inner = _by_number(product) if product.op is mul else None
        if inner is None or uses[id(before.operands[position])] > 1:
            return node
        both = _combined(rounded(inner[0], node.dtype), rounded(value, node.dtype), node)
        x = product.operands[inner[1]]
        return (both and fitting(mul, (x, both), node)) or node

    return rewritten(outputs, rule)


def _by_number(node: Node) -> tuple[float, int] | None:
    """The number that a product multiplies by, and the position of what it multiplies."""
    for position, operand in enumerate(node.operands):
        if operand.op is NUMBER:
            return float(operand.value), 1 - position  # type: ignore[arg-type]
    return None


def _combined(first: float, second: float, node: Node) -> Node | None:
    product = exact_product(first, second, node.dtype)
    if product is None:
        return None
    up, down = abs(first), abs(second)
    same_way = (up >= 1 and down >= 1) or (up <= 1 and down <= 1)
    return number(product) if same_way or (down <= 1 < up <= HEADROOM) else None
