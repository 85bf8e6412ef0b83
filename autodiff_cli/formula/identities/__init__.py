"""What is known of functions: rules, each with a name, a condition and an example that needs it.

A rule looks at one function, product or sum in its normal form and gives what it is otherwise, or None.
Rules that hold only under a condition record it (`Rules.conditions`), and can be left out one by one: what
they made of a formula is compared with the gradient before anybody sees it.
"""

from __future__ import annotations

from autodiff_cli.formula.identities import functions, products, sums
from autodiff_cli.formula.rules import RULES

__all__ = ["RULES"]
FAMILIES = functions, products, sums  # whose import declares their rules
