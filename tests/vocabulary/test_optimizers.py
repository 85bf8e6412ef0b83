"""Steps of large parameters, taken part by part, against steps of the whole."""

from __future__ import annotations

import pytest

from autodiff_cli.program import run_text
from autodiff_cli.source import Source
from autodiff_cli.vocabulary.optim import optimizer

MAKERS = [
    "SGD([p], lr=0.1)",
    "SGD([p], lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.1)",
    "Adam([p], lr=0.1, amsgrad=True, maximize=True)",
    "AdamW([p], lr=torch.tensor(0.1))",
    "Adagrad([p], lr=0.1, lr_decay=0.1)",
    "Adadelta([p])",
    "RMSprop([p], lr=0.1, centered=True, momentum=0.5)",
    "Rprop([p], lr=0.1)",
    "ASGD([p], lr=0.1, t0=1)",
    "Adamax([p], lr=0.1)",
    "NAdam([p], lr=0.1)",
    "RAdam([p], lr=0.1)",
]
PROGRAM = """
import torch
p = torch.linspace(-1, 1, 35).reshape(5, 7).requires_grad_()
optimizer = torch.optim.{maker}
for step in range(8):
    optimizer.zero_grad()
    ((p - 0.3) ** 2 * (1 + step % 3)).sum().backward()
    optimizer.step()
for value in [p, *optimizer.state[p].values()]:
    print(*value.detach().double().flatten().tolist(), list(value.shape), p._version)
"""


def printed(maker: str) -> str:
    output: list[str] = []
    source = Source(PROGRAM.format(maker=maker), "program.py")
    assert not run_text(source, write=output.append, complain=output.append)
    return "".join(output)


def numbers(text: str) -> list[float]:
    return [float(word.strip("[],")) for word in text.split() if word != "[]"]


@pytest.mark.parametrize("maker", MAKERS)
def test_parts_are_the_whole(maker: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = printed(maker)
    monkeypatch.setattr(optimizer, "LARGE", 4)
    monkeypatch.setattr(optimizer, "threads", lambda: 1)
    parts = printed(maker)
    assert numbers(parts) == pytest.approx(numbers(whole), rel=1e-5, abs=1e-6)
    monkeypatch.setattr(optimizer, "threads", lambda: 3)
    assert printed(maker) == parts
