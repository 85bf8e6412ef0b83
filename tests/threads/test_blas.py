"""The threads of the linear algebra library: one for small work, more around large calls."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import sleep
from typing import Any

import numpy as np
import pytest

from autodiff_cli.evaluation import evaluate
from autodiff_cli.ir.context import changed
from autodiff_cli.ops import heavy
from autodiff_cli.ops.matrix import _matmul
from autodiff_cli.startup import VARIABLES, library
from autodiff_cli.threads import blas

PLAIN = {name: value for name, value in os.environ.items() if name not in VARIABLES}
COUNT = """
from autodiff_cli.startup import hold_threads
hold_threads()
import os, sys
from autodiff_cli.evaluation import evaluate
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
    return bool(blas.counts())


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
    environment = PLAIN | {"AUTODIFF_WALL": "no"}  # which leaves no way to /proc
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
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
    """A library's number of threads, with what it was told."""

    def __init__(self) -> None:
        self.now = 1
        self.told: list[int] = []

    def set(self, count: int) -> None:
        self.now = count
        self.told.append(count)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    """A library as the command starts it: with one thread, of the five that there may be."""
    recorder = Recorder()
    monkeypatch.setattr(blas, "counts", lambda: [blas.Count(lambda: recorder.now, recorder.set)])
    monkeypatch.setattr(library, "held", True)
    monkeypatch.setenv("AUTODIFF_THREADS", "5")
    return recorder


@pytest.fixture
def given(held: Recorder, monkeypatch: pytest.MonkeyPatch) -> Recorder:
    """A library in a program that imports us, which gave it three threads."""
    held.now = 3
    monkeypatch.setattr(library, "held", False)
    return held


def test_threads_are_for_the_call_alone(held: Recorder) -> None:
    assert blas.on_all_threads(lambda: held.now) == 5
    assert held.told == [5, 1]


def test_one_thread_again_after_an_error(held: Recorder) -> None:
    with pytest.raises(np.linalg.LinAlgError):
        blas.on_all_threads(np.linalg.inv, np.zeros((2, 2)))
    assert held.told == [5, 1]


def test_nothing_is_set_around_what_is_small(held: Recorder) -> None:
    assert blas.alone(lambda: held.now) == 1
    assert held.told == []


def test_small_calls_of_a_program_that_imports_us_have_one_thread(given: Recorder) -> None:
    assert blas.alone(lambda: blas.alone(lambda: given.now)) == 1
    assert given.now == 3


def test_a_program_that_imports_us_keeps_its_threads(given: Recorder) -> None:
    assert blas.on_all_threads(lambda: given.now) == 3
    with pytest.raises(np.linalg.LinAlgError):
        blas.alone(np.linalg.inv, np.zeros((2, 2)))
    assert given.now == 3


def test_calls_in_several_threads_have_the_number_that_each_needs(given: Recorder) -> None:
    def several(call: Callable[..., Any], expected: int) -> set[int]:
        found = set()
        for _ in range(50):
            found |= {call(lambda: (given.now, sleep(1e-4), given.now)[::2]) == (expected,) * 2}
        return found

    works = [(blas.alone, 1), (blas.on_all_threads, 3)] * 2
    with ThreadPoolExecutor(len(works)) as pool:
        found = [work.result(60) for work in [pool.submit(several, *work) for work in works]]
    assert found == [{True}] * len(works)
    assert given.now == 3


def test_large_products_have_the_programs_threads(
    given: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    workers: list[int] = []

    def each(count: int, worker: Any, number: int) -> None:
        workers.append(number)
        assert given.now == 1  # a part is computed on one
        for part in range(count):
            worker()(part)

    monkeypatch.setattr(blas, "each", each)
    a = np.ones((400, 300))
    np.testing.assert_array_equal(blas.product_in_parts(a, a.T), a @ a.T)
    assert workers == [3] and given.now == 3


def test_only_large_calls(held: Recorder) -> None:
    assert heavy.heavily(heavy.HEAVY, max, 1, 2) == 2
    assert held.told == []
    assert heavy.heavily(heavy.HEAVY + 1, max, 1, 2) == 2
    assert held.told == [5, 1]


def test_a_library_without_the_symbol_is_left_alone(tmp_path: Path) -> None:
    assert blas._count_of(str(tmp_path / "no_such_openblas.so")) is None


@pytest.mark.parametrize("folder", ["numpy.libs", "numpy/.dylibs"])
def test_bundled_libraries_are_found(tmp_path: Path, folder: str) -> None:
    (tmp_path / folder).mkdir(parents=True)
    library_file = tmp_path / folder / "libscipy_openblas64_-1.so"
    library_file.touch()
    (tmp_path / folder / "libgfortran.so").touch()
    assert blas._bundled(str(tmp_path / "numpy")) == [str(library_file)]


SMALL = [
    ((150, 150), (150, 150)),
    ((1, 400), (400, 300)),
    ((96, 97), (97, 1)),
    ((2000, 7), (7, 3)),
    ((40, 4000), (4000, 20)),
    ((300, 1000), (1000,)),
    ((20_000,), (20_000,)),
    ((3, 70, 70), (3, 70, 70)),
    ((7, 70), (2, 70, 70)),
]


def digits(compute: Callable[[], Any]) -> set[bytes]:
    """The results' bytes, of a library that has one thread, two, three, and eight."""
    before = [count.get() for count in blas.counts()]
    found = set()
    try:
        for number in (1, 2, 3, 8):
            for count in blas.counts():
                count.set(number)
            found.add(np.asarray(compute()).tobytes())
    finally:
        for count, number in zip(blas.counts(), before):
            count.set(number)
    return found


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("first, second", SMALL)
def test_small_products_dont_depend_on_threads(
    first: tuple[int, ...], second: tuple[int, ...], dtype: Any
) -> None:
    generator = np.random.default_rng(0)
    a = generator.standard_normal(first).astype(dtype)
    b = generator.standard_normal(second).astype(dtype)
    assert len(digits(lambda: _matmul(a, b))) == 1
    assert len(digits(lambda: heavy.product(a, a.swapaxes(-1, -2) if a.ndim > 1 else a))) == 1


@pytest.mark.parametrize("expression", [
    "linalg.inv(a)", "linalg.solve(a, b)", "linalg.solve(a, b.T, left=False)", "linalg.det(a)",
    "linalg.cholesky(a @ a.T)", "linalg.qr(a)[0]", "linalg.qr(b, 'complete')[0]", "linalg.svd(b)[0]",
    "linalg.eigh(a + a.T)[1]", "linalg.pinv(a)", "linalg.lstsq(a, b)[0]",
    "linalg.matrix_exp(a / 100)",
    "nn.functional.adaptive_avg_pool2d(a.reshape(1, 1, 90, 90), 40)",
    "nn.functional.conv2d(a.reshape(1, 1, 90, 90), b[:9, :9].reshape(1, 1, 9, 9))",
])  # fmt: skip
def test_small_calls_of_the_library_dont_depend_on_threads(expression: str) -> None:
    generator = np.random.default_rng(0)
    a = generator.standard_normal((90, 90)) + 90 * np.eye(90)
    b = generator.standard_normal((90, 30))
    used = {
        name: x for name, x in {"a": a, "b": b}.items() if re.search(rf"\b{name}\b", expression)
    }

    def compute() -> Any:
        return evaluate(expression, used, grad=False).value.array

    assert len(digits(compute)) == 1


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
        with changed(threads=count):
            results.append(blas.product_in_parts(a, b))
    assert results[0].tobytes() == results[1].tobytes() == results[2].tobytes()
    np.testing.assert_allclose(results[0], np.matmul(a, b), rtol=1e-3, atol=1e-3)


def test_parts_of_transposed_operands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "held", True)
    a = np.random.default_rng(1).standard_normal((300, 400))
    np.testing.assert_allclose(blas.product_in_parts(a.T, a), a.T @ a)
    np.testing.assert_allclose(blas.product_in_parts(a[:20], a.T), a[:20] @ a.T)
