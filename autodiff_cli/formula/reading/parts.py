"""Parts of a text that stay what they are; see `evaluation/parts.py`."""

from __future__ import annotations

from typing import Any

from autodiff_cli.formula.algebra import Algebra
from autodiff_cli.formula.reading.table import reads
from autodiff_cli.formula.terms import Shape, Term
from autodiff_cli.ir.node import Node


@reads("part", "part_back")
def _part(a: Algebra, node: Node, *args: Term, shape: Shape, dtype: Any, **how: Any) -> Term:
    return a.function(node.op.name, args, shape, dtype.numpy.kind, **how)
