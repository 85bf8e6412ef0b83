"""`torch.autograd.graph`: what programs do with the values that derivatives keep.

Source: torch/autograd/graph.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from autodiff_cli.errors import RuntimeFault, ValueFault
from autodiff_cli.ir.context import current, own
from autodiff_cli.ir.node import Node
from autodiff_cli.tensors.packing import Packing, packing_of
from autodiff_cli.tensors.tensor import Tensor
from autodiff_cli.vocabulary.autograd.grad_fns import RemovableHandle
from autodiff_cli.vocabulary.autograd.gradients import NO_HOOKS, register_hook
from autodiff_cli.vocabulary.calls.handles import named, open_class


class _Disabled:
    """Told of new nodes where hooks aren't allowed."""

    def __init__(self, message: str) -> None:
        self.message = message

    def __call__(self, node: Node) -> None:
        return None


@named("autograd.graph.saved_tensors_hooks")
class saved_tensors_hooks:
    """Inside, `pack_hook` is given each tensor that is saved, `unpack_hook` in backward what it gave."""

    def __init__(self, pack_hook: Callable[[Any], Any], unpack_hook: Callable[[Any], Any]) -> None:
        self.pack_hook, self.unpack_hook = pack_hook, unpack_hook

    def __enter__(self) -> None:
        enter_packing(Packing(self.pack_hook, self.unpack_hook))

    def __exit__(self, *_: Any) -> None:
        leave_packing()


def enter_packing(packing: Packing) -> None:
    """Let hooks hold, in the place of those that do."""
    context = own()
    if context.transform == "grad":
        raise RuntimeFault(NO_HOOKS)
    for tell in context.saving:
        if isinstance(tell, _Disabled):
            raise RuntimeFault(tell.message)
    outer = packing.outer = packing_of(context)
    context.saving = (*(tell for tell in context.saving if tell is not outer), packing)


def leave_packing() -> None:
    """Let those hold again that did before the last ones."""
    context = own()
    packing = packing_of(context)
    if packing is not None:
        rest = [tell for tell in context.saving if tell is not packing]
        context.saving = (*rest, *([] if packing.outer is None else [packing.outer]))


@named("autograd.graph.disable_saved_tensors_hooks")
class disable_saved_tensors_hooks:
    """Inside, hooks for saved tensors are an error with the given message."""

    def __init__(self, error_message: str) -> None:
        self.tell = _Disabled(error_message)

    def __enter__(self) -> None:
        context = own()
        if packing_of(context) is not None:
            raise RuntimeFault(self.tell.message)
        context.saving = (*context.saving, self.tell)

    def __exit__(self, *_: Any) -> None:
        context = own()
        context.saving = tuple([tell for tell in context.saving if tell is not self.tell])


open_class(saved_tensors_hooks)


@named("autograd.graph.save_on_cpu")
class save_on_cpu(saved_tensors_hooks):
    """Everything is on the CPU: hooks that keep what they are given."""

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        super().__init__(lambda tensor: tensor, lambda tensor: tensor)


class _Handles:
    """What `register_multi_grad_hook` gives: `remove()` takes the hook away."""

    __module__ = "torch.autograd.graph"

    def __init__(self, handles: Sequence[RemovableHandle]) -> None:
        self._handles = handles

    def remove(self) -> None:
        for handle in self._handles:
            handle.remove()

    def __enter__(self) -> _Handles:
        return self

    def __exit__(self, *_: Any) -> None:
        self.remove()


open_class(_Handles)


@named("autograd.graph.register_multi_grad_hook")
def register_multi_grad_hook(
    tensors: Sequence[Tensor], fn: Callable[..., Any], *, mode: str = "all"
) -> _Handles:
    """A hook for several tensors: with all their gradients of a pass, or with the first that comes."""
    if mode not in ("all", "any"):
        raise ValueFault(f"Expects mode to be one of ('all', 'any') but got {mode}")
    tensors = list(tensors)
    nodes = [tensor.node for tensor in tensors]
    came: dict[int, list[Tensor | None]] = {}  # by pass

    def told(at: int, g: Tensor) -> None:
        running = current().passing
        first = id(running) not in came
        found = came.setdefault(id(running), [None] * len(tensors))
        found[at] = g
        if mode == "any":
            if first:
                fn(g)
        elif sum(one is not None for one in found) == sum(map(running.reaches, nodes)):
            fn(found)
            del came[id(running)]

    moving = [at for at, tensor in enumerate(tensors) if mode == "all" or tensor.requires_grad]
    return _Handles([register_hook(tensors[at], partial(told, at)) for at in moving])


@named("autograd.graph.increment_version")
def increment_version(tensor: Any) -> None:
    """Say that tensors were written to, which the graph must know."""
    for one in [tensor] if isinstance(tensor, Tensor) else tensor:
        one.memory.wrote()
