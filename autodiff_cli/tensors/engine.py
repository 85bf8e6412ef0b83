"""The backward pass of programs: cotangents flow from the outputs to the leaves, and accumulate there.

The derivative rules are those of `transform/reverse.py`. What is added here is what a program can see:
the order of the reference's engine (the node made last comes first), hooks, retained gradients, values
that were freed or overwritten since.

Source: torch/csrc/autograd/engine.cpp, functions/accumulate_grad.h.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

import numpy as np

from autodiff_cli.errors import RuntimeFault, TypeFault
from autodiff_cli.ir.context import Context, changed, current
from autodiff_cli.ir.dtypes import BOOL, float32, float64
from autodiff_cli.ir.memory import writes
from autodiff_cli.ir.node import CONSTANT, INPUT, NUMBER, UNTRACKED, Node
from autodiff_cli.ops.kinds import Elementwise
from autodiff_cli.ops.movement import sum_to
from autodiff_cli.ops.writes import copy_backwards
from autodiff_cli.tensors.packing import opened
from autodiff_cli.tensors.saved import check_saved
from autodiff_cli.tensors.tensor import Tape, Tensor, constant_of, cut_off, keep_tangent
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
    with changed(grad=create_graph, passing=None) as context:
        for tell in context.passes if targets is None else ():
            tell(roots)
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
        self.order: list[Node] = []
        self.callbacks: list[Callable[[], Any]] = []  # called when it has ended
        context.passing = self
        self.check_nan = context.check_nan
        # no graph of it is wanted
        watched = context.grad or context.check_nan or context.recording or context.duals
        self.bare = context.eager and not watched

    def run(self) -> list[Node | None]:
        order = self.order = self._reached()
        targets = self.targets
        wanted = None if targets is None else {id(n) for n in targets if n.op is not UNTRACKED}
        through, needed = (None, None) if wanted is None else _leading_to(order, wanted)
        for root, cotangent in self.roots:
            key = id(root)
            self.cotangents[key] = (
                self._sum(root, cotangent) if key in self.cotangents else cotangent
            )
            if root.op is INPUT:
                self.waiting[id(root)] = self.waiting.get(id(root), 0)
        for root, _ in self.roots:
            if root.op is INPUT and not self.waiting[id(root)]:
                self._leaf(root, wanted)
        for node in order:
            key = id(node)
            g = self.cotangents.pop(key, None)
            tape = node.tape
            if tape is not None or (g is not None and wanted is not None and key in wanted):
                came = g = as_node(g, node)
                if tape is not None and (g is not None or needed is None or key in needed):
                    g = with_hooks(tape, g)
                if wanted is not None and key in wanted:
                    # before its hooks, if it is passed through
                    shown = came if through is not None and key in through else g
                    if shown is not None:
                        self.captured[key] = shown
            if through is None or key in through or (self.accumulating and key in self.captured):
                if tape is not None and tape.packed and g is not None:
                    with opened(node):
                        self._through(node, g, needed, wanted)
                else:
                    self._through(node, g, needed, wanted)
        for call in self.callbacks:  # which may add others
            call()
        if targets is None:
            return []
        return [self.captured.get(id(node)) for node in targets]

    def reaches(self, node: Node) -> bool:
        """Whether a gradient can flow to a node in this pass."""
        return id(node) in self.waiting or any(other is node for other in self.order)

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
        self, node: Node, g: Any, needed: set[int] | None, wanted: set[int] | None
    ) -> None:
        """Let a gradient flow through a node, or leave it, if it has none, to those that wait for it.

        Its rules are run on arrays where no graph of the gradients is wanted and they allow it. A program's
        own functions and hooks are called where no gradient came, too.
        """
        op = node.op
        flowing = g is not None or op.is_foreign
        hooked: list[Node | None] | None = None
        arrays: list[Any] | None = None
        if node.tape is not None:
            if g is not None and (node.released or node.number <= writes.newest):
                check_saved(node)
            g = with_prehooks(node, as_node(g, node))
            hooked = self._hooked(node, g, needed)
            flowing = flowing or g is not None or hooked is not None
        if g is not None:
            if node.released or node.number <= writes.newest:
                check_saved(node)
            packed = node.tape is not None and node.tape.packed
            if self.bare and op.on_arrays and hooked is None and not packed:
                if type(g) is not Node or g.dtype is node.dtype:  # a hook may give another
                    arrays = arrays_of(node)
            if arrays is None:
                g = as_node(g, node)
            else:
                g = g.value if type(g) is Node else g
                y, params, rules = node.value, node.params, op.rules(node.operands)
        cotangents = self.cotangents
        for position, operand in enumerate(node.operands):
            if not operand.requires_grad:
                continue
            key = id(operand)
            if flowing and (needed is None or key in needed):
                flow: Any
                if arrays is not None:
                    rule = rules[position]
                    flow = None if rule is None else rule(g, y, *arrays, **params)
                    if flow is not None and flow.shape != operand.shape:
                        flow = sum_to(flow, shape=operand.shape)
                else:
                    flow = op.vjp(node, g, position) if hooked is None else hooked[position]
                    if flow is not None:
                        if self.check_nan and isinstance(flow, Node):
                            refuse_nan(node, flow, position)
                        if flow.shape != operand.shape or flow.dtype is not operand.dtype:
                            flow = fitted(flow, operand)
                        if self.bare and type(flow) is Node and flow.op is CONSTANT:
                            flow = flow.value if type(flow.value) in ARRAYS else flow
                if flow is not None:
                    cotangents[key] = self._sum(operand, flow) if key in cotangents else flow
            if operand.op is INPUT:
                self.waiting[key] -= 1
                if not self.waiting[key]:
                    self._leaf(operand, wanted)
        if flowing and not self.retain_graph:
            node.released = True
            if node.tape is not None:
                node.tape.packed = {}

    def _hooked(self, node: Node, g: Any, needed: set[int] | None) -> list[Node | None] | None:
        """The gradients that flow on, as the hooks of the node's function leave them."""
        tape: Tape = node.tape
        if not tape.function_hooks:
            return None
        came = shown(g)
        flows = [
            node.op.vjp(node, g, position)
            if operand.requires_grad
            and (needed is None or id(operand) in needed)
            and (g is not None or node.op.is_foreign)
            else None
            for position, operand in enumerate(node.operands)
        ]
        for hook in list(tape.function_hooks.values()):
            changed = hook(tuple(None if flow is None else Tensor(flow) for flow in flows), came)
            if changed is not None:
                entries = changed if isinstance(changed, tuple) else (changed,)
                flows = [None if entry is None else entry.node for entry in entries]
        return flows

    def _sum(self, node: Node, flow: Any) -> Any:
        """The sum of what has flowed to a node and what comes now."""
        held = self.cotangents[id(node)]
        if type(held) is Node or type(flow) is Node:
            held, flow = as_node(held, node), as_node(flow, node)
        return held + flow

    def _leaf(self, node: Node, wanted: set[int] | None) -> None:
        g = as_node(self.cotangents.pop(id(node), None), node)
        tape: Tape | None = node.tape
        if tape is not None and (wanted is None or id(node) in wanted):
            g = with_hooks(tape, g)
        if g is None:
            return
        if wanted is not None and not (self.accumulating and id(node) in wanted):
            if id(node) in wanted:
                self.captured[id(node)] = g
        elif tape is not None:
            tensor = tape.tensor()
            if tensor is not None and node.requires_grad:
                g = with_prehooks(node, g)
                fresh = tensor.grad is None
                accumulate(tensor, g)
                g = tensor.grad.node if fresh and tensor.grad is not None else g
                for hook in list(tape.after.values()):
                    if hook(tensor) is not None:
                        raise RuntimeFault("Tensor post accumulate grad hooks should return None.")
                for hook in list(tape.function_hooks.values()):
                    hook((), (Tensor(g),))


# ---- rules on arrays -----------------------------------------------------------------------------

ARRAYS = (np.ndarray, np.float32, np.float64)


def arrays_of(node: Node) -> list[Any] | None:
    """What a node was made of, for rules that are run on arrays; None if it isn't what they speak of.

    All that is floating has one dtype; indices and masks are only handed on, or numbers 0 and 1.
    """
    dtype = node.dtype
    if dtype is not float32 and dtype is not float64:
        return None
    arrays: list[Any] = []
    for operand in node.kept or node.operands:
        value = operand.value
        if operand.op is NUMBER:
            value = dtype.numpy.type(value)
        elif operand.dtype is not dtype:
            if operand.dtype.is_floating:
                return None
            if operand.dtype.category != BOOL and isinstance(node.op, Elementwise):
                return None
        arrays.append(value)
    return arrays


def as_node(g: Any, node: Node) -> Any:
    """A cotangent of `node` as a node, where it is an array."""
    return constant_of(g, node) if type(g) in ARRAYS else g


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


def shown(g: Any) -> tuple[Tensor | None, ...]:
    """What comes to a node, as hooks of its function are given it: a gradient for each output."""
    if g is None:
        return (None,)
    if isinstance(g, Node):
        return (Tensor(g),)
    return tuple([None if flow is None else Tensor(flow) for flow in g.flows])


def with_prehooks(node: Node, g: Any) -> Any:
    """What comes to a node, as the hooks before its function leave it."""
    tape: Tape = node.tape
    for hook in list(tape.before.values()):
        came = shown(g)
        changed = hook(came)
        if changed is None:
            continue
        entries = changed if isinstance(changed, tuple) else (changed,)
        if len(entries) != len(came):
            raise RuntimeFault(
                "hooks which return tuples must return the same number of values: got "
                f"{len(entries)}, expected {len(came)}"
            )
        flows = [None if entry is None else entry.node for entry in entries]
        g = flows[0] if g is None or isinstance(g, Node) else g.replaced(flows)
    return g


def with_hooks(tape: Tape, g: Node | None) -> Node | None:
    """The gradient as the hooks of a tensor leave it; None where none came."""
    for hook in list(tape.hooks.values()):
        given = None if g is None else Tensor(g)
        changed: Any = hook(given)
        if changed is None:
            g = None if given is None else given.node  # a hook may have written to it
            continue
        if not isinstance(changed, Tensor):
            raise TypeFault(f"expected Variable, but hook returned '{type(changed).__name__}'")
        if g is not None and changed.shape != g.shape:
            name = getattr(hook, "__name__", type(hook).__name__)
            raise RuntimeFault(f"hook '{name}' has changed the size of value")
        g = changed.node
    retained = None if g is None else tape.retained()
    if retained is not None and g is not None:
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
    fresh = cut_off(value, g)
    keep_tangent(g, fresh)
    return fresh


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
