"""The backward functions of nodes, as programs know them, and the hooks that they may have.

Sources: torch/csrc/autograd/python_cpp_function.cpp, torch/utils/hooks.py.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from itertools import count
from typing import Any

import numpy as np

from autodiff_cli.errors import AttributeFault, RuntimeFault, TypeFault
from autodiff_cli.ir.node import INPUT, NUMBER, UNTRACKED, Node
from autodiff_cli.ops.writes import copy_backwards, copy_slices
from autodiff_cli.tensors.packing import Packed, held_by, known_tensor
from autodiff_cli.tensors.saved import FREED, saved
from autodiff_cli.tensors.tensor import Tensor, constant_of, of_array, tape_of
from autodiff_cli.vocabulary.calls.handles import PUBLIC, named

_handle_numbers = count()


class RemovableHandle:
    """What `register_hook` gives: `remove()` takes the hook away."""

    __module__ = "torch.utils.hooks"

    def __init__(self, hooks: dict[int, Any], hook: Any) -> None:
        self._hooks = hooks
        self.id = next(_handle_numbers)
        hooks[self.id] = hook

    def remove(self) -> None:
        self._hooks.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *_: Any) -> None:
        self.remove()


IN_CPP = frozenset(("AccumulateGrad", "CopySlices", "CopyBackwards", "NotImplemented"))


PLACES = {"self": 0, "other": 1, "mat2": 1, "exponent": 1, "result": -1}


@named("autograd.SavedTensor")
class SavedTensor:
    """A value that a derivative keeps, for which a program may register hooks."""

    __module__ = "torch._C._autograd"
    node: Node
    place: int

    def __init__(self, *_: Any) -> None:
        raise RuntimeFault("Trying to create a SavedTensor object from Python is forbidden.")

    @classmethod
    def of(cls, node: Node, place: int) -> SavedTensor:
        made = cls.__new__(cls)
        made.node, made.place = node, place
        return made

    def register_hooks(self, *hooks: Any) -> None:
        if len(hooks) != 2 or not all(map(callable, hooks)):
            raise TypeFault(
                "register_hooks(): incompatible function arguments. The following argument types are "
                "supported:\n    1. (self: torch._C._autograd.SavedTensor, arg0: collections.abc.Callable, "
                "arg1: collections.abc.Callable) -> None\n\nInvoked with: "
                + ", ".join(map(repr, (self, *hooks)))
            )
        if self.node.released:
            raise RuntimeFault(HOOKED_LATE)
        packed = tape_of(self.node).packed
        if self.place in packed:
            raise RuntimeFault(
                "Calling register_hooks on a saved tensor whose hooks have already been set. Hint: only one "
                "pair of hooks is allowed at a time."
            )
        if self.place in saved(self.node):
            packed[self.place] = Packed(held_by(self.node, self.place), *hooks)


PUBLIC[SavedTensor] = frozenset(("register_hooks",))
HOOKED_LATE = (
    "Calling register_hooks on a saved tensor after it has been freed. Saved intermediate values of the "
    "graph are freed when you call .backward() or autograd.grad(). Specify retain_graph=True if you need to "
    "backward through the graph a second time or if you need to access saved variables after calling "
    "backward."
)


class GradFn:
    """The backward function of a node, as programs know it."""

    __slots__ = ("__weakref__", "node")
    SHOWN = "name next_functions register_hook register_prehook requires_grad variable".split()

    def __init__(self, node: Node) -> None:
        self.node = node

    @property
    def is_accumulation(self) -> bool:
        return self.node.op is INPUT

    def name(self) -> str:
        name = self.class_name
        return f"torch::autograd::{name}" if name in IN_CPP else name

    @property
    def class_name(self) -> str:
        return "AccumulateGrad" if self.is_accumulation else self.node.op.grad_fn_name(self.node)

    @property
    def next_functions(self) -> tuple[tuple[GradFn | None, int], ...]:
        if self.is_accumulation:
            return ()
        node = self.node
        own = getattr(node.op, "next_nodes", None)
        operands = _edges(node) if own is None else own(node)
        return tuple(
            [(grad_fn_of(o), output_number(o) if o.requires_grad else 0) for o in operands]
        )

    @property
    def variable(self) -> Tensor:
        tensor = self.node.tape.tensor() if self.is_accumulation and self.node.tape else None
        if tensor is None:
            raise AttributeFault(f"'{self.class_name}' object has no attribute 'variable'")
        return tensor  # type: ignore[no-any-return]

    @property
    def requires_grad(self) -> bool:
        return True

    def saved_names(self) -> tuple[str, ...]:
        """What the reference's function of this name keeps."""
        from autodiff_cli.vocabulary.autograd.saved_names import SAVED

        return SAVED.get(self.class_name, ())

    def saved_value(self, name: str) -> Any:
        """What the derivative keeps: `_saved_self`, `_saved_result`, `_saved_dim`; None where it has no need.

        Raises:
            AttributeFault: the function keeps nothing of that name, or it is kept in another form here.
            RuntimeFault: it was freed.
        """
        node = self.node
        operand, _, of = name.partition("_sym_")
        place = PLACES.get(operand)
        if name in node.params and isinstance(node.params[name], (int, float, bool, tuple)):
            return node.params[name]  # such as the exponent of a power
        if of == "sizes" and place is not None and name in self.saved_names():
            return node.operands[place].shape
        if name == "alpha" and name in self.saved_names():
            return 1
        if of or place is None or (place not in saved(node) and name not in self.saved_names()):
            raise AttributeFault(f"'{self.class_name}' object has no attribute '_saved_{name}'")
        if node.released:
            raise RuntimeFault(FREED)
        if place not in saved(node) or place >= len(node.operands):
            return None
        held = held_by(node, place)
        if held.op is NUMBER:
            return of_array(np.asarray(held.value))
        packed = node.tape.packed.get(place) if node.tape is not None else None
        if packed is not None:
            return Tensor(packed.open(held, shown=True))
        return known_tensor(held)

    def kept(self, name: str) -> Any:
        """`_saved_self` or `_raw_saved_self`, by that name."""
        if name.startswith("_raw"):
            return self.raw_saved(name.removeprefix("_raw_saved_"))
        return self.saved_value(name.removeprefix("_saved_"))

    def raw_saved(self, name: str) -> SavedTensor:
        """What the derivative keeps, before hooks unpack it: `_raw_saved_self`."""
        place, node = PLACES.get(name), self.node
        if place is None or name not in self.saved_names():
            raise AttributeFault(f"'{self.class_name}' object has no attribute '_raw_saved_{name}'")
        return SavedTensor.of(node, place)

    def register_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        return RemovableHandle(tape_of(self.node).function_hooks, hook)

    def register_prehook(self, hook: Callable[..., Any]) -> RemovableHandle:
        return RemovableHandle(tape_of(self.node).before, hook)

    def __repr__(self) -> str:
        prefix = getattr(self.node.op, "class_prefix", "")
        return f"<{prefix}{self.class_name} object at {id(self):#x}>"


def _edges(node: Node) -> list[Node]:
    """The operands that a gradient could flow to, were they part of the graph."""
    if node.op is copy_slices:  # the operation on the part, with the whole in the part's place
        whole, part = node.operands
        return [whole, *_edges(part)[1:]]
    if node.op is copy_backwards:
        return [constant_of(0, node), *node.operands]
    if node.op.grad_fn_name(node) == "NotImplemented":
        return [operand for operand in node.operands if operand.op is not NUMBER]
    rules = node.op.rules(node.operands)
    return [o for o, rule in zip(node.operands, rules, strict=False) if rule is not None]


def output_number(node: Node) -> int:
    return int(node.params.get("output", node.output))


def grad_fn_of(node: Node) -> GradFn | None:
    """The backward function behind a node; of a leaf, its accumulation."""
    if not node.requires_grad or node.op is UNTRACKED:
        return None
    while (joint := getattr(node.op, "joint", None)) is not None:
        node = joint(node)
    tape = tape_of(node)
    known = tape.grad_fn()
    if known is None:
        known = GradFn(node)
        tape.grad_fn = weakref.ref(known)
    return known  # type: ignore[no-any-return]
