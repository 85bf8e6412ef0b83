"""Functions of one tensor, element by element."""

from __future__ import annotations

from collections.abc import Callable

from autodiff_cli.errors import NotImplementedFault, RuntimeFault
from autodiff_cli.ir.dtypes import BOOL
from autodiff_cli.ir.node import Node, Op
from autodiff_cli.ops import arithmetic as ar
from autodiff_cli.ops import pointwise as pw
from autodiff_cli.ops import selection as sel
from autodiff_cli.vocabulary.calls.registry import alias, torch


def _plain(
    op: Op, name: str, tail: str = ", *, Tensor out = None", in_place: str = "function"
) -> None:
    """A function that is its primitive."""

    def call(input: Node) -> Node:
        return op(input)

    torch(f"{name}(Tensor input{tail})", in_place=in_place)(call)


for _op in (
    "exp exp2 expm1 log log2 log10 log1p sqrt rsqrt sin cos tan asin acos atan sinh cosh tanh asinh "
    "acosh atanh sigmoid reciprocal"
).split():
    _plain(getattr(pw, _op), _op)
_plain(pw.sign, "sign", in_place="method")
_plain(sel.logical_not, "logical_not", in_place="method")
for _op in ("isnan", "isinf", "isfinite"):
    _plain(getattr(pw, _op), _op, "", in_place="")


def require_floating(x: Node, kernel: str) -> None:
    """The reference's error where a kernel exists for floating dtypes alone."""
    if not x.dtype.is_floating:
        raise NotImplementedFault(
            f"\"{kernel}\" not implemented for '{x.dtype.scalar_name}'",
            hint="convert with .float() first",
        )


def _reject_bool(check: Callable[[Node], None], op: Op) -> Callable[[Node], Node]:
    def call(input: Node) -> Node:
        if input.dtype.category == BOOL:
            check(input)
        return op(input)

    return call


def _no_negation(x: Node) -> None:
    raise RuntimeFault(
        "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a "
        "mask, use the `~` or `logical_not()` operator instead."
    )


def _no_abs(x: Node) -> None:
    raise NotImplementedFault("\"abs_cpu\" not implemented for 'Bool'")


def _no_relu(x: Node) -> None:
    raise RuntimeFault("Boolean inputs not supported for relu")


def _no_rounding(name: str) -> Callable[[Node], None]:
    def refuse(x: Node) -> None:
        raise NotImplementedFault(f"\"{name}_vml_cpu\" not implemented for 'Bool'")

    return refuse


for _op in ("floor", "ceil", "trunc"):
    torch(f"{_op}(Tensor input, *, Tensor out = None)", in_place="function")(
        _reject_bool(_no_rounding(_op), getattr(pw, _op))
    )
torch("neg(Tensor input, *, Tensor out = None)", in_place="function")(
    _reject_bool(_no_negation, ar.neg)
)
torch("abs(Tensor input, *, Tensor out = None)", in_place="function")(_reject_bool(_no_abs, pw.abs))
torch("relu(Tensor input)", in_place="function")(_reject_bool(_no_relu, pw.relu))


@torch("square(Tensor input, *, Tensor out = None)", in_place="function")
def square(input: Node) -> Node:
    return ar.pow_number(input, exponent=2)


@torch("positive(Tensor input)")
def positive(input: Node) -> Node:
    if input.dtype.category == BOOL:
        raise RuntimeFault("The `+` operator, on a bool tensor is not supported.")
    return input


@torch("round(Tensor input, *, Tensor out = None)", in_place="function")
def round_(input: Node) -> Node:
    if input.dtype.name == "bool":
        raise NotImplementedFault("\"round_vml_cpu\" not implemented for 'Bool'")
    return pw.round(input) if input.dtype.is_floating else pw.clone(input)


@torch("bitwise_not(Tensor input, *, Tensor out = None)", in_place="method")
def bitwise_not(input: Node) -> Node:
    if input.dtype.is_floating:
        raise NotImplementedFault(
            f"\"bitwise_not_cpu\" not implemented for '{input.dtype.scalar_name}'"
        )
    return sel.bitwise_not(input)


@torch("clone(Tensor input, *, torch.memory_format? memory_format = None)")
def clone(input: Node) -> Node:
    return pw.clone(input)


@torch("detach(Tensor input)")
def detach(input: Node) -> Node:
    return pw.detach(input)


alias("negative", of="neg")
alias("absolute", of="abs", in_place="method")
alias("arcsin", of="asin")
alias("arccos", of="acos")
alias("arctan", of="atan")
alias("arcsinh", of="asinh")
alias("arccosh", of="acosh")
alias("arctanh", of="atanh")
alias("fix", of="trunc")
alias("special.expit", of="sigmoid")
for _name in ("log1p", "expm1", "exp2"):
    alias(f"special.{_name}", of=_name)


@torch("round(Tensor input, *, int decimals, Tensor out = None)")
def round_decimals(input: Node, decimals: int) -> Node:
    require_floating(input, "round_cpu")
    from autodiff_cli.ops import pairs

    return pairs.round_decimals(input, decimals=decimals)
