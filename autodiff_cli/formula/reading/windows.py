"""Windows of images, and images of another size."""

from __future__ import annotations

from typing import Any

from autodiff_cli.formula.algebra import Algebra
from autodiff_cli.formula.reading.table import Unspelled, reads
from autodiff_cli.formula.terms import Shape, Term
from autodiff_cli.ir.node import Node


@reads("im2col")
def _columns(a: Algebra, node: Node, x: Term, **how: Shape) -> Term:
    return a.function("im2col", [x], node.shape, **how)


@reads("col2im")
def _from_columns(a: Algebra, node: Node, x: Term, shape: Shape, **how: Shape) -> Term:
    return a.function("col2im", [x], shape, size=shape[2:], **how)


@reads("avg_pool2d")
def _avg_pool(a: Algebra, node: Node, x: Term, pads: bool, **how: Any) -> Term:
    return a.function("avg_pool", [x], node.shape, counts=pads, **how)


@reads("adaptive_avg_pool2d", "upsample_nearest2d")
def _to_size(a: Algebra, node: Node, x: Term, size: Shape) -> Term:
    if len(node.shape) != 4:
        raise Unspelled(node.op.name)
    return a.function(node.op.name, [x], node.shape, size=size)
