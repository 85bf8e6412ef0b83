"""Whether a program may do more than compute a value: then it runs as it is written, once."""

from __future__ import annotations

import pytest

from autodiff_cli.evaluation import evaluate
from autodiff_cli.interpret.code import compiled_text
from autodiff_cli.source import Source

WITHOUT = (
    "y = x*2\ny",
    "def f(v): return v + 1\nf(x)",
    "terms = []\nterms.append(x)\nsum(terms)",
    "getattr(x, 'abs')()",
    "import math\nmath.pi*x",
    "from torch.nn import functional as f\nf.relu(x)",
)
WITH = (
    "print(1)\nx",
    "x.backward()\nx",
    "z = x*1\nz.add_(1)\nz",
    "getattr(x, 'backward')()\nx",
    "name = 'backward'\ngetattr(x, name)()",
    "list(map(getattr, [x], ['grad']))[0]",
    "from operator import attrgetter as of\nof('grad')(x)",
    "from pprint import pprint as show\nshow(1)\nx",
    "import sys\nout = sys.stdout\nx",
    "from torch import manual_seed as again\na = again(3)\nx",
    "from torch.nn.functional import relu_ as f\nf(x*1)",
    "import random\nrandom.random()*x",
    "from random import gauss as draw\ndraw(0, 1)*x",
    "import numpy as np\nnp.random.rand()*x",
    "from numpy.random import rand\nrand()*x",
    "import time as clock\nclock.time()*x",
    "try: y = x\nexcept ValueError: y = 1\ny",
    "from contextlib import suppress as without\nwith without(ValueError): y = x\nx",
    "torch.linalg.inv(x)\nx",
    "class A: pass\nx",
)


@pytest.mark.parametrize("text", WITHOUT)
def test_what_computes_only_has_no_effects(text: str) -> None:
    assert not compiled_text(Source(text)).code.has_effects


@pytest.mark.parametrize("text", WITH)
def test_what_may_do_more_has_effects(text: str) -> None:
    assert compiled_text(Source(text)).code.has_effects


def test_what_is_written_by_another_name_is_written_once() -> None:
    said: list[str] = []
    text = "import sys\nsay = getattr(sys.stdout, 'wri' + 'te')\nn = say('once')\nx*n"
    assert evaluate(text, {"x": 2.0}, write=said.append).value.array == 8
    assert said == ["once"]


def test_a_handler_sees_what_fails_though_nobody_uses_it() -> None:
    text = "try:\n    torch.linalg.inv(x*torch.zeros(2, 2))\n    r = x\nexcept RuntimeError:\n    r = x*5\nr"
    assert evaluate(text, {"x": 3.0}).value.array == 15
