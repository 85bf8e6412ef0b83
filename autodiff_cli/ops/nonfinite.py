"""Factors of one matrix, step by step: where it has infinities or nan, and where it has no such factors.

The library may hang or crash on such matrices, and what it gives depends on the processor's kernels. Here are
LAPACK's unblocked algorithms (getf2, potf2, geqr2, sytd2; of gesdd and syevd what scaling by an infinite norm
leaves), with the errors of the reference, which says on which column they stop.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff_cli.errors import LinAlgFault

ILL = "The algorithm failed to converge because the input matrix is ill-conditioned or has too many repeated"


def finite(*arrays: Any) -> bool:
    return all(bool(np.isfinite(array).all()) for array in arrays)


# ---- equations ----------------------------------------------------------------------------------


class Triangles:
    """P a = L U, with the greatest element of each column as its pivot.

    Attributes:
        lu: L below the diagonal, U from it on.
        rows: which row of `a` each row of L U is.
        odd: whether the rows were exchanged an odd number of times.
        zero: the first column without a pivot, counted from 1; 0 where each has one.
    """

    def __init__(self, a: Any) -> None:
        self.lu = lu = a.copy()
        self.rows = np.arange(len(a))
        self.odd = False
        self.zero = 0
        for j in range(len(a)):
            at = j + int(np.argmax(np.abs(lu[j:, j])))
            if at != j:
                lu[[j, at]] = lu[[at, j]]
                self.rows[[j, at]] = self.rows[[at, j]]
                self.odd = not self.odd
            if lu[j, j] != 0:
                lu[j + 1 :, j] /= lu[j, j]
            elif not self.zero:
                self.zero = j + 1
            lu[j + 1 :, j + 1 :] -= np.outer(lu[j + 1 :, j], lu[j, j + 1 :])

    @property
    def pivots(self) -> Any:
        return np.diagonal(self.lu)

    @property
    def smallest(self) -> int:
        """The column, counted from 1, that makes `a` singular, where the library finds that it is."""
        return self.zero or 1 + int(np.argmin(np.abs(self.pivots)))

    def solve(self, b: Any) -> Any:
        """x with a x = b."""
        x = b[self.rows]
        for j in range(len(x)):
            x[j + 1 :] -= np.outer(self.lu[j + 1 :, j], x[j])
        for j in reversed(range(len(x))):
            x[j] /= self.lu[j, j]
            x[:j] -= np.outer(self.lu[:j, j], x[j])
        return x

    def solve_transposed(self, b: Any) -> Any:
        """x with a^T x = b."""
        y = b.copy()
        for j in range(len(y)):
            y[j] /= self.lu[j, j]
            y[j + 1 :] -= np.outer(self.lu[j, j + 1 :], y[j])
        for j in reversed(range(len(y))):
            y[:j] -= np.outer(self.lu[j, :j], y[j])
        x = np.empty_like(y)
        x[self.rows] = y
        return x


def inv(a: Any) -> Any:
    factors = Triangles(a)
    if factors.zero or finite(a):
        raise LinAlgFault(
            f"linalg.inv: The diagonal element {factors.smallest} is zero, the inversion could not be "
            "completed because the input matrix is singular."
        )
    return factors.solve(np.eye(len(a), dtype=a.dtype))


def plain_inv(a: Any) -> Any:
    return Triangles(a).solve(np.eye(len(a), dtype=a.dtype))


def solve(a: Any, b: Any, left: bool, vector: bool) -> Any:
    factors = Triangles(a)
    if factors.zero or finite(a, b):
        raise LinAlgFault(
            "torch.linalg.solve: The solver failed because the input matrix is singular."
        )
    if vector:
        return factors.solve(b[:, None])[:, 0]
    return factors.solve(b) if left else factors.solve_transposed(b.T).T


def solve_triangular(a: Any, b: Any, upper: bool, left: bool) -> Any:
    """Infinities and nan where the diagonal has a zero."""
    if not left:
        return solve_triangular(a.T, b.T, not upper, True).T
    x = b.copy()
    for j in reversed(range(len(x))) if upper else range(len(x)):
        x[j] /= a[j, j]
        rest = slice(0, j) if upper else slice(j + 1, None)
        x[rest] -= np.outer(a[rest, j], x[j])
    return x


# For determinants the reference factors the transpose, whose factors can be nan where the matrix's aren't.


def det(a: Any) -> Any:
    factors = Triangles(a.T)
    return np.prod(factors.pivots) * (-1 if factors.odd else 1)


def det_sign(a: Any) -> Any:
    factors = Triangles(a.T)
    signs = np.nan_to_num(np.sign(factors.pivots), nan=0)
    return np.prod(signs) * (-1 if factors.odd else 1)


def log_abs_det(a: Any) -> Any:
    return np.sum(np.log(np.abs(Triangles(a.T).pivots)))


def cofactor(a: Any) -> Any:
    if len(a) == 1:
        return np.ones_like(a)
    diagonal = np.zeros_like(a)
    np.fill_diagonal(diagonal, det(a))
    return Triangles(a.T).solve(diagonal)


# ---- triangles ----------------------------------------------------------------------------------


def cholesky(a: Any, name: str) -> Any:
    """L with L L^T = a, of the lower triangle."""
    lower = np.zeros_like(a)
    for j in range(len(a)):
        pivot = a[j, j] - lower[j, :j] @ lower[j, :j]
        if not pivot > 0 or (j == len(a) - 1 and finite(a)):
            raise LinAlgFault(
                f"{name}: The factorization could not be completed because the input is not "
                f"positive-definite (the leading minor of order {j + 1} is not positive-definite)."
            )
        lower[j, j] = np.sqrt(pivot)
        below = a[j + 1 :, j] - lower[j + 1 :, :j] @ lower[j, :j]
        if a.dtype == np.float32 and np.isinf(pivot):
            below = np.nan  # the reference's kernel for float32 scales by its own reciprocal
        lower[j + 1 :, j] = below / lower[j, j]
    return lower


def _reflector(x: Any) -> tuple[Any, Any, Any]:
    """beta, tau and v with (1 - tau v v^T) x = beta e_1."""
    v = np.zeros_like(x)
    v[0] = 1
    length = np.linalg.norm(x[1:])
    if length == 0:
        return x[0], x.dtype.type(0), v
    most, least = np.maximum(abs(x[0]), length), np.minimum(abs(x[0]), length)
    beta = -np.copysign(most * np.sqrt(1 + (least / most) ** 2), x[0])  # nan of two infinities
    v[1:] = x[1:] / (x[0] - beta)
    return beta, (beta - x[0]) / beta, v


def qr(a: Any, complete: bool) -> tuple[Any, Any]:
    """Q and R; with all columns of Q if `complete`."""
    rows, columns = a.shape
    count = min(rows, columns)
    r = a.copy()
    reflectors = []
    for j in range(count):
        beta, tau, v = _reflector(r[j:, j])
        reflectors.append((tau, v))
        right = r[j:, j + 1 :]
        right -= np.outer(tau * v, v @ right)
        r[j, j], r[j + 1 :, j] = beta, 0
    width = rows if complete else count
    q = np.eye(rows, width, dtype=a.dtype)
    for j, (tau, v) in reversed(list(enumerate(reflectors))):
        part = q[j:, j:]
        along = v @ part
        if tau != 0:
            part -= np.where(along == 0, 0, np.outer(tau * v, along))
    return q, r[:width]


# ---- values and vectors -------------------------------------------------------------------------


def _on_diagonal(a: Any) -> bool:
    """Whether what isn't finite stands on the diagonal of a square matrix."""
    rows, columns = a.shape
    return rows == columns and finite(a[~np.eye(rows, dtype=bool)])


def svd(a: Any, full: bool = False) -> tuple[Any, Any, Any]:
    """U, the singular values and Vh: what an infinite norm scales to 0, an infinity to nan."""
    if np.isnan(a).any():
        raise LinAlgFault(
            "linalg.svd: The algorithm failed to converge because the input matrix contained "
            "non-finite values."
        )
    if finite(a):
        raise LinAlgFault(f"linalg.svd: {ILL} singular values (error code: 1).")
    rows, columns = a.shape
    count = min(rows, columns)
    u = np.full((rows, rows if full else count), np.nan, a.dtype)
    vh = np.full((columns if full else count, columns), np.nan, a.dtype)
    if _on_diagonal(a):
        turn = np.eye(rows, dtype=a.dtype)[_descending(np.isfinite(np.diagonal(a)))]
        u, vh = turn.T.copy(), turn
    return u, np.full(count, np.nan, a.dtype), vh


def _descending(zero: Any) -> list[int]:
    """bdsqr's order of values that are 0 or nan: the last of the least goes to the end, again and again."""
    order = list(range(len(zero)))
    for end in reversed(range(1, len(order))):
        least = 0
        for at in range(1, end + 1):
            if zero[order[at]] and zero[order[least]]:
                least = at
        order[least], order[end] = order[end], order[least]
    return order


def eigh(a: Any, uplo: str) -> tuple[Any, ...]:
    """Eigenvalues and eigenvectors, of the lower triangle unless `uplo` is "U"."""
    lower = np.tril(a if uplo.upper() == "L" else a.T)
    whole = lower + np.tril(lower, -1).T
    size = len(a)
    if finite(whole):
        try:
            return tuple(np.linalg.eigh(whole))
        except np.linalg.LinAlgError:
            raise LinAlgFault(f"linalg.eigh: {ILL} eigenvalues (error code: 1).") from None
    if size == 1:
        return whole[0], np.ones_like(a)
    if not np.isnan(whole).any():
        whole = np.where(np.isfinite(whole), whole.dtype.type(0), np.nan)
    beside = _beside(whole)
    if size > 2 and _longest(beside) > 1:
        raise LinAlgFault(
            f"linalg.eigh: {ILL} eigenvalues (error code: {np.count_nonzero(beside)})."
        )
    values = np.full(size, np.nan, a.dtype)
    return values, np.eye(size, dtype=a.dtype) if not beside.any() else np.full_like(a, np.nan)


def _beside(a: Any) -> Any:
    """The elements beside the diagonal of the tridiagonal matrix with the eigenvalues of a symmetric one."""
    a = a.copy()
    beside = np.zeros(len(a) - 1, a.dtype)
    for j in range(len(a) - 1):
        beside[j], tau, v = _reflector(a[j + 1 :, j])
        if tau != 0:
            rest = a[j + 1 :, j + 1 :]
            along = tau * (rest @ v)
            along -= tau / 2 * (along @ v) * v
            rest -= np.outer(v, along) + np.outer(along, v)
    return beside


def _longest(beside: Any) -> int:
    """The most neighbours that aren't 0."""
    longest = current = 0
    for element in beside:
        current = current + 1 if element != 0 else 0
        longest = max(longest, current)
    return longest


def pinv(a: Any, rtol: float, hermitian: bool) -> Any:
    if hermitian:
        values, vectors = eigh(a, "L")
        left, right, size = vectors, vectors.T, np.abs(values)
    else:
        u, values, vh = svd(a)
        left, right, size = vh.T, u.T, values
    kept = size > rtol * np.max(size, initial=0)
    return (left * np.where(kept, 1 / values, 0)) @ right


def cofactor_bend(a: Any, h: Any) -> Any:
    return np.full_like(a, np.nan)


def lstsq(a: Any, b: Any, rtol: float, vector: bool) -> Any:
    """nan of infinities, an error of nan, where an assertion of the reference's own fails."""
    if np.isnan(a).any() or np.isnan(b).any():
        raise LinAlgFault(
            "torch.linalg.lstsq: The least squares solution could not be computed because the input "
            "contained non-finite values."
        )
    return np.full(a.shape[1:] + b.shape[1:], np.nan, a.dtype)


def residuals(a: Any, b: Any, rtol: float, vector: bool) -> Any:
    return np.full(b.shape[1:] or 1, np.nan, a.dtype)


def matrix_exp(a: Any) -> Any:
    return np.exp(a) if len(a) == 1 else np.full_like(a, np.nan)
