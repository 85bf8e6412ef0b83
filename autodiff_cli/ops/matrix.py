"""Products of vectors and matrices. They run whole, in BLAS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff_cli.ir.node import Node, Rule, Shape
from autodiff_cli.ops.arithmetic import mul
from autodiff_cli.ops.kinds import Shaped
from autodiff_cli.ops.movement import matrix_t, reshape, t


def transposed(x: Node) -> Node:
    return t(x, dims=(1, 0))


def outer(a: Node, b: Node) -> Node:
    return mul(reshape(a, (a.shape[0], 1)), b)


def _product(
    name: str, shape: Callable[..., Shape], vjps: tuple[Rule, ...], doc: str, **record: Any
) -> Shaped:
    return Shaped(name, _matmul, shape=shape, vjps=vjps, doc=doc, **record)


def _matmul(a: Any, b: Any) -> Any:
    return np.matmul(a, b)


dot = _product(
    "dot",
    lambda a, b: (),
    (lambda g, y, a, b: g * b, lambda g, y, a, b: g * a),
    "inner product of two vectors",
    latex="{}^T {}",
)
mv: Shaped = _product(
    "mv",
    lambda a, v: (a.shape[0],),
    (lambda g, y, a, v: outer(g, v), lambda g, y, a, v: mv(transposed(a), g)),
    "matrix times vector",
    latex="{} {}",
)
mm: Shaped = _product(
    "mm",
    lambda a, b: (a.shape[0], b.shape[1]),
    (lambda g, y, a, b: mm(g, transposed(b)), lambda g, y, a, b: mm(transposed(a), g)),
    "matrix times matrix",
    latex="{} {}",
)
bmm: Shaped = _product(
    "bmm",
    lambda a, b: (*a.shape[:-1], b.shape[-1]),
    (lambda g, y, a, b: bmm(g, matrix_t(b)), lambda g, y, a, b: bmm(matrix_t(a), g)),
    "matrix times matrix, for each of a batch of any dimensions",
)


def _addmm(c: Any, a: Any, b: Any, beta: float, alpha: float) -> Any:
    product = np.matmul(a, b)
    if alpha != 1:
        product = product * np.asarray(alpha, product.dtype)
    if beta == 0:  # the reference ignores c then, nan and all
        return product
    return product + (c if beta == 1 else c * np.asarray(beta, product.dtype))


def _scaled(g: Node, factor: float) -> Node:
    return g if factor == 1 else g * factor


addmm = Shaped(
    "addmm",
    _addmm,
    shape=lambda c, a, b, beta, alpha: (a.shape[0], b.shape[1]),
    vjps=(
        lambda g, y, c, a, b, beta, alpha: _scaled(g, beta),
        lambda g, y, c, a, b, beta, alpha: _scaled(mm(g, transposed(b)), alpha),
        lambda g, y, c, a, b, beta, alpha: _scaled(mm(transposed(a), g), alpha),
    ),
    doc="beta*c + alpha*(a @ b)",
)
