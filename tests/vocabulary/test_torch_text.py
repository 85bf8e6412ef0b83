"""The text of a tensor against recordings of PyTorch, against PyTorch, and by its properties."""

from __future__ import annotations

import ast
import doctest
import importlib.util
import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from autodiff_cli.vocabulary import tensor_str as torch_text
from autodiff_cli.vocabulary.tensor_str import PrintOptions, print_options, tensor_text

GOLDEN = Path(__file__).parents[1] / "golden"
RECORDED = json.loads((GOLDEN / "printing.json").read_text(encoding="utf-8"))
FULL = print_options("full")


def load_recorder() -> Any:
    spec = importlib.util.spec_from_file_location("record_printing", GOLDEN / "record_printing.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


recorder = load_recorder()


def text_of(case: dict[str, Any]) -> str:
    return tensor_text(
        recorder.build(case),
        case["dtype"],
        default_dtype=case.get("default_dtype", "float32"),
        requires_grad=case.get("requires_grad", False),
        grad_fn=case.get("grad_fn"),
        options=print_options(**case.get("options", {})),
    )


def name_of(case: dict[str, Any]) -> str:
    return "-".join([case["dtype"], *map(str, case["shape"]), case.get("kind", "listed")])


@pytest.mark.parametrize("case", RECORDED, ids=name_of)
def test_recording(case: dict[str, Any]) -> None:
    assert text_of(case) == case["text"]


def test_recordings_are_of_the_chosen_cases() -> None:
    recorded = [{k: v for k, v in case.items() if k != "text"} for case in RECORDED]
    chosen = recorder.chosen_cases()
    # NaN differs from itself, not so its JSON.
    assert json.dumps(recorded[: len(chosen)]) == json.dumps(chosen)


@pytest.mark.reference
@pytest.mark.parametrize("start", range(0, 5000, 500))
def test_reference(start: int) -> None:
    for seed in range(start, start + 500):
        case = recorder.random_case(seed)
        assert text_of(case) == recorder.reference_text(case), case


def test_examples() -> None:
    failed, tried = doctest.testmod(torch_text)
    assert tried > 0
    assert failed == 0


def test_profiles() -> None:
    short = print_options("short", precision=3, sci_mode=True)
    assert vars(short) == vars(PrintOptions(3, 1000, 2, 80, True))
    assert FULL.threshold == math.inf
    assert vars(print_options("default", current=short)) == vars(PrintOptions(4, 1000, 3, 80, None))
    assert vars(print_options(linewidth=60, current=short)) == {
        **vars(short),
        "linewidth": 60,
        "sci_mode": None,
    }
    with pytest.raises(ValueError, match="'long': expected one of default, short, full"):
        print_options("long")


def numbers(text: str) -> list[str]:
    return re.findall(r"[-\d.][-+\de.]*", text.removeprefix("tensor(").partition("]")[0])


moderate = st.floats(-1e7, 1e7)
floats = arrays(np.float64, st.integers(1, 60), elements=st.one_of(st.floats(), moderate))


@given(floats, st.integers(0, 12))
def test_floats_are_read_back_to_the_precision(array: np.ndarray, precision: int) -> None:
    array = array[np.isfinite(array)]
    text = tensor_text(array, "float32", options=print_options("full", precision=precision))
    read = numbers(text)
    assert len(read) == array.size
    for item, value in zip(read, array.tolist(), strict=True):
        # Half of the last decimal, which belongs to the power of ten; the rest is float rounding.
        if np.isinf(float(item)):  # few digits of a huge number round up past the largest
            assert abs(value) > 1e308
            continue
        unit = float("1e" + (item.partition("e")[2] or "0"))
        assert float(item) == pytest.approx(value, rel=1e-15, abs=0.5001 * 10**-precision * unit)
        assert math.copysign(1, float(item)) == math.copysign(1, value)


shapes = array_shapes(min_dims=0, max_dims=5, max_side=9)


@given(arrays(st.sampled_from([np.int64, np.bool_, np.uint8]), shapes))
def test_integers_are_read_back_with_their_shape(array: np.ndarray) -> None:
    text = tensor_text(array, "int64", options=FULL)
    read = np.array(ast.literal_eval(text[len("tensor(") : -1]), dtype=array.dtype)
    assert read.shape == array.shape
    assert np.array_equal(read, array)


@given(
    st.one_of(
        arrays(np.int64, st.integers(2, 400)),
        arrays(np.float64, st.integers(2, 400), elements=st.floats(0.25, 1e7)),
    )
)
def test_lines_of_vectors_fit(array: np.ndarray) -> None:
    lines = tensor_text(array, "int64", options=FULL).removesuffix(")").split("\n")
    # The comma or the bracket after the last element takes the place of its separator.
    assert all(len(line) <= 80 for line in lines)
    assert all(line.startswith(" " * 8) for line in lines[1:])
    assert len({len(line) for line in lines[:-1]}) <= 1


@given(arrays(np.float32, array_shapes(max_dims=4, max_side=6), elements=st.floats(width=32)))
def test_layout_in_memory_is_irrelevant(array: np.ndarray) -> None:
    view = array.T[::-1]
    assert tensor_text(view, "float32") == tensor_text(view.copy("C"), "float32")


@given(array_shapes(min_dims=1, max_dims=4, max_side=12), st.integers(1, 4))
def test_hidden_elements_have_no_influence(shape: tuple[int, ...], edge: int) -> None:
    array = np.linspace(0, 1, math.prod(shape)).reshape(shape)
    inner = tuple(slice(edge, -edge) if n > 2 * edge else slice(None) for n in shape)
    hidden = array.copy()
    if any(n > 2 * edge for n in shape):
        hidden[inner] = 1e30
    options = PrintOptions(threshold=0, edgeitems=edge)
    assert tensor_text(hidden, "float64", options=options) == tensor_text(
        array, "float64", options=options
    )


def test_only_what_is_printed_is_converted() -> None:
    array = np.broadcast_to(np.float32(1.5), (10**6, 10**6))
    row = "[1.5000, 1.5000, 1.5000,  ..., 1.5000, 1.5000, 1.5000]"
    rows = (",\n" + " " * 8).join([row, row, row, "...", row, row, row])
    assert tensor_text(array, "float32") == f"tensor([{rows}])"


def test_as_many_dimensions_as_numpy_has() -> None:
    array = np.ones((1,) * 61 + (10, 20, 10))
    text = tensor_text(array, "float32")
    assert text.startswith("tensor(" + "[" * 64 + "1., ")
    assert text.endswith("1." + "]" * 64 + ")")
    assert text.count("1.") == 6**3


@pytest.mark.parametrize("dtype", [np.float32, np.int64, np.complex64])
def test_the_array_is_left_alone(dtype: type[np.generic]) -> None:
    array = np.arange(2000).astype(dtype).reshape(40, 50)
    kept = array.copy()
    array.flags.writeable = False
    tensor_text(array, "float32")
    assert np.array_equal(array, kept)
