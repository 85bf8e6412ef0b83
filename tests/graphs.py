"""Graphs for tests of what works on graphs: from expressions, and fixture files of them.

A fixture file is blocks of

    # what it shows
    x: float32[3], t: int64[3]
    x * 1
    ---
    value = x : float32[3]

Inputs are declared with their dtype and shape, the floating ones are leaves. `gradients of EXPRESSION`
stands for its value and the gradients of its sum.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import numpy as np

from autodiff_cli.interpret.code import compiled_text
from autodiff_cli.interpret.graph import graph_of
from autodiff_cli.ir.node import Node, leaf
from autodiff_cli.ops.create import full
from autodiff_cli.source import Source
from autodiff_cli.transform.reverse import reverse

GRADIENTS = "gradients of "
DECLARATION = re.compile(r"(\w+): (\w+)\[([\d, ]*)\]")


class Fixture(NamedTuple):
    title: str
    declarations: str
    expression: str
    expected: str


def fixtures(path: Path) -> list[Fixture]:
    found = []
    for block in re.split(r"\n\s*\n", path.read_text().strip()):
        title, declarations, expression, _, *expected = block.splitlines()
        found.append(Fixture(title.lstrip("# "), declarations, expression, "\n".join(expected)))
    return found


def declared(declarations: str) -> dict[str, Node]:
    """Leaves and constants of zeros; graphs are looked at, not computed."""
    inputs = {}
    for name, dtype, sizes in DECLARATION.findall(declarations):
        shape = tuple(int(size) for size in sizes.split(",") if size.strip())
        array = np.broadcast_to(np.zeros((), dtype), shape)
        inputs[name] = leaf(array, requires_grad=array.dtype.kind == "f", name=name)
    return inputs


def built(expression: str, inputs: dict[str, Node]) -> tuple[list[Node], list[str]]:
    """The graph's outputs, and what to call them."""
    wants_gradients = expression.startswith(GRADIENTS)
    source = Source(expression.removeprefix(GRADIENTS))
    value = graph_of(compiled_text(source), source, inputs)
    outputs = list(value) if isinstance(value, (list, tuple)) else [value]
    names = ["value"] if len(outputs) == 1 else [f"value {n}" for n in range(len(outputs))]
    if wants_gradients:
        (value,) = outputs
        leaves = {name: node for name, node in inputs.items() if node.requires_grad}
        seed = full(shape=value.shape, value=1, dtype=value.dtype)
        for name, gradient in zip(leaves, reverse([value], [seed], list(leaves.values()))):
            assert gradient is not None
            outputs.append(gradient)
            names.append(f"{name}.grad")
    return outputs, names
