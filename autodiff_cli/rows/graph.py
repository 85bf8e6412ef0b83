"""One row's graph: its value, gradients and derivative along a direction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from autodiff_cli.errors import InputError, RuntimeFault
from autodiff_cli.evaluation.leaves import cotangents_of, leaves_of
from autodiff_cli.interpret.graph import graph_of, located
from autodiff_cli.ir.context import Unknown
from autodiff_cli.ir.node import Node, constant
from autodiff_cli.ops.create import full
from autodiff_cli.ops.pointwise import as_dtype
from autodiff_cli.rows.named import columns_of, gradients_of
from autodiff_cli.rows.question import Weight
from autodiff_cli.rows.resolved import Resolved
from autodiff_cli.transform.reverse import reverse
from autodiff_cli.vocabulary.calls.parameters import type_name
from autodiff_cli.vocabulary.calls.values import Size


def outputs_of(asked: Resolved, row: Mapping[str, Node]) -> dict[str, Node | None]:
    """What is asked, as nodes, by the names of columns; None where nothing flows.

    Args:
        asked: of an expression.
        row: one node for each column that the expression, the seed or a tangent names.

    Raises:
        Unknown: the graph depends on the value of a placeholder.
        AutodiffError: the expression can't be evaluated or differentiated.
    """
    bound = {name: row[name] for name in asked.inputs} | dict(asked.fixed)
    held: dict[str, Any] = dict.fromkeys(asked.question.also)
    value = node_of(_value(asked, bound, held))
    outputs: dict[str, Node | None] = {"value": value}
    shown = leaves = leaves_of(bound, asked.shown)
    leaves = leaves | leaves_of(bound, [name for name in asked.hidden if name not in leaves])
    if asked.undecided and value.numel != 1:
        leaves = {}
    cotangent = _cotangent(value, leaves, asked.seed, row)
    if cotangent is None:
        outputs |= {f"grad_{name}": None for name in leaves}
    else:
        second = asked.question.second
        flows = reverse([value], [cotangent], list(leaves.values()), create_graph=second)
        outputs |= {f"grad_{name}": flow for name, flow in zip(leaves, flows, strict=True)}
        if second:
            outputs |= {
                f"second_{name}": _again(flow, leaf)
                for (name, leaf), flow in zip(leaves.items(), flows, strict=True)
            }
    if asked.tangents:
        outputs["jvp"] = _along(value, bound, asked.tangents, row)
    if asked.question.further.further:
        outputs |= _further(asked, value, bound, row)
    for name, given in held.items():
        outputs |= _also(name, given, shown)
    return outputs


def _further(
    asked: Resolved, value: Node, bound: Mapping[str, Any], row: Mapping[str, Node]
) -> dict[str, Node]:
    """The Jacobians, the Hessians and their products with vectors."""
    from autodiff_cli.evaluation.derivatives import derived, differentiable

    further = asked.question.further
    leaves = leaves_of(bound, asked.by)
    output = differentiable(further.further, value, leaves)
    return columns_of(
        derived(further, output, leaves, {}, _vectors("hvp", asked.vectors, leaves, row))
    )


def _also(name: str, given: Any, leaves: Mapping[str, Node]) -> dict[str, Node | None]:
    """What a name holds at the end, and its gradients; None if the row's way doesn't assign it."""
    if given is None:
        return dict.fromkeys([name, *gradients_of(name, leaves)])
    node = node_of(given, f"{name} is")
    flows: list[Node | None] = [None] * len(leaves)
    if node.requires_grad and node.numel == 1:
        ones = full(shape=node.shape, value=1, dtype=node.dtype)
        flows = list(reverse([node], [ones], list(leaves.values())))
    return {name: node, **dict(zip(gradients_of(name, leaves), flows, strict=True))}


def _value(asked: Resolved, bound: Mapping[str, Any], held: dict[str, Any]) -> Any:
    source = asked.question.expression
    try:
        return graph_of(asked.text, source, bound, held=held)
    except Unknown:
        raise
    except Exception as error:
        raise located(error, source, bound) from None


def _cotangent(
    value: Node, leaves: Mapping[str, Node], seed: Weight | None, row: Mapping[str, Node]
) -> Node | None:
    if not leaves:
        return None
    if seed is None or seed.column is None:
        found = cotangents_of(
            value, leaves, [] if seed is None or seed.array is None else [seed.array]
        )
        return found[0] if found else None
    given = row[seed.column]
    if given.shape != value.shape:
        raise RuntimeFault(
            f"Mismatch in shape: grad_output[0] has a shape of {Size(given.shape)!r} and output[0] "
            f"has a shape of {Size(value.shape)!r}.",
            hint=f"the seeds in column '{seed.column}' need the shape of the result",
        )
    return as_dtype(given, value.dtype)


def _again(flow: Node | None, leaf: Node) -> Node | None:
    """The derivative of a gradient by its own input, along ones."""
    from autodiff_cli.transform.forward import forward

    if flow is None:
        return None
    return forward([flow], [leaf], [full(shape=leaf.shape, value=1, dtype=leaf.dtype)])[0]


def _along(
    value: Node, bound: Mapping[str, Any], tangents: Mapping[str, Weight], row: Mapping[str, Node]
) -> Node | None:
    """The derivative of the value along the direction that the tangents give."""
    from autodiff_cli.transform.forward import forward

    primals = leaves_of(bound, list(tangents))
    directions = _vectors("jvp", tangents, primals, row)
    return forward([value], list(primals.values()), list(directions.values()))[0]


def _vectors(
    option: str,
    given: Mapping[str, Weight],
    leaves: Mapping[str, Node],
    row: Mapping[str, Node],
) -> dict[str, Node]:
    """What an option gives for each input, in its input's dtype."""
    found = {}
    for name, weight in given.items():
        node = constant(weight.array) if weight.array is not None else row[str(weight.column)]
        if name not in leaves:
            raise InputError(f"--{option} names '{name}', which is no floating point number")
        if node.shape != leaves[name].shape:
            raise RuntimeFault(
                f"--{option} {name}: a vector of shape {list(node.shape)} for an input of shape "
                f"{list(leaves[name].shape)}"
            )
        found[name] = as_dtype(node, leaves[name].dtype)
    return found


def node_of(value: Any, what: str = "the result is") -> Node:
    """A value as a tensor.

    Args:
        what: it is, for the error.

    Raises:
        InputError: it is no tensor and no number.
    """
    if isinstance(value, Node):
        return value
    if isinstance(value, (bool, int, float)):
        return constant(np.asarray(value))
    raise not_one(value, what)


def not_one(value: object, what: str = "the result is") -> InputError:
    return InputError(
        f"{what} a {type_name(value)}: a row's value is one tensor or number",
        hint="pick one of its parts, such as (…)[0], or join them with stack((…))",
    )
