"""`torch.autograd.graph`: what programs do with the values that derivatives keep.

Source: torch/autograd/graph.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from autodiff_cli.errors import RuntimeFault, ValueFault
from autodiff_cli.ir.context import changed, current, own
from autodiff_cli.ir.node import NUMBER, Node
from autodiff_cli.tensors.saved import RESULT, saved
from autodiff_cli.tensors.tensor import Tensor, detached, tape_of
from autodiff_cli.vocabulary.autograd.grad_fns import RemovableHandle
from autodiff_cli.vocabulary.autograd.gradients import NO_HOOKS, register_hook
from autodiff_cli.vocabulary.calls.handles import named, open_class


@named("autograd.graph.saved_tensors_hooks")
class saved_tensors_hooks:
    """Inside, `pack_hook` is given each tensor that is kept, and `unpack_hook` what it gave.

    The backward pass goes on with the tensor that was kept: a hook can't put another in its place.
    """

    def __init__(self, pack_hook: Callable[[Any], Any], unpack_hook: Callable[[Any], Any]) -> None:
        self.pack_hook, self.unpack_hook = pack_hook, unpack_hook

    def __enter__(self) -> None:
        context = self.context = own()
        if context.transform == "grad":
            raise RuntimeFault(NO_HOOKS)
        context.saving = (*context.saving, self._kept)

    def __exit__(self, *_: Any) -> None:
        context = self.context
        context.saving = tuple([tell for tell in context.saving if tell != self._kept])

    def _kept(self, node: Node) -> None:
        places = sorted((place for place in saved(node) if place != RESULT), reverse=True)
        held = [node.operands[place] for place in places]
        held += [node] if RESULT in saved(node) else []
        shown = [detached(Tensor(one)) for one in held if one.op is not NUMBER]
        packed = [self._apart(self.pack_hook, tensor) for tensor in shown]
        if not packed:
            return

        def unpacked(g: Tensor | None) -> None:
            for value in packed:
                self._apart(self.unpack_hook, value)

        hooks = tape_of(node).hooks
        hooks[-1 - len(hooks)] = unpacked

    def _apart(self, hook: Callable[[Any], Any], value: Any) -> Any:
        """What a hook gives, which isn't recorded or observed itself."""
        with changed(saving=(), grad=False):
            return hook(value)


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
