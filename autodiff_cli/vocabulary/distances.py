"""Distances, angles, covariances, and products of vectors."""

from __future__ import annotations

from autodiff_cli.errors import NotImplementedFault, RuntimeFault, ValueFault
from autodiff_cli.ir.dtypes import BOOL, DType, promote
from autodiff_cli.ir.node import Node, Number
from autodiff_cli.ir.shapes import broadcast, size_at, wrap_dim
from autodiff_cli.ops import arithmetic as ar
from autodiff_cli.ops import distance as ds
from autodiff_cli.ops import matrix as mx
from autodiff_cli.ops import movement as mv
from autodiff_cli.ops import pointwise as pw
from autodiff_cli.ops import reduce as red
from autodiff_cli.ops import selection as sel
from autodiff_cli.vocabulary.arithmetic import check_subtraction
from autodiff_cli.vocabulary.calls.registry import alias, python, torch
from autodiff_cli.vocabulary.einsum import contraction
from autodiff_cli.vocabulary.products import check_bmm, check_out_dtype, dot
from autodiff_cli.vocabulary.shaping import check_expandable

OUT = "*, Tensor out = None)"


@torch(f"inner(Tensor input, Tensor other, {OUT}")
def inner(input: Node, other: Node) -> Node:
    if not input.ndim or not other.ndim:
        return ar.mul(input, other)
    if input.shape[-1] != other.shape[-1]:
        raise RuntimeFault(
            "inner() the last dimension must match on both input tensors but got shapes "
            f"{list(input.shape)} and {list(other.shape)}"
        )
    if input.dtype is not other.dtype:
        raise RuntimeFault("both inputs should have same dtype")
    return contraction(input, other, [input.ndim - 1], [other.ndim - 1])


@torch(f"vdot(Tensor input, Tensor other, {OUT}")
def vdot(input: Node, other: Node) -> Node:
    dot(input, other)  # whose errors these are
    return mx.vdot(input, other)


@torch(f"linalg.vecdot(Tensor x, Tensor y, *, int dim = -1, {OUT[3:]}", only="function")
def vecdot(x: Node, y: Node, dim: int) -> Node:
    if not x.dtype.is_floating:
        raise RuntimeFault(
            "linalg.vecdot: Expected a floating point or complex tensor as input. Got "
            f"{x.dtype.scalar_name}"
        )
    if x.dtype is not y.dtype:
        raise RuntimeFault(
            "linalg.vecdot: Expected x and y to have the same dtype, but found x of type "
            f"{x.dtype.scalar_name} and y of type {y.dtype.scalar_name} instead"
        )
    if x.ndim == y.ndim == 1 and x.shape == y.shape:
        return mx.vdot(x, y)
    product = ar.mul(x, y)
    at = wrap_dim(dim, product.ndim)
    return red.sum_(product, dim=(at,), keepdim=False, dtype=product.dtype)


ADDED = "*, Number beta = 1, Number alpha = 1, Tensor out = None)"


@torch(
    f"addmv(Tensor input, Tensor mat, Tensor vec, {ADDED}",
    f"addmv(Number beta, Tensor input, Number alpha, Tensor mat, Tensor vec, {OUT}|deprecated",
    f"addmv(Number beta, Tensor input, Tensor mat, Tensor vec, {OUT}|deprecated",
    in_place="function",
)
def addmv(input: Node, mat: Node, vec: Node, beta: Number, alpha: Number = 1) -> Node:
    _check_factors("addmv", input, mat, vec)
    return mx.addmv(input, mat, vec, beta=beta, alpha=alpha)


@torch(
    f"addr(Tensor input, Tensor vec1, Tensor vec2, {ADDED}",
    f"addr(Number beta, Tensor input, Number alpha, Tensor vec1, Tensor vec2, {OUT}|deprecated",
    f"addr(Number beta, Tensor input, Tensor vec1, Tensor vec2, {OUT}|deprecated",
    in_place="method",
)
def addr(input: Node, vec1: Node, vec2: Node, beta: Number, alpha: Number = 1) -> Node:
    _check_factors("addr", input, vec1, vec2)
    return mx.addr(input, vec1, vec2, beta=beta, alpha=alpha)


@torch(
    f"baddbmm(Tensor input, Tensor batch1, Tensor batch2, {ADDED}",
    f"baddbmm(Number beta, Tensor input, Number alpha, Tensor batch1, Tensor batch2, {OUT}|deprecated",
    f"baddbmm(Number beta, Tensor input, Tensor batch1, Tensor batch2, {OUT}|deprecated",
    in_place="method",
)
def baddbmm(input: Node, batch1: Node, batch2: Node, beta: Number, alpha: Number = 1) -> Node:
    _check_factors("baddbmm", input, batch1, batch2)
    return mx.baddbmm(input, batch1, batch2, beta=beta, alpha=alpha)


@torch(
    "baddbmm(Tensor input, Tensor batch1, Tensor batch2, torch.dtype out_dtype, *, Number beta = 1, "
    "Number alpha = 1, Tensor out = None)",
    only="function",
)
def baddbmm_with_dtype(
    input: Node, batch1: Node, batch2: Node, out_dtype: DType, beta: Number, alpha: Number
) -> Node:
    check_out_dtype("baddbmm", input, out_dtype)
    return baddbmm(input, batch1, batch2, beta, alpha)


@torch(
    f"addbmm(Tensor input, Tensor batch1, Tensor batch2, {ADDED}",
    f"addbmm(Number beta, Tensor input, Number alpha, Tensor batch1, Tensor batch2, {OUT}|deprecated",
    f"addbmm(Number beta, Tensor input, Tensor batch1, Tensor batch2, {OUT}|deprecated",
    in_place="method",
)
def addbmm(input: Node, batch1: Node, batch2: Node, beta: Number, alpha: Number = 1) -> Node:
    _check_factors("addbmm", input, batch1, batch2)
    return mx.addbmm(input, batch1, batch2, beta=beta, alpha=alpha)


def _check_factors(name: str, c: Node, a: Node, b: Node) -> None:
    """Refuse what has no product, or a product to which `c` can't be added."""
    if name == "addmv":
        if a.ndim != 2 or b.ndim != 1 or c.ndim > 1:
            raise RuntimeFault(
                f"vector + matrix @ vector expected, got {c.ndim}, {a.ndim}, {b.ndim}"
            )
        if a.shape[1] != b.shape[0] or c.numel not in (1, a.shape[0]):
            raise RuntimeFault(
                f"size mismatch, got input ({size_at(c.shape, 0)}), mat ({a.shape[0]}x{a.shape[1]}), "
                f"vec ({b.shape[0]})"
            )
    elif name == "addr":
        for argument, x in (("vec1", a), ("vec2", b)):
            if x.ndim != 1:
                raise RuntimeFault(f"addr: Expected 1-D argument {argument}, but got {x.ndim}-D")
        check_expandable(c, (*a.shape, *b.shape))
    else:
        rows = (size_at(a.shape, 0), size_at(a.shape, 1), size_at(b.shape, 2))
        check_expandable(c, rows if name == "baddbmm" else rows[1:])
        if name == "addbmm" and a.ndim == b.ndim == 3:
            _check_batches(a, b)
        check_bmm(a, b)


def _check_batches(a: Node, b: Node) -> None:
    if a.shape[0] != b.shape[0]:
        raise RuntimeFault(
            f"batch1 and batch2 must have same number of batches, got {a.shape[0]} and {b.shape[0]}"
        )
    if a.shape[2] != b.shape[1]:
        raise RuntimeFault(
            f"Incompatible matrix sizes for bmm ({a.shape[1]}x{a.shape[2]} and "
            f"{b.shape[1]}x{b.shape[2]})"
        )


@torch(f"linalg.cross(Tensor input, Tensor other, *, int dim = -1, {OUT[3:]}", only="function")
def linalg_cross(input: Node, other: Node, dim: int) -> Node:
    a, b = input, other
    if a.ndim != b.ndim:
        raise RuntimeFault("linalg.cross: inputs must have the same number of dimensions.")
    if not a.ndim:
        size_at(a.shape, dim)
    at = wrap_dim(dim, a.ndim)
    if a.shape[at] != 3 or b.shape[at] != 3:
        raise RuntimeFault(
            f"linalg.cross: inputs dimension {dim} must have length 3. Got {a.shape[at]} and "
            f"{b.shape[at]}"
        )
    if a.dtype.category == b.dtype.category == BOOL:
        raise NotImplementedFault("\"cross\" not implemented for 'Bool'")
    return ds.cross(a, b, dim=at)


@torch(f"cross(Tensor input, Tensor other, int? dim = None, {OUT}")
def cross(input: Node, other: Node, dim: int | None) -> Node:
    if dim is None:  # the first dimension of length 3
        threes = [at for at, size in enumerate(input.shape) if size == 3]
        if not threes:
            raise RuntimeFault("no dimension of size 3 in input")
        dim = threes[0]
    return linalg_cross(input, other, dim)


@torch(f"kron(Tensor input, Tensor other, {OUT}")
def kron(input: Node, other: Node) -> Node:
    ndim = max(input.ndim, other.ndim)
    a, b = ((1,) * (ndim - x.ndim) + x.shape for x in (input, other))
    of_a = tuple(size for n in a for size in (n, 1))
    of_b = tuple(size for n in b for size in (1, n))
    product = ar.mul(mv.unsafe_view(input, shape=of_a), mv.unsafe_view(other, shape=of_b))
    return mv.unsafe_view(product, shape=tuple(m * n for m, n in zip(a, b)))


# ---- distances ----------------------------------------------------------------------------------


@torch("dist(Tensor input, Tensor other, Number p = 2)")
def dist(input: Node, other: Node, p: Number) -> Node:
    check_subtraction(input, other)
    broadcast(input.shape, other.shape)
    dtype = promote(input.dtype, other.dtype)
    return ds.dist(pw.as_dtype(input, dtype), pw.as_dtype(other, dtype), p=float(p))


COMPUTE_MODES = (
    "use_mm_for_euclid_dist_if_necessary",
    "use_mm_for_euclid_dist",
    "donot_use_mm_for_euclid_dist",
)


@python("cdist", calls="cdist(Tensor x1, Tensor x2, float p)")
def cdist(
    x1: Node,
    x2: Node,
    p: float = 2.0,
    compute_mode: str = "use_mm_for_euclid_dist_if_necessary",
) -> Node:
    if compute_mode not in COMPUTE_MODES:
        raise ValueFault(f"{compute_mode} is not a valid value for compute_mode")
    for x, name in ((x1, "X1"), (x2, "X2")):
        if x.ndim < 2:
            raise RuntimeFault(f"cdist only supports at least 2D tensors, {name} got: {x.ndim}D")
    if x1.shape[-1] != x2.shape[-1]:
        raise RuntimeFault(
            f"X1 and X2 must have the same number of columns. X1: {x1.shape[-1]} X2: {x2.shape[-1]}"
        )
    return ds.cdist(x1, x2, p=float(p))


def _norm(x: Node, p: float, dim: int, keepdim: bool) -> Node:
    return red.vector_norm(x, ord=float(p), dim=(dim,), keepdim=keepdim, dtype=x.dtype)


@torch("cosine_similarity(Tensor x1, Tensor x2, int dim = 1, float eps = 1e-08)", only="function")
def cosine_similarity(x1: Node, x2: Node, dim: int, eps: float) -> Node:
    dtype = promote(x1.dtype, x2.dtype)
    if eps < 0:
        raise RuntimeFault(f"eps must be non-negative, got: {eps:g}")
    if not dtype.is_floating:
        raise RuntimeFault(
            f"expected common dtype to be floating point, yet common dtype is {dtype.scalar_name}"
        )
    a, b = mv.together(pw.as_dtype(x1, dtype), pw.as_dtype(x2, dtype))
    at = wrap_dim(dim, a.ndim)
    units = []
    for x in (a, b):
        length = _norm(x, 2, at, True)
        # the bound is set in place, unseen by autograd: beneath it the gradient passes
        bound = pw.clone(length)
        raised = ar.add(
            bound, pw.detach(ar.sub(sel.clamp(bound, min=eps, max=None), bound, alpha=1)), alpha=1
        )
        units.append(ar.div(x, raised))
    product = ar.mul(*units)
    return red.sum_(product, dim=(at,), keepdim=False, dtype=product.dtype)


@torch(
    "pairwise_distance(Tensor x1, Tensor x2, float p = 2, float eps = 1e-06, bool keepdim = False)",
    only="function",
)
def pairwise_distance(x1: Node, x2: Node, p: float, eps: float, keepdim: bool) -> Node:
    check_subtraction(x1, x2)
    gap = ar.add_number(ar.sub(x1, x2, alpha=1), other=eps)
    last = (gap.ndim - 1,) if gap.ndim else ()
    return ds.norm_dim(gap, ord=float(p), dim=last, keepdim=keepdim, dtype=gap.dtype)


alias("F.cosine_similarity", of="cosine_similarity")
alias("F.pairwise_distance", of="pairwise_distance")


@python(
    "F.normalize",
    asks="input.norm",
    calls="linalg_vector_norm(Tensor input, Number p, tuple of ints[1] dim)",
)
def normalize(
    input: Node, p: float = 2.0, dim: int = 1, eps: float = 1e-12, out: Node | None = None
) -> Node:
    if not input.dtype.is_floating:
        raise RuntimeFault(
            "linalg.vector_norm: Expected a floating point or complex tensor as input. Got "
            f"{input.dtype.scalar_name}"
        )
    at = wrap_dim(dim, input.ndim)
    length = sel.clamp_min_number(_norm(input, p, at, True), min=eps)
    return ar.div(input, mv.expand(length, shape=input.shape))
