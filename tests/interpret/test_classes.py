"""Classes of programs: when they become the program's, and what stands in for Python's own."""

from __future__ import annotations

import io
import sys
from collections import OrderedDict as OfPython

import pytest

from autodiff_cli.program import run_text
from autodiff_cli.source import Source
from autodiff_cli.vocabulary.python.ordered import OrderedDict

ENUM = """
from enum import Enum
class Planet(Enum):
    EARTH = (2, 3)
    def __init__(self, mass, radius):
        self.mass, self.radius = mass, radius
"""
NAMED = """
class D:
    def __set_name__(self, owner, name): owner.tag = name
class A:
    field = D()
    def __init_subclass__(cls): cls.number = 7
class B(A): pass
"""
FAILING = "class A:\n    def __str__(self): raise ValueError\n    __repr__ = __str__\n"
NOTED = "class E(Exception):\n    meant, hint, is_ours = 5, 'no', True\n"
EVIL = "class E(Exception):\n    def __getattr__(self, name): raise ValueError(name)\n"
PARTS = "from dataclasses import dataclass\nimport torch\nfrom pprint import pformat\n"
CAUGHT = "try: 'é'.encode().decode('ascii')\nexcept ValueError as caught: K = type(caught)\n"
DUAL = "import torch\nfrom torch.autograd.forward_ad import *\nwith dual_level(): "
LONG = "'" + "y" * 90 + "'"


def outcome(text: str) -> str:
    out, err = io.StringIO(), io.StringIO()
    run_text(Source(text, "p.py"), write=out.write, complain=err.write)
    return (out.getvalue() + err.getvalue()).strip().rpartition("\n")[2]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{ENUM}print(Planet.EARTH.mass, Planet.EARTH.radius)", "2 3"),
        (f"{NAMED}print(A.tag, B.number)", "field 7"),
        (f"{FAILING}raise ValueError(A())", "ValueError: <exception str() failed>"),
        (f"{FAILING}raise KeyError(A())", "KeyError: <exception str() failed>"),
        (f"{NOTED}raise E('x')", "E: x"),
        (f"{EVIL}raise E('x')", "E: x"),
        ("globals()[5] = 1\ny", "NameError: name 'y' is not defined"),
        (f"{PARTS}@dataclass\nclass M(torch.nn.Module):\n    a: int = 1\nprint(M())", "M(a=1)"),
        ("class A:\n    __annotations__ = 7", "TypeError: A.__annotations__ must be a dict"),
        (f"{CAUGHT}try: 'é'.encode().decode('ascii')\nexcept K: print('K')", "K"),
        (f"{PARTS}@dataclass\nclass A:\n    x: str\nprint(pformat(A({LONG})))", f"A(x={LONG})"),
        ("import numpy as np\nlist(np.ndarray)", "TypeError: 'type' object is not iterable"),
        ("list(list[int])", "TypeError: list[int] is not iterable"),
        (f"{DUAL}make_dual(3, torch.ones(1))",
         "AttributeError: 'int' object has no attribute 'is_floating_point'"),
        (f"{DUAL}make_dual(torch.ones(1), torch.tensor([1]))",
         "ValueError: Expected tangent to be floating point or complex, but got: torch.int64"),
        ("from collections import OrderedDict\nprint(len(OrderedDict((i, i) for i in 'ab')))", "2"),
    ],
)  # fmt: skip
def test_what_a_program_says(text: str, expected: str) -> None:
    assert outcome(text) == expected


@pytest.mark.parametrize(
    "change",
    [
        lambda d: None,
        lambda d: d.move_to_end("a"),
        lambda d: d.move_to_end("c", last=False),
        lambda d: d.popitem(),
        lambda d: d.popitem(last=False),
        lambda d: d.clear(),
        lambda d: d.update(d | {"z": 1}),
        lambda d: d.update({"z": 1} | d),
        lambda d: d.update(self=5),
        lambda d: d.setdefault("q", d.copy()),
    ],
)
def test_an_ordered_dict_is_as_pythons(change: object) -> None:
    ours, theirs = (kind(a=1, b=2, c=3) for kind in (OrderedDict, OfPython))
    for made in (ours, theirs):
        change(made)  # type: ignore[operator]
    assert repr(ours) == repr(theirs)
    for name in ("keys", "values", "items"):
        view, whole = (getattr(made, name)() for made in (ours, theirs))
        assert repr(view) == repr(whole)
        assert list(reversed(view)) == list(reversed(whole)) and len(view) == len(whole)
    other = OrderedDict(reversed(list(ours.items())))
    backwards = OfPython(reversed(list(theirs.items())))
    assert [ours == other, ours != other, ours == dict(other), ours != 5] == [
        theirs == backwards, theirs != backwards, theirs == dict(backwards), theirs != 5,
    ]  # fmt: skip


@pytest.mark.parametrize("bad", ["popitem()", "popitem(last=False)", "move_to_end(1)", "pop(1)"])
def test_an_ordered_dict_without_the_key(bad: str) -> None:
    with pytest.raises(KeyError) as ours:
        eval(f"d.{bad}", {"d": OrderedDict()})
    with pytest.raises(KeyError) as theirs:
        eval(f"d.{bad}", {"d": OfPython()})
    assert str(ours.value) == str(theirs.value)


def test_an_ordered_dict_that_changes_under_its_own_methods() -> None:
    """Python's own crashes here, on some versions."""
    text = """
from collections import OrderedDict
class D(OrderedDict):
    def __getitem__(self, key):
        OrderedDict.clear(self)
        return 5
d = D((i, i) for i in range(100))
print(len(d.copy()))
"""
    assert outcome(text) == "100", sys.version


@pytest.mark.parametrize(
    ("value", "shown"),
    [("iter([1])", "list_iterator"), ("map(str, [1])", "map"), ("zip([1])", "zip"), ("'a'", "str")],
)
def test_errors_name_the_classes_that_a_program_sees(value: str, shown: str) -> None:
    said = io.StringIO()
    text = f"import torch\n{value} in torch.ones(2)"
    assert run_text(Source(text, "p.py"), write=print, complain=said.write) == 1
    assert said.getvalue().endswith(f"you passed in a <class '{shown}'>.\n")
