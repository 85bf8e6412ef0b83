"""Calls of the linear algebra library, by how long they take.

The library shares work out over its threads, and the last digits of what it adds up depend on their number.
So it is called through here: what is small runs on one thread, what takes long enough to be worth threads is
given some (`threads/blas.py`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autodiff_cli.errors import LinAlgFault
from autodiff_cli.ir.node import Node
from autodiff_cli.ops.failures import Failures, failing
from autodiff_cli.ops.kinds import Shaped
from autodiff_cli.threads.blas import alone, given_threads, on_all_threads, product_in_parts
from autodiff_cli.threads.pool import each

HEAVY = 1 << 22  # multiplications: a tenth of a millisecond
# Up to so many a product has one thread anyway: OpenBLAS begins to share out at 64**3 of two matrices, 96**2
# of a matrix and a vector, 10,000 of two vectors. (What factors matrices begins at 8 columns.)
TINY = 1 << 13


def heavily(multiplications: int, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """A call of the library, which takes about so many multiplications."""
    run = alone if multiplications <= HEAVY else on_all_threads
    return run(function, *args, **kwargs)


def product(a: Any, b: Any) -> Any:
    """`np.matmul`, with the same digits whatever the number of threads."""
    multiplications = a.size * (b.shape[-1] if b.ndim > 1 else 1)
    if multiplications <= TINY:
        return np.matmul(a, b)
    if multiplications <= HEAVY:
        return alone(np.matmul, a, b)
    return product_in_parts(a, b)


def in_parts(multiplications: int, count: int, part: Callable[[int], None]) -> None:
    """Run a function that calls the library for each of the numbers below `count`.

    Args:
        multiplications: how many all parts take.
        part: computes one of them, alike for any number of threads.
    """
    alone(each, count, lambda: part, given_threads() if multiplications > HEAVY else 1)


def factored(kernel: Callable[..., Any], single: Callable[..., Any], matrices: Any) -> Any:
    """A factor of matrices: as much work as a product of each with itself.

    Args:
        kernel: the library's, for any number of matrices.
        single: of one matrix that isn't finite, or of which the library has no such factor.
        matrices: stacked along leading dimensions.
    """
    work = matrices.size * matrices.shape[-1]
    return heavily(work, carefully, kernel, single, [matrices], {}, (2,))


def carefully(
    kernel: Callable[..., Any],
    single: Callable[..., Any],
    arrays: list[Any],
    params: dict[str, Any],
    dims: tuple[int, ...],
) -> Any:
    """The library's result; matrix by matrix where it can't be asked, or finds none.

    The library may hang or crash on infinities and nan.

    Args:
        dims: how many dimensions of each array a single one has.
    """
    found = _by_library(kernel, arrays, params)
    if found is not None:
        return found
    with np.errstate(all="ignore"):
        return _one_by_one(kernel, single, arrays, params, dims)


def _by_library(
    kernel: Callable[..., Any], arrays: Sequence[Any], params: dict[str, Any]
) -> Any | None:
    """The library's result; None where it can't be asked, or finds none."""
    if not all(np.isfinite(array).all() for array in arrays):
        return None
    try:
        return kernel(*arrays, **params)
    except np.linalg.LinAlgError:
        return None


def _one_by_one(
    kernel: Callable[..., Any],
    single: Callable[..., Any],
    arrays: list[Any],
    params: dict[str, Any],
    dims: tuple[int, ...],
) -> Any:
    def one(*matrices: Any) -> Any:
        found = _by_library(kernel, matrices, params)
        return single(*matrices, **params) if found is None else found

    lead = np.broadcast_shapes(*(a.shape[: a.ndim - d] for a, d in zip(arrays, dims, strict=True)))
    if not lead:
        return one(*arrays)
    stacks = [
        np.broadcast_to(array, (*lead, *array.shape[array.ndim - d :]))
        for array, d in zip(arrays, dims, strict=True)
    ]
    results = []
    entries = math.prod(lead[1:])
    failures, first = Failures(lead[0]), None
    for number, at in enumerate(np.ndindex(lead)):
        try:
            results.append(one(*(stack[at] for stack in stacks)))
        except LinAlgFault as error:
            first = first or _of_element(error, number)
            failures.add(at[0], error if len(lead) == 1 else _of_element(error, number % entries))
    if first is not None:
        raise failing(first, *failures.ways.values())
    return np.reshape(np.stack(results), (*lead, *np.shape(results[0])))


def _of_element(error: LinAlgFault, number: int) -> LinAlgFault:
    """The error with the number of the stack's matrix behind the function's name."""
    function, _, rest = error.message.partition(": ")
    return LinAlgFault(f"{function}: (Batch element {number}): {rest}")


class Factored(Shaped):
    """An operation that factors its first operand, and applies the factors to the others.

    Args:
        single: the same of one matrix that isn't finite, or of which the library has no such result:
            `ops/nonfinite.py`. Raises LinAlgFault.
        made_of: the operands and parameters as other operations, for formulas.
    """

    __slots__ = ("made_of", "single")

    def __init__(
        self,
        name: str,
        kernel: Callable[..., Any],
        single: Callable[..., Any],
        *,
        batch: str = "shape.leading",
        made_of: Callable[..., Node] | None = None,
        **record: Any,
    ) -> None:
        super().__init__(name, kernel, batch=batch, **record)
        self.single = single
        self.made_of = made_of

    def composed(self, node: Node) -> Node | None:
        return None if self.made_of is None else self.made_of(*node.operands, **node.params)

    def evaluate(self, node: Node, arrays: list[Any]) -> Any:
        work = sum(array.size for array in arrays) * arrays[0].shape[-1]
        dims = (2, 1 if node.params.get("vector") else 2)[: len(arrays)]
        result = heavily(work, carefully, self.kernel, self.single, arrays, node.params, dims)
        return np.asarray(result, node.dtype.numpy)
