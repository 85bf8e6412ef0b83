"""`autodiff 'x*y' x=1±0.1`: the deviation of a result beside its gradients."""

from __future__ import annotations

import json
from math import hypot, sqrt
from typing import Any

import numpy as np
import pytest

from autodiff_cli.cli.main import main


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Any:
    def call(*args: str) -> tuple[int, str, str]:
        code = main(list(args))
        captured = capfd.readouterr()
        return code, captured.out, captured.err

    return call


def test_it_stands_below_the_gradients(run: Any) -> None:
    assert run("x*y", "x=3±0.1", "y=4") == (
        0,
        "value: tensor(12., grad_fn=<MulBackward0>)\nx.grad: tensor(4.)\ny.grad: tensor(3.)\n"
        "sigma: tensor(0.4000)\n",
        "",
    )


@pytest.mark.parametrize(
    ("words", "sigma"),
    [
        (["x*y", "x=3±0.1", "y=4±0.2"], hypot(0.4, 0.6)),
        (["x*y", "x=3 +/- 0.1", "y=4", "--propagate", "y=0.2"], hypot(0.4, 0.6)),
        (["x*y", "x=3", "y=4", "--propagate", "x=10%,y=x/30"], hypot(1.2, 0.3)),
        (["x*y", "x=3±0.1", "y=4±0.2", "--propagate", "x~y=0.02"], 1.0),
        (["x*y", "x=3±0.1", "y=4±0.2", "--propagate", "x~y=-0.01"], sqrt(0.52 - 0.24)),
        (["x*y", "x=3±0.1", "y=4±0.2", "--wrt", "y"], hypot(0.4, 0.6)),
        (["x*y", "x=3±0.1", "y=4±0.2", "--no-grad"], hypot(0.4, 0.6)),
        (["sum(x**2)", "x=[1,2]±[0.1,0.2]"], hypot(0.2, 0.8)),
        (["x*x", "x=[1,2]±0.1", "--seed", "[1,1]"], hypot(0.2, 0.4)),
        (["def f(a): return a*a\nf(x)", "x=3±0.1"], 0.6),
        (["print(end='')\nx*x", "x=3±0.1"], 0.6),
        (["x*0 + y", "x=3±0.1", "y=1"], 0.0),
    ],
)
def test_it_is_what_the_gradients_say(run: Any, words: list[str], sigma: float) -> None:
    code, out, err = run(*words, "--json")
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert found["sigma"] == pytest.approx(sigma, rel=1e-6)
    expected = [] if "--no-grad" in words else ["y"] if "--wrt" in words else None
    assert expected is None or list(found["grads"]) == expected


def test_it_is_saved(run: Any, tmp_path: Any) -> None:
    assert run("x*x", "x=3±0.1", "--save", str(tmp_path / "o.npz"))[0] == 0
    assert np.load(tmp_path / "o.npz")["sigma"] == pytest.approx(0.6)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["x*y", "x=1±-1", "y=1"], 1, "-1 is no standard deviation"),
        (["x*y", "x=1±q", "y=1"], 1, "a deviation may be computed from the inputs, x, y"),
        (["x*y", "x=1", "y=1", "--propagate", "z=1"], 1, "names 'z', which is not an input"),
        (["x*y", "x=1±1", "y=1", "--propagate", "x=1"], 2, "given elsewhere too"),
        (["x*y", "x=1±1", "y=1±1", "--propagate", "x~y=2"], 1, "have these covariances"),
        (["x*y", "x=1±1", "y=1", "--propagate", "x~y=2"], 1, "of two inputs that have deviations"),
        (["x*y", "x=tensor(1)±1", "y=1"], 1, "no floating point input"),
        (["x*x", "x=[1,2]±1"], 1, "grad can be implicitly created only for scalar outputs"),
        (["x*x", "x=±1"], 2, "a deviation stands behind a value"),
        (["x*x", "x=1", "--propagate", "x"], 2, "--propagate takes NAME=VALUE"),
        (["x*x", "x=[1,2]±[1,2,3]", "--seed", "[1,1]"], 1, "a deviation of shape [3]"),
    ],
)
def test_what_is_no_deviation(run: Any, words: list[str], code: int, said: str) -> None:
    found, out, err = run(*words)
    assert (found, out) == (code, "")
    assert said in err
