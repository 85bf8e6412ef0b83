# ruff: noqa: E501
"""What a program reaches, followed from the names that it begins with: nothing that isn't in a table."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import types
from typing import Any

import numpy as np
import pytest
import reached
from hypothesis import given, settings
from hypothesis import strategies as st

from autodiff_cli.interpret import builtins, reach
from autodiff_cli.interpret.builtins import BUILTINS
from autodiff_cli.ir.node import Node
from autodiff_cli.program import Session
from autodiff_cli.source import Source
from autodiff_cli.tensors.tensor import Tensor

KNOWN = reached.known()
NEVER = (
    types.ModuleType, types.CodeType, types.FrameType, types.TracebackType, types.GetSetDescriptorType,
    types.MemberDescriptorType, types.MappingProxyType, types.CellType, types.GenericAlias, types.UnionType,
    memoryview, bytearray, io.TextIOWrapper, io.BytesIO, io.StringIO, Node, np.ufunc, np.random.Generator,
    np.random.RandomState, super, type,
)  # fmt: skip


def test_no_type_beyond_the_list_is_reached() -> None:
    """`python tests/reached.py --unknown` says the ways again; what is right, `--write` lists."""
    command = [sys.executable, reached.__file__, "--unknown"]
    fixed = os.environ | {"PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=fixed)
    assert done.returncode == 0, (
        f"types that aren't in {reached.KNOWN.name}:\n{done.stdout}{done.stderr}"
    )


def test_the_list_has_no_type_that_leads_out() -> None:
    shut = {reached.path_of(kind) for kind in NEVER}
    shut |= {f"{form} {path}" for path in shut for form in ("class", "stand-in")} - {
        "stand-in builtins.type"
    }
    assert shut & KNOWN == set()
    assert "numpy.ndarray of objects" not in KNOWN


@pytest.mark.parametrize(("text", "kind"), [
    ("values.append(leak)", "types.SimpleNamespace"), ("function.leak = leak\nvalues.append(function)", "types.SimpleNamespace"),
    ("values.append(lambda *a: leak)", "types.SimpleNamespace"),
    ("def f(*a): raise ValueError(leak)\nvalues.append(f)", "types.SimpleNamespace"),
    ("values.append([{'a': (leak,)}])", "types.SimpleNamespace"),
])  # fmt: skip
def test_a_type_that_leaks_is_found(monkeypatch: pytest.MonkeyPatch, text: str, kind: str) -> None:
    monkeypatch.setattr(reached, "roots", lambda session: [
        reached.Found(value, f"values[{place}]", 0)
        for place, value in enumerate(session.variables["values"][-2:])
    ])  # fmt: skip
    variables = {"leak": types.SimpleNamespace(x=1)}
    with Session(
        reached.LIMITS, write=len, complain=len, variables=variables, **reached.NAMES
    ) as session:
        session.run(Source(reached.PROGRAM + text, "p.py"))
        walk = reached.Walk(session, seed=0)
        walk.run()
    assert kind in set(walk.kinds) - KNOWN


@pytest.fixture(scope="module")
def values() -> Any:
    with Session(write=lambda text: None, complain=lambda text: None) as session:
        session.run(Source(reached.PROGRAM, "p.py"))
        yield session.variables


REAL = sorted(
    {
        name
        for kind in (int, str, list, dict, type, object, np.ndarray, np.dtype, types.FunctionType, types.MethodType,
                     types.CodeType, types.FrameType, types.GeneratorType, types.BuiltinFunctionType, BaseException,
                     types.TracebackType, property, classmethod, types.ModuleType, Tensor, Node, type(io))
        for name in dir(kind)
    }
)  # fmt: skip
# Names with two underscores on each side that no value offers, whatever it is.
SHUT = [
    name
    for name in REAL
    if name.startswith("__") and name.endswith("__") and name[2:-2] in (
        "base subclasses globals code closure self func wrapped builtins loader spec file path reduce reduce_ex "
        "getattribute new subclasshook instancecheck subclasscheck prepare array_interface array_struct array_ufunc "
        "array_function array_finalize array_wrap dlpack buffer getstate setstate sizeof weakref dictoffset basicsize "
        "flags text_signature kwdefaults type_params class_getitem_ dataclass_fields abstractmethods"
    ).split()
]  # fmt: skip


@pytest.mark.parametrize("name", SHUT)
def test_no_value_offers(name: str, values: Any) -> None:
    for value in [*values["values"], *BUILTINS.values(), builtins.import_module("torch", True)]:
        with pytest.raises(AttributeError):
            reach.attribute(value, name)


@settings(max_examples=500, deadline=None)
@given(data=st.data())
def test_names_of_real_objects_are_no_names_here(values: Any, data: st.DataObject) -> None:
    """Names with underscores at their beginning, of whatever Python object, on whatever value."""
    value = data.draw(st.sampled_from(values["values"]))
    name = data.draw(st.sampled_from([name for name in REAL if name.startswith("_")]))
    try:
        found = reach.attribute(value, name)
    except (AttributeError, RuntimeError, NotImplementedError):
        return
    assert reached.kind_of(found) in KNOWN, f"{value!r}.{name}"
