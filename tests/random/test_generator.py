"""The random streams against recordings of PyTorch, against PyTorch, and by their properties.

All values are compared to the last bit.  Only double-precision normals and exponentials rest on
the C library: with one whose logarithm, sine or cosine differ from those of the recording, their
doubles are compared as rounded to singles.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from autodiff_cli.errors import Fault
from autodiff_cli.random import generator as draws
from autodiff_cli.random.generator import Generator

GOLDEN = Path(__file__).parents[1] / "golden"
RECORDED = json.loads((GOLDEN / "random.json").read_text(encoding="utf-8"))


def load_recorder() -> Any:
    spec = importlib.util.spec_from_file_location("record_random", GOLDEN / "record_random.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


recorder = load_recorder()
LIBM_METHODS = ("standard_normal", "normal", "normal_arrays", "exponential")
SAME_LIBM = recorder.libm_checksum() == RECORDED["libm"]


def draw(generator: Generator, method: str, recorded: dict[str, Any]) -> np.ndarray:
    result = getattr(generator, method)(**recorder.arguments(recorded))
    assert isinstance(result, np.ndarray)
    assert result.flags.c_contiguous
    return result


def words(generator: Generator) -> list[int]:
    drawn: list[int] = generator.random_uint32(5).tolist()
    return drawn


@pytest.mark.parametrize("stream", RECORDED["streams"], ids=lambda stream: stream["name"])
def test_stream_equals_recording(stream: dict[str, Any]) -> None:
    generator = Generator().manual_seed(stream["seed"])
    for method, recorded, expected in stream["calls"]:
        drawn = recorder.summary(draw(generator, method, recorded))
        inexact = not SAME_LIBM and method in LIBM_METHODS
        assert drawn[2 * inexact :] == expected[2 * inexact :], (method, recorded)


@pytest.mark.parametrize(("method", "recorded", "kind", "text"), RECORDED["errors"])
def test_error_equals_recording(
    method: str, recorded: dict[str, Any], kind: str, text: str
) -> None:
    with pytest.raises(Fault) as caught:
        draw(Generator(), method, recorded)
    assert (caught.value.kind, str(caught.value)) == (kind, text)


def test_recording_covers_the_recorder() -> None:
    """A call added to the script without running it would otherwise go unnoticed."""
    calls = [[call[:2] for call in stream["calls"]] for stream in RECORDED["streams"]]
    assert calls == [stream["calls"] for stream in json.loads(json.dumps(recorder.streams()))]


def test_words_are_those_of_mt19937() -> None:
    assert Generator().manual_seed(5489).random_uint32(10_000)[-1] == 4123659995  # ISO C++ 26.6.6
    wide = Generator().manual_seed(3).random_uint64(1000)
    pairs = Generator().manual_seed(3).random_uint32(2000).astype(np.uint64).reshape(-1, 2)
    assert np.array_equal(wide, pairs[:, 0] * np.uint64(2**32) + pairs[:, 1])


@given(st.integers(-(2**63), 2**64 - 1))
def test_seed_wraps_and_low_bits_choose_the_stream(seed: int) -> None:
    generator = Generator().manual_seed(seed)
    assert generator.initial_seed() == seed % 2**64
    assert words(generator) == words(Generator().manual_seed(seed % 2**32))


def test_unseeded_generators_differ_and_can_be_repeated() -> None:
    first, second = Generator(), Generator()
    drawn = words(first)
    assert drawn != words(second)
    assert drawn == words(Generator().manual_seed(first.initial_seed()))
    assert first.seed() == first.initial_seed() < 2**53


@pytest.mark.parametrize("reseed", [lambda g: g.manual_seed(1), lambda g: g.seed()])
def test_seeding_forgets_the_waiting_normal(reseed: Any) -> None:
    generator = Generator().manual_seed(0)
    generator.standard_normal((1,), np.float32)
    reseed(generator)
    again = Generator().manual_seed(generator.initial_seed())
    ours, fresh = (g.standard_normal((1,), np.float64) for g in (generator, again))
    assert ours.tobytes() == fresh.tobytes()


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("n", [draws._BLOCK - 1, draws._BLOCK, 2 * draws._BLOCK + 17])
def test_block_size_does_not_show(n: int, dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first = Generator().manual_seed(9).normal(0.5, 3.0, (n,), np.dtype(dtype))
    monkeypatch.setattr(draws, "_BLOCK", 64)
    second = Generator().manual_seed(9).normal(0.5, 3.0, (n,), np.dtype(dtype))
    assert first.tobytes() == second.tobytes()


sides = st.floats(-1e6, 1e6, allow_subnormal=False).filter(lambda x: x == 0 or abs(x) > 1e-100)


@example(1.5, 1.4751198770346832e-35)
@given(sides, sides)
def test_scaling_rounds_once(low: float, high: float) -> None:
    low, high = sorted((low, high))
    unit = Generator().manual_seed(4).uniform((20,), np.float64)
    scaled = Generator().manual_seed(4).uniform((20,), np.float64, low, high)
    for u, x in zip(unit.tolist(), scaled.tolist(), strict=True):
        once = float(Fraction(u) * Fraction(high - low) + Fraction(low))
        assert x == (low if once == high else once)


@given(st.integers(0, 300), st.integers(0, 2**32))
def test_randperm_is_a_permutation(n: int, seed: int) -> None:
    assert sorted(Generator().manual_seed(seed).randperm(n).tolist()) == list(range(n))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_uniform_stays_below_its_bound(dtype: str) -> None:
    """Most float16 values near the bound round up to it."""
    drawn = Generator().manual_seed(0).uniform((50_000,), np.dtype(dtype))
    assert drawn.min() >= 0
    assert drawn.max() < 1


def test_import_leaves_numpy_random_alone() -> None:
    """It would cost every start of the program several milliseconds."""
    code = "import sys, autodiff_cli.random.generator; sys.exit('numpy.random' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.fixture(scope="module")
def torch() -> Any:
    return pytest.importorskip("torch", exc_type=ImportError)


@pytest.mark.reference
@pytest.mark.filterwarnings("ignore:.*is out of bounds")
@pytest.mark.parametrize("seed", [0, 7, 2**63, -12345])
def test_streams_equal_reference(torch: Any, seed: int) -> None:
    ours, theirs = Generator().manual_seed(seed), torch.Generator().manual_seed(seed)
    for stream in RECORDED["streams"]:
        for method, recorded, _ in stream["calls"]:
            expected = recorder.reference_draw(theirs, method, recorded)
            drawn = draw(ours, method, recorded)
            assert recorder.summary(drawn) == recorder.summary(expected), (method, recorded)


@pytest.mark.reference
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("method", ["standard_normal", "normal", "uniform", "exponential"])
def test_a_million_values_equal_reference(torch: Any, method: str, dtype: str) -> None:
    recorded: dict[str, Any] = {"shape": [10**6 + 5], "dtype": dtype}
    recorded |= {"normal": {"mean": 0.3, "std": 1.7}, "uniform": {"low": -0.7, "high": 1.9}}.get(
        method, {}
    )
    expected = recorder.reference_draw(torch.Generator().manual_seed(2), method, recorded)
    drawn = draw(Generator().manual_seed(2), method, recorded)
    assert int((drawn.view(np.uint8) != expected.view(np.uint8)).sum()) == 0


@pytest.mark.reference
@pytest.mark.parametrize("call", recorder.errors(), ids=str)
def test_error_equals_reference(torch: Any, call: list[Any]) -> None:
    with pytest.raises(Fault) as caught:
        draw(Generator(), *call)
    assert (caught.value.kind, str(caught.value)) == recorder.reference_error(call)
