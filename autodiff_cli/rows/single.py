"""One row at a time: what `eval` does with it."""

from __future__ import annotations

import sys
from collections.abc import Mapping

import numpy as np

from autodiff_cli.errors import InputError
from autodiff_cli.evaluation import Tensor, evaluate
from autodiff_cli.evaluation.leaves import executed
from autodiff_cli.inputs import Given
from autodiff_cli.ir.context import Unknown
from autodiff_cli.ir.node import Array, Node, constant, leaf
from autodiff_cli.rows.asked import Asked
from autodiff_cli.rows.graph import not_one, outputs_of


def single(asked: Asked, cells: Mapping[str, Array], manual_seed: int) -> dict[str, Array | None]:
    """The outputs of one row: "value", "grad_NAME" and "jvp"; None where nothing flows.

    Args:
        asked: what is asked.
        cells: of the row, by column.
        manual_seed: of the random generator, for a program.

    Raises:
        AutodiffError: the evaluation failed.
    """
    if not asked.is_graph:
        return _of_program(asked, cells, manual_seed)
    try:
        return _of_graph(asked, cells)
    except Unknown:  # a program that writes to memory which tensors share
        return _of_program(asked, cells, manual_seed)


def _of_graph(asked: Asked, cells: Mapping[str, Array]) -> dict[str, Array | None]:
    row = {
        name: leaf(
            cell, requires_grad=cell.dtype.kind == "f" and asked.differentiates(name), name=name
        )
        if name in asked.inputs
        else constant(cell)
        for name, cell in cells.items()
    }
    outputs = outputs_of(asked, row)
    arrays = iter(
        executed([n for n in outputs.values() if n is not None], asked.question.expression)
    )
    return {name: None if node is None else next(arrays) for name, node in outputs.items()}


def _of_program(
    asked: Asked, cells: Mapping[str, Array], manual_seed: int
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
    result = evaluate(
        question.expression,
        inputs,
        wrt=names,
        seeds=seeds,
        grad=names is None or bool(names),
        dtype=question.dtype,
        manual_seed=manual_seed,
        max_elements=question.max_elements,
        max_steps=question.max_steps,
        write=sys.stderr.write,
    )
    outputs: dict[str, Array | None] = {"value": _array(result.value)}
    found = result.gradients[0].by_input if result.gradients else {}
    for name in _leaves(asked, cells):
        gradient = found.get(name)
        outputs[f"grad_{name}"] = None if gradient is None else gradient.array
    return outputs


def _leaves(asked: Asked, cells: Mapping[str, Array]) -> list[str]:
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
