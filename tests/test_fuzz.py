"""Any text, and any well-formed program, ends within the limits: no traceback of ours, no hang, no crash."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autodiff_cli.errors import AutodiffError
from autodiff_cli.evaluate import evaluate
from autodiff_cli.program import Settings, bound, run_text
from autodiff_cli.source import Source

LIMITS = Settings(max_steps=2_000, max_elements=100_000)
LAST_LINE = re.compile(
    r"[\w.]*(Error|Exception|Fault|StopIteration|Interrupt|Warning)\b.*", re.DOTALL
)
SEEDS = [
    "import torch\nx = torch.ones(2, requires_grad=True)\ny = (x * 2).sum()\ny.backward()\nprint(x.grad)\n",
    "def f(a, *b, c=1, **d):\n    return a + c\nprint(f(1), [f(i) for i in range(3)])\n",
    "class A:\n    def __init__(self):\n        self.x = {1: [2]}\n    def g(self):\n        yield self.x\n",
    "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    print(f'{e!r:>10}')\nfinally:\n    pass\n",
    "with torch.no_grad():\n    for i, (a, b) in enumerate(zip('a', 'c')):\n        continue\n",
    "while True:\n    x = [*range(3), *'ab']\n    if x: break\n    del x[0]\nassert x, 'message'\n",
]


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


@st.composite
def mutated(draw: st.DrawFn) -> str:
    text = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(text)))
        length = draw(st.integers(0, 6))
        other = draw(st.sampled_from(SEEDS))
        start = draw(st.integers(0, len(other)))
        piece = other[start : start + draw(st.integers(0, 12))]
        text = text[:place] + piece + text[place + length :]
    return text


@settings(max_examples=300)
@given(mutated())
def test_mutated_programs(text: str) -> None:
    check(text)


NAMES = st.sampled_from(["a", "b", "x", "y", "f", "torch", "print", "len", "undefined"])
ATOMS = st.one_of(
    NAMES,
    st.sampled_from(
        ["0", "1", "-2", "3.5", "1e300", "'s'", "None", "True", "[]", "{}", "()", "...", "10**50",
         "torch.ones(2)", "torch.ones(2, requires_grad=True)", "torch.tensor(3)", "range(5)",
         "float('nan')", "torch.arange(3.)", "torch.nn.Linear(1, 1)", "lambda z: z"]
    ),
)  # fmt: skip


def combined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    signs = st.sampled_from("+ - * / // % ** @ & | ^ << >> == < in is and or".split())
    attributes = st.sampled_from(
        "sum shape grad backward detach append items __class__ __dict__ T view numpy item mean "
        "requires_grad_ grad_fn data _x format join zero_ add_ tolist".split()
    )
    return st.one_of(
        st.tuples(inner, signs, inner).map(lambda p: f"({p[0]} {p[1]} {p[2]})"),
        st.tuples(inner, attributes).map(lambda p: f"({p[0]}).{p[1]}"),
        st.tuples(inner, inner).map(lambda p: f"({p[0]})({p[1]})"),
        st.tuples(inner, inner).map(lambda p: f"({p[0]})[{p[1]}]"),
        st.tuples(inner, inner).map(lambda p: f"[{p[0]} for x in {p[1]}]"),
        inner.map(lambda p: f"f'{{{p.replace(chr(39), chr(34))}}}'"),
        st.tuples(inner, inner, inner).map(lambda p: f"({p[0]} if {p[1]} else {p[2]})"),
    )


EXPRESSIONS = st.recursive(ATOMS, combined, max_leaves=6)


def blocks(inner: st.SearchStrategy[list[str]]) -> st.SearchStrategy[list[str]]:
    def indented(lines: list[str]) -> list[str]:
        return [f"    {line}" for line in lines]

    return st.one_of(
        st.tuples(EXPRESSIONS, inner).map(lambda p: [f"if {p[0]}:", *indented(p[1])]),
        st.tuples(EXPRESSIONS, inner).map(lambda p: [f"for x in {p[0]}:", *indented(p[1])]),
        st.tuples(EXPRESSIONS, inner).map(lambda p: [f"while {p[0]}:", *indented(p[1])]),
        inner.map(lambda p: ["def f(a, b=1):", *indented(p), "    return a"]),
        inner.map(lambda p: ["class f:", *indented(p)]),
        st.tuples(inner, inner).map(
            lambda p: ["try:", *indented(p[0]), "except Exception as y:", *indented(p[1])]
        ),
        inner.map(lambda p: ["with torch.no_grad():", *indented(p)]),
        st.tuples(inner, inner).map(lambda p: [*p[0], *p[1]]),
    )


STATEMENTS = st.recursive(
    st.one_of(
        st.tuples(NAMES, EXPRESSIONS).map(lambda p: [f"{p[0]} = {p[1]}"]),
        st.tuples(st.sampled_from("abxy"), st.sampled_from("+-*"), EXPRESSIONS).map(
            lambda p: [f"{p[0]} {p[1]}= {p[2]}"]
        ),
        EXPRESSIONS.map(lambda p: [f"print({p})"]),
        st.tuples(st.sampled_from("abxy"), EXPRESSIONS, EXPRESSIONS).map(
            lambda p: [f"{p[0]}[{p[1]}] = {p[2]}"]
        ),
        EXPRESSIONS.map(lambda p: [f"raise {p}"]),
        EXPRESSIONS.map(lambda p: [f"assert {p}"]),
        st.just(["pass"]),
    ),
    blocks,
    max_leaves=8,
)


@settings(max_examples=400)
@given(STATEMENTS)
def test_well_formed_programs(lines: list[str]) -> None:
    check("\n".join(["import torch", "a = b = x = y = f = 1", *lines]))


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
    from autodiff_cli.vocabulary.registry import ATTRIBUTES, FUNCTIONS, METHODS

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
        st.tuples(inner, st.sampled_from(sorted(ATTRIBUTES))).map(lambda p: f"({p[0]}).{p[1]}"),
        st.tuples(inner, signs, inner).map(lambda p: f"({p[0]} {p[1]} {p[2]})"),
        st.tuples(inner, inner).map(lambda p: f"({p[0]})[{p[1]}]"),
    )


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
        "variable": lambda: bound({"y": text}, dtype="float32", max_elements=10_000),
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
