"""One row at a time: what `eval` does with it."""

from __future__ import annotations

import sys
from collections.abc import Mapping

import numpy as np

from autodiff_cli.errors import InputError
from autodiff_cli.evaluation import Asked, Tensor, evaluated
from autodiff_cli.evaluation.leaves import executed
from autodiff_cli.inputs import Given
from autodiff_cli.ir.context import Unknown
from autodiff_cli.ir.node import Array, Node, constant, leaf
from autodiff_cli.rows.graph import not_one, outputs_of
from autodiff_cli.rows.resolved import Resolved
from autodiff_cli.settings import Settings


def single(
    asked: Resolved, cells: Mapping[str, Array], settings: Settings
) -> dict[str, Array | None]:
    """The outputs of one row: "value", "grad_NAME" and "jvp"; None where nothing flows.

    Args:
        asked: what is asked.
        cells: of the row, by column.
        settings: what a program is computed with.

    Raises:
        AutodiffError: the evaluation failed.
    """
    if not asked.is_graph:
        return _of_program(asked, cells, settings)
    try:
        return _of_graph(asked, cells)
    except Unknown:  # a program that writes to memory which tensors share
        return _of_program(asked, cells, settings)


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
    asked: Resolved, cells: Mapping[str, Array], settings: Settings
) -> dict[str, Array | None]:
    question = asked.question
    if asked.tangents:
        raise InputError("--jvp takes an expression, or a program without effects")
    inputs: dict[str, Given] = {name: cells[name] for name in asked.inputs}
    for name, given in question.given.items():
        value = asked.fixed[name]
        inputs[name] = np.asarray(value.value) if isinstance(value, Node) else given
    names = None if asked.shown is None else [*asked.shown, *asked.hidden]
    seeds = []
    if asked.seed is not None and (names is None or names):
        column = asked.seed.column
        seed = asked.seed.array if column is None else cells[column]
        assert seed is not None
        seeds = [seed]
    result = evaluated(
        question.expression,
        inputs,
        Asked(names, seeds, grad=names is None or bool(names)),
        settings,
        sys.stderr.write,
    )
    outputs: dict[str, Array | None] = {"value": _array(result.value)}
    found = result.gradients[0].by_input if result.gradients else {}
    for name in _leaves(asked, cells):
        gradient = found.get(name)
        outputs[f"grad_{name}"] = None if gradient is None else gradient.array
    return outputs


def _leaves(asked: Resolved, cells: Mapping[str, Array]) -> list[str]:
    """The inputs that have a gradient column, whether or not a gradient flows."""
    if asked.shown is not None:
        return [*asked.shown, *asked.hidden]
    floating = [name for name in asked.inputs if cells[name].dtype.kind == "f"]
    fixed = asked.fixed.items()
    return [*floating, *(n for n, v in fixed if isinstance(v, Node) and v.requires_grad)]


def _array(value: object) -> Array:
    if isinstance(value, Tensor):
        return value.array
    if isinstance(value, (bool, int, float)):
        return np.asarray(value)
    raise not_one(value)
