# ruff: noqa: E501
"""Every type that a program can get hold of: followed from all tables of names, three calls deep.

    python tests/reached.py              the types, and a way to each
    python tests/reached.py --unknown    those that tests/interpret/reached.txt doesn't list: exit code 1
    python tests/reached.py --write      put them into the list, beside what other versions of Python's reach

From each value the walk takes what its guard gives for the names that the real Python object has, its items,
what operators, loops and `with` make of it, what calls of it give or raise, and what they call the program's own
functions and objects with. Of each type, and of each function, it looks at a few values; a call has a limit of
steps, elements and time. Which arguments are drawn follows from a seed.
"""

from __future__ import annotations

import argparse
import io
import signal
import sys
import types
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import numpy as np

import autodiff_cli
from autodiff_cli.interpret import (
    access,
    arithmetic,
    builtins,
    flow,
    items,
    pyplot,
    reach,
    screens,
    stands,
)
from autodiff_cli.interpret.allowed import DEFINABLE, PROGRAM_CLASSES
from autodiff_cli.interpret.builtins import BUILTINS
from autodiff_cli.interpret.limits import Limits
from autodiff_cli.interpret.names import bare_name, function_names
from autodiff_cli.interpret.numpy_names import PARTS
from autodiff_cli.interpret.python_modules import PYTHON
from autodiff_cli.interpret.stands import Stand
from autodiff_cli.interpret.torch_names import TORCH
from autodiff_cli.ir.context import current
from autodiff_cli.program import Session, Settings
from autodiff_cli.source import Source
from autodiff_cli.vocabulary.calls.handles import GIVEN, TensorMethod, TorchFunction

PACKAGE = str(Path(autodiff_cli.__file__).parent)
KNOWN = Path(__file__).parent / "interpret" / "reached.txt"
MODULES = [
    *TORCH,
    *PYTHON,
    "numpy",
    *(f"numpy.{part}" for part in PARTS),
    *pyplot.MODULES,
    *screens.MODULES,
]
LIMITS = Settings(max_elements=10_000, max_memory=4 << 30, threads=1)
NAMES = {"implicit": True, "bare": True}  # without an import, and without a prefix
MOST_STEPS = 2_000  # of a call
MOST_SECONDS = 0.5  # of processor time
MOST_CALLS = 3  # on the way to a value
MOST_VALUES = 4  # of a type, or of a function, that are looked into
OPERATED = 3  # of a type, that operators are tried with
DRAWN = 2  # calls of a function with arguments that were met on the way
ITEMS = 3  # of a loop
UNCALLED = frozenset(("sleep",))

# What a program makes itself: its `values` are where the walk begins, besides the tables.
PROGRAM = """
import torch, numpy as np, enum, collections, dataclasses, functools, itertools, typing, abc
seen = []
def told(args):
    seen.extend(args)
    return args[0] if args else 1
def function(*args, **kwargs): return told(args)
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
        told((ctx, x))
        ctx.save_for_backward(x)
        return x * x
    @staticmethod
    def backward(ctx, g):
        told((ctx, g))
        return g
class Wrong(ValueError): pass
class Abstract(abc.ABC):
    @abc.abstractmethod
    def f(self): pass
class Meta(torch.nn.Module):
    @property
    def where(self): return super()
def generator(): yield 1
tensor = torch.ones(2, 2, requires_grad=True)
out = Square.apply(tensor)
net = Net()
values = [Color.RED, Plain(), Point(), Pair(1), net, Meta(), tensor, out, out.grad_fn, (tensor * 2).grad_fn,
    Wrong('x'), function, generator(), Plain().method, 1, 1.5, 'a', True, None, [1], (1,), {'a': 1}, {1}, frozenset((1,)),
    range(3), slice(1), iter([1]), map(str, [1]), np.ones(3), np.float64(1), np.ones(3).dtype, torch.float32,
    tensor.shape, tensor.max(0), torch.optim.SGD(net.parameters(), 0.1), torch.Generator(), torch.finfo(),
    torch.device('cpu'), functools.partial(print), collections.deque([1]), collections.Counter('a'), itertools.count(),
    net.state_dict(), collections.defaultdict(list), torch.distributions.Normal(0., 1.), torch.no_grad(),
    'a'.encode(), np.random.default_rng(0), functools.lru_cache(function), torch.utils.data.TensorDataset(tensor),
    super(Net, net), list[int], typing.Optional[int], tensor.register_hook(function), globals(), ..., NotImplemented,
    torch.optim.lr_scheduler.StepLR(torch.optim.SGD(net.parameters(), 0.1), 1),
    Abstract, Color, Plain, Point, Pair, Net, Square, Wrong]
class Told:
"""
METHODS = sorted(
    DEFINABLE
    - {f"__{name}__" for name in "init doc module qualname slots annotations class_getitem".split()}
)
PROGRAM += "".join(f"    def {name}(self, *args): return told(args)\n" for name in METHODS)
# The arguments of a call, made anew for each.
ARGUMENTS = """
()
tensor*1,
tensor*1, tensor*2
torch.tensor([0, 1]),
2,
2, 3
2, 3, 1
0.5, 1.5
'a',
'a', 'b'
'mean', tensor*1
[1, 2],
[1, 2], 1
[tensor*1, tensor*2],
{'a': 1},
function,
function, tensor*1
function, (tensor*1,)
function, [1, 2]
Plain,
Plain(), 'x'
Plain(), 'x', 1
Told(),
Told(), Told()
net.parameters(),
net.parameters(), 0.1
tensor*1, 1
tensor*1, function
"""


class Found(NamedTuple):
    """A value, how a program comes to it, and with how many calls."""

    value: Any
    way: str
    calls: int


class TooLong(BaseException):
    """A call that doesn't end soon."""


# ---- what a value is ---------------------------------------------------------------------------


def kind_of(value: Any) -> str:
    """What the list says of a value: its type; of a class, which one, and whether a stand-in takes its place.

    The program's own classes and those that are declared to be behind `torch.` aren't told apart.
    """
    if type(value) is Stand:
        is_name = getattr(value.make, "__qualname__", "") == REFUSAL
        return "a class's name alone" if is_name else f"stand-in {path_of(value.kind)}"
    if isinstance(value, type):
        if value in PROGRAM_CLASSES:
            return "class of the program"
        return "class of torch's" if value in GIVEN else f"class {path_of(value)}"
    if isinstance(value, np.ndarray) and value.dtype.hasobject:
        return "numpy.ndarray of objects"
    kind = type(value)
    if kind in PROGRAM_CLASSES:
        return "object of the program"
    return "object of torch's" if kind in GIVEN else path_of(kind)


REFUSAL = stands._refusal(object).__qualname__


def path_of(kind: type) -> str:
    """Where a class is; of ours that go by another's name, where they are written."""
    named = sys.modules.get(kind.__module__)
    if getattr(named, kind.__qualname__, None) is not kind:
        for entry in vars(kind).values():
            code = getattr(entry, "__code__", None)
            if code is not None and code.co_filename.startswith(PACKAGE):
                file = Path(code.co_filename).relative_to(PACKAGE).with_suffix("")
                owner = code.co_qualname.rpartition(".")[0].partition(".<locals>")[0]
                return f"{'.'.join(file.parts)}.{owner} ({kind.__qualname__})"
        if kind.__flags__ & HEAP_TYPE:
            return f"{kind.__module__}.{kind.__qualname__} (another)"
    return f"{kind.__module__}.{kind.__qualname__}"


HEAP_TYPE = 1 << 9  # Python's Py_TPFLAGS_HEAPTYPE: made by a program, or a module in C


def same(value: Any) -> Any:
    """What is the same for values of which a few are enough: the type, what is in it, the name of what is called."""
    kind = type(value)
    if isinstance(value, type):
        return value
    if kind is TorchFunction or kind is TensorMethod:
        return kind, value.function.name
    if kind is types.FunctionType:
        return value.__code__, value.__qualname__
    if kind in (list, tuple, dict):
        entries = value.values() if kind is dict else value
        return kind, tuple(type(entry) for entry in islice(entries, ITEMS))
    if not callable(value):
        return kind
    names = [getattr(value, name, None) for name in ("__qualname__", "__name__", "name")]
    return kind, next((name for name in names if isinstance(name, str)), None)


def names_of(value: Any) -> list[str]:
    """The names of the real object, and those of the tables."""
    kind = value if isinstance(value, type) else type(value)
    found = {
        *dir(type(value)),
        *dir(kind),
        *access.names_of(value),
        *getattr(value, "__dict__", ()),
    }
    return sorted(name for name in found if isinstance(name, str))


# ---- the walk ----------------------------------------------------------------------------------


class Walk:
    """What is reached.

    Attributes:
        kinds: by what `kind_of` says, the first way to it.
        slow: ways that took too long.
    """

    def __init__(self, session: Session, seed: int) -> None:
        self.session = session
        self.random = Random(seed)
        self.kinds: dict[str, str] = {}
        self.slow: list[str] = []
        self.met: Counter[Any] = Counter()
        self.operands: Counter[type] = Counter()
        self.pending = [deque[Found]() for _ in range(MOST_CALLS + 1)]
        self.pool: dict[Any, Any] = {}
        text = f"[{', '.join(f'lambda: ({line})' for line in ARGUMENTS.strip().splitlines())}]"
        session.run(Source(f"arguments = {text}", "p.py"))
        self.arguments: list[Callable[[], tuple[Any, ...]]] = session.variables["arguments"]
        self.texts = ARGUMENTS.strip().splitlines()
        self.variables = dict(session.variables)

    def run(self) -> None:
        for found in roots(self.session):
            self.push(found)
        for calls, pending in enumerate(self.pending):
            while pending:
                found = pending.popleft()
                self.look_into(found)
                if calls < MOST_CALLS and callable(found.value):
                    self.call(found)

    def push(self, found: Found) -> None:
        """Note a value, and look into it later unless there were enough of its like."""
        self.kinds.setdefault(kind_of(found.value), found.way)
        key = same(found.value)
        self.met[key] += 1
        if self.met[key] <= MOST_VALUES:
            self.pool[type(found.value)] = found.value
            self.pending[found.calls].append(found)

    def look_into(self, found: Found) -> None:
        value, way, calls = found
        for name in names_of(value):
            self.take(f"{way}.{name}", calls, reach.attribute, value, name)
        self.take(
            f"iter({way})", calls, lambda: list(islice(flow.iterate(value), ITEMS)), spread=True
        )
        if isinstance(value, dict):
            self.take(
                f"{way}.values()",
                calls,
                lambda: list(islice(dict.values(value), ITEMS)),
                spread=True,
            )
        for index in (0, -1, "a", slice(1), ...):
            self.take(f"{way}[{index!r}]", calls, items.item, value, index)
        tensor = self.variables["tensor"]
        for name, guard in arithmetic.GUARDS.items() if self.operated(value) else ():
            for what, other in (("itself", (value,)), ("1", (1,)), ("tensor", (tensor,)), ("", ())):
                self.take(f"{way} {name} {what}", calls, guard, value, *other)
        self.take(f"with {way}", calls, entered, value)

    def operated(self, value: Any) -> bool:
        """Whether operators are tried: with the first few values of each type."""
        self.operands[type(value)] += 1
        return self.operands[type(value)] <= OPERATED

    def call(self, found: Found) -> None:
        value, way, calls = found
        if UNCALLED.intersection(way.split(".")):
            return
        self.session.variables.update(self.variables)  # whatever has become of them
        for text, make in zip(self.texts, self.arguments):
            self.take(f"{way}({text})", calls + 1, lambda make=make: value(*make()))
        for _ in range(DRAWN):
            given = self.random.choices([*self.pool.values()], k=self.random.choice((1, 1, 2, 3)))
            text = ", ".join(kind_of(one) for one in given)
            self.take(f"{way}({text})", calls + 1, value, *given)

    def take(
        self, way: str, calls: int, run: Callable[..., Any], *args: Any, spread: bool = False
    ) -> None:
        """Push what a step gives or raises, and what it gave to the program's own functions."""
        seen: list[Any] = self.variables["seen"]
        seen.clear()
        current().limits = Limits(MOST_STEPS)
        try:
            with timed(), np.errstate(all="ignore"):
                result = run(*args)
        except TooLong:
            self.slow.append(way)
        except flow.ENDING:  # which no program catches
            pass
        except BaseException as error:
            if not is_of_guard(error):
                self.push(Found(error, f"what {way} raises", calls))
        else:
            for value in result if spread else (result,):
                self.push(Found(value, way, calls))
        for value in seen[:ITEMS]:
            self.push(Found(value, f"what {way} calls back with", calls))


def is_of_guard(error: BaseException) -> bool:
    """Whether it says that there is no such thing."""
    return (
        type(error) in (AttributeError, TypeError)
        and error.__cause__ is None
        and error.__context__ is None
    )


def entered(value: Any) -> Any:
    """What `with value as` gives."""
    enter, leave = flow.of_class(value, "__enter__"), flow.of_class(value, "__exit__")
    if enter is None or leave is None:
        raise TypeError("no manager")
    result = enter()
    leave(None, None, None)
    return result


class timed:
    """Ends what takes too much processor time, where the system can."""

    def __enter__(self) -> None:
        if hasattr(signal, "setitimer"):
            self.before = signal.signal(signal.SIGVTALRM, _too_long)
            signal.setitimer(signal.ITIMER_VIRTUAL, MOST_SECONDS)

    def __exit__(self, *_: object) -> None:
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            signal.signal(signal.SIGVTALRM, self.before)


def _too_long(*_: object) -> None:
    raise TooLong


def roots(session: Session) -> Iterator[Found]:
    """What the tables give, and what the program makes."""
    for name in function_names():
        yield Found(bare_name(name), name, 0)
    for name, value in BUILTINS.items():
        yield Found(value, name, 0)
    for name in MODULES:
        module = builtins.import_module(name, True)
        yield Found(module, name, 0)
        for member in sorted(module.names()):
            with suppress(AttributeError):  # of another version of Python's
                yield Found(reach.attribute(module, member), f"{name}.{member}", 0)
    tensor = session.variables["tensor"]
    for name in access.names_of(tensor):
        with suppress(AttributeError, RuntimeError):
            yield Found(reach.attribute(tensor, name), f"tensor.{name}", 0)
    for place, value in enumerate(session.variables["values"]):
        yield Found(value, f"values[{place}]", 0)


def reached(seed: int = 0) -> Walk:
    """Walk."""
    sys.stderr, errors = io.StringIO(), sys.stderr  # where the program's `sys.stderr` writes
    try:
        with Session(LIMITS, write=lambda _: None, complain=lambda _: None, **NAMES) as session:
            session.run(Source(PROGRAM, "p.py"))
            walk = Walk(session, seed)
            walk.run()
            return walk
    finally:
        sys.stderr = errors


def known() -> set[str]:
    """The types that the list names."""
    return set(KNOWN.read_text("utf-8").splitlines())


def main() -> int:
    """Walk, and print."""
    heading, _, further = (__doc__ or "").partition("\n")
    parser = argparse.ArgumentParser(
        description=heading, epilog=further, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--unknown", action="store_true", help="only what the list doesn't name")
    parser.add_argument("--write", action="store_true", help="list them from now on")
    parser.add_argument("--seed", type=int, default=0, help="from which arguments are drawn")
    parser.add_argument("--slow", action="store_true", help="also what took too long")
    given = parser.parse_args()
    walk = reached(given.seed)
    listed = known() if given.unknown else set()
    if given.write:
        KNOWN.write_text(
            "".join(f"{kind}\n" for kind in sorted(known() | set(walk.kinds))), "utf-8"
        )
        return 0
    found = {kind: way for kind, way in sorted(walk.kinds.items()) if kind not in listed}
    for kind, way in found.items():
        print(f"{kind}: {way}")
    if given.slow:
        print(*(f"slow: {way}" for way in walk.slow), sep="\n")
    return int(given.unknown and bool(found))


if __name__ == "__main__":
    sys.exit(main())
