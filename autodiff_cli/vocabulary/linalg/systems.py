"""`torch.linalg`: products of reflections, and equations of tensors.

Sources: ATen/native/BatchLinearAlgebra.cpp, LinearAlgebra.cpp (linalg_tensorinv, linalg_tensorsolve).
"""

from __future__ import annotations

import math

from autodiff_cli.errors import RuntimeFault
from autodiff_cli.ir.node import Node, Shape
from autodiff_cli.ir.shapes import wrap_dim
from autodiff_cli.ops import lu
from autodiff_cli.ops import movement as mv
from autodiff_cli.ops.create import eye
from autodiff_cli.ops.rearrange import tril
from autodiff_cli.vocabulary.calls.registry import torch
from autodiff_cli.vocabulary.linalg.checks import check_matrix
from autodiff_cli.vocabulary.linalg.equations import inverse, solve
from autodiff_cli.vocabulary.products import matmul
from autodiff_cli.vocabulary.shaping import reshape_to

OUT = "Tensor out = None)"


# ---- reflections --------------------------------------------------------------------------------


def _householder(A: Node, tau: Node) -> Node:
    rows, columns = A.shape[-2:]
    lead = A.shape[:-2]
    result = mv.expand(eye(n=rows, m=columns, dtype=A.dtype), shape=(*lead, rows, columns))
    below = tril(A, diagonal=-1) + eye(n=rows, m=columns, dtype=A.dtype)
    for at in reversed(range(tau.shape[-1])):
        axis = lu.part(below, None, slice(at, at + 1))
        factor = mv.reshape(
            mv.slice_(tau, dim=tau.ndim - 1, start=at, stop=at + 1, step=1), (*lead, 1, 1)
        )
        result = result - matmul(axis * factor, matmul(mv.matrix_t(axis), result))
    return result


@torch(f"linalg.householder_product(Tensor input, Tensor tau, *, {OUT}", only="function")
@torch(f"orgqr(Tensor input, Tensor input2, *, {OUT}", only="function")
def householder_product(input: Node, tau: Node | None = None, input2: Node | None = None) -> Node:
    name = "torch.linalg.householder_product"
    tau = input2 if tau is None else tau
    assert tau is not None
    if input.ndim < 2:
        raise RuntimeFault(f"{name}: input must have at least 2 dimensions.")
    if input.shape[-2] < input.shape[-1]:
        raise RuntimeFault(
            f"{name}: input.shape[-2] must be greater than or equal to input.shape[-1]"
        )
    if input.shape[-1] < tau.shape[-1]:
        raise RuntimeFault(
            f"{name}: input.shape[-1] must be greater than or equal to tau.shape[-1]"
        )
    if tau.shape[:-1] != input.shape[:-2]:
        raise RuntimeFault(
            f"{name}: Expected batch dimensions of tau to be equal to input.shape[:-2], but got "
            f"{list(tau.shape[:-1])}"
        )
    if tau.dtype is not input.dtype:
        raise RuntimeFault(
            f"{name}: tau dtype {tau.dtype.scalar_name} does not match input dtype "
            f"{input.dtype.scalar_name}"
        )
    check_matrix(input, name, "input")
    product = _householder(input, tau)
    product.named = "LinalgHouseholderProductBackward0"
    return product


# ---- equations of tensors -----------------------------------------------------------------------


@torch(f"linalg.tensorinv(Tensor input, int ind = 2, *, {OUT}", only="function")
def tensorinv(input: Node, ind: int) -> Node:
    if ind <= 0:
        raise RuntimeFault(f"Expected a strictly positive integer for 'ind', but got {ind}")
    first, last = input.shape[:ind], input.shape[ind:]
    if math.prod(first) != math.prod(last):
        raise RuntimeFault(
            "Expected self to satisfy the requirement prod(self.shape[ind:]) == prod(self.shape[:ind]), but "
            f"got {math.prod(last)} != {math.prod(first)}"
        )
    size = math.prod(last)
    # the reference's inverses lie by columns
    return mv.reshape_alias(inverse(reshape_to(input, (size, size))), shape=(*last, *first))


@torch(
    f"linalg.tensorsolve(Tensor input, Tensor other, tuple of ints? dims = None, *, {OUT}",
    only="function",
)
def tensorsolve(input: Node, other: Node, dims: Shape | None) -> Node:
    if dims is not None:
        moved = [wrap_dim(dim, input.ndim) for dim in dims]
        order = [dim for dim in range(input.ndim) if dim not in moved] + moved
        input = mv.permute(input, dims=tuple(order))
    unknowns = input.shape[other.ndim :]
    if math.prod(unknowns) != other.numel:
        raise RuntimeFault(
            "Expected self to satisfy the requirement prod(self.shape[other.ndim:]) == "
            f"prod(self.shape[:other.ndim]), but got {math.prod(unknowns)} != {other.numel}"
        )
    size = math.prod(unknowns)
    flat = solve(reshape_to(input, (size, size)), reshape_to(other, (other.numel,)), True)
    return reshape_to(flat, unknowns)
