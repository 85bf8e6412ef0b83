"""What is said where Python or numpy refuses what an operation asks, and there are no better words.

Errors of theirs speak of axes, arrays and this package's own functions, which nobody wrote. What the
reference says about wrong arguments is said before, by shape rules and signatures; this is the net below.
"""

from __future__ import annotations

from collections.abc import Iterable

from autodiff_cli.errors import Fault, RuntimeFault, TypeFault


def refusal(name: str, operands: Iterable[str], error: Exception) -> Fault:
    """The fault that stands for an error of Python's or numpy's own.

    Args:
        name: of what was asked for.
        operands: each as errors speak of it.
        error: which.

    >>> str(refusal("kron", ["2.5", "[1, 2]"], ValueError("operands could not be broadcast")))
    'kron(): not defined for (2.5, [1, 2])'
    """
    kind = TypeFault if isinstance(error, (TypeError, AttributeError)) else RuntimeFault
    fault = kind(f"{name}(): not defined for ({', '.join(operands)})")
    fault.because = error
    return fault
