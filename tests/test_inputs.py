"""What can be bound to a name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autodiff_cli.errors import AutodiffError, InputError, SourceSyntaxError
from autodiff_cli.evaluation import evaluate
from autodiff_cli.inputs import bind
from autodiff_cli.ir.context import changed
from autodiff_cli.program import variables_of


def bound(given: dict[str, Any]) -> dict[str, Any]:
    """Inputs as a program gets them."""
    with changed(max_elements=10):
        return variables_of({name: bind(name, value) for name, value in given.items()})


@pytest.mark.parametrize(
    "given",
    [
        3,
        3.0,
        "3",
        *(np.dtype(code).type(3) for code in "bhilqBHILQefdg"),
        np.asarray(3.0, np.float32),
        np.asarray(3.0, ">f4"),
    ],
    ids=lambda given: f"{type(given).__name__} {getattr(given, 'dtype', '')}",
)
def test_a_number_is_a_leaf_of_the_default_dtype(given: Any) -> None:
    result = evaluate("x**2", {"x": given})
    gradient = result.gradients[0].by_input["x"]
    assert gradient is not None
    assert (result.value.dtype, result.value.array, gradient.array) == ("float32", 9, 6)


def test_arrays_keep_their_dtype_and_numbers_do_not() -> None:
    assert evaluate("x*1", {"x": np.asarray(2.5)}).value.dtype == "float64"
    assert evaluate("x*1", {"x": np.float64(2.5)}).value.dtype == "float32"
    assert evaluate("x*1", {"x": np.float32(2.5)}, dtype="float64").value.dtype == "float64"
    assert evaluate("x*1", {"x": np.asarray(2)}).value.dtype == "int64"


@pytest.mark.parametrize(
    "given",
    [
        [np.float32(1), 2],
        (np.float64(1), np.int8(2)),
        [np.asarray(1.0), np.asarray(2)],
        np.asarray([1.0, 2.0], np.float32)[::1],
        np.asarray([9, 1, 9, 2], np.float32)[1::2],
    ],
)
def test_lists_may_hold_numpys_numbers(given: Any) -> None:
    result = evaluate("sum(x*x)", {"x": given})
    gradient = result.gradients[0].by_input["x"]
    assert gradient is not None
    assert gradient.array.tolist() == [2, 4]


@pytest.mark.parametrize("given", [True, np.bool_(True)])
def test_truth_stays_pythons(given: Any) -> None:
    assert evaluate("1 if x else 2", {"x": given}).value == 1


def test_programs_take_the_same() -> None:
    given = {"x": np.float32(3), "y": [np.int64(1)], "z": np.bool_(False), "w": np.asarray(2)}
    variables = bound(given)
    assert variables["x"].requires_grad and variables["y"].requires_grad
    assert variables["z"] is False
    assert not variables["w"].requires_grad


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (1j, "of type complex"),
        (np.complex64(1), "of type complex"),
        (None, "of type NoneType"),
        ({"a": 1}, "of type dict"),
        (object(), "of type object"),
        (b"3", "of type bytes"),
        (np.datetime64("2026-01-01"), "of type date"),
        (np.array(["a"]), "an array of <U1"),
        (np.array([1j]), "an array of complex128"),
        (np.array([None]), "an array of object"),
        (np.array([1], np.uint16), "an array of uint16"),
        (np.ma.masked_array([1.0, 2.0], [0, 1]), "a masked array"),
        (np.zeros(2, "f4,f4"), "an array of"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_what_is_no_number_is_refused_by_name(given: Any, message: str) -> None:
    with pytest.raises(InputError, match="the value of x is ") as caught:
        evaluate("x", {"x": given})
    assert message in caught.value.message


@pytest.mark.parametrize("given", [[1j], [None], ["a"], [[1], [2, 3]], [{}], [np.complex64(1)]])
def test_lists_of_something_else_are_refused(given: Any) -> None:
    with pytest.raises(AutodiffError) as caught:
        evaluate("x", {"x": given})
    assert "the value of x" in caught.value.report()


def test_a_value_is_no_assignment() -> None:
    for arguments in ({"inputs": {"x": "y = 3"}}, {"inputs": {"x": "3"}, "seeds": ["y = 3"]}):
        with pytest.raises(SourceSyntaxError, match="not an assignment") as caught:
            evaluate("x*2", **arguments)  # type: ignore[arg-type]
        assert caught.value.hint == "write 3"


@pytest.mark.parametrize(
    "text",
    ["full((2,), tensor(3.)+1)", "arange(tensor(2)+1)", "zeros(tensor(1)+1, tensor(2))"],
)
def test_numbers_within_values_are_computed(text: str) -> None:
    shape = evaluate("x*1", {"x": text}, grad=False).value.shape
    assert bound({"x": text})["x"].shape == shape


@pytest.mark.parametrize(
    "text", ["inverse(ones(2,2))", "tensor(1) % 0", "[tensor(1) // 0]", "None in tensor(1)"]
)
def test_a_value_that_cannot_be_computed_has_its_place(text: str) -> None:
    calls: list[dict[str, Any]] = [
        {"inputs": {"x": text}},
        {"inputs": {"x": 1}, "seeds": [text]},
        {"inputs": {"x": 1}, "jvp": {"x": text}},
    ]
    for call in calls:
        with pytest.raises(AutodiffError) as caught:
            evaluate("x*2", **call)
        assert caught.value.span is not None
