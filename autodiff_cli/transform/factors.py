"""Numbers that multiply one after the other are multiplied with each other first: 3*(2*x) is 6*x.

Where that changes no bit, whatever x is: the number applied first is a power of two, so that x times it is
exact; both are at least 1 in size, so that an infinity on the way is one at the end, and nothing gets lost
below the least number; and their product is exact. With other numbers a result would be rounded once instead
of twice, or be finite where the reference's intermediate isn't. (`2*x` begins the gradient of a square.)

Where something else needs the inner product, it stays.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from autodiff_cli.ir.dtypes import DType, float16, float32
from autodiff_cli.ir.node import NUMBER, Node, number
from autodiff_cli.ops.arithmetic import mul
from autodiff_cli.ops.constants import exact_product, rounded
from autodiff_cli.transform.rewrite import fitting, rewritten, use_counts


def factors(outputs: Sequence[Node]) -> list[Node]:
    """The graph with each chain of multiplications by numbers as one, where that changes nothing."""
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
        # beside a float16 a number is a float32, as the product is until it is rounded
        held = float32 if node.dtype is float16 else node.dtype
        both = _combined(rounded(inner[0], held), rounded(value, held), held)
        if both is None:
            return node
        return fitting(mul, (product.operands[inner[1]], number(both)), node) or node

    return rewritten(outputs, rule)


def _by_number(node: Node) -> tuple[float, int] | None:
    """The number that a product multiplies by, and the position of what it multiplies."""
    for position, operand in enumerate(node.operands):
        if operand.op is NUMBER:
            return float(operand.value), 1 - position  # type: ignore[arg-type]
    return None


def _combined(first: float, second: float, dtype: DType) -> float | None:
    """The product of two numbers, if multiplying by it is multiplying by the one and then by the other."""
    is_power = abs(math.frexp(first)[0]) == 0.5
    if not is_power or abs(first) < 1 or abs(second) < 1:
        return None
    return exact_product(first, second, dtype)
