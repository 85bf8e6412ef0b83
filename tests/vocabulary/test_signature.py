"""Binding of calls against recordings of PyTorch, by its properties, and value by value."""

from __future__ import annotations

import doctest
import importlib.util
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autodiff_cli import errors
from autodiff_cli.errors import Fault, OverflowFault, TypeFault, ValueFault
from autodiff_cli.interpret.operators import TENSOR_BINARY
from autodiff_cli.ir import dtypes
from autodiff_cli.ir.node import Node, leaf
from autodiff_cli.vocabulary.calls import parameters
from autodiff_cli.vocabulary.calls.parameters import type_name
from autodiff_cli.vocabulary.calls.signature import Overloads, Signature

GOLDEN = Path(__file__).parents[1] / "golden"
RECORDED = json.loads((GOLDEN / "signatures.json").read_text(encoding="utf-8"))


def load_recorder() -> Any:
    path = GOLDEN / "record_signatures.py"
    spec = importlib.util.spec_from_file_location("record_signatures", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


recorder = load_recorder()
SIGNATURES: dict[str, list[str]] = recorder.SIGNATURES
FUNCTIONS = {name: Overloads(name, texts) for name, texts in SIGNATURES.items()}
METHODS = {name: Overloads(name, texts, method=True) for name, texts in SIGNATURES.items()}
OVERLOADS = {"function": FUNCTIONS, "method": METHODS}

TENSORS: dict[str, Node] = {
    name: leaf(np.array(data, dtype), requires_grad=requires_grad)
    for name, (data, dtype, requires_grad) in recorder.NAMES.items()
}
x, y, one = TENSORS["x"], TENSORS["y"], TENSORS["one"]


class Torch:
    """The part of torch's namespace that the recorded arguments use."""

    float32, float64, int32 = dtypes.float32, dtypes.float64, dtypes.int32


def collect(*args: object, **kwargs: object) -> tuple[tuple[object, ...], dict[str, object]]:
    return args, kwargs


def arguments(text: str) -> tuple[tuple[object, ...], dict[str, object]]:
    """The arguments that the text between a call's parentheses stands for."""
    result: tuple[tuple[object, ...], dict[str, object]] = eval(
        f"collect({text})", {"collect": collect, "torch": Torch, **TENSORS}
    )
    return result


def function(*texts: str) -> Overloads:
    return Overloads(texts[0].partition("(")[0], texts)


def test_recordings_cover_the_calls_of_the_recorder() -> None:
    expected = [
        [name, form, text]
        for name in SIGNATURES
        for form in recorder.forms(name)
        for text in recorder.arguments(name, form)
    ]
    assert [call[:3] for call in RECORDED] == expected
    assert len(RECORDED) >= 250


@pytest.mark.parametrize("name", SIGNATURES)
def test_binds_as_recorded(name: str) -> None:
    for _, form, text, error, message in (call for call in RECORDED if call[0] == name):
        args, kwargs = arguments(text)
        try:
            OVERLOADS[form][name].bind(args, kwargs)
        except Fault as fault:
            assert (fault.kind, fault.message) == (error, message), (form, text)
        else:
            assert message is None, (form, text)


F = False
BOUND = [
    ("exp", "function", "x=x", 0, {"input": x, "out": None}),
    ("exp", "method", "", 0, {}),
    ("add", "function", "x, 2", 1, {"input": x, "other": 2, "alpha": 1, "out": None}),
    ("add", "method", "y, alpha=one", 1, {"other": y, "alpha": 1}),
    ("add", "method", "1, y", 0, {"alpha": 1, "other": y}),
    ("div", "method", "2, rounding_mode=None", 1, {"other": 2, "rounding_mode": None}),
    ("clamp", "method", "max=True", 1, {"min": None, "max": True}),
    ("where", "method", "y, 2", 3, {"condition": y, "other": 2}),
    ("isclose", "method", "y, 1, True", 0, {"other": y, "rtol": 1.0, "atol": 1.0, "equal_nan": F}),
    ("isclose", "method", "y", 0, {"other": y, "rtol": 1e-5, "atol": 1e-8, "equal_nan": F}),
    ("sum", "method", "", 0, {"dtype": None}),
    ("sum", "method", "one", 1, {"dim": (1,), "keepdim": F, "dtype": None}),
    ("sum", "method", "true", 1, {"dim": (1,), "keepdim": F, "dtype": None}),
    ("sum", "method", "axis=[0, one]", 1, {"dim": (0, 1), "keepdim": F, "dtype": None}),
    ("sum", "method", "None, keepdims=True", 1, {"dim": None, "keepdim": True, "dtype": None}),
    ("sum", "method", "dtype=int", 0, {"dtype": dtypes.int64}),
    ("sum", "method", "(), dtype=bool", 1, {"dim": (), "keepdim": F, "dtype": dtypes.bool_}),
    ("view", "method", "2, 3", 1, {"size": (2, 3)}),
    ("view", "method", "torch.int32", 0, {"dtype": dtypes.int32}),
    ("permute", "function", "x, [1, one]", 0, {"input": x, "dims": (1, 1)}),
    ("permute", "method", "1, one, True", 0, {"dims": (1, 1, 1)}),
    ("expand", "method", "2, -1, implicit=True", 0, {"size": (2, -1), "implicit": True}),
    ("squeeze", "method", "0", 1, {"dim": 0}),
    ("squeeze", "method", "0, 1", 2, {"dim": (0, 1)}),
    ("cat", "function", "[x, y], axis=one", 0, {"tensors": (x, y), "dim": 1, "out": None}),
    ("softplus", "function", "x, half", 0, {"beta": 0.5, "threshold": 20}),
    ("dropout", "function", "x, one, True", 0, {"input": x, "p": 1.0, "train": True}),
    ("gelu", "function", "x", 0, {"input": x, "approximate": "none", "out": None}),
    ("upsample_nearest1d", "function", "x, None, (2, one)", 0, {"scale_factors": (2.0, 1.0)}),
    ("upsample_nearest1d", "function", "x, ones, half", 1, {"output_size": (1,), "scales": 0.5}),
    ("eye", "function", "ones, dtype=float", 0, {"n": 1, "dtype": dtypes.float64, "pin_memory": F}),
    ("full", "function", "(2,), half", 0, {"size": (2,), "fill_value": 0.5}),
]


@pytest.mark.parametrize(("name", "form", "text", "index", "values"), BOUND)
def test_values(name: str, form: str, text: str, index: int, values: dict[str, object]) -> None:
    got_index, bound = OVERLOADS[form][name].bind(*arguments(text))
    assert got_index == index
    assert bound | values == bound
    assert {key: type(bound[key]) for key in values} == {k: type(v) for k, v in values.items()}


@pytest.mark.parametrize("form", OVERLOADS)
def test_signatures_print_as_declared(form: str) -> None:
    for name, overloads in OVERLOADS[form].items():
        for parsed in overloads.signatures:
            text = SIGNATURES[name][parsed.index].removesuffix("|deprecated")
            if form == "method":
                text = text.replace("Tensor input, ", "", 1).replace("Tensor input", "", 1)
                for out in (
                    "*, Tensor out = None",
                    "Tensor out = None",
                    "tuple of Tensors out = None",
                ):
                    text = text.replace(out, "").replace("*, )", ")").replace(", )", ")")
            for kind in ("[1]", "?"):
                text = text.replace(kind, "")
            assert f"{name}{parsed}" == text.replace("SymInt", "int")


def test_defaults() -> None:
    overloads = function(
        "f(int a = -1, Number b = 1, Number c = 0.5, float d = 1, float e = inf, str g = 'mean', "
        "tuple of ints[2] h = 0, tuple of ints i = {0,1}, tuple of ints j = {}, bool k = True, "
        "torch.dtype l = torch.int64, torch.layout m = torch.strided, Number n = None)"
    )
    assert overloads.bind((), {})[1] == {
        "a": -1,
        "b": 1,
        "c": 0.5,
        "d": 1.0,
        "e": math.inf,
        "g": "mean",
        "h": (0, 0),
        "i": (0, 1),
        "j": (),
        "k": True,
        "l": dtypes.int64,
        "m": "torch.strided",
        "n": None,
    }


def test_nothing_is_parsed_before_the_first_call() -> None:
    overloads = Overloads("f", ["f(nonsense)"])
    with pytest.raises(KeyError):
        overloads.bind((), {})


def test_binding_does_not_change_the_defaults() -> None:
    overloads = function("f(tuple of ints[1] dim = None)")
    overloads.bind((0,), {})[1]["dim"] = "changed"
    assert overloads.bind((), {}) == (0, {"dim": None})


def test_numbers_out_of_range() -> None:
    cases: list[tuple[Overloads, int, type[Fault]]] = [
        (function("f(int dim)"), 2**63, ValueFault),
        (function("f(tuple of ints[1] dim)"), -(2**63) - 1, ValueFault),
        (function("f(Number value)"), 2**64, OverflowFault),
        (function("f(Number value)"), -(2**63) - 1, OverflowFault),
        (function("f(float value)"), 2**1024, OverflowFault),
        (function("add(Tensor other)"), 2**64, OverflowFault),
    ]
    for overloads, value, fault in cases:
        with pytest.raises(fault):
            overloads.bind((value,), {})
    assert function("f(Number value)").bind((2**64 - 1,), {}) == (0, {"value": 2**64 - 1})


def test_in_place_forms_take_numbers_for_tensors() -> None:
    assert function("add_(Tensor other)").bind((2,), {}) == (0, {"other": 2})
    with pytest.raises(TypeFault, match="must be Tensor, not int"):
        function("maximum(Tensor other)").bind((2,), {})


def test_an_argument_after_a_lone_int_of_several_is_one_too_many() -> None:
    overloads = function("f(tuple of ints[1] dim, *, bool keepdim = False)")
    assert overloads.bind((1,), {}) == (0, {"dim": (1,), "keepdim": False})
    with pytest.raises(TypeFault, match=r"^f\(\) takes 1 positional argument but 2 were given$"):
        overloads.bind((1, 2), {})


class Device:
    """Stands for another layer's class."""


class Generator:
    """Stands for another layer's class."""


def test_other_layers_types(monkeypatch: pytest.MonkeyPatch) -> None:
    device = function("f(torch.device? device = None)")
    generator = function("f(torch.Generator? generator = None)")
    for value in (Device(), Generator(), 1.5, True):
        with pytest.raises(TypeFault, match=f"must be torch.device, not {type(value).__name__}"):
            device.bind((value,), {})
    for accepted in ("cpu", 0, None):
        assert device.bind((accepted,), {}) == (0, {"device": accepted})
    monkeypatch.setitem(parameters.TYPE_NAMES, Device, "torch.device")
    monkeypatch.setitem(parameters.TYPE_NAMES, Generator, "torch._C.Generator")
    device.bind((Device(),), {})
    generator.bind((Generator(),), {})
    with pytest.raises(TypeFault, match=r"must be torch.device, not torch._C.Generator"):
        device.bind((Generator(),), {})


def test_numbers_in_tensors_are_computed() -> None:
    two = TENSOR_BINARY["+"](one, 1)
    assert two.value is None
    assert METHODS["sum"].bind(((two, 1),), {})[1]["dim"] == (2, 1)
    assert FUNCTIONS["full"].bind(((2,), TENSOR_BINARY["*"](two, 3)), {})[1]["fill_value"] == 6
    assert METHODS["add"].bind((y,), {})[1]["other"] is y


@pytest.mark.parametrize(
    ("value", "name"),
    [(x, "Tensor"), (dtypes.int8, "torch.dtype"), (1, "int"), (None, "NoneType"), ([], "list")],
)
def test_type_name(value: object, name: str) -> None:
    assert type_name(value) == name


def test_doctests() -> None:
    assert doctest.testmod(parameters).failed == 0


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-3, 3),
    st.floats(),
    st.text(max_size=3),
    st.sampled_from([*TENSORS.values(), *dtypes.ALL, int, float, str, ..., print, {}]),
)
VALUES = st.one_of(SCALARS, st.lists(SCALARS, max_size=3), st.lists(SCALARS, max_size=3).map(tuple))
KEYWORDS = st.sampled_from(
    "input x a x1 self other x2 dim axis keepdim keepdims dtype out min max alpha size None".split()
)
CALLS = st.tuples(
    st.sampled_from(sorted(SIGNATURES)),
    st.sampled_from(sorted(OVERLOADS)),
    st.lists(VALUES, max_size=4).map(tuple),
    st.dictionaries(KEYWORDS, VALUES, max_size=4),
)


@given(CALLS)
def test_every_call_binds_or_faults(
    call: tuple[str, str, tuple[object, ...], dict[str, object]],
) -> None:
    name, form, args, kwargs = call
    overloads = OVERLOADS[form][name]
    out_of_range = (TypeFault, ValueFault, OverflowFault)
    try:
        index, bound = overloads.bind(args, kwargs)
    except out_of_range as fault:
        assert fault.message
        assert type(fault) in errors.PYTHON_FAULTS.values()
    else:
        parsed = next(s for s in overloads.signatures if s.index == index)
        assert list(bound) == [parameter.name for parameter in parsed.parameters]


@given(st.sampled_from(sorted(SIGNATURES)), st.lists(VALUES, max_size=4))
def test_a_positional_argument_may_be_named(name: str, args: list[object]) -> None:
    for parsed in FUNCTIONS[name].signatures:
        if len(args) > parsed.max_positional:
            continue
        lone = parsed.max_positional == 1 and "tuple of ints" in str(parsed)
        if lone and args and not isinstance(args[0], (list, tuple)):
            continue  # the form ones(2) has no keyword, only ones(size=(2,))
        kwargs = {p.name: value for p, value in zip(parsed.parameters, args, strict=False)}
        positional, named = outcome(parsed, tuple(args), {}), outcome(parsed, (), kwargs)
        assert isinstance(positional, dict) == isinstance(named, dict)
        if isinstance(positional, dict) and isinstance(named, dict):
            assert list(map(repr, positional.values())) == list(map(repr, named.values()))


def outcome(
    parsed: Signature, args: tuple[object, ...], kwargs: dict[str, object]
) -> dict[str, object] | str:
    try:
        bound = parsed.parse(args, kwargs)
    except Fault as fault:
        return fault.message
    return bound if isinstance(bound, dict) else bound()


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=5))
def test_several_ints_are_one_tuple(sizes: list[int]) -> None:
    for name in ("permute", "reshape", "expand"):
        spread = METHODS[name].bind(tuple(sizes), {})
        assert spread == METHODS[name].bind((sizes,), {}) == METHODS[name].bind((tuple(sizes),), {})
