"""The threads of the linear algebra library: one for small work, more around large calls."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autodiff_cli.execute import blas
from autodiff_cli.execute.settings import settings
from autodiff_cli.ops import heavy
from autodiff_cli.startup import VARIABLES, library

PLAIN = {name: value for name, value in os.environ.items() if name not in VARIABLES}
COUNT = """
from autodiff_cli.startup import hold_threads
hold_threads()
import os, sys
from autodiff_cli.evaluate import evaluate
evaluate(sys.argv[1])
print(len(os.listdir("/proc/self/task")))
"""


def threads_after(expression: str, **environment: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", COUNT, expression],
        env=PLAIN | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return int(done.stdout)


def has_openblas() -> bool:
    np.linalg.inv(np.eye(2))
    return bool(blas.setters())


needs_proc = pytest.mark.skipif(
    not Path("/proc/self/task").is_dir() or not has_openblas(), reason="threads can't be counted"
)


@needs_proc
def test_small_work_has_one_thread() -> None:
    assert threads_after("(ones(8,8)@ones(8,8)).sum()") == 1


@needs_proc
def test_the_command_has_one_thread() -> None:
    code = (
        "import atexit, os, sys; sys.argv = ['autodiff', 'mean(3*(x+2)**2)', 'x=ones(2,2)']; "
        "atexit.register(lambda: print(len(os.listdir('/proc/self/task')))); "
        "from autodiff_cli.__main__ import run; run()"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=PLAIN, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("value: tensor(27.,") and done.stdout.endswith("\n1\n")


@needs_proc
def test_large_factorisations_have_threads() -> None:
    large = "linalg.inv(ones(200,200) + eye(200)).sum()"
    assert threads_after(large, AUTODIFF_THREADS="3") == 3
    assert threads_after(large, AUTODIFF_THREADS="1") == 1


@needs_proc
@pytest.mark.parametrize("name", VARIABLES)
def test_the_users_number_stays(name: str) -> None:
    expected = min(2, os.cpu_count() or 1)  # the library starts no more than there are processors
    assert threads_after("1", **{name: "2"}) == expected
    large = "(ones(200,200)@ones(200,200)).sum()"
    assert threads_after(large, **{name: "1"}, AUTODIFF_THREADS="3") == 1


class Recorder:
    """A setter that notes what it is told."""

    def __init__(self) -> None:
        self.told: list[int] = []

    def __call__(self, count: int) -> None:
        self.told.append(count)


@pytest.fixture
def setter(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    recorder = Recorder()
    monkeypatch.setattr(blas, "setters", lambda: [recorder])
    monkeypatch.setattr(library, "held", True)
    monkeypatch.setenv("AUTODIFF_THREADS", "5")
    return recorder


def test_threads_are_for_the_call_alone(setter: Recorder) -> None:
    assert blas.on_all_threads(lambda: list(setter.told)) == [5]
    assert setter.told == [5, 1]


def test_one_thread_again_after_an_error(setter: Recorder) -> None:
    with pytest.raises(np.linalg.LinAlgError):
        blas.on_all_threads(np.linalg.inv, np.zeros((2, 2)))
    assert setter.told == [5, 1]


def test_a_program_that_imports_us_keeps_its_threads(
    setter: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library, "held", False)
    assert blas.on_all_threads(max, 1, 2) == 2
    assert setter.told == []


def test_only_large_calls(setter: Recorder) -> None:
    assert heavy.heavily(heavy.HEAVY, max, 1, 2) == 2
    assert setter.told == []
    assert heavy.heavily(heavy.HEAVY + 1, max, 1, 2) == 2
    assert setter.told == [5, 1]


def test_a_library_without_the_symbol_is_left_alone(tmp_path: Path) -> None:
    assert blas._setter(str(tmp_path / "no_such_openblas.so")) is None


@pytest.mark.parametrize("folder", ["numpy.libs", "numpy/.dylibs"])
def test_bundled_libraries_are_found(tmp_path: Path, folder: str) -> None:
    (tmp_path / folder).mkdir(parents=True)
    library_file = tmp_path / folder / "libscipy_openblas64_-1.so"
    library_file.touch()
    (tmp_path / folder / "libgfortran.so").touch()
    assert blas._bundled(str(tmp_path / "numpy")) == [str(library_file)]


def test_small_products_dont_depend_on_threads() -> None:
    """A product that isn't heavy runs on one thread in the command; its digits are those of many."""
    a = np.random.default_rng(0).standard_normal((150, 150)).astype(np.float32)
    from autodiff_cli.ops.matrix import _matmul

    many = _matmul(a, a)
    try:
        for set_threads in blas.setters():
            set_threads(1)
        one = _matmul(a, a)
    finally:
        for set_threads in blas.setters():
            set_threads(os.cpu_count() or 1)
    np.testing.assert_array_equal(one, many)


PRODUCTS = [
    ((700, 300), (300, 500)),
    ((50, 700), (700, 900)),
    ((300, 700), (700, 1)),
    ((5000, 2000), (2000,)),
    ((20, 100, 90), (20, 90, 80)),
    ((20, 100, 90), (90, 80)),
]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("first, second", PRODUCTS)
def test_the_number_of_threads_changes_no_bit_of_a_product(
    monkeypatch: pytest.MonkeyPatch, first: tuple[int, ...], second: tuple[int, ...], dtype: Any
) -> None:
    generator = np.random.default_rng(0)
    a = generator.standard_normal(first).astype(dtype)
    b = generator.standard_normal(second).astype(dtype)
    monkeypatch.setattr(library, "held", True)
    results = []
    for count in (1, 2, 5):
        monkeypatch.setattr(settings, "threads", count)
        results.append(blas.product_in_parts(a, b))
    assert results[0].tobytes() == results[1].tobytes() == results[2].tobytes()
    np.testing.assert_allclose(results[0], np.matmul(a, b), rtol=1e-3, atol=1e-3)


def test_parts_of_transposed_operands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "held", True)
    a = np.random.default_rng(1).standard_normal((300, 400))
    np.testing.assert_allclose(blas.product_in_parts(a.T, a), a.T @ a)
    np.testing.assert_allclose(blas.product_in_parts(a[:20], a.T), a[:20] @ a.T)
