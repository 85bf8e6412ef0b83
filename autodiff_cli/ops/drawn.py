"""Random numbers that were drawn for given means or probabilities, which get a gradient of 0."""

from __future__ import annotations

from typing import Any

from autodiff_cli.ir.node import Node, Rule
from autodiff_cli.ops.create import zeros_like
from autodiff_cli.ops.kinds import Shaped


def _nothing(g: Node, y: Node, drawn: Node, *given: Node) -> Node:
    return zeros_like(g)


def _drawn(name: str, grad_fn: str, count: int, doc: str) -> Shaped:
    def value(drawn: Any, *given: Any) -> Any:
        return drawn.copy()

    rules: tuple[Rule | None, ...] = (None, *(_nothing,) * count)
    return Shaped(
        name,
        value,
        vjps=rules,
        grad_fn=grad_fn,
        batch="pointwise.copy",
        doc=doc,
    )


normal_of_mean = _drawn("normal_of_mean", "NormalBackward1", 1, "normal numbers around means")
normal_of_std = _drawn("normal_of_std", "NormalBackward2", 1, "normal numbers of deviations")
normal_of_both = _drawn(
    "normal_of_both", "NormalBackward3", 2, "normal numbers of means, deviations"
)
bernoulli = _drawn("bernoulli", "BernoulliBackward0", 1, "0 or 1, by probabilities")
poisson = _drawn("poisson", "PoissonBackward0", 1, "Poisson numbers of rates")
