"""Modules, optimizers, schedulers and loaders: programs against what torch prints for them.

Recorded with `python tests/golden/programs/record.py tests/golden/modules`, by a Python that has torch.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from autodiff_cli.program import run_text
from autodiff_cli.source import Source

PROGRAMS = Path(__file__).parent.parent / "golden" / "modules"
RECORDS: dict[str, dict[str, Any]] = json.loads((PROGRAMS / "recorded.json").read_text())
ADDRESS = re.compile(r"0x[0-9a-fA-F]+")


def run(text: str) -> tuple[str, str]:
    printed: list[str] = []
    complained: list[str] = []
    run_text(Source(text, "program.py"), write=printed.append, complain=complained.append)
    return "".join(printed), "".join(complained)


def test_every_program_is_recorded() -> None:
    found = [path.relative_to(PROGRAMS).as_posix() for path in PROGRAMS.glob("*/*.py")]
    assert sorted(found) == sorted(RECORDS)


@pytest.mark.parametrize("name", RECORDS)
def test_prints_what_torch_prints(name: str) -> None:
    printed, _ = run((PROGRAMS / name).read_text())
    assert ADDRESS.sub("0x…", printed) == RECORDS[name]["stdout"]


def test_scheduler_before_optimizer_warns() -> None:
    _, complained = run(
        "import torch\n"
        "o = torch.optim.SGD([torch.ones(1, requires_grad=True)], lr=0.1)\n"
        "s = torch.optim.lr_scheduler.StepLR(o, 1)\n"
        "s.step()\n"
    )
    assert complained.startswith("UserWarning: Detected call of `lr_scheduler.step()` before")


def test_losses_warn_of_sizes() -> None:
    _, complained = run(
        "import torch\ntorch.nn.MSELoss()(torch.ones(4, 1), torch.ones(4, requires_grad=True))\n"
    )
    assert complained.startswith(
        "UserWarning: Using a target size (torch.Size([4])) that is different to the input size "
        "(torch.Size([4, 1]))."
    )


def test_a_training_ends_where_its_loss_is_least() -> None:
    printed = run(
        "import torch\n"
        "w = torch.zeros(3, requires_grad=True)\n"
        "o = torch.optim.Adam([w], lr=0.1)\n"
        "for i in range(300):\n"
        "    o.zero_grad()\n"
        "    ((w - 1) ** 2).sum().backward()\n"
        "    o.step()\n"
        "print(((w - 1).abs() < 1e-3).all().item())\n"
    )
    assert printed == ("True\n", "")
