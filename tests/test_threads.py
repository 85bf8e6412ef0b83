"""Texts in several threads at once, and texts within texts: each has what it would have alone."""

from __future__ import annotations

import asyncio
import gc
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autodiff_cli.evaluation import Result, Tensor, evaluate
from autodiff_cli.interpret.allowed import PROGRAM_CLASSES
from autodiff_cli.ir.context import DEFAULTS, Context, current, own
from autodiff_cli.program import Session, Settings, run_text
from autodiff_cli.rows import Engine, Question
from autodiff_cli.source import Source
from autodiff_cli.tables.rows import Column

DTYPES = ("float32", "float64")
ROUNDS = 1000
# Each depends on what another thread's text could change: dtypes of numbers, modes, generators, options.
EXPRESSIONS = (
    "sum(x * 2.5 + i / 3)",
    "mean(exp(x) * tensor(1.1)) + 0.1 * i.sum()",
    "rand(2).sum() * x.sum()",
    "(i / 7).sum() * x.sum() - where(x > 0, 1.5, 0.25).sum()",
)
PROGRAMS = (
    "y = x * 1.7\nfor k in range(3):\n    y = y * x + 0.3\nwith torch.no_grad():\n    z = y * 2\n"
    "(y * z.detach()).sum()",
    "torch.set_grad_enabled(False)\nz = torch.randn(2)\ntorch.set_grad_enabled(True)\n(x * z).sum()",
)
PRINTING = """
import random
import numpy as np
import torch
torch.set_printoptions(precision={digits})
np.set_printoptions(precision={digits})
random.seed({digits})
np.random.seed({digits})
class Point:
    def __init__(self, x): self.x = x
    def __repr__(self): return f"<{{self.x * 1.3}}>"
w = torch.tensor([1.0, 2.0], requires_grad=True)
for step in range(3):
    ((w * Point(w).x + torch.rand(2)) * 0.1).sum().backward()
print(Point(w), w.grad, torch.get_default_dtype(), torch.is_grad_enabled(), torch.tensor(3) / 7)
with torch.inference_mode():
    print(torch.ones(2) * 1.25, torch.is_grad_enabled())
print(1 / torch.tensor([3, 7]), random.random(), random.sample(range(9), 3), np.random.rand(2))
"""


@pytest.fixture(autouse=True)
def _threads_take_turns_often() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """What functions give that run in threads of their own; the first error of one."""
    found: list[Any] = [None] * len(works)
    errors: list[BaseException] = []
    ready = threading.Barrier(len(works))

    def run(number: int) -> None:
        ready.wait()
        try:
            found[number] = works[number]()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return found


def bits(result: Result) -> list[Any]:
    arrays = [result.value, *(row.by_input["x"] for row in result.gradients)]
    return [(a.dtype, a.array.tobytes(), getattr(a, "grad_fn", None)) for a in arrays if a]


def evaluated(text: str, dtype: str) -> list[Any]:
    inputs: dict[str, Any] = {"x": [0.5, -1.25], "i": "tensor([1, 2])"}
    inputs = {name: value for name, value in inputs.items() if re.search(rf"\b{name}\b", text)}
    return bits(evaluate(text, inputs, dtype=dtype, manual_seed=7, write=lambda text: None))


@pytest.mark.parametrize("texts", [EXPRESSIONS, PROGRAMS], ids=["expressions", "programs"])
def test_two_threads_with_two_dtypes(texts: tuple[str, ...]) -> None:
    expected = {(text, dtype): evaluated(text, dtype) for text in texts for dtype in DTYPES}
    assert len({expected[texts[0], dtype][0][0] for dtype in DTYPES}) == 2

    def work(dtype: str) -> None:
        for number in range(ROUNDS):
            text = texts[number % len(texts)]
            assert evaluated(text, dtype) == expected[text, dtype], (number, text)

    at_once(*[lambda dtype=dtype: work(dtype) for dtype in DTYPES])
    assert current().dtype is DEFAULTS.dtype


def printed(dtype: str, digits: int) -> str:
    out: list[str] = []
    settings = Settings(dtype=dtype, manual_seed=digits)
    source = Source(PRINTING.format(digits=digits), "p.py")
    code = run_text(source, settings, write=out.append, complain=out.append)
    assert code == 0, "".join(out)
    return "".join(out)


def test_two_threads_that_print() -> None:
    cases = tuple(zip(DTYPES, (3, 7), strict=True))
    expected = [printed(*case) for case in cases]
    recursion, collector = sys.getrecursionlimit(), gc.get_threshold()

    def work(number: int) -> None:
        for _ in range(ROUNDS // 10):
            assert printed(*cases[number]) == expected[number]

    at_once(lambda: work(0), lambda: work(1))
    assert (sys.getrecursionlimit(), gc.get_threshold()) == (recursion, collector)


@pytest.mark.parametrize(
    "text", ["sin(x) * 1.5 + rand(1).sum()", "x * 2 if x > 0 else x / 3", "y = x\ny = y * 1.1\ny"]
)
def test_two_tables_in_two_threads(text: str) -> None:
    rows = np.linspace(-1, 1, 40)

    def answers(dtype: str) -> list[Any]:
        engine = Engine(Question(Source(text), settings=Settings(dtype, manual_seed=3)), ["x"])
        found = engine.answers({"x": Column(rows)}, len(rows))
        return [(n, c.values.dtype, c.values.tobytes()) for n, c in found.columns.items()]

    expected = {dtype: answers(dtype) for dtype in DTYPES}

    def work(dtype: str) -> None:
        for _ in range(5):
            assert answers(dtype) == expected[dtype]

    at_once(*[lambda dtype=dtype: work(dtype) for dtype in DTYPES])


@pytest.mark.parametrize("size", [96, 400])
def test_products_and_large_arrays_in_two_threads(size: int) -> None:
    """Digits of products depend on the library's threads, and large results are lent memory."""
    draw = np.random.default_rng(0)
    given = [draw.standard_normal((size, size)) for _ in range(2)]
    large = [draw.standard_normal(1 << 19) for _ in range(2)]

    def one(number: int) -> list[Any]:
        found = bits(evaluate("sum((x @ x) @ x.T * 1.1)", {"x": given[number]}, dtype="float64"))
        return [found, bits(evaluate("sum(x * 3 + sin(x))", {"x": large[number]}, dtype="float64"))]

    expected = [one(number) for number in range(2)]

    def work(number: int) -> None:
        for _ in range(10):
            assert one(number) == expected[number]

    at_once(lambda: work(0), lambda: work(1))


def test_a_thread_that_is_started_within_a_program_has_the_defaults() -> None:
    with Session(Settings(dtype="float64"), write=print, complain=print):
        (result,) = at_once(lambda: evaluate("x * 0.1", {"x": 3}))
        assert result.value.dtype == "float32"
        (inner,) = at_once(lambda: current())
        assert inner is DEFAULTS
        assert current().eager and current().dtype.name == "float64"


# Programs that begin in several threads of a fresh process, where what they use is still to be imported.
BEGINNING = """
import random, re, sys, threading
from pathlib import Path
from autodiff_cli.program import DEFAULTS, run_text
from autodiff_cli.source import Source

sys.setswitchinterval(1e-5)
files = [Path(name) for name in sys.argv[1:]]
settings = DEFAULTS.replaced(manual_seed=0)

def printed(file):
    out = []
    source = Source(file.read_text(), file.name)
    run_text(source, settings, write=out.append, complain=out.append)
    return re.sub("0x[0-9a-f]+", "0x", "".join(out))

def work(number, found):
    order = random.Random(number).sample(files, len(files))
    found.update({file: printed(file) for file in order})

results = [{} for _ in range(3)]
threads = [threading.Thread(target=work, args=pair) for pair in enumerate(results)]
for thread in threads: thread.start()
for thread in threads: thread.join()
alone = {file: printed(file) for file in files}
print(*[file.name for found in results for file in files if found.get(file) != alone[file]])
"""
PROGRAM_FILES = sorted((Path(__file__).parent / "golden/programs").glob("[ft]*/*.py"))


@pytest.mark.parametrize("part", range(4))
def test_programs_that_begin_together_print_what_they_print_alone(part: int) -> None:
    names = [str(file) for file in PROGRAM_FILES[part::12]]
    assert len(names) > 10
    command = [sys.executable, "-c", BEGINNING, *names]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "\n"


# ---- texts within texts -------------------------------------------------------------------------

# What sets as much as a program can, and leaves it so.
SETTING = """
import random
import numpy as np
import torch
import torch.autograd.forward_ad as fwAD
torch.set_default_dtype(torch.float64)
torch.set_grad_enabled(False)
torch.autograd.set_detect_anomaly(True)
torch.set_printoptions(precision=1)
torch.manual_seed(5)
random.seed(5)
np.random.seed(5)
np.set_printoptions(precision=2)
def within():
    with fwAD.dual_level(), torch.inference_mode(), torch.autograd.detect_anomaly():
        yield
left = within()
next(left)
class Own:
    pass
x = torch.ones(2, requires_grad=True)
float(torch.ones((), requires_grad=True) * torch.rand(()))
print(torch.rand(3))
"""


def snapshot(record: Context) -> dict[str, Any]:
    """The fields of a record, and what is in those that can change."""
    found = {name: getattr(record, name) for name in Context.__slots__}
    limits = record.limits
    found["in limits"] = None if limits is None else (limits.left, limits.taken, limits.ended)
    for name in ("warned", "classes", "streams"):
        found[f"in {name}"] = list(getattr(record, name))
    streams = record.streams
    found["drawn"] = streams["torch"].get_state().tobytes() if "torch" in streams else None
    return found


def _session(text: str) -> Callable[[], Any]:
    def run() -> None:
        out: list[str] = []
        settings = Settings(
            "float64", manual_seed=1, max_steps=10**6, max_elements=10**6, threads=1
        )
        with Session(settings, write=out.append, complain=out.append) as inner:
            inner.run(Source(text, "inner.py"))

    return run


def _failing() -> None:
    out: list[str] = []
    settings = Settings(max_steps=50, max_elements=10, max_memory=1 << 40)
    assert run_text(
        Source("while True: pass", "p.py"), settings, write=out.append, complain=out.append
    )
    assert "has taken 50 steps" in "".join(out)


INNER: dict[str, Callable[[], Any]] = {
    "a program": _session(SETTING),
    "a program that ends at a limit": _failing,
    "an expression": lambda: evaluate("rand(2) * x", {"x": 1}, dtype="float64", seeds=["ones(2)"]),
    "a program with gradients": lambda: evaluate(
        "y = x\nfor k in range(3): y = y * rand(())\ny", {"x": 1}, dtype="float64", jacobian=True
    ),
    "a table": lambda: Engine(
        Question(Source("x * rand(1).sum()"), settings=Settings("float64")), ["x"]
    ).answers({"x": Column(np.ones(20))}, 20),
}


@pytest.mark.parametrize("name", INNER)
def test_a_text_within_a_text_leaves_nothing_behind(name: str) -> None:
    out: list[str] = []
    begin = "import torch\ntorch.manual_seed(3)\na = torch.rand(2)"
    end = "b = torch.rand(2)\nprint(a, b, a / 3)"
    alone: list[str] = []
    with Session(write=alone.append, complain=alone.append) as session:
        session.run(Source(begin))
        session.run(Source(end))
    arrays, outer = np.get_printoptions(), current()
    with Session(write=out.append, complain=out.append) as session:
        session.run(Source(begin))
        before, classes = snapshot(current()), set(PROGRAM_CLASSES)
        INNER[name]()
        assert snapshot(current()) == before
        assert set(PROGRAM_CLASSES) == classes
        assert np.get_printoptions() == arrays
        session.run(Source(end))
    assert out == alone
    assert current() is outer


@pytest.mark.parametrize("name", INNER)
def test_a_text_leaves_nothing_behind(name: str) -> None:
    process = sys.getrecursionlimit(), gc.get_threshold(), np.get_printoptions()
    before = snapshot(current())
    INNER[name]()
    assert snapshot(current()) == before
    assert (sys.getrecursionlimit(), gc.get_threshold(), np.get_printoptions()) == process


def test_a_level_that_is_left_within_a_generator_ends_where_it_began() -> None:
    """The generator is thrown away while another text has a level of its own."""
    out: list[str] = []
    _session(SETTING)()
    with Session(write=out.append, complain=out.append) as session:
        begin = "import torch\nimport torch.autograd.forward_ad as fwAD\nfwAD.enter_dual_level()"
        session.run(Source(begin))
        gc.collect()  # pytest fails where something is raised here
        session.run(
            Source("d = fwAD.make_dual(torch.ones(()), torch.ones(()))\nprint((d * d).item())")
        )
        session.run(Source("print(fwAD.unpack_dual(d * d).tangent)\nfwAD.exit_dual_level()"))
    assert "".join(out) == "1.0\ntensor(2.)\n"


# ---- random numbers -----------------------------------------------------------------------------


def test_inputs_and_their_text_draw_from_one_seeded_stream() -> None:
    expression, program = "x - rand(2)", "y = x\nfor k in range(1): y = y - rand(2)\ny"
    found = [
        evaluate(text, {"x": "rand(2)"}, manual_seed=0, seeds=["ones(2)"]).value.array.tolist()
        for text in (expression, program, expression)
    ]
    assert found[0] == found[1] == found[2] != [0, 0]


def test_what_is_the_same_for_all_rows_is_drawn_by_the_seed() -> None:
    def answers(seed: int) -> list[float]:
        engine = Engine(
            Question(Source("x * c"), {"c": "rand(())"}, settings=Settings(manual_seed=seed)), ["x"]
        )
        values = engine.answers({"x": Column(np.ones(2))}, 2).columns["value"].values
        return [float(value) for value in values]

    assert answers(0) == answers(0) != answers(1)


# ---- callers of other kinds ---------------------------------------------------------------------


def test_what_a_program_prints_to_may_evaluate() -> None:
    seen: list[Any] = []

    def write(text: str) -> None:
        inner = evaluate("x * 0.1", {"x": 3}).value
        assert isinstance(inner, Tensor)
        seen.append((text, inner.dtype, inner.grad_fn))

    text = "import torch\nfor k in range(2):\n    print(torch.tensor(0.5).dtype, end='')"
    assert not run_text(Source(text), Settings(dtype="float64"), write=write, complain=print)
    assert seen == [("torch.float64", "float32", "MulBackward0")] * 2


def test_asyncio_hands_its_context_to_its_threads() -> None:
    async def main() -> list[Any]:
        works = [asyncio.to_thread(evaluated, EXPRESSIONS[0], DTYPES[k % 2]) for k in range(40)]
        return list(await asyncio.gather(*works))

    own().grad = (
        True  # a record of this thread's, which those threads get a copy of the context with
    )
    expected = [evaluated(EXPRESSIONS[0], dtype) for dtype in DTYPES] * 20
    assert asyncio.run(main()) == expected
