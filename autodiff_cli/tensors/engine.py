"""The backward pass of programs: cotangents flow from the outputs to the leaves, and accumulate there.

The derivative rules are those of `transform/reverse.py`. What is added here is what a program can see:
the order of the reference's engine (the node made last comes first), hooks, retained gradients, values
that were freed or overwritten since.

Source: torch/csrc/autograd/engine.cpp, functions/accumulate_grad.h.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

import numpy as np

from autodiff_cli.errors import RuntimeFault, TypeFault
from autodiff_cli.ir.context import Context, changed, current
from autodiff_cli.ir.node import CONSTANT, INPUT, UNTRACKED, Node, writes
from autodiff_cli.ops.writes import copy_backwards
from autodiff_cli.tensors.saved import check_saved
from autodiff_cli.tensors.tensor import Tape, Tensor, constant_of, cut_off
from autodiff_cli.tensors.values import (
    DTYPES,
    VALUES,
    suits,
    value_rules,
)
from autodiff_cli.transform.reverse import fitted


def differentiate(
    roots: Sequence[tuple[Node, Node]],
    *,
    retain_graph: bool,
    create_graph: bool,
    targets: Sequence[Node] | None = None,
    accumulating: bool = False,
) -> list[Node | None]:
    """Run a backward pass.

    Args:
        roots: nodes to differentiate, each with its cotangent.
        retain_graph: whether another pass may follow through the same nodes.
        create_graph: whether the gradients can be differentiated again.
        targets: give the gradients with respect to these nodes instead of accumulating into leaves.
        accumulating: whether the caller accumulates them; then the targets' own functions run, too.

    Returns:
        One gradient for each target, or None where none flows; nothing without targets.

    Raises:
        RuntimeFault: a value that a derivative needs was freed or written to, in the reference's words.
    """
    with changed(grad=create_graph) as context:
        return _Pass(roots, retain_graph, targets, accumulating, context).run()


def refuse_nan(node: Node, flow: Node, position: int) -> None:
    if np.isnan(np.asarray(flow.value)).any():
        raise RuntimeFault(
            f"Function '{node.op.grad_fn_name(node)}' returned nan values in its {position}th output."
        )


class _Pass:
    """One backward pass."""

    def __init__(
        self,
        roots: Sequence[tuple[Node, Node]],
        retain_graph: bool,
        targets: Sequence[Node] | None,
        accumulating: bool,
        context: Context,
    ) -> None:
        self.roots = roots
        self.retain_graph = retain_graph
        self.targets = targets
        self.accumulating = accumulating
        self.cotangents: dict[int, Any] = {}
        self.captured: dict[int, Node] = {}
        self.waiting: dict[int, int] = {}  # flows that a leaf still waits for
        self.check_nan = context.check_nan
        # no graph of it is wanted
        self.bare = context.eager and not (context.grad or context.check_nan or context.recording)

    def run(self) -> list[Node | None]:
        order = self._reached()
        targets = self.targets
        wanted = None if targets is None else {id(n) for n in targets if n.op is not UNTRACKED}
        through, needed = (None, None) if wanted is None else _leading_to(order, wanted)
        for root, cotangent in self.roots:
            self._add(root, cotangent)
            if root.op is INPUT:
                self.waiting[id(root)] = self.waiting.get(id(root), 0)
        for root, _ in self.roots:
            if root.op is INPUT and not self.waiting[id(root)]:
                self._leaf(root, wanted)
        bare = self.bare
        for node in order:
            key = id(node)
            g = self.cotangents.pop(key, None)
            tape = node.tape
            if g is not None and (tape is not None or (wanted is not None and key in wanted)):
                g = as_node(g, node)
                if tape is not None:
                    g = with_hooks(tape, g)
                if wanted is not None and key in wanted:
                    self.captured[key] = g
            if through is None or key in through or (self.accumulating and key in self.captured):
                if bare and g is not None and tape is None:
                    if self._through_values(node, g, needed, wanted):
                        continue
                self._through(node, None if g is None else as_node(g, node), needed, wanted)
        if targets is None:
            return []
        return [self.captured.get(id(node)) for node in targets]

    def _reached(self) -> list[Node]:
        """The nodes with derivatives below the roots, the newest first; counts flows to leaves."""
        found: list[Node] = []
        seen: set[int] = set()
        waiting = self.waiting
        pending = [root for root, _ in self.roots]
        while pending:
            node = pending.pop()
            if id(node) in seen or node.op is INPUT:
                continue
            seen.add(id(node))
            found.append(node)
            for operand in node.operands:
                if operand.requires_grad:
                    if operand.op is not INPUT:
                        pending.append(operand)
                    else:
                        waiting[id(operand)] = waiting.get(id(operand), 0) + 1
        found.sort(key=_number, reverse=True)
        return found

    def _through(
        self, node: Node, g: Node | None, needed: set[int] | None, wanted: set[int] | None
    ) -> None:
        if g is not None:
            check_saved(node)
        op = node.op
        hooked = self._hooked(node, g) if node.tape is not None and g is not None else None
        for position, operand in enumerate(node.operands):
            if not operand.requires_grad:
                continue
            if g is not None and (needed is None or id(operand) in needed):
                flow = op.vjp(node, g, position) if hooked is None else hooked[position]
                if flow is not None:
                    if self.check_nan and isinstance(flow, Node):
                        refuse_nan(node, flow, position)
                    if flow.shape != operand.shape or flow.dtype is not operand.dtype:
                        flow = fitted(flow, operand)
                    self._add(operand, flow)
            if operand.op is INPUT:
                self.waiting[id(operand)] -= 1
                if not self.waiting[id(operand)]:
                    self._leaf(operand, wanted)
        if g is not None and not self.retain_graph:
            node.released = True

    def _through_values(
        self,
        node: Node,
        g: Any,
        needed: set[int] | None,
        wanted: set[int] | None,
    ) -> bool:
        """As `_through`, on bare values; False where the node's rules need nodes."""
        rules = value_rules(node.op)
        if rules is None or not suits(node, rules):
            return False
        if node.released or node.number <= writes.newest:
            check_saved(node)
        if type(g) is Node:
            g = g.value
        operands = node.operands
        values = [operand.value for operand in node.kept or operands]
        shape, params, cotangents = node.shape, node.params, self.cotangents
        for operand, rule in zip(operands, rules.rules, strict=True):
            if not operand.requires_grad:
                continue
            if rule is not None and (needed is None or id(operand) in needed):
                flow: Any = rule(g, node.value, *values, **params)
                if operand.shape != shape and flow.shape != operand.shape:
                    flow = fitted(constant_of(flow, node), operand)
                key = id(operand)
                if key in cotangents or type(flow) is Node:
                    self._add(operand, flow)
                else:
                    cotangents[key] = flow
            if operand.op is INPUT:
                self.waiting[id(operand)] -= 1
                if not self.waiting[id(operand)]:
                    self._leaf(operand, wanted)
        if not self.retain_graph:
            node.released = True
        return True

    def _hooked(self, node: Node, g: Node) -> list[Node | None] | None:
        """The gradients that flow on, as the hooks of the node's function leave them."""
        tape: Tape = node.tape
        if not tape.function_hooks or not isinstance(g, Node):
            return None
        flows = [
            node.op.vjp(node, g, position) if operand.requires_grad else None
            for position, operand in enumerate(node.operands)
        ]
        for hook in list(tape.function_hooks.values()):
            shown = tuple(None if flow is None else Tensor(flow) for flow in flows)
            changed = hook(shown, (Tensor(g),))
            if changed is not None:
                entries = changed if isinstance(changed, tuple) else (changed,)
                flows = [None if entry is None else entry.node for entry in entries]
        return flows

    def _add(self, node: Node, flow: Any) -> None:
        key = id(node)
        if self.bare and type(flow) is Node and flow.op is CONSTANT and flow.dtype in DTYPES:
            flow = flow.value
        held = self.cotangents.get(key)
        if held is not None:
            if type(held) is Node or type(flow) is Node:
                held, flow = as_node(held, node), as_node(flow, node)
            flow = held + flow
        self.cotangents[key] = flow

    def _leaf(self, node: Node, wanted: set[int] | None) -> None:
        g = self.cotangents.pop(id(node), None)
        if g is None:
            return
        g = as_node(g, node)
        tape: Tape | None = node.tape
        if tape is not None and (wanted is None or id(node) in wanted):
            g = with_hooks(tape, g)
        if wanted is not None:
            if id(node) in wanted:
                self.captured[id(node)] = g
        elif tape is not None:
            tensor = tape.tensor()
            if tensor is not None and node.requires_grad:
                accumulate(tensor, g)
                for hook in list(tape.after.values()):
                    hook(tensor)


def as_node(g: Any, node: Node) -> Any:
    """A cotangent of `node` as a node, where it is a bare value."""
    return constant_of(g, node) if type(g) in VALUES else g


_number = attrgetter("number")


def _leading_to(order: list[Node], wanted: set[int]) -> tuple[set[int], set[int]]:
    """The nodes from which a gradient flows to one of `wanted`; and those with `wanted` itself."""
    leading = set(wanted)
    through: set[int] = set()
    for node in reversed(order):
        if any(operand.requires_grad and id(operand) in leading for operand in node.operands):
            leading.add(id(node))
            through.add(id(node))
    return through, leading


def with_hooks(tape: Tape, g: Node) -> Node:
    """The gradient as the hooks of a tensor leave it."""
    for hook in list(tape.hooks.values()):
        given = Tensor(g)
        changed = hook(given)
        if changed is None:
            g = given.node  # a hook may have written to it
            continue
        if not isinstance(changed, Tensor):
            raise TypeFault(f"expected Variable, but hook returned '{type(changed).__name__}'")
        if changed.shape != g.shape:
            name = getattr(hook, "__name__", type(hook).__name__)
            raise RuntimeFault(f"hook '{name}' has changed the size of value")
        g = changed.node
    retained = tape.retained()
    if retained is not None:
        held = retained.grad
        retained.grad = Tensor(owned(g) if held is None else held.node + g)
    return g


def owned(g: Node) -> Node:
    """A gradient in memory of its own, as it is handed to the program."""
    value = g.value
    if g.requires_grad or value is None:
        return g
    if isinstance(value, np.ndarray):
        value = np.array(value, order="C")
    return cut_off(value, g)


def accumulate(tensor: Tensor, g: Node) -> None:
    """Add to a tensor's `grad`: in place, unless the gradient itself is to be differentiated."""
    current().acts()
    held = tensor.grad
    if held is None:
        tensor.grad = Tensor(copy_backwards(g) if g.requires_grad else owned(g))
        if isinstance(g.value, np.ndarray) and g.numel > 1 and 0 in g.value.strides:
            tensor.grad.memory.wrote()  # the reference fills a new tensor
    elif current().grad:
        tensor.grad = Tensor(held.node + g)
    else:
        array = held.array
        np.add(array, np.asarray(g.value), out=array)
        held.memory.wrote()
