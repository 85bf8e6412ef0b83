"""A graph as text, for people: fixtures of tests, and looking at what a pass does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autodiff_cli.ir.dtypes import DType
from autodiff_cli.ir.node import CONSTANT, INPUT, NUMBER, Node, Op
from autodiff_cli.ir.walk import topological

WIDTH = 60  # a longer part gets a line of its own


def graph_text(outputs: Sequence[Node], names: Sequence[str] = ()) -> str:
    """One line for each output, and before it for each part that is used more than once.

    Args:
        outputs: nodes of one graph.
        names: what to call them.

    >>> from autodiff_cli.ir import dtypes
    >>> from autodiff_cli.ops.create import full
    >>> print(graph_text([full(shape=(2,), value=1, dtype=dtypes.float32) * 3], ["y"]))
    y = mul(full(shape=(2,), value=1, dtype=float32), 3) : float32[2]
    """
    order = topological(outputs, through_values=False)
    uses: dict[int, int] = {}
    for node in order:
        for operand in node.operands if node.value is None else ():
            uses[id(operand)] = uses.get(id(operand), 0) + 1
    named: dict[int, str] = {}
    lines: list[str] = []
    texts: dict[int, str] = {}
    for position, output in enumerate(outputs):
        name = names[position] if position < len(names) else f"output {position}"
        named.setdefault(id(output), name)
    for node in order:
        text = _expression(node, texts)
        name = named.get(id(node), "")
        source = node.value is not None or not node.operands
        if not name and not source and (uses[id(node)] > 1 or len(text) > WIDTH):
            name = f"%{len(lines) + 1}"
        if name:
            lines.append(f"{name} = {text} : {_type(node)}")
        texts[id(node)] = text if source or not name else name
    for name, output in zip(names, outputs):
        if named[id(output)] != name:
            lines.append(f"{name} = {named[id(output)]} : {_type(output)}")
    return "\n".join(lines)


def _expression(node: Node, texts: dict[int, str]) -> str:
    if node.op is NUMBER:
        return repr(node.value)
    if node.op is INPUT:
        return node.params["name"] or f"input {_type(node)}"
    if node.op is CONSTANT and node.value is not None:
        return f"constant({node.value})" if node.numel < 10 else f"constant {_type(node)}"
    if node.value is not None:
        return f"computed {_type(node)}"
    parts = [texts[id(operand)] for operand in node.operands]
    parts += [
        f"{name}={_parameter(value)}"
        for name, value in node.params.items()
        if (name, value) != ("alpha", 1)
    ]
    return f"{node.op.name}({', '.join(parts)})"


def _parameter(value: Any) -> str:
    if isinstance(value, (DType, Op)):
        return value.name
    return repr(value)


def _type(node: Node) -> str:
    return f"{node.dtype.name}[{', '.join(map(str, node.shape))}]"
