"""One row at a time: what `eval` does with it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autodiff_cli.evaluation import Asked, Tensor, evaluated
from autodiff_cli.evaluation.leaves import executed
from autodiff_cli.inputs import Given
from autodiff_cli.ir.context import Unknown
from autodiff_cli.ir.node import Array, Node, constant, leaf
from autodiff_cli.rows.graph import not_one, outputs_of
from autodiff_cli.rows.named import columns_of, gradients_of
from autodiff_cli.rows.question import Weight
from autodiff_cli.rows.resolved import Resolved
from autodiff_cli.settings import Settings


def single(
    asked: Resolved, cells: Mapping[str, Array], settings: Settings, say: Callable[[str], None]
) -> dict[str, Array | None]:
    """The outputs of one row, by the names of columns; None where nothing flows.

    Args:
        asked: what is asked.
        cells: of the row, by column.
        settings: what a program is computed with.
        say: called with what a program warns of.

    Raises:
        AutodiffError: the evaluation failed.
    """
    if not asked.is_graph:
        return _of_program(asked, cells, settings, say)
    try:
        return _of_graph(asked, cells)
    except Unknown:  # a program that writes to memory which tensors share
        return _of_program(asked, cells, settings, say)


def _of_graph(asked: Resolved, cells: Mapping[str, Array]) -> dict[str, Array | None]:
    row = {
        name: leaf(
            cell, requires_grad=cell.dtype.kind == "f" and asked.differentiates(name), name=name
        )
        if name in asked.inputs
        else constant(cell)
        for name, cell in cells.items()
    }
    found: dict[str, Array | None] = executed(outputs_of(asked, row), asked.question.expression)
    return found


def _of_program(
    asked: Resolved, cells: Mapping[str, Array], settings: Settings, say: Callable[[str], None]
) -> dict[str, Array | None]:
    question = asked.question
    inputs: dict[str, Given] = {name: cells[name] for name in asked.inputs}
    for name, given in question.given.items():
        value = asked.fixed[name]
        inputs[name] = np.asarray(value.value) if isinstance(value, Node) else given
    grad = asked.shown is None or bool(asked.shown or asked.hidden)
    wanted = Asked(
        asked.needed,
        [_given(asked.seed, cells)] if asked.seed is not None and grad else [],
        grad=grad,
        jacobian=question.jacobian,
        hessian=question.hessian,
        jvp={name: _given(weight, cells) for name, weight in asked.tangents.items()},
        hvp={name: _given(weight, cells) for name, weight in asked.vectors.items()},
        also=question.also,
    )
    result = evaluated(
        question.expression,
        inputs,
        wanted,
        settings,
        sys.stderr.write,
        lambda text: say(text.rstrip("\n")),
    )
    outputs: dict[str, Array | None] = {"value": _array(result.value)}
    if result.gradients or not asked.undecided:
        found = result.gradients[0].by_input if result.gradients else {}
        for name in _leaves(asked, cells):
            gradient = found.get(name)
            outputs[f"grad_{name}"] = None if gradient is None else gradient.array
    if result.jvp is not None:
        outputs["jvp"] = result.jvp.array
    derived = {
        kind: _by(asked.by, getattr(result, kind)) for kind in ("jacobian", "hessian", "hvp")
    }
    derived["hessian"] = {n: _by(asked.by, row) for n, row in derived["hessian"].items()}
    outputs |= {name: tensor.array for name, tensor in columns_of(derived).items()}
    for name in question.also:
        given, flows = (result.also or {}).get(name, (None, None))
        outputs[name] = None if given is None else _array(given, f"{name} is")
        leaves = _leaves(asked, cells) if asked.shown is None else list(asked.shown)
        for leaf_name, column in zip(leaves, gradients_of(name, leaves), strict=True):
            flow = None if flows is None else flows.by_input[leaf_name]
            outputs[column] = None if flow is None else flow.array
    return outputs


def _by(names: tuple[str, ...] | None, found: Mapping[str, Any] | None) -> dict[str, Any]:
    """What is by these inputs."""
    return {n: entry for n, entry in (found or {}).items() if names is None or n in names}


def _given(weight: Weight, cells: Mapping[str, Array]) -> Array:
    """A row's own number or array, or that of all rows."""
    found = weight.array if weight.column is None else cells[weight.column]
    assert found is not None
    return found


def _leaves(asked: Resolved, cells: Mapping[str, Array]) -> list[str]:
    """The inputs that have a gradient column, whether or not a gradient flows."""
    if asked.shown is not None:
        return [*asked.shown, *asked.hidden]
    floating = [name for name in asked.inputs if cells[name].dtype.kind == "f"]
    fixed = asked.fixed.items()
    return [*floating, *(n for n, v in fixed if isinstance(v, Node) and v.requires_grad)]


def _array(value: object, what: str = "the result is") -> Array:
    if isinstance(value, Tensor):
        return value.array
    if isinstance(value, (bool, int, float)):
        return np.asarray(value)
    raise not_one(value, what)
