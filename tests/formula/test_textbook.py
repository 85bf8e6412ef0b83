"""What a textbook writes, beside what is derived: no longer, and equal to it by evaluation."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from autodiff_cli.evaluation import evaluate
from autodiff_cli.evaluation.derivation import Declared, Derivation, derive
from autodiff_cli.render.derivation import rendered
from autodiff_cli.source import Source

SIZES = {"n": 4, "m": 3, "N": 5, "C": 3, "k": 2}


class Row(NamedTuple):
    expression: str
    inputs: str
    wrt: str
    textbook: str

    @property
    def whole(self) -> str:
        """The expression, and what the sizes in it are."""
        return f"{self.sizes}{self.expression}"

    @property
    def sizes(self) -> str:
        return "".join(f"{n} = {size}\n" for n, size in SIZES.items() if n not in self.declared)

    @property
    def declared(self) -> dict[str, Declared]:
        found = {}
        for word in self.inputs.split(";"):
            name, _, shape = word.partition(":")
            sizes, _, kind = shape.partition(":")
            found[name] = Declared(tuple(sizes.split(",")) if sizes else (), kind == "int")
        return found

    def values(self) -> dict[str, Any]:
        """Values of other sizes than those that the command itself compares with."""
        random = np.random.default_rng(5)
        found: dict[str, Any] = {}
        for name, declared in self.declared.items():
            shape = tuple(SIZES[str(size)] for size in declared.shape)
            found[name] = (
                random.integers(0, SIZES["C"], shape)
                if declared.integer
                else random.uniform(0.3, 0.9, shape)
            )
        for name, declared in self.declared.items():
            if len(declared.shape) == 2 and declared.shape[0] == declared.shape[1]:
                found[name] = found[name] + 2 * np.eye(len(found[name]))  # which has an inverse
        return found


TABLES = {
    name: [
        Row(*line.split("\t"))
        for line in (Path(__file__).parent / f"{name}.tsv").read_text().splitlines()[1:]
    ]
    for name in ("textbook", "textbook2", "families")
}
ROWS = [row for rows in TABLES.values() for row in rows]
LONGER = 0.1  # of a table's formulas, at most: a size has to be taken from a shape first


@lru_cache
def derived(row: Row) -> Derivation:
    return derive(row.expression, row.declared, wrt=[row.wrt], whole=True)


def length(text: str) -> int:
    return len("".join(text.split()).replace("dim=", ""))


def value(text: str, inputs: dict[str, Any]) -> Any:
    result = evaluate(Source(text, "a formula"), inputs, grad=False, dtype="float64")
    return result.value.array


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.expression} by {row.wrt}")
def test_formulas_are_gradients_and_what_the_textbook_writes(row: Row) -> None:
    derivation = derived(row)
    assert derivation.call == "" and derivation.left_out == ()
    inputs = row.values()
    found = value(derivation.text, inputs)
    whole = Source(row.whole, "an expression")
    shape = value(row.whole, inputs).shape
    seeds = [np.ones(shape)] if shape else []
    gradients = evaluate(whole, inputs, wrt=[row.wrt], seeds=seeds, dtype="float64")
    gradient = gradients.gradients[0].by_input[row.wrt]
    assert gradient is not None
    np.testing.assert_allclose(found, gradient.array, rtol=1e-9, atol=1e-12)
    textbook = value(row.sizes + row.textbook, inputs)
    np.testing.assert_allclose(found, textbook, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("table", TABLES)
def test_nearly_all_are_no_longer_than_the_textbook(table: str) -> None:
    rows = TABLES[table]
    longer = {row for row in rows if length(derived(row).text) > length(row.textbook)}
    assert len(longer) <= LONGER * len(rows), longer


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.expression} by {row.wrt}")
def test_numpy_functions_give_the_same(row: Row) -> None:
    text = rendered(derived(row), "numpy", "gradient")
    namespace: dict[str, Any] = {}
    exec(text, namespace)  # what the user would import
    inputs = row.values()
    found = namespace["gradient"](**inputs)
    np.testing.assert_allclose(found, value(derived(row).text, inputs), rtol=1e-9, atol=1e-12)


@pytest.mark.reference
@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.expression} by {row.wrt}")
def test_torch_functions_give_the_reference_s_gradient(row: Row) -> None:
    import torch
    from test_reference import recorder

    namespace: dict[str, Any] = {}
    exec(rendered(derived(row), "torch", "gradient"), namespace)
    tensors = {name: torch.tensor(array) for name, array in row.values().items()}
    leaf = tensors[row.wrt].requires_grad_()
    known = dict(recorder().namespace()) | tensors
    *lines, last = row.whole.replace("; ", "\n").splitlines()
    exec("\n".join(lines), known)
    eval(last, known).sum().backward()
    assert leaf.grad is not None
    found = namespace["gradient"](**{name: t.detach() for name, t in tensors.items()})
    torch.testing.assert_close(found, leaf.grad, rtol=1e-8, atol=1e-10)


@pytest.mark.needs("jax")
@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.expression} by {row.wrt}")
def test_jax_functions_give_the_same(row: Row) -> None:
    import jax

    jax.config.update("jax_enable_x64", True)
    namespace: dict[str, Any] = {}
    exec(rendered(derived(row), "jax", "gradient"), namespace)
    inputs = row.values()
    arrays = {name: jax.numpy.asarray(array) for name, array in inputs.items()}
    found = np.asarray(namespace["gradient"](**arrays))
    np.testing.assert_allclose(found, value(derived(row).text, inputs), rtol=1e-8, atol=1e-10)
