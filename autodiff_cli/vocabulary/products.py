"""Products of vectors, matrices and batches of matrices.

Source: ATen/native/LinearAlgebra.cpp (`_matmul_impl`, `should_fold`), Linear.cpp (`linear`).
"""

from __future__ import annotations

import math
from collections.abc import Callable

from autodiff_cli.errors import NotImplementedFault, RuntimeFault
from autodiff_cli.ir import layout
from autodiff_cli.ir.dtypes import BOOL, DType
from autodiff_cli.ir.node import Node, Number
from autodiff_cli.ir.shapes import broadcast, size_at
from autodiff_cli.ops import arithmetic as ar
from autodiff_cli.ops import matrix as mx
from autodiff_cli.ops import movement as mv
from autodiff_cli.vocabulary.calls.registry import alias, torch
from autodiff_cli.vocabulary.shaping import contiguous, reshape_to, t


def _not_bool(x: Node, kernel: str) -> None:
    if x.dtype.category == BOOL:
        raise NotImplementedFault(f"\"{kernel}\" not implemented for 'Bool'")


def _same_dtype(a: Node, b: Node) -> None:
    if a.dtype is not b.dtype:
        raise RuntimeFault(
            f"expected m1 and m2 to have the same dtype, but got: {a.dtype.c_name} != "
            f"{b.dtype.c_name}",
            hint="convert one side with .float() or .double()",
        )


@torch("dot(Tensor input, Tensor tensor, *, Tensor out = None)")
def dot(input: Node, tensor: Node) -> Node:
    a, b = input, tensor
    if a.ndim != 1 or b.ndim != 1:
        raise RuntimeFault(f"1D tensors expected, but got {a.ndim}D and {b.ndim}D tensors")
    if a.dtype is not b.dtype:
        raise RuntimeFault(
            "dot : expected both vectors to have same dtype, but found "
            f"{a.dtype.scalar_name} and {b.dtype.scalar_name}"
        )
    if a.numel != b.numel:
        raise RuntimeFault(
            f"inconsistent tensor size, expected tensor [{a.numel}] and src [{b.numel}] to have the "
            f"same number of elements, but got {a.numel} and {b.numel} elements respectively"
        )
    _not_bool(a, "dot")
    return mx.dot(a, b)


@torch("mv(Tensor input, Tensor vec, *, Tensor out = None)")
def matrix_vector(input: Node, vec: Node) -> Node:
    size_at(input.shape, 0)
    if input.ndim != 2 or vec.ndim != 1:
        raise RuntimeFault(f"vector + matrix @ vector expected, got 1, {input.ndim}, {vec.ndim}")
    if input.shape[1] != vec.shape[0]:
        raise RuntimeFault(
            f"size mismatch, got input ({input.shape[0]}), mat ({input.shape[0]}x{input.shape[1]}), "
            f"vec ({vec.shape[0]})"
        )
    if input.dtype is not vec.dtype:
        vector, matrix = vec.dtype.scalar_name, input.dtype.scalar_name
        raise RuntimeFault(
            f"addmv input tensors must have the same dtype, but got {vector}, {matrix}, and {vector}",
            hint="convert one side with .float() or .double(), or choose --dtype for both",
        )
    _not_bool(input, "addmv_impl_cpu")
    return mx.mv(input, vec)


def _out_dtype(name: str, product: Callable[[Node, Node], Node]) -> None:
    """The overload that names a result dtype, which the reference runs on other devices alone."""

    @torch(
        f"{name}(Tensor input, Tensor mat2, torch.dtype out_dtype, *, Tensor out = None)",
        only="function",
    )
    def with_dtype(input: Node, mat2: Node, out_dtype: DType) -> Node:
        check_out_dtype(name, input, out_dtype)
        return product(input, mat2)


def check_out_dtype(name: str, x: Node, dtype: DType) -> None:
    if dtype is not x.dtype:
        raise RuntimeFault(f"{name}: out_dtype must be the same as the dtype of the inputs on CPU")


@torch("mm(Tensor input, Tensor mat2, *, Tensor out = None)")
def mm(input: Node, mat2: Node) -> Node:
    if input.ndim != 2:
        raise RuntimeFault("self must be a matrix")
    if mat2.ndim != 2:
        raise RuntimeFault("mat2 must be a matrix")
    check_product(input, mat2)
    return mx.mm(input, mat2)


_out_dtype("mm", mm)


def check_product(a: Node, b: Node) -> None:
    if a.shape[1] != b.shape[0]:
        raise RuntimeFault(
            "mat1 and mat2 shapes cannot be multiplied "
            f"({a.shape[0]}x{a.shape[1]} and {b.shape[0]}x{b.shape[1]})",
            hint="the columns of the first must be as many as the rows of the second; .T transposes",
        )
    _same_dtype(a, b)
    _not_bool(a, "addmm_impl_cpu_")


@torch("bmm(Tensor input, Tensor mat2, *, Tensor out = None)")
def bmm(input: Node, mat2: Node) -> Node:
    check_bmm(input, mat2)
    return mx.bmm(input, mat2)


def check_bmm(input: Node, mat2: Node) -> None:
    """Refuse what isn't two batches of matrices that can be multiplied."""
    if input.ndim != 3 or mat2.ndim != 3:
        which = "batch1" if input.ndim != 3 else "batch2"
        raise RuntimeFault(f"{which} must be a 3D tensor")
    if mat2.shape[:2] != (input.shape[0], input.shape[2]):
        raise RuntimeFault(
            "Expected size for first two dimensions of batch2 tensor to be: "
            f"[{input.shape[0]}, {input.shape[2]}] but got: [{mat2.shape[0]}, {mat2.shape[1]}]."
        )
    _not_bool(input, "bmm")
    if input.dtype is not mat2.dtype:
        raise RuntimeFault(
            f"expected scalar type {input.dtype.scalar_name} but found {mat2.dtype.scalar_name}"
        )


_out_dtype("bmm", bmm)


@torch(
    "addmm(Tensor input, Tensor mat1, Tensor mat2, *, Number beta = 1, Number alpha = 1, "
    "Tensor out = None)",
    "addmm(Number beta, Tensor input, Number alpha, Tensor mat1, Tensor mat2, *, Tensor out = None)"
    "|deprecated",
    "addmm(Number beta, Tensor input, Tensor mat1, Tensor mat2, *, Tensor out = None)|deprecated",
    in_place="method",
)
def addmm(input: Node, mat1: Node, mat2: Node, beta: Number, alpha: Number = 1) -> Node:
    for name, x in (("self", input), ("mat1", mat1)):
        if x.dtype is not mat2.dtype:
            raise RuntimeFault(
                f"{name} and mat2 must have the same dtype, but got {x.dtype.scalar_name} and "
                f"{mat2.dtype.scalar_name}"
            )
    if mat1.ndim != 2 or mat2.ndim != 2:
        which = "mat1" if mat1.ndim != 2 else "mat2"
        raise RuntimeFault(
            f"{which} must be a matrix, got {(mat1 if which == 'mat1' else mat2).ndim}-D tensor"
        )
    if mat1.shape[1] == mat2.shape[0]:
        shape = (mat1.shape[0], mat2.shape[1])
        lead = 2 - input.ndim
        for at, size in enumerate(input.shape):
            if size not in (1, shape[lead + at]):
                raise RuntimeFault(
                    f"The expanded size of the tensor ({shape[lead + at]}) must match the existing size "
                    f"({size}) at non-singleton dimension {lead + at}.  Target sizes: {list(shape)}.  "
                    f"Tensor sizes: {list(input.shape)}"
                )
    for name, given in (("self", input), ("mat1", mat1)):
        if given.dtype is not mat2.dtype:
            raise RuntimeFault(
                f"{name} and mat2 must have the same dtype, but got "
                f"{given.dtype.scalar_name} and {mat2.dtype.scalar_name}"
            )
    check_product(mat1, mat2)
    return mx.addmm(input, mat1, mat2, beta=beta, alpha=alpha)


@torch(
    "addmm(Tensor input, Tensor mat1, Tensor mat2, torch.dtype out_dtype, *, Number beta = 1, "
    "Number alpha = 1, Tensor out = None)",
    only="function",
)
def addmm_with_dtype(
    input: Node, mat1: Node, mat2: Node, out_dtype: DType, beta: Number, alpha: Number
) -> Node:
    check_out_dtype("addmm", input, out_dtype)
    return addmm(input, mat1, mat2, beta, alpha)


@torch("outer(Tensor input, Tensor vec2, *, Tensor out = None)")
def outer(input: Node, vec2: Node) -> Node:
    for vector, name in ((input, "self"), (vec2, "vec2")):
        if vector.ndim != 1:
            raise RuntimeFault(f"outer: Expected 1-D argument {name}, but got {vector.ndim}-D")
    return ar.mul(reshape_to(input, (input.shape[0], 1)), vec2)


@torch("matmul(Tensor input, Tensor other, *, Tensor out = None)")
def matmul(input: Node, other: Node) -> Node:
    a, b = input, other
    if not a.ndim or not b.ndim:
        raise RuntimeFault(
            f"both arguments to matmul need to be at least 1D, but they are {a.ndim}D and {b.ndim}D",
            hint="multiply by a 0-dim tensor with *",
        )
    if a.ndim == 1 and b.ndim == 1:
        return dot(a, b)
    if a.ndim == 2 and b.ndim == 1:
        return matrix_vector(a, b)
    if a.ndim == 1 and b.ndim == 2:
        product = mm(mv.unsqueeze(a, shape=(1, *a.shape)), b)
        return mv.squeeze_product(product, shape=product.shape[1:])
    if a.ndim == 2 and b.ndim == 2:
        return mm(a, b)
    if _folds(a, b):
        return _folded(a, b)
    return _batched(a, b)


def _folds(a: Node, b: Node) -> bool:
    """Whether the larger operand is seen as one tall matrix, rather than both as batches."""
    large, small = (a, b) if a.ndim >= b.ndim else (b, a)
    if not (large.ndim >= 3 and small.ndim <= 2):
        return False
    if small.requires_grad:
        return True
    if a.ndim == 2:
        return False
    if large.numel == 0:
        return True
    strides = layout.strides_of(large)
    if large is b:
        strides = (*strides[:-2], strides[-1], strides[-2])
        shape = (*large.shape[:-2], large.shape[-1], large.shape[-2])
    else:
        shape = large.shape
    return all(strides[at] == strides[at + 1] * shape[at + 1] for at in range(large.ndim - 2))


def _folded(a: Node, b: Node) -> Node:
    turned = a.ndim < b.ndim
    large = mv.matrix_t(b) if turned else a
    small = b if not turned else a if a.ndim == 1 else mv.t(a, dims=(1, 0))
    shape = large.shape[:-1]
    flat = reshape_to(large, (math.prod(shape), large.shape[-1]))
    if small.ndim == 1:
        return mv.unsafe_view(matrix_vector(flat, small), shape=shape)
    product = mv.unsafe_view(mm(flat, small), shape=(*shape, small.shape[1]))
    return contiguous(mv.matrix_t(product)) if turned else product


def _batched(a: Node, b: Node) -> Node:
    if a.ndim == b.ndim == 3 and a.shape[0] != b.shape[0]:
        if a.shape[0] == 1 and a.requires_grad:
            return matmul(mv.squeeze_dim(a, shape=a.shape[1:]), b)
        if b.shape[0] == 1 and b.requires_grad:
            return matmul(a, mv.squeeze_dim(b, shape=b.shape[1:]))
    batch = broadcast(a.shape[:-2], b.shape[:-2])
    count = math.prod(batch)
    rows, inner = (a.shape[-2] if a.ndim > 1 else 1), a.shape[-1]
    left = reshape_to(mv.expand(a, shape=(*batch, rows, inner)), (count, rows, inner))
    if b.ndim == 1:
        right = reshape_to(mv.expand(b, shape=(*batch, b.shape[0])), (count, b.shape[0]))
        right = mv.unsqueeze(right, shape=(*right.shape, 1))
    else:
        right = reshape_to(mv.expand(b, shape=(*batch, *b.shape[-2:])), (count, *b.shape[-2:]))
    product = bmm(left, right)
    shape = batch + ((rows,) if a.ndim > 1 else ()) + ((b.shape[-1],) if b.ndim > 1 else ())
    if b.ndim == 1:
        product = mv.squeeze_dim(product, shape=product.shape[:-1])
    return mv.unsafe_view(product, shape=shape)


@torch(
    "F.linear(Tensor input, Tensor weight, Tensor? bias = None, *, Tensor out = None)",
    only="function",
)
def linear(input: Node, weight: Node, bias: Node | None) -> Node:
    """input @ weight.T + bias, by the same route as the reference's."""

    if not input.ndim or not weight.ndim:
        raise RuntimeFault(
            "both arguments to linear need to be at least 1D, but they are "
            f"{input.ndim}D and {weight.ndim}D"
        )

    def turned() -> Node:
        return t(weight)

    if bias is None or weight.ndim != 2:
        product = matmul(input, turned())
        return product if bias is None else ar.add(product, bias, alpha=1)
    if input.ndim == 2:
        return addmm(bias, input, turned(), 1, 1)
    if input.ndim and layout.is_contiguous(input):
        flat = reshape_to(input, (math.prod(input.shape[:-1]), input.shape[-1]))
        product = addmm(bias, flat, turned(), 1, 1)
        return mv.view(product, shape=(*input.shape[:-1], product.shape[1]))
    return ar.add(matmul(input, turned()), bias, alpha=1)


alias("ger", of="outer")
alias("linalg.matmul", of="matmul")
