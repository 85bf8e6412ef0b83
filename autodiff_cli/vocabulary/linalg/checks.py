"""What the functions of `torch.linalg` ask of matrices, in the words of the reference's errors."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from autodiff_cli.errors import NotImplementedFault, RuntimeFault
from autodiff_cli.execute import force
from autodiff_cli.ir import dtypes
from autodiff_cli.ir.node import Node

Bound: TypeAlias = Node | float | None


def check_matrix(x: Node, name: str, argument: str = "A") -> None:
    if x.ndim < 2:
        raise RuntimeFault(f"{name}: The input tensor {argument} must have at least 2 dimensions.")
    if not x.dtype.is_floating:
        raise RuntimeFault(
            f"{name}: Expected a floating point or complex tensor as input. Got "
            f"{x.dtype.scalar_name}",
            hint="convert first: x.float()",
        )


def check_square(x: Node, name: str) -> None:
    if x.ndim < 2:
        check_matrix(x, name)
    if x.shape[-1] != x.shape[-2]:
        raise RuntimeFault(
            f"{name}: A must be batches of square matrices, but they are {x.shape[-2]} by "
            f"{x.shape[-1]} matrices"
        )
    check_matrix(x, name)


def check_lower(x: Node, name: str) -> None:
    if x.dtype is dtypes.float16:
        raise RuntimeFault(f"{name}: Low precision dtypes not supported. Got Half")


def check_kernel(x: Node, kernel: str) -> None:
    if x.dtype is dtypes.float16:
        raise NotImplementedFault(f"\"{kernel}_cpu\" not implemented for 'Half'")


def tolerance(x: Node) -> float:
    return max(x.shape[-2:]) * float(np.finfo(x.dtype.numpy).eps)


def bound_of(given: Bound) -> float | None:
    """A tolerance, also one that is given as a tensor, as a number.

    Raises:
        NotImplementedFault: it is one for each matrix.
    """
    if not isinstance(given, Node):
        return given
    if given.numel != 1:
        raise NotImplementedFault("a tolerance for each matrix does not exist here")
    return float(force(given).reshape(-1)[0])
