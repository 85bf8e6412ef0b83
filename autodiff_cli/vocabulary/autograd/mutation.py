"""`torch.autograd.graph.allow_mutation_on_saved_tensors`: what is saved is copied before it is written to.

Source: torch/autograd/graph.py.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any
from weakref import WeakKeyDictionary, WeakValueDictionary

import numpy as np

from autodiff_cli.errors import AssertionFault, RuntimeFault
from autodiff_cli.ir.context import own
from autodiff_cli.tensors.packing import Packing, packing_of
from autodiff_cli.tensors.tensor import Tensor, constant_of, detached
from autodiff_cli.vocabulary.autograd.graph import enter_packing, leave_packing
from autodiff_cli.vocabulary.calls.handles import PUBLIC, named

OUTSIDE = (
    "Trying to backward outside of the 'allow_mutation_on_saved_tensors' contextin which the graph was "
    "originally recorded."
)


class _Handle:
    """What a derivative keeps in the place of a tensor."""

    __slots__ = ("__weakref__",)


class Entries:
    """A mapping, of which programs may see the tensors, and how many entries there are."""

    def __init__(self, entries: MutableMapping[Any, Any]) -> None:
        self._entries = entries

    def items(self) -> list[tuple[Any, Any]]:
        values = enumerate(self._entries.values())
        return [(n, value if isinstance(value, Tensor) else n) for n, value in values]


class Mutable(Packing):
    """Hooks that keep handles, and copy what stands behind them before it is written to.

    Attributes:
        cloned: the copies, by handle.
        original: what is as it was, by handle.
        handles: by the tensor's memory and version.
    """

    def __init__(self) -> None:
        super().__init__(self._pack, self._unpack)
        self.cloned: MutableMapping[_Handle, Tensor] = WeakKeyDictionary()
        self.original: MutableMapping[_Handle, Tensor] = WeakKeyDictionary()
        self.handles: MutableMapping[tuple[int, int, int], _Handle] = WeakValueDictionary()

    def _pack(self, tensor: Tensor) -> _Handle:
        value = np.asarray(tensor._node.value)
        key = id(tensor.memory), value.ctypes.data, tensor.version
        handle = self.handles.get(key)
        if handle is None:
            handle = self.handles[key] = _Handle()
            self.original[handle] = detached(tensor)
        return handle

    def _unpack(self, handle: _Handle) -> Tensor:
        found = self.cloned.get(handle, self.original.get(handle))
        if found is None:
            raise AssertionFault(OUTSIDE)
        return found

    def overwritten(self, tensor: Tensor) -> None:
        for key, handle in list(self.handles.items()):
            if key[0] == id(tensor.memory) and handle in self.original:
                node = self.original.pop(handle)._node
                self.cloned[handle] = Tensor(constant_of(np.array(node.value), node))

    def clear(self) -> None:
        for kept in (self.cloned, self.original, self.handles):
            kept.clear()


class MutationContext:
    """What `allow_mutation_on_saved_tensors` gives: what it keeps."""

    def __init__(self, kept: Mutable) -> None:
        self.cloned = Entries(kept.cloned)
        self.original = Entries(kept.original)
        self.tid_to_weakhandle = Entries(kept.handles)


PUBLIC[Entries] = frozenset(("items",))
PUBLIC[MutationContext] = frozenset(("cloned", "original", "tid_to_weakhandle"))


@named("autograd.graph.allow_mutation_on_saved_tensors")
class allow_mutation_on_saved_tensors:
    """Inside, what is saved for backward may be written to."""

    def __init__(self) -> None:
        self.kept = Mutable()

    def __enter__(self) -> MutationContext:
        if isinstance(packing_of(own()), Mutable):
            raise RuntimeFault("allow_mutation_on_saved_tensors contexts cannot be nested")
        enter_packing(self.kept)
        return MutationContext(self.kept)

    def __exit__(self, *_: Any) -> None:
        self.kept.clear()
        leave_packing()
