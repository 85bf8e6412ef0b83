"""`torch.autograd.forward_ad`: tensors with tangents.

Source: torch/autograd/forward_ad.py, torch/csrc/autograd/python_autograd.cpp.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from autodiff_cli.errors import RuntimeFault, TypeFault
from autodiff_cli.ir.context import Context, Unknown, current, own
from autodiff_cli.ops import movement as mv
from autodiff_cli.ops.pointwise import clone
from autodiff_cli.tensors.duals import Level, storage_size
from autodiff_cli.tensors.tensor import Tensor
from autodiff_cli.vocabulary.calls.handles import NAMES, Asked, named, on_nodes
from autodiff_cli.vocabulary.calls.parameters import type_name
from autodiff_cli.vocabulary.func.nested import check_dual


class UnpackedDualTensor(NamedTuple):
    """A value and its tangent."""

    primal: Any
    tangent: Any


@named("autograd.forward_ad.enter_dual_level")
def enter_dual_level() -> int:
    """Begin the level at which duals exist.

    Raises:
        RuntimeFault: there is one.
    """
    context = own()
    if context.deferred is not None:
        raise Unknown  # tangents are of values
    if context.duals is not None:
        raise RuntimeFault("Nested forward mode AD is not supported at the moment")
    level = Level()
    context.duals = level
    context.saving = (*context.saving, level)
    return 0


@named("autograd.forward_ad.exit_dual_level")
def exit_dual_level(*, level: int | None = None) -> None:
    """End the level, and forget its tangents."""
    _end(own(), level)


def _end(context: Context, level: int | None = None) -> None:
    duals = context.duals
    if level is not None and level != (-1 if duals is None else 0):
        raise RuntimeFault(
            "Trying to exit a forward AD level that was not the last one that was created. This is not "
            "supported."
        )
    if not isinstance(duals, Level):
        raise RuntimeFault("Dual level must be a positive number.")
    duals.end()
    context.duals = None
    context.saving = tuple([tell for tell in context.saving if tell is not duals])


@named("autograd.forward_ad.dual_level")
class dual_level:
    """Where duals exist: of the text that enters it, whatever runs when a generator within is thrown away."""

    def __enter__(self) -> int:
        self._record = own()
        return enter_dual_level()

    def __exit__(self, *_: Any) -> None:
        _end(self._record)


@named("autograd.forward_ad._set_fwd_grad_enabled")
class set_fwd_grad_enabled:
    """Whether tangents move inside."""

    def __init__(self, mode: bool) -> None:
        self.mode = bool(mode)

    def __enter__(self) -> None:
        context = self.context = own()
        self.before = context.grad
        self.level = context.duals
        if isinstance(self.level, Level):
            self.was_on, self.level.on = self.level.on, self.mode
        elif context.transform == "jvp":  # whose tangents are found in the graph
            context.grad = self.mode

    def __exit__(self, *_: Any) -> None:
        self.context.grad = self.before
        if isinstance(self.level, Level):
            self.level.on = self.was_on


@named("autograd.forward_ad.make_dual")
def make_dual(tensor: Any, tangent: Any, *, level: Any = None) -> Tensor:
    duals = current().duals
    if not isinstance(duals, Level):
        raise RuntimeFault(
            "Trying to create a dual Tensor for forward AD but no level exists, make sure to "
            "enter_dual_level() first."
        )
    check_dual(tensor, tangent)
    if tensor.node.tangent is not None:
        raise RuntimeFault(
            "Making a dual Tensor based on a Tensor that already has a forward gradient at the same level 0 "
            "is not supported."
        )
    if tangent.node.tangent is not None:
        raise RuntimeFault(
            "Setting a forward grad that itself has a forward gradient at the same level0 is not supported."
        )
    with duals.aside():
        dual = _shown(tensor)
        duals.give(dual._node, _laid_out(tangent, tensor))
    return dual


def _shown(tensor: Tensor) -> Tensor:
    """The tensor's memory and history without its tangent."""
    return on_nodes(lambda node: mv.view(node, shape=node.shape), tensor)  # type: ignore[no-any-return]


def _laid_out(tangent: Tensor, like: Tensor) -> Tensor:
    """The tangent as it is, if it lies in memory as its primal does; else a copy that does."""
    ours, theirs = (np.asarray(one._node.value) for one in (tangent, like))  # nothing is read
    strides = [
        [stride for size, stride in zip(a.shape, a.strides, strict=True) if size > 1]
        for a in (ours, theirs)
    ]
    if not ours.size or (strides[0] == strides[1] and storage_size(ours) == storage_size(theirs)):
        return tangent
    made = np.empty_like(theirs, subok=False)
    np.copyto(made, ours)
    copied: Tensor = on_nodes(clone, tangent)
    copied._node.value = made
    return copied


@named("autograd.forward_ad.unpack_dual")
def unpack_dual(tensor: Any, *, level: Any = None) -> UnpackedDualTensor:
    duals = current().duals
    if not isinstance(duals, Level):
        return UnpackedDualTensor(tensor, None)
    if not isinstance(tensor, Tensor):
        raise TypeFault(
            f"_unpack_dual(): argument 'dual' (position 1) must be Tensor, not {type_name(tensor)}"
        )
    tangent = tensor.node.tangent
    with duals.aside():
        return UnpackedDualTensor(_shown(tensor), tangent)


NAMES["autograd.forward_ad._current_level"] = Asked(lambda: -1 if current().duals is None else 0)
