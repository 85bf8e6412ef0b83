"""The tensor of programs: a handle on a node, which can be written to and collects a gradient.

A handle holds the node that its value is at the moment. Its memory is the node's array, which views
share as numpy arrays do: a write through one handle is seen by the others, as in the reference. The
graph of a view that was written to, or whose base was, is made anew from the base when it is needed.

Source: torch/csrc/autograd/variable.h (`DifferentiableViewMeta`), variable.cpp (`grad_fn`).
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autodiff_cli.errors import RuntimeFault
from autodiff_cli.execute import execute
from autodiff_cli.ir.context import changed, current
from autodiff_cli.ir.dtypes import DType
from autodiff_cli.ir.memory import Memory
from autodiff_cli.ir.node import (
    CONSTANT,
    INPUT,
    NO_PARAMS,
    UNTRACKED,
    Array,
    Node,
    Shape,
    leaf,
)
from autodiff_cli.ops.pointwise import detach

if TYPE_CHECKING:
    from autodiff_cli.ops.writes import Steps

MULTI_OUTPUT = frozenset(("UnbindBackward0", "SplitBackward0", "SplitWithSizesBackward0"))
NO_GRAD, SEVERAL, CUSTOM, INFERENCE = "no_grad", "several", "custom", "inference"
AMBIGUOUS = (
    " Given that this use case is ambiguous and error-prone, it is forbidden. You can clarify your code by "
    "moving both the view and the inplace either both inside the no_grad block (if you don't want the "
    "inplace to be tracked) or both outside (if you want the inplace to be tracked)."
)
ONE_OF_SEVERAL = (
    " This view is the output of a function that returns multiple views. Such functions do not allow the "
    "output views to be modified inplace. You should replace the inplace operation by an out-of-place one."
)

OVERRIDING = (
    " This view was created inside a custom Function (or because an input was returned as-is) and the "
    "autograd logic to handle view+inplace would override the custom backward associated with the custom "
    "Function, leading to incorrect gradients. This behavior is forbidden. You can fix this by cloning the "
    "output of the custom Function."
)
REASONS = {
    NO_GRAD: AMBIGUOUS,
    SEVERAL: ONE_OF_SEVERAL,
    CUSTOM: OVERRIDING,
    INFERENCE: AMBIGUOUS.replace("no_grad", "inference_mode"),
}


class View:
    """How a tensor is a view.

    Attributes:
        base: the tensor whose memory it shows; never a view itself.
        steps: the view operations from the base to it.
        seen: the base's node when the view's own node was made.
        version: the base's version then.
        made: NO_GRAD if it, or a view that it shows, was made under `no_grad`; SEVERAL if by an operation
            that gives several views at once; CUSTOM if it is what a program's Function was given; INFERENCE
            in inference mode. Such
            views can't be written to in the graph.
    """

    __slots__ = ("base", "made", "seen", "steps", "version")

    def __init__(self, base: Tensor, steps: Steps, made: str) -> None:
        self.base = base
        self.steps = steps
        self.seen = base._node
        self.version = base.version
        self.made = made


class Tape:
    """What is kept about a node besides the graph.

    Attributes:
        tensor: of a leaf, the tensor whose `grad` it fills.
        hooks: called with the gradient when it is complete; by handle number.
        before: called with the gradients that come, as a tuple, before the function runs.
        after: called with the tensor after its gradient was accumulated.
        function_hooks: called with the gradients that flow on, and the one that came, both as tuples.
        retained: the tensor whose `grad` a node that isn't a leaf fills too.
        grad_fn: the object by which programs know the node.
        packed: what its derivative needs, by place, where a program's hooks keep it.
    """

    __slots__ = (
        "after",
        "before",
        "function_hooks",
        "grad_fn",
        "hooks",
        "packed",
        "retained",
        "tensor",
    )

    def __init__(self) -> None:
        self.tensor: Callable[[], Tensor | None] = no_tensor
        self.hooks: dict[int, Callable[[Tensor | None], Any]] = {}
        self.before: dict[int, Callable[..., Any]] = {}
        self.after: dict[int, Callable[[Tensor], Any]] = {}
        self.function_hooks: dict[int, Callable[..., Any]] = {}
        self.retained: Callable[[], Tensor | None] = no_tensor
        self.grad_fn: Callable[[], Any] = no_tensor
        self.packed: dict[int, Any] = {}


def no_tensor() -> None:
    return None


def tape_of(node: Node) -> Tape:
    if node.tape is None:
        node.tape = Tape()
    tape: Tape = node.tape
    return tape


class Tensor:
    """A tensor of a program.

    Attributes:
        view: whose view it is; None if it has memory of its own.
        grad: its gradient, accumulated by backward passes.
    """

    __slots__ = ("__dict__", "__weakref__", "_node", "grad", "view")

    def __init__(self, node: Node, view: View | None = None) -> None:
        self._node = node
        self.view = view
        self.grad: Tensor | None = None

    @property
    def node(self) -> Node:
        """The node that it is at the moment."""
        view = self.view
        if view is not None:
            if view.made:
                if self.is_invalid and current().grad:
                    raise RuntimeFault(
                        self.refusal("its base or another view of its base has been")
                    )
            elif view.base._node is not view.seen or view.base.version != view.version:
                self._follow_base(view)
        return self._node

    @node.setter
    def node(self, node: Node) -> None:
        self._node = node

    def _follow_base(self, view: View) -> None:
        base, old = view.base._node, self._node
        written, seen = view.base.version != view.version, view.seen
        view.seen, view.version = base, view.base.version
        if base.tangent is not None and old.tangent is None and current().duals is not None:
            duals = current().duals
            duals.give(old, duals.part_of(base.tangent, view.steps))
        if not base.requires_grad:
            return
        if not written and base.op is INPUT:
            if not seen.requires_grad:  # the base was made a leaf since
                self._node = untracked(old)
            return
        from autodiff_cli.ops.writes import as_strided

        with changed(grad=True, eager=False):
            self._node = as_strided(base, steps=view.steps, shape=old.shape)
        self._node.value = old.value
        self._node.memory = old.memory
        keep_tangent(old, self._node)
        self.keep_retaining(old)

    def keep_retaining(self, old: Node) -> None:
        """Let the gradient be retained of its present node, if it was of an old one."""
        tape = old.tape
        if tape is not None and tape.retained() is self:
            tape_of(self._node).retained = tape.retained
            tape.retained = no_tensor

    @property
    def is_invalid(self) -> bool:
        """Whether it is a view that can't tell its history, since its memory was written to."""
        view = self.view
        return (
            view is not None
            and view.made != ""
            and view.base.version != view.version
            and (view.base._node.requires_grad or not self._node.is_leaf)
        )

    def refusal(self, happened: str) -> str:
        """Why a view that was made under `no_grad`, or as one of several, can't be in a graph with writes."""
        node, view = self._node, self.view
        assert view is not None
        mode = " with grad mode enabled" if view.made == NO_GRAD or node.is_leaf else ""
        what = "A view was created in no_grad mode"
        if view.made == INFERENCE:
            what, mode = "A view was created in inference mode", " in normal mode"
        elif not node.is_leaf:
            from autodiff_cli.tensors.saved import function_name

            what = f"Output {node.output} of {function_name(node)} is a view"
            if view.made == NO_GRAD:
                what += " of a view which was created in no_grad mode"
        return f"{what} and {happened} modified inplace{mode}.{REASONS[view.made]}"

    @property
    def array(self) -> Array:
        """Its elements, in the memory that it shares with its views: what is written here is seen."""
        node = self._node
        current().reads(node)
        return _shown(node)

    @property
    def memory(self) -> Memory:
        node = self._node
        if node.memory is None:
            node.memory = Memory()
        return node.memory

    @property
    def shape(self) -> Shape:
        return self._node.shape

    @property
    def dtype(self) -> DType:
        return self._node.dtype

    @property
    def requires_grad(self) -> bool:
        return self._node.requires_grad if self.is_invalid else self.node.requires_grad

    @property
    def is_leaf(self) -> bool:
        return self.node.is_leaf

    @property
    def version(self) -> int:
        memory = self._node.memory
        return len(memory.writes) if memory is not None else 0


def as_leaf(tensor: Tensor) -> Tensor:
    """Let the tensor's node, which is a leaf, fill the tensor's `grad`."""
    tape_of(tensor._node).tensor = weakref.ref(tensor)
    return tensor


def require_grad(tensor: Tensor) -> None:
    """Make a tensor that isn't part of a graph a leaf; nodes made from it so far don't know of it."""
    old = tensor.node
    made_of = () if current().recording is None else (old,)
    node = Node(INPUT, made_of, NO_PARAMS, old.shape, old.dtype, True, _shown(old))
    node.memory = old.memory
    keep_tangent(old, node)
    tensor._node = node
    as_leaf(tensor)


def keep_tangent(old: Node, new: Node) -> None:
    """Let a tensor's new node have the tangent of its old one, at a level of forward mode."""
    if old.tangent is not None and current().duals is not None:
        current().duals.give(new, old.tangent)


def untracked(node: Node) -> Node:
    """A view's node as it is while nothing is recorded."""
    current().reads(node)
    fresh = Node(UNTRACKED, (), NO_PARAMS, node.shape, node.dtype, True, node.value)
    fresh.memory, fresh.strides = node.memory, node.strides
    return fresh


def of_array(array: Array, *, requires_grad: bool = False) -> Tensor:
    """A tensor of an array's elements, in the array's own memory."""
    node = leaf(array, requires_grad=requires_grad)
    if requires_grad:
        return as_leaf(Tensor(node))
    node.op = CONSTANT
    return Tensor(node)


def constant_of(value: Any, like: Node) -> Node:
    """A node out of the graph with a value of another's shape and dtype."""
    return Node(CONSTANT, (), NO_PARAMS, like.shape, like.dtype, False, value)


def cut_off(value: Any, node: Node) -> Node:
    """As `constant_of` for the node's own value, or a copy; a recording knows where it came from."""
    if current().recording is None:
        return constant_of(value, node)
    return Node(detach, (node,), NO_PARAMS, node.shape, node.dtype, False, value)


def _shown(node: Node) -> Array:
    """The node's memory, to be shared: not a reading of its elements."""
    if node.value is None:
        node.value = execute([node])[0]
    if not isinstance(node.value, np.ndarray):
        node.value = np.asarray(node.value)
    return node.value


def detached(tensor: Tensor, *, same_version: bool = True) -> Tensor:
    """The tensor's memory without its history.

    Args:
        tensor: of any kind.
        same_version: whether writes to the result count as writes to the tensor (`detach`), or go
            unnoticed (`.data`).
    """
    if tensor._node.value is None:
        return Tensor(detach(tensor._node))
    node = cut_off(_shown(tensor._node), tensor._node)
    if same_version:
        node.memory = tensor.memory
    return Tensor(node)


def wrapped(value: Any, given: Sequence[Tensor]) -> Any:
    """What a function of nodes gave, with tensors for the nodes.

    Args:
        value: a node, a list or tuple of nodes, or anything else.
        given: the tensors whose nodes went in: a node among theirs comes out as the same tensor.
    """
    if type(value) is Node:
        for tensor in given:
            if tensor._node is value:
                return tensor
        if value.value is None and value.operands:
            deferred = current().deferred
            if deferred is not None:
                deferred.viewed = deferred.viewed or value.op.is_view
                return Tensor(value)
        if value.op is INPUT or value.op.is_view or not value.operands:
            return _special(value, given)
        return Tensor(value)
    if isinstance(value, (tuple, list)) and any(isinstance(entry, Node) for entry in value):
        entries = [wrapped(entry, given) for entry in value]
        if isinstance(value, list):
            return entries
        return type(value)(*entries) if hasattr(value, "fields") else tuple(entries)
    return value


def _special(node: Node, given: Sequence[Tensor]) -> Tensor:
    if node.op.is_view:
        return _view(node, given)
    tensor = Tensor(node)
    if node.op is INPUT and node.requires_grad:
        as_leaf(tensor)
    return tensor


def _way(node: Node, given: Sequence[Tensor]) -> tuple[Node, Steps]:
    """The view operations behind a node, down to the first node that isn't one or was given."""
    known = {id(tensor._node) for tensor in given}
    steps = []
    while node.op.is_view and id(node) not in known:
        steps.append((node.op, node.params))
        node = node.operands[0]
    return node, tuple(reversed(steps))


def _view(node: Node, given: Sequence[Tensor]) -> Tensor:
    root, steps = _way(node, given)
    owner = next((tensor for tensor in given if tensor._node is root), None)
    several = node.op.grad_fn_name(node) in MULTI_OUTPUT
    if not node.requires_grad and current().recording is None:
        node.op, node.operands, node.params = CONSTANT, (), NO_PARAMS
    value = node.value
    if owner is None or not _shares(value, _shown(owner._node)):
        if not isinstance(value, np.ndarray) or not value.flags.owndata:
            node.value = np.array(value)
        return Tensor(node)
    node.memory = owner.memory
    outer = owner.view
    context = current()
    lasting = not context.inferred_at((owner if outer is None else outer.base)._node.number)
    if not lasting:
        node = constant_of(
            node.value, node
        )  # what is of inference mode has no history, nor have its views
        node.memory = owner.memory
    made = SEVERAL if several else ""
    if not context.grad:
        made = NO_GRAD if context.inference is None else INFERENCE
    view = (
        View(owner, steps, made)
        if outer is None
        else View(outer.base, outer.steps + steps, outer.made or made)
    )
    if not context.grad and view.base._node.requires_grad and lasting:
        node = untracked(node)
    return Tensor(node, view)


def _shares(value: Any, owner: Array) -> bool:
    if not isinstance(value, np.ndarray):
        return False
    return np.may_share_memory(value, owner) if value.size else not value.flags.owndata
