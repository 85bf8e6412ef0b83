"""Products of matrices and vectors, and linear algebra."""

from __future__ import annotations

from typing import Any

from autodiff_cli.formula.algebra import Algebra
from autodiff_cli.formula.normal import parts_of
from autodiff_cli.formula.reading.shapes import reshaped
from autodiff_cli.formula.reading.table import READERS, Reader, Unspelled, number, reads
from autodiff_cli.formula.terms import ONE, UNIT, Factor, Labels, Shape, Term
from autodiff_cli.ir.node import Node


@reads("dot", "vdot")
def _dot(a: Algebra, node: Node, x: Term, y: Term) -> Term:
    return contracted(a, (x, (0,)), (y, (0,)), (), x.shape)


def contracted(
    a: Algebra, first: tuple[Term, Labels], second: tuple[Term, Labels], shape: Shape, sizes: Shape
) -> Term:
    factors = []
    for term, labels in (first, second):
        own = tuple(UNIT if n == 1 else label for n, label in zip(term.shape, labels, strict=True))
        factors.append(Factor(term, ONE, own))
    return a.product(ONE, factors, shape, sizes)


@reads("mv")
def _mv(a: Algebra, node: Node, x: Term, y: Term) -> Term:
    return contracted(a, (x, (0, 1)), (y, (1,)), node.shape, y.shape)


@reads("mm")
def _mm(a: Algebra, node: Node, x: Term, y: Term) -> Term:
    return contracted(a, (x, (0, 2)), (y, (2, 1)), node.shape, x.shape[1:])


@reads("bmm")
def _bmm(a: Algebra, node: Node, x: Term, y: Term) -> Term:
    rank = len(node.shape)
    lead = tuple(range(rank - 2))
    return contracted(
        a, (x, (*lead, rank - 2, rank)), (y, (*lead, rank, rank - 1)), node.shape, x.shape[-1:]
    )


def _adding(product: Reader) -> Reader:
    """beta*c + alpha*x@y"""

    def reader(a: Algebra, node: Node, c: Term, x: Term, y: Term, beta: Any, alpha: Any) -> Term:
        first = a.times(c, number(a, beta))
        second = a.times(product(a, node, x, y), number(a, alpha))
        return a.sum([(first, ONE), (second, ONE)], node.shape)

    return reader


READERS |= {"addmm": _adding(_mm), "addmv": _adding(_mv), "baddbmm": _adding(_bmm)}


# ---- linear algebra -----------------------------------------------------------------------------


def transposed(a: Algebra, x: Term) -> Term:
    rank = len(x.shape)
    shape = (*x.shape[:-2], x.shape[-1], x.shape[-2])
    return a.placed(x, (*range(rank - 2), rank - 1, rank - 2), shape)


@reads("linalg_inv", "plain_inv")
def _inverse(a: Algebra, node: Node, x: Term) -> Term:
    base, is_turned = straight(a, x)
    inverse = a.function("inverse", [base], base.shape)
    return transposed(a, inverse) if is_turned else inverse


def straight(a: Algebra, x: Term) -> tuple[Term, bool]:
    """A matrix, or the one that it is the transpose of."""
    base, labels = a.core(x)
    if x.head == "product" and len(base.shape) == len(x.shape) >= 2 and x.shape[-1] != 1:
        rank = len(x.shape)
        if labels == (*range(rank - 2), rank - 1, rank - 2):
            return base, True
    return x, False


@reads("linalg_det")
def _det(a: Algebra, node: Node, x: Term) -> Term:
    base, _ = straight(a, x)
    return a.function("det", [base], node.shape)


@reads("cofactor")
def _cofactor(a: Algebra, node: Node, x: Term) -> Term:
    base, is_turned = straight(a, x)
    det = a.function("det", [base], node.shape[:-2])
    if a.rules is not None:
        a.rules.require(det, "!=", "cofactor")
    inverse = a.function("inverse", [base], base.shape)
    lead = tuple(range(len(node.shape) - 2))
    wide = a.placed(det, lead, (*node.shape[:-2], 1, 1))
    return a.times(wide, inverse if is_turned else transposed(a, inverse))


@reads("log_abs_det")
def _logdet(a: Algebra, node: Node, x: Term) -> Term:
    return a.function("logabsdet", [x], node.shape)


@reads("det_sign")
def _det_sign(a: Algebra, node: Node, x: Term) -> Term:
    return a.each("sign", [a.function("det", [x], node.shape)])


@reads("linalg_solve")
def _solve(a: Algebra, node: Node, x: Term, y: Term, left: bool, vector: bool) -> Term:
    if vector and len(x.shape) > 2:
        return reshaped(a, _solved(a, x, reshaped(a, y, (*y.shape, 1))), node.shape)
    if not vector:
        x, y = (a.expanded(term, (*node.shape[:-2], *term.shape[-2:])) for term in (x, y))
    if not vector and not left:
        # X a = b is a^T X^T = b^T
        turned = _solved(a, transposed(a, x), transposed(a, y))
        return transposed(a, turned)
    return _solved(a, x, y)


def _solved(a: Algebra, x: Term, y: Term) -> Term:
    product = parts_of(y)
    if product.coefficient != 1:
        core = a.product(ONE, product.factors, product.shape, product.summed)
        return a.scaled(_solved(a, x, core), product.coefficient)
    rank = len(x.shape)
    if len(y.shape) == rank and y.shape[-1] == 1 and rank == 2:
        column = a.placed(y, (0, UNIT), y.shape[:1])
        return a.placed(a.function("solve", [x, column], column.shape), (0,), y.shape)
    return a.function("solve", [x, y], y.shape)


@reads("solve_triangular")
def _triangular(a: Algebra, node: Node, x: Term, y: Term, upper: bool, left: bool) -> Term:
    return _solve(a, node, x, y, left=left, vector=False)


@reads("linalg_cholesky", "cholesky")
def _cholesky(a: Algebra, node: Node, x: Term, upper: bool) -> Term:
    return a.function("cholesky", [x], node.shape, upper=upper)


@reads("linalg_pinv")
def _pinv(a: Algebra, node: Node, x: Term, rtol: Any, hermitian: bool) -> Term:
    if hermitian:
        raise Unspelled("linalg_pinv")
    return a.function("pinv", [x], node.shape)


@reads("linalg_matrix_exp")
def _matrix_exp(a: Algebra, node: Node, x: Term) -> Term:
    return a.function("matrix_exp", [x], node.shape)


@reads("linalg_svdvals", "qr_q", "qr_r", "svd_u", "svd_vh")
def _factors(a: Algebra, node: Node, x: Term) -> Term:
    return a.function(node.op.name, [x], node.shape)


@reads("eigh_values", "eigh_vectors")
def _eigh(a: Algebra, node: Node, x: Term, uplo: str) -> Term:
    return a.function(node.op.name, [x], node.shape, uplo=uplo)


@reads("linalg_cross")
def _cross(a: Algebra, node: Node, x: Term, y: Term, dim: int) -> Term:
    return a.function("cross", [x, y], node.shape, dim=dim)
