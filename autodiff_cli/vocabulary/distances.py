"""Distances, angles, covariances, and products of vectors."""

from __future__ import annotations

from autodiff_cli.errors import RuntimeFault
from autodiff_cli.ir.dtypes import promote
from autodiff_cli.ir.node import Node, Number, Op
from autodiff_cli.ir.shapes import broadcast, wrap_dim
from autodiff_cli.ops import arithmetic as ar
from autodiff_cli.ops import distance as ds
from autodiff_cli.ops import matrix as mx
from autodiff_cli.ops import movement as mv
from autodiff_cli.ops import pointwise as pw
from autodiff_cli.ops import reduce as red
from autodiff_cli.ops import scan
from autodiff_cli.ops import selection as sel
from autodiff_cli.ops.rearrange import diagonal, flip
from autodiff_cli.vocabulary.einsum import contraction
from autodiff_cli.vocabulary.products import dot
from autodiff_cli.vocabulary.registry import alias, python, torch
from autodiff_cli.vocabulary.shaping import reshape_to

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
    return contraction(input, other, [input.ndim - 1], [other.ndim - 1])


@torch(f"vdot(Tensor input, Tensor other, {OUT}")
def vdot(input: Node, other: Node) -> Node:
    dot(input, other)  # whose errors these are
    return mx.vdot(input, other)


@torch(f"linalg.vecdot(Tensor x, Tensor y, *, int dim = -1, {OUT[3:]}", only="function")
def vecdot(x: Node, y: Node, dim: int) -> Node:
    if x.ndim == y.ndim == 1 and x.shape == y.shape:
        return mx.vdot(x, y)
    product = ar.mul(x, y)
    at = wrap_dim(dim, product.ndim)
    return red.sum_(product, dim=(at,), keepdim=False, dtype=product.dtype)


def _sum_with_product(name: str, op: Op, c: Node, a: Node, b: Node, how: dict[str, Number]) -> Node:
    _check_factors(name, c, a, b)
    result = op(c, a, b, **how)
    lead = result.ndim - c.ndim
    for at, size in enumerate(c.shape):
        if lead < 0 or size not in (1, result.shape[lead + at]):
            raise RuntimeFault(
                f"The expanded size of the tensor ({result.shape[lead + at]}) must match the "
                f"existing size ({size}) at non-singleton dimension {lead + at}.  Target sizes: "
                f"{list(result.shape)}.  Tensor sizes: {list(c.shape)}"
            )
    return result


ADDED = "*, Number beta = 1, Number alpha = 1, Tensor out = None)"


@torch(f"addmv(Tensor input, Tensor mat, Tensor vec, {ADDED}")
def addmv(input: Node, mat: Node, vec: Node, beta: Number, alpha: Number) -> Node:
    how = {"beta": beta, "alpha": alpha}
    return _sum_with_product("addmv", mx.addmv, input, mat, vec, how)


@torch(f"addr(Tensor input, Tensor vec1, Tensor vec2, {ADDED}")
def addr(input: Node, vec1: Node, vec2: Node, beta: Number, alpha: Number) -> Node:
    how = {"beta": beta, "alpha": alpha}
    return _sum_with_product("addr", mx.addr, input, vec1, vec2, how)


@torch(f"baddbmm(Tensor input, Tensor batch1, Tensor batch2, {ADDED}")
def baddbmm(input: Node, batch1: Node, batch2: Node, beta: Number, alpha: Number) -> Node:
    how = {"beta": beta, "alpha": alpha}
    return _sum_with_product("baddbmm", mx.baddbmm, input, batch1, batch2, how)


@torch(f"addbmm(Tensor input, Tensor batch1, Tensor batch2, {ADDED}")
def addbmm(input: Node, batch1: Node, batch2: Node, beta: Number, alpha: Number) -> Node:
    how = {"beta": beta, "alpha": alpha}
    return _sum_with_product("addbmm", mx.addbmm, input, batch1, batch2, how)


def _check_factors(name: str, c: Node, a: Node, b: Node) -> None:
    if name == "addmv" and a.shape[1:] != b.shape:
        raise RuntimeFault(
            f"size mismatch, got input ({c.shape[0] if c.ndim else 1}), mat "
            f"({a.shape[0]}x{a.shape[1]}), vec ({b.shape[0]})"
        )
    if name == "addr" and (a.ndim != 1 or b.ndim != 1):
        raise RuntimeFault(
            f"addr: Expected 1-D argument {'vec1' if a.ndim != 1 else 'vec2'}, but got "
            f"{(a if a.ndim != 1 else b).ndim}-D"
        )
    if name.endswith("bmm") and b.shape[:2] != (a.shape[0], a.shape[2]):
        raise RuntimeFault(
            "Expected size for first two dimensions of batch2 tensor to be: "
            f"[{a.shape[0]}, {a.shape[2]}] but got: [{b.shape[0]}, {b.shape[1]}]."
        )


def _cross(a: Node, b: Node, dim: int) -> Node:
    if a.ndim != b.ndim:
        raise RuntimeFault("linalg.cross: inputs must have the same number of dimensions.")
    at = wrap_dim(dim, a.ndim)
    if a.shape[at] != 3 or b.shape[at] != 3:
        raise RuntimeFault(
            f"linalg.cross: inputs dimension {dim} must have length 3. Got {a.shape[at]} and "
            f"{b.shape[at]}"
        )
    return ds.cross(a, b, dim=at)


@torch(f"cross(Tensor input, Tensor other, int? dim = None, {OUT}")
def cross(input: Node, other: Node, dim: int | None) -> Node:
    if dim is None:  # the first dimension of length 3
        shape = broadcast(input.shape, other.shape)
        threes = [at for at, size in enumerate(shape) if size == 3]
        if not threes:
            raise RuntimeFault("no dimension of size 3 in input")
        dim = threes[0]
    return _cross(input, other, dim)


@torch(f"linalg.cross(Tensor input, Tensor other, *, int dim = -1, {OUT[3:]}", only="function")
def linalg_cross(input: Node, other: Node, dim: int) -> Node:
    return _cross(input, other, dim)


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
    broadcast(input.shape, other.shape)
    dtype = promote(input.dtype, other.dtype)
    return ds.dist(pw.as_dtype(input, dtype), pw.as_dtype(other, dtype), p=float(p))


@python("cdist")
def cdist(
    x1: Node,
    x2: Node,
    p: float = 2.0,
    compute_mode: str = "use_mm_for_euclid_dist_if_necessary",
) -> Node:
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
    shape = broadcast(x1.shape, x2.shape)
    a, b = (pw.as_dtype(x, dtype) for x in (x1, x2))
    a, b = (x if x.shape == shape else mv.expand(x, shape=shape) for x in (a, b))
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
    gap = ar.add_number(ar.sub(x1, x2, alpha=1), other=eps)
    return ds.norm_dim(gap, ord=float(p), dim=(gap.ndim - 1,), keepdim=keepdim, dtype=gap.dtype)


alias("F.cosine_similarity", of="cosine_similarity")
alias("F.pairwise_distance", of="pairwise_distance")


@python("F.normalize")
def normalize(
    input: Node, p: float = 2.0, dim: int = 1, eps: float = 1e-12, out: Node | None = None
) -> Node:
    at = wrap_dim(dim, input.ndim)
    length = sel.clamp_min_number(_norm(input, p, at, True), min=eps)
    return ar.div(input, mv.expand(length, shape=input.shape))


# ---- covariance ---------------------------------------------------------------------------------


@torch("cov(Tensor input, *, int correction = 1, Tensor? fweights = None, Tensor? aweights = None)")
def cov(input: Node, correction: int, fweights: Node | None, aweights: Node | None) -> Node:
    if input.ndim > 2:
        raise RuntimeFault(
            "cov(): expected input to have two or fewer dimensions but got an input with "
            f"{input.ndim} dimensions"
        )
    x = reshape_to(input, (1, -1)) if input.ndim < 2 else input
    weights = None
    for given in (fweights, aweights):
        if given is not None:
            weights = given if weights is None else ar.mul(weights, given)
    rows = (1,)
    if weights is None:
        mean = ar.div(red.sum_(x, dim=rows, keepdim=False, dtype=x.dtype), x.shape[1])
        freedom: Node | Number = max(x.shape[1] - correction, 0)
    else:
        total = red.sum_(weights, dim=None, keepdim=False, dtype=weights.dtype)
        product = ar.mul(x, weights)
        mean = ar.div(red.sum_(product, dim=rows, keepdim=False, dtype=product.dtype), total)
        if aweights is None:
            freedom = ar.sub(total, correction, alpha=1)
        else:
            squares = ar.mul(weights, aweights)
            share = red.sum_(squares, dim=None, keepdim=False, dtype=squares.dtype)
            freedom = ar.sub(total, ar.div(ar.mul(share, correction), total), alpha=1)
    centred = ar.sub(x, mv.unsqueeze(mean, shape=(*mean.shape, 1)), alpha=1)
    other = centred if weights is None else ar.mul(centred, weights)
    square = ar.div(mx.mm(centred, mv.t(other, dims=(1, 0))), freedom)
    return mv.squeeze(square, shape=tuple(size for size in square.shape if size != 1))


@torch("corrcoef(Tensor input)")
def corrcoef(input: Node) -> Node:
    matrix = cov(input, 1, None, None)
    if not matrix.ndim:
        return ar.div(matrix, matrix)
    deviation = pw.sqrt(diagonal(matrix, offset=0, dim1=0, dim2=1))
    count = deviation.shape[0]
    scaled = ar.div(matrix, mv.view(deviation, shape=(count, 1)))
    scaled = ar.div(scaled, mv.view(deviation, shape=(1, count)))
    return sel.clamp(scaled, min=-1, max=1)


# ---- integrals and powers -----------------------------------------------------------------------


def _part(x: Node, dim: int, start: int, stop: int) -> Node:
    return mv.slice_(x, dim=dim, start=start, stop=stop, step=1)


def _neighbours(y: Node, dim: int) -> Node:
    size = y.shape[dim]
    return ar.add(_part(y, dim, 1, size), _part(y, dim, 0, size - 1), alpha=1)


def _integral(name: str) -> None:
    @torch(f"{name}(Tensor y, *, Number dx = 1, int dim = -1)", only="function")
    def evenly(y: Node, dx: Number, dim: int) -> Node:
        at = wrap_dim(dim, y.ndim)
        size = y.shape[at]
        ends = ar.add(mv.select(y, dim=at, index=0), mv.select(y, dim=at, index=size - 1), alpha=1)
        total = red.sum_(y, dim=(at,), keepdim=False, dtype=y.dtype)
        inside = ar.sub(total, ar.mul_number(ends, other=0.5), alpha=1)
        return ar.mul_number(inside, other=dx)

    @torch(f"{name}(Tensor y, Tensor x, *, int dim = -1)", only="function")
    def at_places(y: Node, x: Node, dim: int) -> Node:
        at = wrap_dim(dim, y.ndim)
        if x.ndim == 1 and y.ndim > 1:
            shape = [1] * y.ndim
            shape[at] = x.shape[0]
            x = mv.view(x, shape=tuple(shape))
        size = x.shape[at]
        widths = ar.sub(_part(x, at, 1, size), _part(x, at, 0, size - 1), alpha=1)
        product = ar.mul(widths, _neighbours(y, at))
        total = red.sum_(product, dim=(at,), keepdim=False, dtype=product.dtype)
        return ar.div_number(total, other=2.0)


_integral("trapz")
_integral("trapezoid")


@torch("cumulative_trapezoid(Tensor y, *, Number dx = 1, int dim = -1)", only="function")
def cumulative_trapezoid(y: Node, dx: Number, dim: int) -> Node:
    at = wrap_dim(dim, y.ndim)
    areas = ar.mul_number(_neighbours(y, at), other=dx / 2)
    return scan.cumsum(areas, dim=at, dtype=areas.dtype)


@torch("linalg.vander(Tensor x, *, SymInt? N = None)", only="function")
def linalg_vander(x: Node, N: int | None) -> Node:
    from autodiff_cli.ops.create import full

    count = x.shape[-1] if N is None else N
    one = full(shape=(*x.shape, 1), value=1, dtype=x.dtype)
    wide = mv.expand(mv.unsqueeze(x, shape=(*x.shape, 1)), shape=(*x.shape, count - 1))
    powers = scan.cumprod(wide, dim=wide.ndim - 1, dtype=wide.dtype)
    return mv.cat(one, powers, dim=wide.ndim - 1)


@torch("vander(Tensor x, int? N = None, bool increasing = False)", only="function")
def vander(x: Node, N: int | None, increasing: bool) -> Node:
    if x.ndim != 1:
        raise RuntimeFault("x must be a one-dimensional tensor.")
    powers = linalg_vander(x, N)
    return powers if increasing else flip(powers, dims=(1,))
