"""Products of vectors and matrices. They run whole, in BLAS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff_cli.ir.node import Node, Rule, Shape
from autodiff_cli.ops.arithmetic import mul, scaled
from autodiff_cli.ops.heavy import HEAVY, product
from autodiff_cli.ops.kinds import Shaped
from autodiff_cli.ops.movement import expand, matrix_t, reshape, t


def transposed(x: Node) -> Node:
    return t(x, dims=(1, 0))


def outer(a: Node, b: Node) -> Node:
    return mul(reshape(a, (a.shape[0], 1)), b)


def _product(
    name: str,
    batch: str,
    shape: Callable[..., Shape],
    vjps: tuple[Rule, ...],
    doc: str,
    **record: Any,
) -> Shaped:
    return Shaped(
        name,
        _matmul,
        shape=shape,
        vjps=vjps,
        linear=((0,), (1,)),
        on_arrays=True,
        batch=batch,
        doc=doc,
        **record,
    )


BLOCK = 384  # how many products the reference's library adds up before it starts another sum
LARGE = HEAVY  # multiplications from where on speed counts for more than the last digit
SMALL = 400  # multiplications of one product of a batch, from where on the library does them
# Whether numpy's library has the kernels that add up in the reference's order.
CHAINS = bool(np._core._multiarray_umath.__cpu_features__.get("AVX512F"))  # type: ignore[attr-defined]


def _matmul(a: Any, b: Any) -> Any:
    """A product with the reference's last digits where its order of additions is known."""
    if a.ndim > 2 and b.ndim == a.ndim:
        return np.ascontiguousarray(
            _batched(a, b)
        )  # the library's order would follow the operands'
    if CHAINS and a.ndim == b.ndim == 2 and a.dtype == b.dtype == np.float32 and _in_order(a, b):
        return _chained(a, b)
    if a.ndim == 2 and a.shape[1] == 2 and b.size == 2 and a.dtype == b.dtype == np.float32:
        return _of_two(a, b)
    return product(a, b)


def _of_two(a: Any, b: Any) -> Any:
    """Rows of two times a column: the first product rounded, the second added to it unrounded."""
    first, second = b.reshape(-1)
    product = a[:, 1].astype(np.float64) * np.float64(second)  # exact
    return (product + a[:, 0] * first).astype(np.float32).reshape(a.shape[:1] + b.shape[1:])


def _in_order(a: Any, b: Any) -> bool:
    """Whether the reference's library adds up a matrix product as `_chained` does.

    It has other orders for a single column and for small products of rows, which aren't followed.
    """
    (rows, inner), columns = a.shape, b.shape[1]
    if inner < 2 or not rows or not columns or (columns == 1 and rows > 1):
        return False
    if rows * inner * columns > LARGE:
        return False
    if b.strides[0] == b.itemsize < b.strides[1]:  # the inner dimension is contiguous in b,
        if rows < 3 or (columns < 4 and rows < 16):
            return False
        if a.strides[1] == a.itemsize:  # and in a
            return bool(rows >= 16 or inner <= 64)
    return bool(rows > 1 or inner <= BLOCK)


def _chained(a: Any, b: Any, c: Any = None) -> Any:
    """A chain of fused additions in order, in blocks that are added to `c`.

    numpy's BLAS makes such chains of matrices (not of one row or column) unless the inner dimension is
    contiguous in both.
    """
    (rows, inner), columns = a.shape, b.shape[1]
    if rows == 1:
        a = np.concatenate((a, a))
    if columns == 1:
        b = np.concatenate((b, b), axis=1)
    if a.strides[1] == a.itemsize and b.strides[0] == b.itemsize:
        if a.size > b.size:
            b = np.ascontiguousarray(b)
        else:
            a = np.asfortranarray(a)
    result, start = c, 0
    while start < inner:
        left = inner - start
        size = left if left <= BLOCK else BLOCK if left > 2 * BLOCK else (left + 1) // 2
        part = product(a[:, start : start + size], b[start : start + size])
        result = part if result is None else np.add(result, part, out=part)
        start += size
    return result[:rows, :columns]


def _batched(a: Any, b: Any) -> Any:
    """Matrix products of a batch; the reference adds the small ones up without its library."""
    rows, inner, columns = a.shape[-2], a.shape[-1], b.shape[-1]
    if a.dtype.kind != "f" or not 0 < rows * inner * columns < SMALL:
        return product(a, b)
    result = a[..., :, :1] * b[..., :1, :]
    for k in range(1, inner):
        result += a[..., :, k : k + 1] * b[..., k : k + 1, :]
    return result


dot = _product(
    "dot",
    "product.dot",
    lambda a, b: (),
    (lambda g, y, a, b: g * b, lambda g, y, a, b: g * a),
    "inner product of two vectors",
    latex="{}^T {}",
)
vdot = _product(
    "vdot",
    "product.dot",
    lambda a, b: (),
    (lambda g, y, a, b: g * b, lambda g, y, a, b: g * a),
    "inner product of two real vectors",
)
mv: Shaped = _product(
    "mv",
    "product.mv",
    lambda a, v: (a.shape[0],),
    (lambda g, y, a, v: outer(g, v), lambda g, y, a, v: mv(transposed(a), g)),
    "matrix times vector",
    latex="{} {}",
)
mm: Shaped = _product(
    "mm",
    "product.mm",
    lambda a, b: (a.shape[0], b.shape[1]),
    (lambda g, y, a, b: mm(g, transposed(b)), lambda g, y, a, b: mm(transposed(a), g)),
    "matrix times matrix",
    latex="{} {}",
)
bmm: Shaped = _product(
    "bmm",
    "product.bmm",
    lambda a, b: (*a.shape[:-1], b.shape[-1]),
    (lambda g, y, a, b: bmm(g, matrix_t(b)), lambda g, y, a, b: bmm(matrix_t(a), g)),
    "matrix times matrix, for each of a batch of any dimensions",
    grad_fn=lambda node: "MmBackward0" if node.ndim == 2 else "BmmBackward0",
)


def _addmm(c: Any, a: Any, b: Any, beta: float, alpha: float) -> Any:
    if CHAINS and alpha == beta == 1 and a.dtype == c.dtype == np.float32 and _in_order(a, b):
        return _chained(a, b, c)
    product = _matmul(a, b)
    if alpha != 1:
        product *= np.asarray(alpha, product.dtype)
    if beta == 0:  # the reference ignores c then, nan and all
        return product
    product += c if beta == 1 else c * np.asarray(beta, product.dtype)
    return product


addmm = Shaped(
    "addmm",
    _addmm,
    shape=lambda c, a, b, beta, alpha: (a.shape[0], b.shape[1]),
    vjps=(
        lambda g, y, c, a, b, beta, alpha: scaled(g, beta),
        lambda g, y, c, a, b, beta, alpha: scaled(mm(g, transposed(b)), alpha),
        lambda g, y, c, a, b, beta, alpha: scaled(mm(transposed(a), g), alpha),
    ),
    batch="product.addmm",
    on_arrays=True,
    doc="beta*c + alpha*(a @ b)",
)


def _added(
    name: str,
    product: Callable[[Any, Any], Any],
    shape: Callable[..., Shape],
    rules: tuple[Rule, Rule],
) -> Shaped:
    """beta*c + alpha*product(a, b); `rules` are the product's `rule(g, a, b)`."""

    def kernel(c: Any, a: Any, b: Any, beta: float, alpha: float) -> Any:
        result = product(a, b)
        if alpha != 1:
            result = result * np.asarray(alpha, result.dtype)
        if beta == 0:
            return result
        return result + (c if beta == 1 else c * np.asarray(beta, result.dtype))

    first, second = rules

    def by_first(g: Node, y: Node, c: Node, a: Node, b: Node, beta: float, alpha: float) -> Node:
        flow = first(g, a, b)
        assert flow is not None
        return scaled(flow, alpha)

    def by_second(g: Node, y: Node, c: Node, a: Node, b: Node, beta: float, alpha: float) -> Node:
        flow = second(g, a, b)
        assert flow is not None
        return scaled(flow, alpha)

    return Shaped(
        name,
        kernel,
        shape=lambda c, a, b, beta, alpha: shape(a, b),
        vjps=(lambda g, y, c, a, b, beta, alpha: scaled(g, beta), by_first, by_second),
        batch=f"product.{name}",
        on_arrays=True,
        doc="beta*c + alpha*(a @ b)",
    )


def _summed_batches(g: Node, batches: int) -> Node:
    return expand(reshape(g, (1, *g.shape)), shape=(batches, *g.shape))


addmv = _added(
    "addmv",
    _matmul,
    lambda a, v: (a.shape[0],),
    (lambda g, a, v: outer(g, v), lambda g, a, v: mv(transposed(a), g)),
)
addr = _added(
    "addr",
    np.multiply.outer,
    lambda a, b: (a.shape[0], b.shape[0]),
    (lambda g, a, b: mv(g, b), lambda g, a, b: mv(transposed(g), a)),
)
baddbmm = _added(
    "baddbmm",
    _matmul,
    lambda a, b: (*a.shape[:-1], b.shape[-1]),
    (lambda g, a, b: bmm(g, matrix_t(b)), lambda g, a, b: bmm(matrix_t(a), g)),
)
addbmm = _added(
    "addbmm",
    lambda a, b: _matmul(a, b).sum(0),
    lambda a, b: (a.shape[1], b.shape[2]),
    (
        lambda g, a, b: bmm(_summed_batches(g, a.shape[0]), matrix_t(b)),
        lambda g, a, b: bmm(matrix_t(a), _summed_batches(g, a.shape[0])),
    ),
)
