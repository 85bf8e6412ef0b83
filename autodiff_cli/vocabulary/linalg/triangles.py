"""`torch.linalg`: triangular factors, and what is solved by them.

Source: ATen/native/BatchLinearAlgebra.cpp.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff_cli.errors import LinAlgFault, NotImplementedFault, RuntimeFault
from autodiff_cli.execute import force
from autodiff_cli.ir import dtypes
from autodiff_cli.ir.node import Node, constant
from autodiff_cli.ops import linalg as la
from autodiff_cli.ops import lu
from autodiff_cli.ops import movement as mv
from autodiff_cli.ops.create import eye
from autodiff_cli.ops.pointwise import clone
from autodiff_cli.ops.rearrange import tril, triu
from autodiff_cli.vocabulary.calls.registry import torch
from autodiff_cli.vocabulary.calls.values import return_type
from autodiff_cli.vocabulary.linalg.checks import check_kernel, check_square
from autodiff_cli.vocabulary.linalg.equations import inverse, solve
from autodiff_cli.vocabulary.products import matmul

OUT = "Tensor out = None)"
OUTS = "tuple of Tensors out = None)"


def _named(x: Node, name: str) -> Node:
    """A node of several operations, by the name of the reference's one function."""
    x.named = name
    return x


def _info(numbers: Any, x: Node) -> Node:
    return constant(np.asarray(numbers, np.int32).reshape(x.shape[:-2]))


def _failed(numbers: Any, words: str) -> None:
    """Raise the error of the first matrix of which there is one."""
    for at, number in enumerate(np.ravel(numbers)):
        if number:
            element = f"(Batch element {at}): " if np.size(numbers) > 1 else ""
            function, _, rest = words.format(number).partition(": ")
            raise LinAlgFault(f"{function}: {element}{rest}")


# ---- L and U ------------------------------------------------------------------------------------


def _check_factors(A: Node, name: str) -> None:
    if A.ndim < 2:
        raise RuntimeFault(
            f"{name}: Expected tensor with 2 or more dimensions. Got size: {list(A.shape)} instead"
        )
    if A.dtype not in (dtypes.float32, dtypes.float64):
        kernel = "lu" if name == "linalg.lu" else "lu_factor"
        raise NotImplementedFault(f"\"{kernel}_cpu\" not implemented for '{A.dtype.scalar_name}'")


def _zero_pivots(A: Node) -> Any:
    """For each matrix the first column without a pivot, counted from 1; 0 where each has one."""
    return [info for _, _, info in lu.factored(force(A))]


_lu = return_type("linalg_lu", ("P", "L", "U"))
_lu_factor = return_type("linalg_lu_factor", ("LU", "pivots"))
_lu_factor_ex = return_type("linalg_lu_factor_ex", ("LU", "pivots", "info"))
_unpacked = return_type("lu_unpack", ("P", "L", "U"))


def _pivoted(pivot: bool) -> None:
    if not pivot:
        raise RuntimeFault("linalg.lu_factor: LU without pivoting is not implemented on the CPU")


@torch(f"linalg.lu(Tensor A, *, bool pivot = True, {OUTS}", only="function")
def linalg_lu(A: Node, pivot: bool) -> tuple[Node, ...]:
    _check_factors(A, "linalg.lu")
    if not pivot:
        raise RuntimeFault("linalg.lu: LU without pivoting is not implemented on the CPU")
    both = lu.lu(A)
    exchanged = lu.permutation(lu.pivots(A), size=A.shape[-2], dtype=A.dtype)
    name = "LinalgLuBackward0"
    return _lu(exchanged, _named(lu.lower(both), name), _named(lu.upper(both), name))


ZERO_PIVOT = (
    "torch.linalg.lu_factor{ex}: U[{{0}},{{0}}] is zero and using it on lu_solve would result in a "
    "division by zero. If you still want to perform the factorization, consider calling linalg.lu(A, "
    "pivot) or linalg.lu_factor_ex(A, pivot)"
)


def _check_pivots(numbers: Any, ex: str) -> None:
    try:
        _failed(numbers, ZERO_PIVOT.format(ex=ex))
    except LinAlgFault as error:
        raise RuntimeFault(error.message) from None


@torch(
    f"linalg.lu_factor_ex(Tensor A, *, bool pivot = True, bool check_errors = False, {OUTS}",
    only="function",
)
def lu_factor_ex(A: Node, pivot: bool, check_errors: bool) -> tuple[Node, ...]:
    _check_factors(A, "torch.linalg.lu_factor_ex")
    _pivoted(pivot)
    numbers = _zero_pivots(A)
    if check_errors:
        _check_pivots(numbers, "_ex")
    return _lu_factor_ex(lu.lu(A), lu.pivots(A), _info(numbers, A))


@torch(f"linalg.lu_factor(Tensor A, *, bool pivot = True, {OUTS}", only="function")
def lu_factor(A: Node, pivot: bool) -> tuple[Node, ...]:
    factors, pivots, info = lu_factor_ex(A, pivot, False)
    _check_pivots(force(info), "")
    return _lu_factor(factors, pivots)


@torch("lu(Tensor input, bool pivot = True, bool get_infos = False)")
def torch_lu(input: Node, pivot: bool, get_infos: bool) -> tuple[Node, ...]:
    factors = tuple(lu_factor_ex(input, pivot, False))
    return factors if get_infos else factors[:2]


def _check_pivot_dtype(name: str, pivots: Node) -> None:
    if pivots.dtype is not dtypes.int32:
        raise RuntimeFault(f"{name}: pivots should be a Tensor of scalar type torch.int32")


@torch(
    "lu_unpack(Tensor LU_data, Tensor LU_pivots, bool unpack_data = True, bool unpack_pivots = True, *, "
    f"{OUTS}",
    only="function",
)
def lu_unpack(
    LU_data: Node, LU_pivots: Node, unpack_data: bool, unpack_pivots: bool
) -> tuple[Node, ...]:
    if unpack_pivots and LU_pivots.dtype is not dtypes.int32:
        raise RuntimeFault(
            "torch.lu_unpack: LU_pivots is expected to be a contiguous tensor of torch.int32 dtype.\n"
            "Note: this function is intended to be used with the output produced by torch.linalg.lu_factor"
        )
    none = constant(np.zeros(0, LU_data.dtype.numpy))
    size, dtype = LU_data.shape[-2], LU_data.dtype
    exchanged = lu.permutation(LU_pivots, size=size, dtype=dtype) if unpack_pivots else none
    if not unpack_data:
        return _unpacked(exchanged, none, none)
    name = "LuUnpackBackward0"
    return _unpacked(exchanged, _named(lu.lower(LU_data), name), _named(lu.upper(LU_data), name))


def _check_shapes(name: str, A: Node, B: Node, left: bool) -> None:
    if B.ndim < 2:
        raise RuntimeFault(f"{name}: The input tensor B must have at least 2 dimensions.")
    if A.shape[-2] != B.shape[-2 if left else -1]:
        raise RuntimeFault(
            f"{name}: Incompatible shapes of A and B for the equation {'AX = B' if left else 'XA = B'} "
            f"({A.shape[-2]}x{A.shape[-1]} and {B.shape[-2]}x{B.shape[-1]})"
        )


@torch(
    f"linalg.lu_solve(Tensor LU, Tensor pivots, Tensor B, *, bool left = True, bool adjoint = False, {OUT}",
    only="function",
)
def linalg_lu_solve(LU: Node, pivots: Node, B: Node, left: bool, adjoint: bool) -> Node:
    check_kernel(LU, "linalg.lu_solve")
    _check_pivot_dtype("linalg.lu_solve", pivots)
    check_square(LU, "torch.linalg.lu_solve")
    _check_shapes("torch.linalg.lu_solve", LU, B, left)
    lower, upper = lu.lower(LU), lu.upper(LU)
    exchanged = lu.permutation(pivots, size=LU.shape[-1], dtype=LU.dtype)
    if not left:
        B, adjoint = mv.matrix_t(B), not adjoint
    if adjoint:
        half = la.triangular(mv.matrix_t(upper), B, upper=False, left=True)
        half = la.triangular(mv.matrix_t(lower), half, upper=True, left=True)
        result = matmul(exchanged, half)
    else:
        half = matmul(mv.matrix_t(exchanged), B)
        half = la.triangular(lower, half, upper=False, left=True)
        result = la.triangular(upper, half, upper=True, left=True)
    return _named(result if left else clone(mv.matrix_t(result)), "LinalgLuSolveBackward0")


@torch(f"lu_solve(Tensor input, Tensor LU_data, Tensor LU_pivots, *, {OUT}")
def lu_solve(input: Node, LU_data: Node, LU_pivots: Node) -> Node:
    return linalg_lu_solve(LU_data, LU_pivots, input, True, False)


# ---- triangles ----------------------------------------------------------------------------------


@torch(
    "linalg.solve_triangular(Tensor input, Tensor B, *, bool upper, bool left = True, "
    f"bool unitriangular = False, {OUT}",
    only="function",
)
def solve_triangular(input: Node, B: Node, upper: bool, left: bool, unitriangular: bool) -> Node:
    name = "linalg.solve_triangular"
    check_square(input, name)
    _check_shapes(name, input, B, left)
    step = int(unitriangular)
    triangle = triu(input, diagonal=step) if upper else tril(input, diagonal=-step)
    if unitriangular:
        size = input.shape[-1]
        triangle = triangle + eye(n=size, m=size, dtype=input.dtype)
    return la.triangular(triangle, B, upper=upper, left=left)


def _check_pair(name: str, B: Node, A: Node) -> None:
    for which, x in (("b", B), ("u", A)):
        if x.ndim < 2:
            raise RuntimeFault(
                f"{which} should have at least 2 dimensions, but has {x.ndim} dimensions instead"
            )
    if A.shape[-1] != A.shape[-2]:
        raise RuntimeFault(
            f"A must be batches of square matrices, but they are {A.shape[-2]} by {A.shape[-1]} matrices"
        )
    if B.shape[-2] != A.shape[-1]:
        raise RuntimeFault(
            f"Incompatible matrix sizes for {name}: each A matrix is {A.shape[-1]} by {A.shape[-1]} but "
            f"each b matrix is {B.shape[-2]} by {B.shape[-1]}"
        )


@torch(f"cholesky_solve(Tensor input, Tensor L, bool upper = False, *, {OUT}")
def cholesky_solve(input: Node, L: Node, upper: bool) -> Node:
    _check_pair("cholesky_solve", input, L)
    check_kernel(L, "cholesky_solve")
    return lu.cholesky_solve(L, input, upper=upper)


@torch(f"cholesky_inverse(Tensor input, bool upper = False, *, {OUT}")
def cholesky_inverse(input: Node, upper: bool) -> Node:
    check_square(input, "cholesky_inverse")
    check_kernel(input, "cholesky_inverse")
    return lu.cholesky_inverse(input, upper=upper)


# ---- with a number that says whether it succeeded ------------------------------------------------

_cholesky_ex = return_type("linalg_cholesky_ex", ("L", "info"))
_inv_ex = return_type("linalg_inv_ex", ("inverse", "info"))
_solve_ex = return_type("linalg_solve_ex", ("result", "info"))


@torch(
    f"linalg.cholesky_ex(Tensor input, *, bool upper = False, bool check_errors = False, {OUTS}",
    only="function",
)
def cholesky_ex(input: Node, upper: bool, check_errors: bool) -> tuple[Node, ...]:
    check_square(input, "linalg.cholesky")
    check_kernel(input, "cholesky")
    x = force(input)
    if not x.size:
        return _cholesky_ex(la.cholesky(input, upper=upper), _info(np.zeros(x.shape[:-2]), input))
    potrf = lu.lapack("potrf", x)
    parts = lu.each_matrix(lambda m: potrf(m, lower=not upper, clean=1), x)
    numbers = [info for _, info in parts]
    if check_errors:
        _failed(
            numbers,
            "linalg.cholesky_ex: The factorization could not be completed because the input is not "
            "positive-definite (the leading minor of order {} is not positive-definite).",
        )
    if any(numbers):
        result = constant(np.asarray([part for part, _ in parts], x.dtype).reshape(x.shape))
    else:
        result = la.cholesky(input, upper=upper)
    return _cholesky_ex(result, _info(numbers, input))


def _through_factors(A: Node, right: Any) -> Any:
    """What comes of an equation of which some matrices are singular: infinities and nan."""
    x = force(A)
    getrs = lu.lapack("getrs", x)
    stacked = np.broadcast_to(right, (*x.shape[:-2], *right.shape[-2:]))
    flat = stacked.reshape(-1, *right.shape[-2:])
    with np.errstate(all="ignore"):
        parts = [getrs(f[0], f[1], b)[0] for f, b in zip(lu.factored(x), flat)]
    return np.asarray(parts, x.dtype).reshape(stacked.shape)


SINGULAR = (
    "{name}: The diagonal element {{}} is zero, the {what} could not be completed because the input matrix "
    "is singular."
)


@torch(f"linalg.inv_ex(Tensor A, *, bool check_errors = False, {OUTS}", only="function")
def inv_ex(A: Node, check_errors: bool) -> tuple[Node, ...]:
    check_square(A, "linalg.inv_ex")
    check_kernel(A, "lu")
    numbers = _zero_pivots(A)
    if check_errors:
        _failed(numbers, SINGULAR.format(name="linalg.inv_ex", what="inversion"))
    if not any(numbers):
        return _inv_ex(inverse(A), _info(numbers, A))
    result = _through_factors(A, np.eye(A.shape[-1], dtype=A.dtype.numpy))
    return _inv_ex(constant(result), _info(numbers, A))


@torch(
    f"linalg.solve_ex(Tensor A, Tensor B, *, bool left = True, bool check_errors = False, {OUTS}",
    only="function",
)
def solve_ex(A: Node, B: Node, left: bool, check_errors: bool) -> tuple[Node, ...]:
    check_square(A, "linalg.solve")
    numbers = _zero_pivots(A)
    if check_errors:
        _failed(numbers, SINGULAR.format(name="torch.linalg.solve_ex", what="solve"))
    if not any(numbers) or not left:
        return _solve_ex(solve(A, B, left), _info(numbers, A))
    right = force(B)
    vector = B.ndim == 1 or (A.ndim - 1 == B.ndim and B.shape == A.shape[:-1])
    found = _through_factors(A, right[..., None] if vector else right)
    return _solve_ex(constant(found[..., 0] if vector else found), _info(numbers, A))


# ---- L and D of symmetric matrices --------------------------------------------------------------

_ldl_factor = return_type("linalg_ldl_factor", ("LD", "pivots"))
_ldl_factor_ex = return_type("linalg_ldl_factor_ex", ("LD", "pivots", "info"))


@torch(
    f"linalg.ldl_factor_ex(Tensor input, *, bool hermitian = False, bool check_errors = False, {OUTS}",
    only="function",
)
def ldl_factor_ex(input: Node, hermitian: bool, check_errors: bool) -> tuple[Node, ...]:
    check_square(input, "torch.linalg.ldl_factor_ex")
    check_kernel(input, "ldl_factor_kernel")
    x = force(input)
    sytrf = lu.lapack("sytrf", x)
    parts = lu.each_matrix(lambda m: sytrf(m, lower=1), x) if x.size else []
    numbers = [info for _, _, info in parts] or np.zeros(x.shape[:-2])
    if check_errors:
        _failed(
            numbers,
            "torch.linalg.ldl_factor_ex: The factorization could not be completed: D[{0},{0}] is zero.",
        )
    factors = np.asarray([np.tril(part) for part, _, _ in parts], x.dtype).reshape(x.shape)
    pivots = np.asarray([pivots for _, pivots, _ in parts], np.int32).reshape(x.shape[:-1])
    return _ldl_factor_ex(constant(factors), constant(pivots), _info(numbers, input))


@torch(f"linalg.ldl_factor(Tensor input, *, bool hermitian = False, {OUTS}", only="function")
def ldl_factor(input: Node, hermitian: bool) -> tuple[Node, ...]:
    check_square(input, "torch.linalg.ldl_factor_ex")
    return _ldl_factor(*ldl_factor_ex(input, hermitian, True)[:2])


@torch(
    f"linalg.ldl_solve(Tensor LD, Tensor pivots, Tensor B, *, bool hermitian = False, {OUT}",
    only="function",
)
def ldl_solve(LD: Node, pivots: Node, B: Node, hermitian: bool) -> Node:
    name = "torch.linalg.ldl_solve"
    check_square(LD, name)
    if B.ndim < 2:
        raise RuntimeFault(
            f"{name}: Expected B to have at least 2 dimensions, but it has {B.ndim} dimensions instead"
        )
    if LD.shape[-2] != B.shape[-2]:
        raise RuntimeFault(
            f"{name}: Incompatible matrix sizes for ldl_solve: each A matrix is {LD.shape[-1]} by "
            f"{LD.shape[-1]} but each b matrix is {B.shape[-2]} by {B.shape[-1]}"
        )
    factors, right, places = force(LD), force(B), force(pivots)
    lead = np.broadcast_shapes(factors.shape[:-2], right.shape[:-2])
    shape = (*lead, *right.shape[-2:])
    if not right.size or (not lead and not factors.size):
        return constant(np.zeros(shape, factors.dtype))
    every = [
        np.broadcast_to(part, (*lead, *part.shape[-own:])).reshape(-1, *part.shape[-own:])
        for part, own in ((factors, 2), (places, 1), (right, 2))
    ]
    sytrs = lu.lapack("sytrs", factors)
    parts = [sytrs(f, p, b, lower=1)[0] for f, p, b in zip(*every)]
    return constant(np.asarray(parts, factors.dtype).reshape(shape))
