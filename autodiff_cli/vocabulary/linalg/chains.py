"""Products of several matrices, in the order of fewest multiplications."""

from __future__ import annotations

from collections.abc import Sequence

from autodiff_cli.errors import RuntimeFault
from autodiff_cli.ir.node import Node
from autodiff_cli.ops import matrix as mx
from autodiff_cli.ops import movement as mv
from autodiff_cli.vocabulary.calls.registry import python, torch


@torch("linalg.multi_dot(tuple of Tensors tensors, *, Tensor out = None)", only="function")
def multi_dot(tensors: Sequence[Node]) -> Node:
    if len(tensors) < 2:
        raise RuntimeFault(f"multi_dot(): expected at least 2 tensors but got {len(tensors)}")
    last = len(tensors) - 1
    for at, x in enumerate(tensors):
        if x.ndim != 2 and not (x.ndim == 1 and at in (0, last)):
            raise RuntimeFault(
                f"multi_dot(): tensor {at} must be 2D but got {x.ndim}D"
                if 0 < at < last
                else f"multi_dot(): the {'last' if at else 'first'} tensor must be 1D or 2D but got "
                f"{x.ndim}D"
            )
        if x.dtype is not tensors[0].dtype:
            raise RuntimeFault(
                f"multi_dot(): all tensors must have be the same dtype but tensor 0 is "
                f"{tensors[0].dtype.scalar_name} and tensor {at} {x.dtype.scalar_name}"
            )
    parts = list(tensors)
    shape = []
    if parts[0].ndim == 1:
        parts[0] = mv.unsqueeze(parts[0], shape=(1, *parts[0].shape))
    else:
        shape.append(parts[0].shape[0])
    if parts[-1].ndim == 1:
        parts[-1] = mv.unsqueeze(parts[-1], shape=(*parts[-1].shape, 1))
    else:
        shape.append(parts[-1].shape[1])
    for at, (a, b) in enumerate(zip(parts, parts[1:])):
        if a.shape[-1] != b.shape[0]:
            raise RuntimeFault(
                f"multi_dot(): tensors {at} and {at + 1} with shapes {list(a.shape)} and "
                f"{list(b.shape)} cannot be multiplied"
            )
    return mv.view(_cheapest(parts), shape=tuple(shape))


def _cheapest(parts: list[Node]) -> Node:
    """The product in the order of fewest multiplications; of equal ones the first found."""
    sizes = [parts[0].shape[0], *(part.shape[1] for part in parts)]
    count = len(parts)
    cost = [[0] * count for _ in parts]
    cut = [[0] * count for _ in parts]
    for length in range(1, count):
        for first in range(count - length):
            last = first + length
            choices = [
                (
                    cost[first][at]
                    + cost[at + 1][last]
                    + sizes[first] * sizes[at + 1] * sizes[last + 1],
                    at,
                )
                for at in range(first, last)
            ]
            cost[first][last], cut[first][last] = min(choices)

    def product(first: int, last: int) -> Node:
        if first == last:
            return parts[first]
        at = cut[first][last]
        return mx.mm(product(first, at), product(at + 1, last))

    return product(0, count - 1)


@python("chain_matmul", calls="chain_matmul(tuple of Tensors matrices)")
def chain_matmul(*matrices: Node) -> Node:
    if not matrices:
        raise RuntimeFault("chain_matmul(): Expected one or more matrices")
    for x in matrices:
        if x.ndim != 2:
            raise RuntimeFault(f"Tensor dimension is {x.ndim}, expected 2 instead.")
    return matrices[0] if len(matrices) == 1 else multi_dot(matrices)
