"""Rows that branch on their numbers, and programs: computed together, as one by one."""

from __future__ import annotations

import numpy as np
import pytest

from autodiff_cli.rows import Engine, Question
from autodiff_cli.rows.engine import FAR
from autodiff_cli.rows.single import single
from autodiff_cli.settings import Settings
from autodiff_cli.source import Source
from autodiff_cli.tables.rows import Column

ROWS = 300
TEXTS = {
    "a choice": "x if y > 0 else -x*y",
    "a chain of choices": "x if y > 1 else x*y if y > 0 else x**2 if x > 0 else y",
    "and, or": "x*y if x > 0 and y > 0 or x + y > 1 else x - y",
    "a comparison": "x if 0 < y < 1 else y",
    "max of numbers": "max(x, y)*x",
    "statements": "r = x*y\nif r > 0.5:\n    r = r.log()\nelif r > 0:\n    r = r.sqrt()\n"
    "else:\n    r = -r**2\nr + x",
    "a function with a loop": "def f(x):\n    s = 0\n    for k in range(1, 5):\n        s += x**k/k\n"
    "    return s\nf(x)*y",
    "a loop that depends on a row": "n = 0\nwhile x > 0.1:\n    x = x/2\n    n = n + 1\nx*y + n",
    "a function that calls itself": "def f(v): return v if v < 1 else f(v/3) + 1\nf(x**2)",
    "lists": "terms = [x**k for k in range(4)]\nsum(terms[1:])*terms[-1] + len(terms)",
    "a break": "for k in range(5):\n    if x*k > 1: break\n    x = x + y\nx",
    "a lambda": "g = lambda a, b=2: a*b\ng(x) + g(y, 3)",
    "a comparison of two columns": "2*x if x > y else y",
    "a with": "with torch.no_grad(): w = x*2\nw*y",
    "detach": "x.detach()*y",
    "a list that is filled": "terms = []\nfor k in range(3): terms.append(x**k)\nsum(terms)*y",
    "a method by its name": "getattr(x, 'abs')()*y",
    "writes that nobody sees": "s = torch.zeros(())\ns += x\ns *= y\ns",
    # these fall back on the rows themselves
    "a Python number": "float(x)*y",
    "writes to what is shared": "s = stack((x, y))\nt = s[0]\nt += 1\ns.sum()",
    # these may do more than compute
    "a handler": "m = torch.zeros(2, 2) + x if x > 0 else torch.eye(2)*x\n"
    "try: r = torch.linalg.inv(m).sum()\nexcept RuntimeError: r = x*3\nr*y",
    "a handler of what is not used": "try:\n"
    "    torch.linalg.inv(torch.zeros(2, 2)*x)\n    r = x\nexcept RuntimeError: r = y\nr*x",
    "an index": "range(3)[(x > 0).long()]*x",
    "an item set": "s = stack((x, y))\ns = s.clone()\ns[0] = y\ns.sum()",
}  # fmt: skip
TOGETHER = list(TEXTS)[: list(TEXTS).index("a Python number")]


def columns() -> dict[str, Column]:
    random = np.random.default_rng(5)
    return {name: Column(random.normal(size=ROWS)) for name in ("x", "y")}


@pytest.mark.parametrize("name", TEXTS)
def test_rows_are_as_one_by_one(name: str) -> None:
    engine = Engine(Question(Source(TEXTS[name])), ("x", "y"))
    data = columns()
    found = engine.answers(data, ROWS)
    assert not len(found.faults.offsets)
    for row in range(0, ROWS, 7):
        cells = {n: np.asarray(c.values[row], np.float32) for n, c in data.items()}
        expected = single(engine.asked, cells, Settings(manual_seed=0), len)
        for output, array in expected.items():
            column = found.columns[output]
            null = column.nulls is not None and bool(column.nulls[row])
            assert null == (array is None)
            if array is not None:
                assert column.values[row] == array, (output, row)


@pytest.mark.parametrize("name", TEXTS)
def test_which_are_computed_together(name: str) -> None:
    said: list[str] = []
    engine = Engine(Question(Source(TEXTS[name])), ("x", "y"), said.append)
    engine.answers(columns(), ROWS)
    assert engine.single == (name not in TOGETHER)
    assert (said == []) == (name in TOGETHER)


def test_a_fork_s_plans_serve_the_next_rows() -> None:
    engine = Engine(Question(Source(TEXTS["a chain of choices"])), ("x", "y"))
    engine.answers(columns(), ROWS)
    forks = engine.forks
    engine.answers(columns(), ROWS)
    assert engine.forks == forks == 3


def test_ways_without_end_are_computed_row_by_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autodiff_cli.rows.engine.MOST_FORKS", 5)
    said: list[str] = []
    text = TEXTS["a loop that depends on a row"]
    engine = Engine(Question(Source(text)), ("x", "y"), said.append)
    found = engine.answers(columns(), ROWS)
    assert engine.single and said and not len(found.faults.offsets)


def test_many_ways_need_no_recursion() -> None:
    engine = Engine(Question(Source("n = 0\nwhile x > n: n = n + 1\nx*n")), ("x",))
    found = engine.answers({"x": Column(np.array([400.0] * 9 + [3.0]))}, 10)
    assert not engine.single and engine.forks == 401
    assert found.columns["value"].values.tolist() == [160000] * 9 + [9]


def test_few_rows_that_branch_often_are_computed_one_by_one() -> None:
    engine = Engine(Question(Source("n = 0\nwhile x > n: n = n + 1\nx*n")), ("x",))
    found = engine.answers({"x": Column(np.array([3000.0, 3.0, 50.0]))}, 3)
    assert not engine.single and engine.forks == FAR + 1
    assert found.columns["value"].values.tolist() == [9e6, 9, 2500]
    assert found.columns["grad_x"].values.tolist() == [3000, 3, 50]


def test_a_row_that_fails_on_its_way_says_so() -> None:
    engine = Engine(Question(Source("x if x > 0 else [][0]")), ("x",))
    found = engine.answers({"x": Column(np.array([1.0, -1.0, 2.0]))}, 3)
    assert found.faults.offsets.tolist() == [1]
    fault = found.faults.get(1)
    assert fault is not None and fault.kind == "IndexError"
