"""Jacobians, Hessians and directional derivatives: what was asked for, as nodes of the graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autodiff_cli.errors import InputError, NameFault, RuntimeFault
from autodiff_cli.evaluation.leaves import check_differentiable
from autodiff_cli.evaluation.request import Asked
from autodiff_cli.inputs import Given, bind
from autodiff_cli.ir.context import changed
from autodiff_cli.ir.node import Node
from autodiff_cli.ops import movement as mv
from autodiff_cli.ops.pointwise import as_dtype
from autodiff_cli.tensors.derivatives import filled, hessian, jacobian, tangents
from autodiff_cli.tensors.derivatives import hvp as hessian_products
from autodiff_cli.vocabulary.calls.parameters import type_name
from autodiff_cli.vocabulary.calls.values import NO_VALUE, Size


def nodes_of(
    asked: Asked,
    value: Any,
    leaves: Mapping[str, Node],
    bound: Mapping[str, Any],
) -> dict[str, Any]:
    """The derivatives of a value, not yet computed: fields of a `Result`, with nodes for tensors.

    Args:
        asked: which.
        value: what the expression gave: has to be one tensor.
        leaves: the inputs to differentiate by.
        bound: all inputs.

    Raises:
        RuntimeFault: the value has no such derivative; a vector has another shape than its input.
        InputError: a vector's name is not that of a leaf.
    """
    output = differentiable(asked.further, value, leaves)
    vectors = {kind: _vectors(kind, getattr(asked, kind), leaves, bound) for kind in ("jvp", "hvp")}
    return derived(asked, output, leaves, **vectors)


def derived(
    asked: Asked,
    output: Node,
    leaves: Mapping[str, Node],
    jvp: Mapping[str, Node],
    hvp: Mapping[str, Node],
) -> dict[str, Any]:
    """The derivatives of a tensor along vectors that are nodes, each of its input's shape and dtype."""
    wrt = list(leaves.values())
    found: dict[str, Any] = {}
    if asked.jacobian:
        found["jacobian"] = dict(zip(leaves, jacobian(output, wrt), strict=True))
    if asked.hessian:
        rows = hessian(_scalar(output, "hessian"), wrt)
        found["hessian"] = {
            name: dict(zip(leaves, row, strict=True))
            for name, row in zip(leaves, rows, strict=True)
        }
    if jvp:
        moving = [leaves[name] for name in jvp]
        (found["jvp"],) = filled(tangents([output], moving, list(jvp.values())), [output])
    if hvp:
        vectors = filled([hvp.get(name) for name in leaves], wrt)
        products = hessian_products(_scalar(output, "hvp"), wrt, vectors)
        found["hvp"] = dict(zip(leaves, products, strict=True))
    return found


def differentiable(kind: str, value: Any, leaves: Mapping[str, Node]) -> Node:
    """The one tensor that is differentiated.

    Args:
        kind: "jacobian", "hessian", "jvp" or "hvp".

    Raises:
        RuntimeFault: the value is no tensor, or doesn't depend on a leaf.
        InputError: there are no leaves.
    """
    if not isinstance(value, Node):
        parts = isinstance(value, (list, tuple)) and not isinstance(value, Size)
        if value is NO_VALUE:
            hint = (
                "the last line of the program has to be an expression: its value is differentiated"
            )
        elif parts:
            hint = "the result is not one tensor: pick one of its parts, such as (…)[0]"
        else:
            hint = f"the result is no tensor, but of type {type_name(value)}"
        raise RuntimeFault(f"The function given to {kind} should return a single Tensor", hint=hint)
    if not value.requires_grad:
        raise RuntimeFault(
            "element 0 of tensors does not require grad and does not have a grad_fn",
            hint="the result does not depend on a floating point input",
        )
    if not leaves:
        raise InputError(
            f"--{kind} differentiates by the inputs, and there is none of floating point",
            hint="bind one, as in x='[1, 2]'",
        )
    return value


def _scalar(output: Node, kind: str) -> Node:
    """A result of one element, without dimensions."""
    if output.numel != 1:
        raise RuntimeFault(
            f"The Tensor returned by the function given to {kind} should contain a single element",
            hint=f"the result has shape {list(output.shape)}: reduce it with sum() or mean(), or pick "
            "one element",
        )
    return output if not output.shape else mv.view(output, shape=())


# ---- tangents and vectors -----------------------------------------------------------------------


def _vectors(
    kind: str, given: Mapping[str, Given], leaves: Mapping[str, Node], bound: Mapping[str, Any]
) -> dict[str, Node]:
    """A node of its input's shape and dtype for each given value."""
    for name in given:
        check_differentiable(f"--{kind}", name, bound)
        if name not in leaves:
            raise InputError(
                f"--{kind} names '{name}', which --wrt leaves out",
                hint=f"add it: --wrt {','.join([*leaves, name])}",
            )
    return {name: _vector(kind, name, value, leaves, bound) for name, value in given.items()}


def _vector(
    kind: str, name: str, given: Given, leaves: Mapping[str, Node], bound: Mapping[str, Any]
) -> Node:
    target = leaves[name]
    try:
        with changed(dtype=target.dtype):
            vector = bind(f"--{kind} {name}", given, differentiate=False)
    except NameFault as fault:
        if any(f"'{other}'" in fault.message for other in bound):
            fault.hint = (
                f"a value can't use inputs: write numbers, or a file: --{kind} {name}=@v.npy"
            )
        raise
    if not isinstance(vector, Node):
        raise InputError(f"the value of --{kind} {name} is neither a tensor nor a number")
    if vector.shape != target.shape:
        size = ", ".join(map(str, target.shape))
        example = f"ones({size})" if target.shape else "1"
        raise RuntimeFault(
            f"v has invalid size: should be {Size(target.shape)!r} but got {Size(vector.shape)!r}.",
            hint=f"--{kind} {name} needs the shape of the input {name}: {list(target.shape)}, as in "
            f"--{kind} {name}='{example}'",
        )
    return as_dtype(vector, target.dtype)
