"""Covariances, integrals and powers of samples."""

from __future__ import annotations

from autodiff_cli.errors import IndexFault, RuntimeFault
from autodiff_cli.execute import force
from autodiff_cli.ir.dtypes import BOOL
from autodiff_cli.ir.node import Node, Number
from autodiff_cli.ir.shapes import size_at, wrap_dim
from autodiff_cli.ops import arithmetic as ar
from autodiff_cli.ops import matrix as mx
from autodiff_cli.ops import movement as mv
from autodiff_cli.ops import pointwise as pw
from autodiff_cli.ops import reduce as red
from autodiff_cli.ops import scan
from autodiff_cli.ops import selection as sel
from autodiff_cli.ops.create import full
from autodiff_cli.ops.rearrange import diagonal, flip
from autodiff_cli.vocabulary.calls.registry import torch
from autodiff_cli.vocabulary.shaping import reshape_to

# ---- covariance ---------------------------------------------------------------------------------


def _check_observations(name: str, x: Node) -> None:
    if x.ndim > 2:
        raise RuntimeFault(
            f"{name}(): expected input to have two or fewer dimensions but got an input with "
            f"{x.ndim} dimensions"
        )


@torch("cov(Tensor input, *, int correction = 1, Tensor? fweights = None, Tensor? aweights = None)")
def cov(input: Node, correction: int, fweights: Node | None, aweights: Node | None) -> Node:
    _check_observations("cov", input)
    x = reshape_to(input, (1, input.numel)) if input.ndim < 2 else input
    if input.dtype.category == BOOL:
        raise RuntimeFault("cov(): bool dtype is not supported for input")
    for name, given in (("fweights", fweights), ("aweights", aweights)):
        if given is None:
            continue
        if given.ndim > 1:
            raise RuntimeFault(
                f"cov(): expected {name} to have one or fewer dimensions but got {name} with "
                f"{given.ndim} dimensions"
            )
        wanted = given.dtype.is_floating == (name == "aweights")
        if not wanted or given.dtype.category == BOOL:
            kind = "floating point" if name == "aweights" else "integral"
            raise RuntimeFault(
                f"cov(): expected {name} to have {kind} dtype but got {name} with "
                f"{given.dtype.scalar_name} dtype"
            )
        if given.numel != x.shape[1]:
            raise RuntimeFault(
                f"cov(): expected {name} to have the same numel as there are observations in the input "
                f"but got {given.numel} != {x.shape[1]}"
            )
        if (force(given) < 0).any():
            raise RuntimeFault(f"cov(): {name} cannot be negative")
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
    _check_observations("corrcoef", input)
    matrix = cov(input, 1, None, None)
    if not matrix.ndim:
        return ar.div(matrix, matrix)
    deviation = pw.sqrt(diagonal(matrix, offset=0, dim1=0, dim2=1))
    count = deviation.shape[0]
    scaled = ar.div(matrix, mv.view(deviation, shape=(count, 1)))
    scaled = ar.div(scaled, mv.view(deviation, shape=(1, count)))
    return sel.clamp(scaled, min=-1, max=1)


# ---- integrals and powers -----------------------------------------------------------------------


def _check_integrand(name: str, argument: str, *given: Node) -> None:
    if any(x.dtype.category == BOOL for x in given):
        raise RuntimeFault(
            f"{name}: received a bool input for {argument}, but bool is not supported"
        )


def _neighbours(x: Node, dim: int) -> tuple[Node, Node]:
    """All but the first along a dimension, and all but the last."""
    size = x.shape[dim]
    return (
        mv.slice_(x, dim=dim, start=min(1, size), stop=size, step=1),
        mv.slice_(x, dim=dim, start=0, stop=max(size - 1, 0), step=1),
    )


def _heights(y: Node, dim: int) -> Node:
    """The sums of neighbours."""
    return ar.add(*_neighbours(y, dim), alpha=1)


def _areas(name: str, y: Node, x: Node, dim: int) -> Node:
    """Twice the areas between places; source: ATen/native/Integration.cpp."""
    if x.ndim == 1:
        if x.shape[0] != y.shape[dim]:
            raise RuntimeFault(f"{name}: There must be one `x` value for each sample point")
        if y.ndim > 1:
            x = mv.view(x, shape=tuple(x.shape[0] if d == dim else 1 for d in range(y.ndim)))
    elif x.ndim < y.ndim:
        x = mv.view(x, shape=(1,) * (y.ndim - x.ndim) + x.shape)
    return ar.mul(_heights(y, dim), ar.sub(*_neighbours(x, dim), alpha=1))


def _evenly(name: str, number: str) -> None:
    @torch(f"{name}(Tensor y, *, {number} dx = 1, int dim = -1)", only="function")
    def evenly(y: Node, dx: Number, dim: int) -> Node:
        size = size_at(y.shape, dim)
        at = wrap_dim(dim, y.ndim)
        if not size:
            return full(shape=(*y.shape[:at], *y.shape[at + 1 :]), value=0, dtype=y.dtype)
        _check_integrand("trapezoid", "`y`", y)
        ends = ar.add(mv.select(y, dim=at, index=0), mv.select(y, dim=at, index=size - 1), alpha=1)
        total = red.sum_(y, dim=(at,), keepdim=False, dtype=y.dtype)
        inside = ar.sub(total, ar.mul_number(ends, other=0.5), alpha=1)
        return ar.mul_number(inside, other=dx)


def _at_places(name: str) -> None:
    @torch(f"{name}(Tensor y, Tensor x, *, int dim = -1)", only="function")
    def at_places(y: Node, x: Node, dim: int) -> Node:
        at = wrap_dim(dim, y.ndim)
        if not size_at(y.shape, at):
            return full(shape=(*y.shape[:at], *y.shape[at + 1 :]), value=0, dtype=y.dtype)
        _check_integrand("trapezoid", "`x` or `y`", y, x)
        product = _areas("trapezoid", y, x, at)
        total = red.sum_(product, dim=(at,), keepdim=False, dtype=product.dtype)
        return ar.div_number(total, other=2.0)


_at_places("trapezoid")
_evenly("trapezoid", "Number")
_evenly("trapz", "float")
_at_places("trapz")


@torch("cumulative_trapezoid(Tensor y, Tensor x, *, int dim = -1)", only="function")
def cumulative_trapezoid_at_places(y: Node, x: Node, dim: int) -> Node:
    at = wrap_dim(dim, y.ndim)
    _check_integrand("cumulative_trapezoid", "`x` or `y`", y, x)
    if not y.ndim:
        raise IndexFault("slice() cannot be applied to a 0-dim tensor.")
    areas = ar.div_number(_areas("cumulative_trapezoid", y, x, at), other=2.0)
    return scan.cumsum(areas, dim=at, dtype=areas.dtype)


@torch("cumulative_trapezoid(Tensor y, *, Number dx = 1, int dim = -1)", only="function")
def cumulative_trapezoid(y: Node, dx: Number, dim: int) -> Node:
    at = wrap_dim(dim, y.ndim)
    _check_integrand("cumulative_trapezoid", "`y`", y)
    if not y.ndim:
        raise IndexFault("slice() cannot be applied to a 0-dim tensor.")
    areas = ar.mul_number(_heights(y, at), other=dx / 2)
    return scan.cumsum(areas, dim=at, dtype=areas.dtype)


@torch("linalg.vander(Tensor x, *, SymInt? N = None)", only="function")
def linalg_vander(x: Node, N: int | None) -> Node:
    if x.dtype.category == BOOL:
        raise RuntimeFault(
            "linalg.vander supports floating point, complex, and integer tensors, but got Bool"
        )
    if not x.ndim:
        x = mv.unsqueeze(x, shape=(1,))
    count = x.shape[-1] if N is None else N
    if count <= 1:
        raise RuntimeFault("N must be greater than 1.")
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
