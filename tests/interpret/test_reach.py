# ruff: noqa: E501
"""What a program reaches, followed from the names that it begins with: nothing that isn't in a table.

From each value the walk takes every attribute that its guard gives for the names that the real Python object has,
its items, and what calls of it without arguments give.
"""

from __future__ import annotations

import io
import types
from collections import deque
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autodiff_cli.autograd.tensor import Tensor
from autodiff_cli.interpret import builtins, reach
from autodiff_cli.interpret.allowed import MEMBERS, PROGRAM_CLASSES
from autodiff_cli.interpret.builtins import BUILTINS
from autodiff_cli.interpret.numpy_names import PARTS
from autodiff_cli.interpret.python_modules import PYTHON
from autodiff_cli.interpret.stands import PLAIN, Stand
from autodiff_cli.interpret.torch_names import TORCH
from autodiff_cli.ir.node import Node
from autodiff_cli.program import Session
from autodiff_cli.source import Source
from autodiff_cli.vocabulary.handles import GIVEN

PROGRAM = """
import torch, numpy as np, enum, collections, dataclasses, functools, itertools, typing, abc
class Color(enum.Enum):
    RED = 1
class Plain:
    def __init__(self): self.x = 1
    def method(self): return self
    @property
    def prop(self): return 2
    @classmethod
    def made(cls): return cls()
@dataclasses.dataclass
class Point:
    x: int = 1
class Pair(typing.NamedTuple):
    a: int
class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(2, 2)
    def forward(self, x): return self.layer(x)
class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x
    @staticmethod
    def backward(ctx, g): return g
class Wrong(ValueError): pass
class Abstract(abc.ABC):
    @abc.abstractmethod
    def f(self): pass
def function(x=1): return x
def generator(): yield 1
tensor = torch.ones(2, 2, requires_grad=True)
out = Square.apply(tensor)
net = Net()
values = [Color.RED, Plain(), Point(), Pair(1), net, tensor, out, out.grad_fn, (tensor * 2).grad_fn, Wrong('x'),
    function, generator(), Plain().method, 1, 1.5, 'a', True, None, [1], (1,), {'a': 1}, {1}, frozenset((1,)), range(3),
    slice(1), iter([1]), map(str, [1]), np.ones(3), np.float64(1), np.ones(3).dtype, torch.float32, tensor.shape,
    tensor.max(0), torch.optim.SGD(net.parameters(), 0.1), torch.Generator(), torch.finfo(), torch.device('cpu'),
    functools.partial(print), collections.deque([1]), collections.Counter('a'), itertools.count(), net.state_dict(),
    collections.defaultdict(list), torch.distributions.Normal(0., 1.), torch.no_grad(), 'a'.encode(), np.random.default_rng(0),
    functools.lru_cache(function), torch.utils.data.TensorDataset(tensor), super(Net, net), list[int], typing.Optional[int],
    tensor.register_hook(print), torch.optim.lr_scheduler.StepLR(torch.optim.SGD(net.parameters(), 0.1), 1)]
for value in (Abstract, Color, Plain, Point, Pair, Net, Square, Wrong): values.append(value)
"""
MODULES = [*TORCH, *PYTHON, "numpy", *(f"numpy.{part}" for part in PARTS)]
MOST = 20_000  # values that the walk looks at
NEVER = (
    types.ModuleType, types.CodeType, types.FrameType, types.TracebackType, types.GetSetDescriptorType,
    types.MemberDescriptorType, types.MappingProxyType, types.CellType, types.GenericAlias, memoryview,
    io.IOBase, Node, np.ufunc, np.random.Generator, np.random.RandomState, super,
)  # fmt: skip
QUIET = frozenset(("exit", "input", "sleep", "print", "pprint"))  # what the walk doesn't call


@pytest.fixture(scope="module")
def values() -> Any:
    with Session(write=lambda text: None, complain=lambda text: None) as session:
        session.run(Source(PROGRAM, "p.py"))
        yield session.variables


def is_listed(kind: Any) -> bool:
    return (
        isinstance(kind, Stand)
        or kind in PROGRAM_CLASSES
        or kind in MEMBERS
        or kind in GIVEN
        or kind in PLAIN
        or issubclass(kind, BaseException)
        or kind.__module__.startswith("autodiff_cli.interpret.")
    )


def check(value: Any, way: str) -> None:
    assert not isinstance(value, NEVER), f"{way} is a {type(value)}"
    if isinstance(value, type):
        assert is_listed(value), f"{way} is {value}"
    if isinstance(value, np.ndarray):
        assert not value.dtype.hasobject, way


def names_of(value: Any) -> list[str]:
    kind = value if isinstance(value, type) else type(value)
    names = {*dir(type(value)), *dir(kind), *getattr(value, "__dict__", ())}
    if isinstance(value, Tensor):
        names -= {name for name in names if not name.startswith("_")}
    return sorted(names)


def test_nothing_beyond_the_tables_is_reached(values: Any) -> None:
    pending: deque[tuple[Any, str]] = deque()
    for name in MODULES:
        module = builtins.import_module(name, True)
        for member in module.names():
            try:
                pending.append((reach.attribute(module, member), f"{name}.{member}"))
            except AttributeError:
                continue
    pending.extend((value, name) for name, value in BUILTINS.items())
    pending.extend((value, f"values[{place}]") for place, value in enumerate(values["values"]))
    seen: set[int] = set()
    kept: list[Any] = []
    kinds: dict[Any, int] = {}
    while pending and len(kept) < MOST:
        value, way = pending.popleft()
        check(value, way)
        kind = value if isinstance(value, type) else type(value)
        kinds[kind] = kinds.get(kind, 0) + 1
        if id(value) in seen or kinds[kind] > 300 or way.count(".") + way.count("(") > 6:
            continue
        seen.add(id(value))
        kept.append(value)
        for name in names_of(value):
            try:
                pending.append((reach.attribute(value, name), f"{way}.{name}"))
            except Exception as error:
                assert isinstance(
                    error, (AttributeError, RuntimeError, NotImplementedError, TypeError)
                ), error
        if isinstance(value, (list, tuple, dict)):
            pending.extend(
                (entry, f"{way}[]")
                for entry in (value.values() if isinstance(value, dict) else value)
            )
        if callable(value) and not QUIET.intersection(way.split(".")):
            try:
                pending.append((value(), f"{way}()"))
            except BaseException:
                continue
    assert len(kept) > 1000


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
    check(found, f"{value!r}.{name}")
