"""Where the derivatives of a program's graph are those of the operations' rules alone.

There the transforms apply, which give many gradients or tangents at once. What a program adds to the
backward pass (its own functions, hooks, retained gradients) needs the engine, pass by pass.
"""

from __future__ import annotations

from collections.abc import Sequence

from autodiff_cli.ir.context import current
from autodiff_cli.ir.node import INPUT, Node
from autodiff_cli.tensors.saved import check_saved

MOST = 1 << 27  # elements of all rows of one node: 1 GB in float64


def is_ruled(outputs: Sequence[Node], wrt: Sequence[Node]) -> bool:
    """Whether rules alone decide what flows between the outputs and `wrt`.

    Raises:
        RuntimeFault: a value that a derivative needs was freed or written to, in the reference's words.
    """
    if current().check_nan:
        return False
    between = _between(outputs, wrt)
    if any(node.op.is_foreign or _is_watched(node) for node in [*between, *wrt]):
        return False
    for node in between:
        check_saved(node)
    return True


def rows_fit(count: int, outputs: Sequence[Node], wrt: Sequence[Node]) -> bool:
    """Whether as many rows of everything between the outputs and `wrt` fit in memory."""
    largest = max(node.numel for node in [*_between(outputs, wrt), *outputs, *wrt])
    return count * largest <= min(MOST, current().max_elements)


def release(outputs: Sequence[Node], wrt: Sequence[Node]) -> None:
    """Forbid another backward pass, as one without `retain_graph` does."""
    for node in _between(outputs, wrt):
        node.released = True


def _between(outputs: Sequence[Node], wrt: Sequence[Node]) -> list[Node]:
    """The nodes through which a gradient flows from the outputs to one of `wrt`, the newest first."""
    found: list[Node] = []
    seen: set[int] = set()
    pending = list(outputs)
    while pending:
        node = pending.pop()
        if id(node) in seen or node.op is INPUT or not node.requires_grad:
            continue
        seen.add(id(node))
        found.append(node)
        pending.extend(node.operands)
    found.sort(key=lambda node: node.number)
    leading = {id(node) for node in wrt}
    through = []
    for node in found:
        if any(operand.requires_grad and id(operand) in leading for operand in node.operands):
            leading.add(id(node))
            through.append(node)
    return through[::-1]


def _is_watched(node: Node) -> bool:
    tape = node.tape
    return tape is not None and bool(
        tape.hooks
        or tape.before
        or tape.function_hooks
        or tape.packed
        or tape.retained() is not None
    )
