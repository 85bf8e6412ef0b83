"""PyTorch's autograd at a shell prompt, without PyTorch.

    >>> from autodiff_cli import evaluate
    >>> evaluate("mean(3*(x+2)**2)", {"x": "ones(2,2)"}).value.grad_fn
    'MeanBackward0'
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from autodiff_cli.evaluate import evaluate

__all__ = ["__version__", "evaluate"]


def __getattr__(name: str) -> object:
    # On demand: the command line's help and completion need no numpy.
    if name == "evaluate":
        from autodiff_cli.evaluate import evaluate

        return evaluate
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
