"""What is differentiated: by which inputs, from which cotangents; and computing it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from autodiff_cli.errors import InputError, RuntimeFault
from autodiff_cli.execute import execute
from autodiff_cli.execute.whole import ExecutionError
from autodiff_cli.interpret.limits import out_of_memory
from autodiff_cli.ir.node import Array, Node
from autodiff_cli.ir.walk import nodes_in
from autodiff_cli.ops.create import full
from autodiff_cli.source import Source


def leaves_of(bound: Mapping[str, Any], wrt: Sequence[str] | None) -> dict[str, Node]:
    """The inputs to differentiate by."""
    for name in wrt or ():
        check_differentiable("--wrt", name, bound)
    names = bound if wrt is None else wrt
    return {
        name: bound[name]
        for name in names
        if isinstance(bound[name], Node) and bound[name].requires_grad
    }


def check_differentiable(option: str, name: str, bound: Mapping[str, Any]) -> None:
    """Refuse a name behind an option that is not that of a floating point input.

    Raises:
        InputError: there is no such input.
        RuntimeFault: it is no tensor, or one of integers.
    """
    if name not in bound:
        known = ", ".join(bound) or "none"
        raise InputError(f"{option} names '{name}', which is not an input; the inputs are {known}")
    value = bound[name]
    if not (isinstance(value, Node) and value.dtype.is_floating):
        kind = value.dtype.name if isinstance(value, Node) else "no tensor"
        raise RuntimeFault(
            "only Tensors of floating point and complex dtype can require gradients",
            hint=f"'{name}' is {kind}; leave it out of {option}, or give floating point numbers",
        )


def cotangents_of(
    value: Any,
    leaves: Mapping[str, Node],
    seeds: Sequence[str | Array],
    *,
    scalars_only: bool = True,
) -> list[Node]:
    """One cotangent a seed, or ones for a scalar; none where there is nothing to differentiate.

    Args:
        value: the result.
        leaves: the inputs to differentiate by.
        seeds: as given.
        scalars_only: whether a result without seeds that is no scalar is an error, or has no gradients.
    """
    if not isinstance(value, Node):
        if seeds or (leaves and any(node.requires_grad for node in nodes_in(value))):
            raise RuntimeFault(
                "grad can be implicitly created only for scalar outputs",
                hint="the result is not one tensor: pick one of its parts, such as (…)[0], or use "
                "--no-grad",
            )
        return []
    if not leaves and not seeds:
        return []
    if not value.requires_grad:
        raise RuntimeFault(
            "element 0 of tensors does not require grad and does not have a grad_fn",
            hint="the result does not depend on a floating point input: use --no-grad",
        )
    if not seeds:
        if value.numel != 1:
            if not scalars_only:
                return []
            raise RuntimeFault(
                "grad can be implicitly created only for scalar outputs",
                hint=f"the result has shape {list(value.shape)}: give a cotangent of that shape with "
                f"--seed 'ones({', '.join(map(str, value.shape))})', reduce it with sum() or mean(), "
                "or use --no-grad",
            )
        return [full(shape=value.shape, value=1, dtype=value.dtype)]
    from autodiff_cli.evaluation.seeds import seed_of

    return [seed_of(seed, number, value) for number, seed in enumerate(seeds)]


def executed(nodes: list[Node], source: Source) -> list[Array]:
    """The arrays of nodes; what fails has its place in the source.

    Raises:
        AutodiffError: an operation met a value outside its domain; memory ran out.
    """
    try:
        return execute(nodes)
    except ExecutionError as error:
        if error.node.span is not None:
            error.error.at(error.node.span, source)
        raise error.error from None
    except MemoryError:
        raise out_of_memory() from None
