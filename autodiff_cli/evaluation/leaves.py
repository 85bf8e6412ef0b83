"""What is differentiated: by which inputs, from which cotangents; and computing it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from autodiff_cli.errors import InputError, RuntimeFault
from autodiff_cli.execute import execute
from autodiff_cli.execute.whole import ExecutionError
from autodiff_cli.inputs import Given
from autodiff_cli.interpret.limits import out_of_memory
from autodiff_cli.ir.node import Node
from autodiff_cli.ir.walk import nodes_in
from autodiff_cli.ops.create import full
from autodiff_cli.source import Source
from autodiff_cli.vocabulary.calls.values import ReturnType, Size


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
    seeds: Sequence[Given],
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


def mapped(function: Callable[..., Any], structure: Any, *others: Any) -> Any:
    """A structure with what a function gives of each node in its place; all else stays.

    Args:
        function: called with a node, and with what stands at its place in the others.
        structure: nested dicts, lists and tuples.
        others: structures alike.
    """
    if isinstance(structure, Node):
        return function(structure, *others)
    if isinstance(structure, dict):
        return {
            key: mapped(function, entry, *(other[key] for other in others))
            for key, entry in structure.items()
        }
    if isinstance(structure, (list, tuple)) and not isinstance(structure, Size):
        entries = [mapped(function, *parts) for parts in zip(structure, *others, strict=True)]
        if isinstance(structure, list):
            return entries
        return type(structure)(*entries) if isinstance(structure, ReturnType) else tuple(entries)
    return structure


def executed(structure: Any, source: Source) -> Any:
    """A structure of nodes, computed in one pass: the same with arrays in their places.

    Args:
        structure: nested dicts, lists and tuples; what is no node stays.
        source: in which what fails has its place.

    Raises:
        AutodiffError: an operation met a value outside its domain; memory ran out.
    """
    nodes: list[Node] = []
    mapped(nodes.append, structure)
    try:
        arrays = dict(zip(map(id, nodes), execute(nodes), strict=True))
    except ExecutionError as error:
        if error.node.span is not None:
            error.error.at(error.node.span, source)
        raise error.error from None
    except MemoryError:
        raise out_of_memory() from None
    return mapped(lambda node: arrays[id(node)], structure)
