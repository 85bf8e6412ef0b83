"""Products of vectors and matrices.

Where one factor is the same in every row, all rows are one product of matrices.
"""

from __future__ import annotations

from collections.abc import Callable

from autodiff_cli.ir.node import Node
from autodiff_cli.ops import matrix
from autodiff_cli.ops.arithmetic import mul
from autodiff_cli.ops.batching.rows import Rows
from autodiff_cli.ops.batching.shape import leading
from autodiff_cli.ops.matrix import transposed
from autodiff_cli.ops.movement import matrix_t, reshape
from autodiff_cli.ops.reduce import sum_


def mm(rows: Rows) -> Node:
    a, b = rows.either(0), rows.either(1)
    size = rows.size
    if rows.has(0) and rows.has(1):
        return matrix.bmm(a, b)
    if rows.has(0):
        stacked = reshape(a, (size * a.shape[1], a.shape[2]))
        return rows.result(matrix.mm(stacked, b))
    inner, columns = b.shape[1:]
    stacked = reshape(matrix_t(b), (size * columns, inner))
    product = matrix.mm(stacked, transposed(a))
    return matrix_t(reshape(product, (size, columns, a.shape[0])))


def bmm(rows: Rows) -> Node:
    return leading(rows)


def mv(rows: Rows) -> Node:
    a, v = rows.either(0), rows.either(1)
    if rows.has(0) and rows.has(1):
        return rows.result(matrix.bmm(a, reshape(v, (*v.shape, 1))))
    if rows.has(0):
        return rows.result(matrix.mv(reshape(a, (rows.size * a.shape[1], a.shape[2])), v))
    return matrix.mm(v, transposed(a))


def dot(rows: Rows) -> Node:
    a, b = rows.either(0), rows.either(1)
    if rows.has(0) and rows.has(1):
        return sum_(mul(a, b), dim=(1,), keepdim=False, dtype=rows.node.dtype)
    return matrix.mv(a, b) if rows.has(0) else matrix.mv(b, a)


def outer(rows: Rows) -> Node:
    a, b = rows.at(0), rows.at(1)
    return mul(reshape(a, (*a.shape, 1)), reshape(b, (b.shape[0], 1, b.shape[1])))


# ---- products added to a tensor -----------------------------------------------------------------


def _added(rows: Rows, product: Node) -> Node:
    """beta*c + alpha*product."""
    alpha, beta = rows.params["alpha"], rows.params["beta"]
    result = product if alpha == 1 else product * alpha
    if beta == 0:
        return result
    c = rows.aligned(0, len(rows.node.shape))
    return result + (c if beta == 1 else c * beta)


def _factors(rows: Rows, op: Callable[[Rows], Node], name: str) -> Node:
    """The product of operands 1 and 2, with rows even where neither factor has them."""
    inner = rows.like(getattr(matrix, name), (1, 2), rows.node.shape)
    if inner.rows == [None, None]:
        inner.rows = [rows.at(1), None]
    return op(inner)


def addmm(rows: Rows) -> Node:
    return _added(rows, _factors(rows, mm, "mm"))


def addmv(rows: Rows) -> Node:
    return _added(rows, _factors(rows, mv, "mv"))


def addr(rows: Rows) -> Node:
    return _added(rows, _factors(rows, outer, "mm"))


def baddbmm(rows: Rows) -> Node:
    return _added(rows, _factors(rows, leading, "bmm"))


def addbmm(rows: Rows) -> Node:
    products = matrix.bmm(rows.at(1), rows.at(2))
    return _added(rows, sum_(products, dim=(1,), keepdim=False, dtype=products.dtype))
