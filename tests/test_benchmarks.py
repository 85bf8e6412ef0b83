"""The benchmarks compute what they say: expressions, tables, and the page that holds them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture(autouse=True)
def beside_the_scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))


def test_expressions_have_a_gradient_for_each_leaf() -> None:
    from expressions import EXPRESSIONS
    from large import in_autodiff

    for expression in EXPRESSIONS:
        arrays = expression.arrays(20_000)
        value, gradients = in_autodiff(expression, arrays)()
        assert np.isfinite(value), expression.name
        assert [g.shape for g in gradients] == [arrays[n].shape for n in expression.leaves()]
        assert all(np.any(g) for g in gradients), expression.name


def test_a_product_of_growth_has_as_many_operations_as_it_says() -> None:
    from growth import chain

    assert sum(chain(101).count(sign) for sign in "*+") + 1 == 101


def test_programs_compute_what_is_computed_by_hand() -> None:
    from floors import FLOORS
    from loops import compared, runs
    from programs import PROGRAMS

    assert list(FLOORS) == list(PROGRAMS)
    for name in PROGRAMS:
        compared(name, runs(name, has_torch=False))


def test_tables() -> None:
    from measure import significant, table

    assert [significant(n) for n in (0.012345, 1.2345, 12.345, 1234.5, 0)] == [
        "0.0123", "1.23", "12.3", "1230", "0"
    ]  # fmt: skip
    lines = table(["what", "ms"], [["sum", "1.5"], ["a", "10"]]).splitlines()
    assert len(lines) == 4 and len({len(line) for line in lines}) == 1


def test_the_page_has_a_place_for_each_script() -> None:
    from report import SCRIPTS, replaced

    page = (FOLDER / "README.md").read_text()
    for script in SCRIPTS:
        assert (FOLDER / f"{script}.py").exists()
        page = replaced(page, script, f"table of {script}")
    assert all(f"table of {script}\n" in page for script in SCRIPTS)


def test_from_the_shell() -> None:
    words = [
        sys.executable,
        str(FOLDER / "large.py"),
        "--size",
        "1000",
        "--rounds",
        "1",
        "--peers",
        "",
        "mean",
    ]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert "From the shell" in done.stdout and '"autodiff"' in done.stdout.splitlines()[-1]
