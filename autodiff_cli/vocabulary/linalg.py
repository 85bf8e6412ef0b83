"""`torch.linalg`: inverses, equations and factors of matrices."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from autodiff_cli.errors import NotImplementedFault, RuntimeFault
from autodiff_cli.execute import force
from autodiff_cli.ir import dtypes
from autodiff_cli.ir.node import Node, Number, constant
from autodiff_cli.ops import decompose as dec
from autodiff_cli.ops import linalg as la
from autodiff_cli.ops import matrix as mx
from autodiff_cli.ops import movement as mv
from autodiff_cli.ops import nonfinite as nf
from autodiff_cli.ops import pointwise as pw
from autodiff_cli.ops import reduce as red
from autodiff_cli.ops.arithmetic import div, mul
from autodiff_cli.ops.create import eye, full
from autodiff_cli.ops.heavy import factored
from autodiff_cli.ops.pairs import nan_to_num
from autodiff_cli.ops.selection import eq, where
from autodiff_cli.vocabulary.products import matmul
from autodiff_cli.vocabulary.reductions import matrix_norm
from autodiff_cli.vocabulary.registry import python, torch
from autodiff_cli.vocabulary.values import return_type

OUT = "*, Tensor out = None)"


def check_matrix(x: Node, name: str, argument: str = "A") -> None:
    if x.ndim < 2:
        raise RuntimeFault(f"{name}: The input tensor {argument} must have at least 2 dimensions.")
    if not x.dtype.is_floating:
        raise RuntimeFault(
            f"{name}: Expected a floating point or complex tensor as input. Got "
            f"{x.dtype.scalar_name}",
            hint="convert first: x.float()",
        )


def check_square(x: Node, name: str) -> None:
    if x.ndim < 2:
        check_matrix(x, name)
    if x.shape[-1] != x.shape[-2]:
        raise RuntimeFault(
            f"{name}: A must be batches of square matrices, but they are {x.shape[-2]} by "
            f"{x.shape[-1]} matrices"
        )
    check_matrix(x, name)


def check_lower(x: Node, name: str) -> None:
    if x.dtype is dtypes.float16:
        raise RuntimeFault(f"{name}: Low precision dtypes not supported. Got Half")


def check_kernel(x: Node, kernel: str) -> None:
    if x.dtype is dtypes.float16:
        raise NotImplementedFault(f"\"{kernel}_cpu\" not implemented for 'Half'")


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
    return la.det(A)


@torch("det(Tensor input)")
def det(input: Node) -> Node:
    return linalg_det(input)


_slogdet = return_type("slogdet", ("sign", "logabsdet"))
_linalg_slogdet = return_type("linalg_slogdet", ("sign", "logabsdet"))


@torch("linalg.slogdet(Tensor A, *, tuple of Tensors out = None)", only="function")
def linalg_slogdet(A: Node) -> tuple[Node, ...]:
    check_square(A, "linalg.slogdet")
    check_lower(A, "linalg.slogdet")
    return _linalg_slogdet(la.det_sign(A), la.log_abs_det(A))


@torch("slogdet(Tensor input, *, tuple of Tensors out = None)")
def slogdet(input: Node) -> tuple[Node, ...]:
    return _slogdet(*linalg_slogdet(input))


@torch("logdet(Tensor input)")
def logdet(input: Node) -> Node:
    check_square(input, "logdet")
    check_lower(input, "logdet")
    return where(eq(la.det_sign(input), -1), math.nan, la.log_abs_det(input))


def _power(x: Node, n: int) -> Node:
    check_square(x, "linalg.matrix_power")
    if n == 0:
        return mv.expand(eye(n=x.shape[-1], m=x.shape[-1], dtype=x.dtype), shape=x.shape)
    if n < 0:
        inverse = linalg_inv(x)
        return _power(inverse, -n) if n < -1 else inverse
    if n == 1:
        from autodiff_cli.ops.pointwise import clone

        return clone(x)
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


@torch(f"matrix_power(Tensor input, int n, {OUT}")
def matrix_power(input: Node, n: int) -> Node:
    return _power(input, n)


@torch(f"linalg.matrix_power(Tensor input, int n, {OUT}", only="function")
def linalg_matrix_power(input: Node, n: int) -> Node:
    return _power(input, n)


@torch("linalg.matrix_exp(Tensor input)", only="function")
def linalg_matrix_exp(input: Node) -> Node:
    check_square(input, "linalg.matrix_exp")
    return la.matrix_exp(input)


@torch("matrix_exp(Tensor input)")
def matrix_exp(input: Node) -> Node:
    return linalg_matrix_exp(input)


def _chained(name: str, tensors: Sequence[Node]) -> Node:
    if len(tensors) < 2:
        raise RuntimeFault(f"multi_dot(): expected at least 2 tensors but got {len(tensors)}")
    last = len(tensors) - 1
    for at, x in enumerate(tensors):
        if x.ndim != 2 and not (x.ndim == 1 and at in (0, last)):
            which = "first" if not at else "last" if at == last else f"tensor {at}"
            raise RuntimeFault(
                f"multi_dot(): the {which} tensor must be 1D or 2D but got {x.ndim}D"
                if at in (0, last)
                else f"multi_dot(): tensor {at} must be 2D but got {x.ndim}D"
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


@torch("linalg.multi_dot(tuple of Tensors tensors, *, Tensor out = None)", only="function")
def multi_dot(tensors: tuple[Node, ...]) -> Node:
    return _chained("multi_dot", tensors)


@python("chain_matmul", calls="chain_matmul(tuple of Tensors matrices)")
def chain_matmul(*matrices: Node) -> Node:
    if not matrices:
        raise RuntimeFault("chain_matmul(): Expected one or more matrices")
    for x in matrices:
        if x.ndim != 2:
            raise RuntimeFault(f"Tensor dimension is {x.ndim}, expected 2 instead.")
    return matrices[0] if len(matrices) == 1 else _chained("chain_matmul", matrices)


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
    rows = B.shape[-1] if vector or not left else B.shape[-2]
    if rows != A.shape[-1]:
        shown = f"{B.shape[-1]}x1" if vector else f"{B.shape[-2]}x{B.shape[-1]}"
        raise RuntimeFault(
            "linalg.solve: Incompatible shapes of A and B for the equation "
            f"{'AX = B' if left else 'XA = B'} ({A.shape[-2]}x{A.shape[-1]} and {shown})"
        )
    check_kernel(A, "lu")
    return la.solve(A, B, left=left, vector=vector)


_lstsq = return_type("linalg_lstsq", ("solution", "residuals", "rank", "singular_values"))


@torch(
    "linalg.lstsq(Tensor input, Tensor b, float? rcond = None, *, str? driver = None)",
    only="function",
)
def lstsq(input: Node, b: Node, rcond: float | None) -> tuple[Node, ...]:
    if input.ndim < 2:
        raise RuntimeFault("torch.linalg.lstsq: input must have at least 2 dimensions.")
    if not b.ndim:
        raise RuntimeFault("torch.linalg.lstsq: other must have at least 1 dimension.")
    check_matrix(input, "torch.linalg.lstsq", "input")
    if input.dtype is dtypes.float16:
        raise RuntimeFault("This function doesn't handle types other than float and double")
    rtol = _tolerance(input) if rcond is None else rcond
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
    right = mv.unsqueeze(b, shape=(*b.shape, 1)) if vector else b
    solution = la.lstsq(input, right, rtol=rtol)
    empty = constant(np.zeros(0, input.dtype.numpy))
    rank = constant(np.zeros(0, np.int64))
    if vector:
        solution = mv.squeeze_dim(solution, shape=solution.shape[:-1])
    return _lstsq(solution, empty, rank, empty)


def _tolerance(x: Node) -> float:
    return max(x.shape[-2:]) * float(np.finfo(x.dtype.numpy).eps)


def _bound(given: Node | None) -> float | None:
    """A tolerance that is given as a tensor, as a number.

    Raises:
        NotImplementedFault: it is one for each matrix.
    """
    if given is None:
        return None
    if given.numel != 1:
        raise NotImplementedFault("a tolerance for each matrix does not exist here")
    return float(force(given).reshape(-1)[0])


@torch(
    "linalg.pinv(Tensor input, *, Tensor? atol = None, Tensor? rtol = None, bool hermitian = False, "
    "Tensor out = None)",
    only="function",
)
def linalg_pinv_of_tensors(input: Node, rtol: Node | None, hermitian: bool) -> Node:
    return linalg_pinv(input, _bound(rtol), hermitian)


@torch(
    "linalg.pinv(Tensor input, *, float? atol = None, float? rtol = None, bool hermitian = False, "
    "Tensor out = None)",
    only="function",
)
def linalg_pinv_bounds(input: Node, rtol: float | None, hermitian: bool) -> Node:
    return linalg_pinv(input, rtol, hermitian)


@torch(f"linalg.pinv(Tensor input, Tensor rcond, bool hermitian = False, {OUT}", only="function")
def linalg_pinv_above(input: Node, rcond: Node, hermitian: bool) -> Node:
    return linalg_pinv(input, _bound(rcond), hermitian)


@torch(f"linalg.pinv(Tensor input, float rcond, bool hermitian = False, {OUT}", only="function")
def linalg_pinv(input: Node, rcond: float | None, hermitian: bool = False) -> Node:
    if input.ndim < 2 or input.dtype not in (dtypes.float32, dtypes.float64):
        raise RuntimeFault(
            f"linalg.pinv({input.dtype.scalar_name}{{{list(input.shape)}}}): expected a tensor with "
            "2 or more dimensions of float, double, cfloat or cdouble types"
        )
    if hermitian and 0 not in input.shape[-2:]:
        check_square(input, "linalg.eigh")
    rtol = _tolerance(input) if rcond is None else rcond
    return la.pinv(input, rtol=rtol, hermitian=hermitian)


@torch("pinverse(Tensor input, float rcond = 1e-15)")
def pinverse(input: Node, rcond: float) -> Node:
    return linalg_pinv(input, rcond)


@torch(
    "linalg.matrix_rank(Tensor input, *, Tensor? atol = None, Tensor? rtol = None, "
    "bool hermitian = False, Tensor out = None)",
    only="function",
)
def matrix_rank_of_tensors(
    input: Node, atol: Node | None, rtol: Node | None, hermitian: bool
) -> Node:
    return matrix_rank(input, _bound(atol), _bound(rtol), hermitian)


@torch(
    "linalg.matrix_rank(Tensor input, *, float? atol = None, float? rtol = None, "
    "bool hermitian = False, Tensor out = None)",
    only="function",
)
def matrix_rank(
    input: Node, atol: float | None, rtol: float | None, hermitian: bool = False
) -> Node:
    check_matrix(input, "torch.linalg.matrix_rank", "input")
    if input.dtype is dtypes.float16:
        raise RuntimeFault("This function doesn't handle types other than float and double")
    if 0 in input.shape[-2:]:
        return constant(np.zeros(input.shape[:-2], np.int64))
    if hermitian:
        check_square(input, "linalg.eigh")
    values = np.abs(force(la.eigenvalues(input, uplo="L") if hermitian else dec.svdvals(input)))
    largest = values.max(-1, initial=0.0)
    relative = rtol if rtol is not None else 0.0 if atol else _tolerance(input)
    bound = np.maximum(atol or 0.0, relative * largest)
    return constant(np.asarray(np.sum(values > np.asarray(bound)[..., None], -1, dtype=np.int64)))


# ---- factors ------------------------------------------------------------------------------------


@torch(
    f"linalg.matrix_rank(Tensor input, Tensor tol, bool hermitian = False, {OUT}", only="function"
)
def matrix_rank_above_tensor(input: Node, tol: Node, hermitian: bool) -> Node:
    return matrix_rank(input, _bound(tol), None, hermitian)


@torch(
    f"linalg.matrix_rank(Tensor input, float tol, bool hermitian = False, {OUT}", only="function"
)
def matrix_rank_above(input: Node, tol: float, hermitian: bool) -> Node:
    return matrix_rank(input, tol, None, hermitian)


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
        parts = (
            factored(
                lambda x: np.linalg.qr(x, "complete")[0], lambda x: nf.qr(x, True)[0], force(A)
            ),
            factored(
                lambda x: np.linalg.qr(x, "complete")[1], lambda x: nf.qr(x, True)[1], force(A)
            ),
        )
        return _linalg_qr(*map(constant, parts))
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


def check_driver(driver: str | None) -> None:
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
    check_driver(driver)
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
    check_driver(driver)
    return dec.svdvals(A)


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
    dims, none = (-2, -1), None
    product = mul(*(matrix_norm(x, p, dims, False, none) for x in (input, la.plain_inv(input))))
    return nan_to_num(product, nan=math.inf, posinf=math.inf, neginf=-math.inf)
