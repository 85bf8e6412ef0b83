"""`torch.special`, and those of its functions that torch itself has."""

from __future__ import annotations

import math

from autodiff_cli.errors import RuntimeFault
from autodiff_cli.ir.dtypes import DType
from autodiff_cli.ir.node import Node, Number, Op
from autodiff_cli.ir.room import check_elements
from autodiff_cli.ops import arithmetic as ar
from autodiff_cli.ops import special as sp
from autodiff_cli.vocabulary.calls.registry import Only, torch
from autodiff_cli.vocabulary.reductions import softmax_of

OUT = "*, Tensor out = None)"


def _place(name: str) -> Only:
    return "function" if name.startswith("special.") else None


def _plain(op: Op, *names: str, in_place: str = "") -> None:
    for name in names:

        def call(input: Node) -> Node:
            return op(input)

        only = _place(name)
        torch(f"{name}(Tensor input, {OUT}", only=only, in_place="" if only else in_place)(call)


_plain(sp.erf, "erf", "special.erf", in_place="function")
_plain(sp.erfc, "erfc", "special.erfc", in_place="function")
_plain(sp.erfinv, "erfinv", "special.erfinv", in_place="method")
_plain(sp.erfcx, "special.erfcx")
_plain(sp.lgamma, "lgamma", "special.gammaln", in_place="method")
_plain(sp.digamma, "digamma", "special.digamma", "special.psi", in_place="method")
_plain(sp.sinc, "sinc", "special.sinc", in_place="function")
_plain(sp.i0, "i0", "special.i0", in_place="method")
_plain(sp.i0e, "special.i0e")
_plain(sp.i1, "special.i1")
_plain(sp.i1e, "special.i1e")
_plain(sp.entr, "special.entr")
_plain(sp.ndtri, "special.ndtri")
_plain(sp.log_ndtr, "special.log_ndtr")


@torch(f"polygamma(int n, Tensor input, {OUT}", in_place="method")
@torch(f"special.polygamma(int n, Tensor input, {OUT}", only="function")
def polygamma(n: int, input: Node) -> Node:
    if n < 0:
        raise RuntimeFault("polygamma(n, x) does not support negative n.")
    return sp.polygamma(input, n=n)


@torch(f"mvlgamma(Tensor input, int p, {OUT}")
@torch(f"special.multigammaln(Tensor input, int p, {OUT}", only="function")
def mvlgamma(input: Node, p: int) -> Node:
    if p < 1:
        raise RuntimeFault("p has to be greater than or equal to 1")
    check_elements((*input.shape, p))
    return sp.mvlgamma(input, p=p)


@torch(f"logit(Tensor input, float? eps = None, {OUT}", in_place="function")
@torch(f"special.logit(Tensor input, float? eps = None, {OUT}", only="function")
def logit(input: Node, eps: float | None) -> Node:
    return sp.logit(input, eps=eps)


def _with_log(name: str, stem: str) -> None:
    both, from_number, to_number = (
        getattr(sp, stem + end) for end in ("", "_from_number", "_number")
    )
    only = _place(name)

    def of_tensors(input: Node, other: Node) -> Node:
        return both(input, other)  # type: ignore[no-any-return]

    def of_number(self: Number, other: Node) -> Node:
        return from_number(self, other)  # type: ignore[no-any-return]

    def with_number(input: Node, other: Number) -> Node:
        return to_number(input, other)  # type: ignore[no-any-return]

    in_place = "" if only else "function"
    torch(f"{name}(Tensor input, Tensor other, {OUT}", only=only, in_place=in_place)(of_tensors)
    torch(f"{name}(Number self, Tensor other, {OUT}", only=only)(of_number)
    torch(f"{name}(Tensor input, Number other, {OUT}", only=only)(with_number)


_with_log("xlogy", "xlogy")
_with_log("special.xlogy", "xlogy")
_with_log("special.xlog1py", "xlog1py")


@torch(f"special.ndtr(Tensor input, {OUT}", only="function")
def ndtr(input: Node) -> Node:
    scaled = ar.mul_number(input, other=math.sqrt(0.5))
    return ar.mul_number(ar.add_number(sp.erf(scaled), other=1), other=0.5)


@torch(
    "special.softmax(Tensor input, int dim, torch.dtype? dtype = None)",
    only="function",
)
def softmax(input: Node, dim: int, dtype: DType | None) -> Node:
    return softmax_of(input, dim, dtype, log=False)


@torch(
    "special.log_softmax(Tensor input, int dim, *, torch.dtype? dtype = None)",
    only="function",
)
def log_softmax(input: Node, dim: int, dtype: DType | None) -> Node:
    return softmax_of(input, dim, dtype, log=True)
