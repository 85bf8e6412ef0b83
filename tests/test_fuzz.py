"""Any text, and any well-formed program, ends within the limits: no traceback of ours, no hang, no crash."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import fuzz
import fuzz_judged
import pytest
from drawn_calls import FOLLOW, program
from fuzz_judged import AS_THERE
from hypothesis import given, settings
from hypothesis import strategies as st

from autodiff_cli.errors import AutodiffError
from autodiff_cli.evaluation import evaluate
from autodiff_cli.inputs import bind_all
from autodiff_cli.ir.context import changed
from autodiff_cli.program import Settings, run_text, variables_of
from autodiff_cli.source import Source
from autodiff_cli.vocabulary.calls.registry import ATTRIBUTES

GOLDEN = Path(__file__).parent / "golden"
LIMITS = Settings(max_steps=2_000, max_elements=100_000)


def ends(text: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    code = run_text(Source(text, "p.py"), LIMITS, write=out.write, complain=err.write)
    return code, out.getvalue(), err.getvalue()


def check(text: str) -> None:
    code, _, err = ends(text)
    assert code in (0, 1)
    if code:
        assert err.strip(), "an error is said"
        assert "autodiff_cli" not in err.replace("autodiff_cli run", ""), err
    assert 'File "p.py"' in err or not code or err.startswith(("LimitError", "RecursionError")), err


@settings(max_examples=300)
@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    check(text)


def test_drawn_texts() -> None:
    """A few of those that `.ci/matrix fuzz` draws, always the same."""
    words = ["--expressions", "150", "--programs", "150", "--seed", "7", "--seconds", "60"]
    command = [sys.executable, str(Path(__file__).parent / "fuzz.py"), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@cache
def watch() -> fuzz_judged.Watch:
    return fuzz_judged.Watch()


def judgement(text: str) -> list[tuple[str, str]]:
    return [tuple(found) for found in fuzz_judged.judged("program", text, watch())]


@pytest.mark.parametrize(
    "text", ["{}[1]", "raise KeyError(1)", "torch.ones(2).foo", "while True: pass", "1 + 'a'"]
)
def test_errors_that_are_the_programs_are_no_accidents(text: str) -> None:
    assert judgement(text) == []


@pytest.mark.parametrize(("body", "kind"), [
    ("{}[1]", "internal"), ("1 + 'a'", "foreign words"), ("open('/dev/null').close()", "event"),
])  # fmt: skip
def test_accidents_of_our_own_are_found(
    monkeypatch: pytest.MonkeyPatch, body: str, kind: str
) -> None:
    made: dict[str, Any] = {}
    place = f"{fuzz_judged.PACKAGE}/vocabulary/broken.py"
    exec(compile(f"def broken(input): {body}", place, "exec"), made)
    monkeypatch.setitem(ATTRIBUTES, "itemsize", made["broken"])
    assert [found[0] for found in judgement("torch.ones(2).itemsize")] == [kind]


def test_what_python_says_as_in_the_reference_was_recorded_from_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fuzz_judged, "AS_THERE", frozenset())
    written = set((GOLDEN / "written_calls.txt").read_text().splitlines())
    places = set()
    for line in (GOLDEN / "wrong_calls.jsonl").read_text().splitlines():
        call, _, _, agrees = json.loads(line)
        if agrees and call in written:
            found = judgement(f"import torch\n{FOLLOW}\n{program(call)}")
            places.update(what.partition(" ")[2] for _, what in found)
    assert sorted(places) == sorted(AS_THERE)


def test_crashes_and_hangs_are_found() -> None:
    child = fuzz.Child(seconds=0.5)
    try:
        for stop, kind in ((signal.SIGKILL, "crash"), (signal.SIGSTOP, "hang")):
            child._start()
            assert child.process is not None
            os.kill(child.process.pid, stop)
            assert [found[0] for found in child.ask("program", "print(1)")] == [kind]
    finally:
        child.close()


def test_texts_are_made_smaller() -> None:
    text = "a = 1\nfor i in range(3):\n    b = [1, max(i, 2)]\nprint(a)\n"
    assert fuzz.reduced(text, lambda smaller: "max(" in smaller, 200) in ("max(0)", "max()")


# ---- expressions, values, seeds --------------------------------------------------------------------


ODD = st.sampled_from(
    ["x", "t", "0", "-1", "2.5", "True", "None", "'mean'", "[1, 2]", "(2,)", "[]", "()", "float64",
     "int", "tensor(3.) + 1", "tensor(2) + 1", "tensor([0, 1])", "ones(2, 2)", "zeros(2, 0)", "x.shape",
     "inf", "nan", "1e308", "2**64", "10**30", "...", "[None]", "[[1], [2, 3]]", "sin", "torch", "F",
     "[x]", "[t, 1]", "tensor(5).half()"]
)  # fmt: skip
OPTIONS = st.sampled_from(
    ["dim", "keepdim", "reduction", "dtype", "weight", "size", "eps", "n", "other"]
)


def called(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    from autodiff_cli import vocabulary  # noqa: F401
    from autodiff_cli.vocabulary.calls.registry import ATTRIBUTES, FUNCTIONS, METHODS

    arguments = st.tuples(
        st.lists(inner, min_size=1, max_size=3),
        st.lists(st.tuples(OPTIONS, inner).map("=".join), max_size=1),
    ).map(lambda given: ", ".join([*given[0], *given[1]]))
    signs = st.sampled_from("+ - * / // % ** @ & | == < in is and or".split())
    return st.one_of(
        st.tuples(st.sampled_from(sorted(FUNCTIONS.names())), arguments).map(
            lambda p: f"{p[0]}({p[1]})"
        ),
        st.tuples(inner, st.sampled_from(sorted(METHODS.names())), arguments).map(
            lambda p: f"({p[0]}).{p[1]}({p[2]})"
        ),
        st.tuples(inner, st.sampled_from(sorted(ATTRIBUTES.names()))).map(
            lambda p: f"({p[0]}).{p[1]}"
        ),
        st.tuples(inner, signs, inner).map(lambda p: f"({p[0]} {p[1]} {p[2]})"),
        st.tuples(inner, inner).map(lambda p: f"({p[0]})[{p[1]}]"),
    )


def variable(text: str) -> object:
    """A value as a program's variable."""
    with changed(max_elements=10_000):
        return variables_of(bind_all({"y": text}))


@settings(max_examples=500, deadline=None)
@given(
    st.recursive(ODD, called, max_leaves=4),
    st.sampled_from(["text", "value", "seed", "jvp", "variable"]),
)
def test_odd_arguments_end_in_errors_of_the_tree(text: str, place: str) -> None:
    inputs = {"x": "[1.5, 2.5]", "t": "tensor([0, 1])"}
    used = {name: given for name, given in inputs.items() if re.search(rf"\b{name}\b", text)}
    calls: dict[str, Callable[[], object]] = {
        "text": lambda: evaluate(text, used, max_elements=10_000),
        "value": lambda: evaluate("y", {"y": text}, grad=False, max_elements=10_000),
        "seed": lambda: evaluate("x*2", {"x": [1, 2]}, seeds=[text], max_elements=10_000),
        "jvp": lambda: evaluate("x*2", {"x": [1, 2]}, jvp={"x": text}, max_elements=10_000),
        "variable": lambda: variable(text),
    }
    try:
        calls[place]()
    except AutodiffError as error:
        assert error.report()


@pytest.mark.parametrize(
    "text",
    [
        "while True: pass",
        "sum(range(10**15))",
        "list(map(str, range(10**13)))",
        "import itertools\nlist(itertools.count())",
        "dict(zip(range(10**12), range(10**12)))",
        "import collections\ncollections.Counter(range(10**12))",
        "x = []\nx.extend(range(10**13))",
        "10 ** 10 ** 9",
        "1 << 10**9",
        "'a' * 10**12",
        "x = [0]\nwhile True: x = x + x",
        "'{:1000000000}'.format(1)",
        "'%1000000000d' % 1",
        "f'{1:1000000000}'",
        "'a'.ljust(10**11)",
        "','.join(['a' * 10**6] * 10**5)",
        "x = 'a' * 10**6\nx.replace('a', x)",
        "import torch\ntorch.zeros(10**6, 10**6)",
        "import numpy as np\nnp.zeros(10**12)",
        "l = [1]\nfor i in l: l.append(i)",
    ],
)
def test_what_would_never_end_or_fill_the_memory(text: str) -> None:
    code, _, err = ends(text)
    assert code == 1
    assert "LimitError" in err


@pytest.mark.parametrize(
    "text",
    [
        "print(().__class__.__bases__)",
        "print([].__class__.__mro__[1].__subclasses__())",
        "def f(): pass\nprint(f.__globals__)",
        "print((lambda: 1).__code__)",
        "print('{0.__class__.__mro__}'.format(1))",
        "print(f'{(1).__class__.__subclasses__()}')",
        "print(getattr(int, 'mro')())",
        "g = (i for i in [1])\nprint(g.gi_frame)",
        "class A:\n    def f(self): pass\nprint(A().f.__func__)",
        "class A:\n    def __del__(self): pass",
        "class A(type): pass",
        "import torch\nprint(torch.ones(1).__reduce__)",
        "import torch\nprint(torch.nn.Module.__init__.__globals__)",
        "import numpy as np\nnp.load('x')",
        "import numpy as np\nprint(np.array([1]).tofile('x'))",
        "import numpy as np\nprint(np.ctypeslib)",
        "import torch\ntorch.load('x')",
        "import os\nos.environ",
        "import os\nos.system('true')",
        "from subprocess import run",
        "import sys\nsys.modules",
        "open('x')",
        "eval('1')",
        "exec('1')",
        "__import__('os')",
        "print.__self__",
        "try:\n    1/0\nexcept Exception as e:\n    print(e.__traceback__.tb_frame)",
        "import functools\nprint(functools.partial(print).func.__self__)",
        "import random\nrandom._os",
        "import collections\ncollections.abc",
        "import typing\ntyping.sys",
        "import contextlib\ncontextlib.sys",
        "class A: pass\nA.__class__.__base__",
        "super().__init__.__globals__",
    ],
)
def test_no_way_out(text: str) -> None:
    code, out, _ = ends(text)
    assert (code, out) == (1, "")
