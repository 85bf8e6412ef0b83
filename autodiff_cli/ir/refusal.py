"""What is said where Python or numpy refuses what an operation asks, and there are no better words.

Errors of theirs speak of axes, arrays and this package's own functions, which nobody wrote. What the
reference says about wrong arguments is said before, by shape rules and signatures; this is the net below.
"""

from __future__ import annotations

from collections.abc import Iterable

from autodiff_cli.errors import Fault, RuntimeFault, TypeFault
from autodiff_cli.ir.node import Node


def refusal(name: str, operands: Iterable[object], error: Exception) -> Fault:
    """The fault that stands for an error of Python's or numpy's own.

    >>> str(refusal("kron", [2.5, [1, 2]], ValueError("operands could not be broadcast")))
    'kron(): not defined for (2.5, [1, 2])'
    """
    kind = TypeFault if isinstance(error, (TypeError, AttributeError)) else RuntimeFault
    fault = kind(f"{name}(): not defined for ({', '.join(map(_described, operands))})")
    fault.because = error
    return fault


def _described(operand: object) -> str:
    if isinstance(operand, Node):
        return f"{operand.dtype.scalar_name} tensor of size {list(operand.shape)}"
    if isinstance(operand, (list, tuple)):
        inner = ", ".join(map(_described, operand))
        if isinstance(operand, list):
            return f"[{inner}]"
        return f"({inner},)" if len(operand) == 1 else f"({inner})"
    if operand is None or isinstance(operand, (bool, int, float, str)):
        return repr(operand)
    return type(operand).__name__
