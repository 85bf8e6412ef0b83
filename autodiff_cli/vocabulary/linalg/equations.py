"""`torch.linalg`: inverses, determinants, powers and equations of matrices."""

from __future__ import annotations

import math

import numpy as np

from autodiff_cli.errors import RuntimeFault
from autodiff_cli.execute import force
from autodiff_cli.ir import dtypes
from autodiff_cli.ir.node import Node, constant
from autodiff_cli.ops import decompose as dec
from autodiff_cli.ops import determinant as dt
from autodiff_cli.ops import least_squares as ls
from autodiff_cli.ops import linalg as la
from autodiff_cli.ops import movement as mv
from autodiff_cli.ops import pointwise as pw
from autodiff_cli.ops import reduce as red
from autodiff_cli.ops.arithmetic import mul
from autodiff_cli.ops.create import eye
from autodiff_cli.ops.selection import eq, gt, where
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
from autodiff_cli.vocabulary.products import matmul

OUT = "*, Tensor out = None)"


# ---- inverse, determinant, powers ---------------------------------------------------------------


@torch(f"linalg.inv(Tensor A, {OUT}", only="function")
def linalg_inv(A: Node) -> Node:
    check_square(A, "linalg.inv")
    check_lower(A, "linalg.inv")
    return la.inv(A)


@torch(f"inverse(Tensor input, {OUT}")
def inverse(input: Node) -> Node:
    return linalg_inv(input)


@torch(f"linalg.det(Tensor A, {OUT}", only="function")
def linalg_det(A: Node) -> Node:
    check_square(A, "linalg.det")
    check_kernel(A, "lu")
    return dt.det(A)


@torch("det(Tensor input)")
def det(input: Node) -> Node:
    return linalg_det(input)


_slogdet = return_type("slogdet", ("sign", "logabsdet"))
_linalg_slogdet = return_type("linalg_slogdet", ("sign", "logabsdet"))


@torch("linalg.slogdet(Tensor A, *, tuple of Tensors out = None)", only="function")
def linalg_slogdet(A: Node) -> tuple[Node, ...]:
    check_square(A, "linalg.slogdet")
    check_lower(A, "linalg.slogdet")
    return _linalg_slogdet(dt.det_sign(A), dt.log_abs_det(A))


@torch("slogdet(Tensor input, *, tuple of Tensors out = None)")
def slogdet(input: Node) -> tuple[Node, ...]:
    return _slogdet(*linalg_slogdet(input))


@torch("logdet(Tensor input)")
def logdet(input: Node) -> Node:
    check_square(input, "logdet")
    check_lower(input, "logdet")
    return where(eq(dt.det_sign(input), -1), math.nan, dt.log_abs_det(input))


@torch(f"linalg.matrix_power(Tensor input, int n, {OUT}", only="function")
@torch(f"matrix_power(Tensor input, int n, {OUT}")
def matrix_power(input: Node, n: int) -> Node:
    x = input
    check_square(x, "linalg.matrix_power")
    if n == 0:
        return mv.expand(eye(n=x.shape[-1], m=x.shape[-1], dtype=x.dtype), shape=x.shape)
    if n < 0:
        inverse = linalg_inv(x)
        return matrix_power(inverse, -n) if n < -1 else inverse
    if n == 1:
        return pw.clone(x)
    if n == 3:
        return matmul(matmul(x, x), x)
    result: Node | None = None
    square = x
    while n:
        if n % 2:
            result = square if result is None else matmul(result, square)
        n //= 2
        if n:
            square = matmul(square, square)
    assert result is not None
    return result


@torch("linalg.matrix_exp(Tensor input)", only="function")
@torch("matrix_exp(Tensor input)")
def matrix_exp(input: Node) -> Node:
    check_square(input, "linalg.matrix_exp")
    return la.matrix_exp(input)


# ---- equations ----------------------------------------------------------------------------------


@torch(f"linalg.solve(Tensor A, Tensor B, *, bool left = True, {OUT[3:]}", only="function")
def solve(A: Node, B: Node, left: bool) -> Node:
    if not A.dtype.is_floating:
        raise RuntimeFault(
            "linalg.solve: Expected a floating point or complex tensor as input. Got "
            f"{A.dtype.scalar_name}"
        )
    check_square(A, "linalg.solve")
    if A.dtype is not B.dtype:
        raise RuntimeFault(
            "linalg.solve: Expected A and B to have the same dtype, but found A of type "
            f"{A.dtype.scalar_name} and B of type {B.dtype.scalar_name} instead"
        )
    vector = B.ndim == 1 or (A.ndim - 1 == B.ndim and B.shape == A.shape[:-1])
    if not B.ndim:
        raise RuntimeFault("linalg.solve: The input tensor B must have at least 2 dimensions.")
    rows = B.shape[-1] if vector == left else 1 if vector else B.shape[-2]
    if rows != A.shape[-1]:
        shown = f"{B.shape[-1]}x1" if vector else f"{B.shape[-2]}x{B.shape[-1]}"
        raise RuntimeFault(
            "linalg.solve: Incompatible shapes of A and B for the equation "
            f"{'AX = B' if left else 'XA = B'} ({A.shape[-2]}x{A.shape[-1]} and {shown})"
        )
    if vector and not left:
        raise RuntimeFault(
            "linalg.solve: Vector broadcasting of the left hand side is not supported for left=False. In "
            "this case linalg.solve is equivalent to B / A.squeeze(-1)"
        )
    check_kernel(A, "lu")
    return la.solve(A, B, left=left, vector=vector)


_lstsq = return_type("linalg_lstsq", ("solution", "residuals", "rank", "singular_values"))


DRIVERS = ("gels", "gelsy", "gelsd", "gelss")


@torch(
    "linalg.lstsq(Tensor input, Tensor b, float? rcond = None, *, str? driver = None)",
    only="function",
)
def lstsq(input: Node, b: Node, rcond: float | None, driver: str | None) -> tuple[Node, ...]:
    if input.ndim < 2:
        raise RuntimeFault("torch.linalg.lstsq: input must have at least 2 dimensions.")
    if not b.ndim:
        raise RuntimeFault("torch.linalg.lstsq: other must have at least 1 dimension.")
    check_matrix(input, "torch.linalg.lstsq", "input")
    if input.dtype is dtypes.float16:
        raise RuntimeFault("This function doesn't handle types other than float and double")
    rtol = tolerance(input) if rcond is None else rcond
    vector = b.ndim == input.ndim - 1
    if not 0 <= input.ndim - b.ndim <= 1:
        raise RuntimeFault(
            "torch.linalg.lstsq: input.dim() must be greater or equal to other.dim() and "
            "(input.dim() - other.dim()) <= 1"
        )
    rows = b.ndim - (1 if vector else 2)
    if input.shape[-2] != b.shape[rows]:
        raise RuntimeFault(
            f"torch.linalg.lstsq: input.size(-2) should match other.size(-{1 if vector else 2})"
        )
    driver = "gelsy" if driver is None else driver
    if driver not in DRIVERS:
        raise RuntimeFault(
            f"torch.linalg.lstsq: parameter `driver` should be one of ({', '.join(DRIVERS)})"
        )
    values = dec.svdvals(pw.detach(input))
    last = values.ndim - 1
    bound = mul(mv.slice_(values, dim=last, start=0, stop=1, step=1), rtol)
    rank = red.sum_(gt(values, bound), dim=(last,), keepdim=False, dtype=dtypes.int64)
    surplus = input.shape[-2] > input.shape[-1] and driver != "gelsy"
    if surplus and driver != "gels":
        surplus = bool((force(rank) == input.shape[-1]).all())
    none = constant(np.zeros(0, input.dtype.numpy))
    residuals = ls.no_residuals(none, input, b)
    if surplus:
        residuals = ls.residuals(input, b, rtol=rtol, vector=vector)
    return _lstsq(
        ls.lstsq(input, b, rtol=rtol, vector=vector),
        residuals,
        constant(np.zeros(0, np.int64)) if driver == "gels" else rank,
        values if driver in ("gelsd", "gelss") else none,
    )


@torch(
    "linalg.pinv(Tensor input, *, Tensor? atol = None, Tensor? rtol = None, bool hermitian = False, "
    "Tensor out = None)",
    "linalg.pinv(Tensor input, *, float? atol = None, float? rtol = None, bool hermitian = False, "
    "Tensor out = None)",
    only="function",
)
def linalg_pinv(input: Node, rtol: Bound, hermitian: bool) -> Node:
    if input.ndim < 2 or input.dtype not in (dtypes.float32, dtypes.float64):
        raise RuntimeFault(
            f"linalg.pinv({input.dtype.scalar_name}{{{list(input.shape)}}}): expected a tensor with "
            "2 or more dimensions of float, double, cfloat or cdouble types"
        )
    if hermitian and 0 not in input.shape[-2:]:
        check_square(input, "linalg.eigh")
    bound = tolerance(input) if rtol is None else bound_of(rtol)
    return ls.pinv(input, rtol=bound, hermitian=hermitian)


@torch(
    f"linalg.pinv(Tensor input, Tensor rcond, bool hermitian = False, {OUT}",
    f"linalg.pinv(Tensor input, float rcond, bool hermitian = False, {OUT}",
    only="function",
)
@torch("pinverse(Tensor input, float rcond = 1e-15)")
def pinverse(input: Node, rcond: Bound, hermitian: bool = False) -> Node:
    return linalg_pinv(input, rcond, hermitian)
