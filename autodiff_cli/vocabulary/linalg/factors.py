"""`torch.linalg`: factors of matrices, and what is told by their eigenvalues and singular values."""

from __future__ import annotations

import math

import numpy as np

from autodiff_cli.errors import RuntimeFault
from autodiff_cli.execute import force
from autodiff_cli.ir import dtypes
from autodiff_cli.ir.node import Node, Number, constant
from autodiff_cli.ops import decompose as dec
from autodiff_cli.ops import linalg as la
from autodiff_cli.ops import movement as mv
from autodiff_cli.ops import nonfinite as nf
from autodiff_cli.ops import pointwise as pw
from autodiff_cli.ops import reduce as red
from autodiff_cli.ops.arithmetic import div, mul
from autodiff_cli.ops.create import full
from autodiff_cli.ops.determinant import plain_inv
from autodiff_cli.ops.heavy import factored
from autodiff_cli.ops.pairs import nan_to_num
from autodiff_cli.vocabulary.calls.registry import torch
from autodiff_cli.vocabulary.calls.values import return_type
from autodiff_cli.vocabulary.linalg.checks import (
    Bound,
    bound_of,
    check_kernel,
    check_lower,
    check_matrix,
    check_square,
    tolerance,
)
from autodiff_cli.vocabulary.reductions import matrix_norm

OUT = "*, Tensor out = None)"


@torch(f"linalg.cholesky(Tensor input, *, bool upper = False, {OUT[3:]}", only="function")
def linalg_cholesky(input: Node, upper: bool) -> Node:
    check_square(input, "linalg.cholesky")
    check_kernel(input, "cholesky")
    return la.cholesky(input, upper=upper)


@torch(f"cholesky(Tensor input, bool upper = False, {OUT}")
def cholesky(input: Node, upper: bool) -> Node:
    check_square(input, "cholesky")
    check_kernel(input, "cholesky")
    return la.cholesky_old(input, upper=upper)


_qr = return_type("qr", ("Q", "R"))
_linalg_qr = return_type("linalg_qr", ("Q", "R"))


@torch("linalg.qr(Tensor A, str mode = 'reduced', *, tuple of Tensors out = None)", only="function")
def linalg_qr(A: Node, mode: str) -> tuple[Node, ...]:
    check_matrix(A, "linalg.qr")
    check_kernel(A, "geqrf")
    if mode not in ("reduced", "r", "complete"):
        raise RuntimeFault(
            f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), 'r', "
            "or 'complete'"
        )
    if mode == "complete" and A.shape[-2] > A.shape[-1]:
        x = force(A)
        q = factored(lambda x: np.linalg.qr(x, "complete")[0], lambda x: nf.qr(x, True)[0], x)
        r = factored(lambda x: np.linalg.qr(x, "complete")[1], lambda x: nf.qr(x, True)[1], x)
        return _linalg_qr(constant(q), constant(r))
    q_node = constant(np.zeros(0, A.dtype.numpy)) if mode == "r" else la.qr_q(A)
    return _linalg_qr(q_node, la.qr_r(A))


@torch("qr(Tensor input, bool some = True, *, tuple of Tensors out = None)")
def qr(input: Node, some: bool) -> tuple[Node, ...]:
    return _qr(*linalg_qr(input, "reduced" if some else "complete"))


_eigh = return_type("linalg_eigh", ("eigenvalues", "eigenvectors"))


def _check_triangle(UPLO: str) -> None:
    if UPLO[:1].upper() not in ("L", "U"):
        raise RuntimeFault(f"Expected UPLO argument to be 'L' or 'U', but got {UPLO}")


@torch("linalg.eigh(Tensor input, str UPLO = 'L', *, tuple of Tensors out = None)", only="function")
def eigh(input: Node, UPLO: str) -> tuple[Node, ...]:
    check_square(input, "linalg.eigh")
    check_kernel(input, "linalg_eigh")
    _check_triangle(UPLO)
    return _eigh(la.eigenvalues(input, uplo=UPLO), la.eigenvectors(input, uplo=UPLO))


@torch("linalg.eigvalsh(Tensor input, str UPLO = 'L', *, Tensor out = None)", only="function")
def eigvalsh(input: Node, UPLO: str) -> Node:
    check_square(input, "linalg.eigh")
    check_kernel(input, "linalg_eigh")
    _check_triangle(UPLO)
    return la.eigenvalues(input, uplo=UPLO)


def _check_driver(driver: str | None) -> None:
    if driver is not None:
        raise RuntimeFault(
            "torch.linalg.svd: keyword argument `driver=` is only supported on CUDA inputs with cuSOLVER "
            "backend."
        )


_svd = return_type("svd", ("U", "S", "V"))
_linalg_svd = return_type("linalg_svd", ("U", "S", "Vh"))


@torch(
    "linalg.svd(Tensor A, bool full_matrices = True, *, str? driver = None, "
    "tuple of Tensors out = None)",
    only="function",
)
def linalg_svd(A: Node, full_matrices: bool, driver: str | None) -> tuple[Node, ...]:
    check_matrix(A, "linalg.svd")
    _check_driver(driver)
    check_kernel(A, "linalg_svd")
    u, s, vh = dec.svd_u(A), dec.svdvals(A), dec.svd_vh(A)
    if full_matrices and A.shape[-1] != A.shape[-2]:
        part = 0 if A.shape[-2] > A.shape[-1] else 2
        whole = constant(
            factored(lambda x: np.linalg.svd(x)[part], lambda x: nf.svd(x, True)[part], force(A))
        )
        u, vh = (whole, vh) if part == 0 else (u, whole)
    return _linalg_svd(u, s, vh)


@torch(
    "svd(Tensor input, bool some = True, bool compute_uv = True, *, tuple of Tensors out = None)"
)
def svd(input: Node, some: bool, compute_uv: bool) -> tuple[Node, ...]:
    if input.ndim < 2:
        raise RuntimeFault(
            "linalg.svd: input should have at least 2 dimensions, but has "
            f"{input.ndim} dimensions instead"
        )
    if not compute_uv:
        check_matrix(input, "linalg.svd")
        sizes = input.shape[-2:]
        u, v = (
            full(shape=(*input.shape[:-2], size, size), value=0, dtype=input.dtype)
            for size in sizes
        )
        return _svd(u, svdvals(input), v)
    u, s, vh = linalg_svd(input, not some, None)
    return _svd(u, s, mv.matrix_t(vh))


@torch("linalg.svdvals(Tensor A, *, str? driver = None, Tensor out = None)", only="function")
def svdvals(A: Node, driver: str | None = None) -> Node:
    check_matrix(A, "linalg.svd")
    check_kernel(A, "linalg_svd")
    _check_driver(driver)
    return dec.svdvals(A)


# ---- ranks and condition numbers ----------------------------------------------------------------


@torch(
    "linalg.matrix_rank(Tensor input, *, Tensor? atol = None, Tensor? rtol = None, "
    "bool hermitian = False, Tensor out = None)",
    "linalg.matrix_rank(Tensor input, *, float? atol = None, float? rtol = None, "
    "bool hermitian = False, Tensor out = None)",
    only="function",
)
def matrix_rank(input: Node, atol: Bound, rtol: Bound, hermitian: bool) -> Node:
    atol, rtol = bound_of(atol), bound_of(rtol)
    check_matrix(input, "torch.linalg.matrix_rank", "input")
    if input.dtype is dtypes.float16:
        raise RuntimeFault("This function doesn't handle types other than float and double")
    if 0 in input.shape[-2:]:
        return constant(np.zeros(input.shape[:-2], np.int64))
    if hermitian:
        check_square(input, "linalg.eigh")
    values = np.abs(force(la.eigenvalues(input, uplo="L") if hermitian else dec.svdvals(input)))
    largest = values.max(-1, initial=0.0)
    relative = rtol if rtol is not None else 0.0 if atol else tolerance(input)
    bound = np.maximum(atol or 0.0, relative * largest)
    return constant(np.asarray(np.sum(values > np.asarray(bound)[..., None], -1, dtype=np.int64)))


@torch(
    f"linalg.matrix_rank(Tensor input, Tensor tol, bool hermitian = False, {OUT}",
    f"linalg.matrix_rank(Tensor input, float tol, bool hermitian = False, {OUT}",
    only="function",
)
def matrix_rank_above(input: Node, tol: Bound, hermitian: bool) -> Node:
    return matrix_rank(input, tol, None, hermitian)


@torch(
    f"linalg.cond(Tensor input, Number? p = None, {OUT}",
    f"linalg.cond(Tensor input, str p, {OUT}",
    only="function",
)
def cond(input: Node, p: Number | str | None) -> Node:
    if input.ndim < 2:
        if isinstance(p, str):
            check_matrix(input, f"linalg.cond(ord={p})")
        raise RuntimeFault("linalg.cond: The input tensor must have at least 2 dimensions.")
    check_matrix(input, "linalg.cond")
    if p not in (None, 1, -1, 2, -2, math.inf, -math.inf, "fro", "nuc"):
        raise RuntimeFault(f"linalg.cond got an invalid norm type: {p}")
    if isinstance(p, str):
        check_square(input, f"linalg.cond(ord={p})")
    if not input.numel:
        return full(shape=input.shape[:-2], value=0, dtype=input.dtype)
    if p is None or p in (2, -2):
        check_kernel(input, "linalg_svd")
        values = dec.svdvals(input)
        last = values.ndim - 1
        size = values.shape[-1]
        first = mv.slice_(values, dim=last, start=0, stop=1, step=1)
        least = mv.slice_(values, dim=last, start=size - 1, stop=size, step=1)
        ratio = div(least, first) if p == -2 else div(first, least)
        return mv.squeeze_dim(ratio, shape=ratio.shape[:-1])
    check_square(input, f"linalg.cond(ord={p})")
    if p == "nuc":
        check_kernel(input, "linalg_svd")
        values = dec.svdvals(input)
        dim = (values.ndim - 1,)
        sums = [
            red.sum_(x, dim=dim, keepdim=False, dtype=x.dtype)
            for x in (values, pw.reciprocal(values))
        ]
        return mul(*sums)
    check_lower(input, "linalg.inv")
    both = [matrix_norm(x, p, (-2, -1), False, None) for x in (input, plain_inv(input))]
    product = mul(*both)
    return nan_to_num(product, nan=math.inf, posinf=math.inf, neginf=-math.inf)
