"""Attempts at a shorter form of a sum or product; the shortest is taken."""

from __future__ import annotations

from autodiff_cli.formula.attempts.products import (
    absorbed,
    cleared,
    conjugate,
    distributed,
    quotient,
    turned_over,
)
from autodiff_cli.formula.attempts.sums import (
    chosen,
    collected,
    factored,
    grouped,
    multiplied_out,
    shared_sum,
    squared,
    together,
)

__all__ = ["ATTEMPTS", "multiplied_out"]

ATTEMPTS = {
    "sum": (factored, shared_sum, together, grouped, collected, chosen, squared),
    "product": (cleared, conjugate, distributed, absorbed, turned_over, quotient),
}
