"""`torch.autograd.forward_ad`: tensors with tangents.

A tangent is found when it is asked for, by differentiating backward twice.
Source: torch/autograd/forward_ad.py.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from autodiff_cli.errors import RuntimeFault, TypeFault
from autodiff_cli.ir.context import current, own
from autodiff_cli.tensors.tensor import Tensor, detached
from autodiff_cli.vocabulary.autograd.gradients import made_leaf
from autodiff_cli.vocabulary.calls.handles import named
from autodiff_cli.vocabulary.calls.parameters import type_name
from autodiff_cli.vocabulary.func.nested import check_dual
from autodiff_cli.vocabulary.func.transforms import _left, _level, _own, pushed


class UnpackedDualTensor(NamedTuple):
    """A value and its tangent."""

    primal: Any
    tangent: Any


@named("autograd.forward_ad.dual_level")
class dual_level:
    """Where duals exist."""

    def __enter__(self) -> int:
        context = self.context = own()
        if context.duals is not None:
            raise RuntimeFault("Nested forward mode AD is not supported at the moment")
        context.duals = {}
        return 0

    def __exit__(self, *_: Any) -> None:
        self.context.duals = None


def _duals(what: str) -> dict[int, tuple[Tensor, Tensor]]:
    duals = current().duals
    if duals is None:
        raise RuntimeFault(
            f"Trying to {what} a dual Tensor for forward AD but no level exists, make sure to "
            "enter_dual_level() first."
        )
    return duals


@named("autograd.forward_ad.make_dual")
def make_dual(tensor: Any, tangent: Any, *, level: Any = None) -> Tensor:
    duals = _duals("create")
    check_dual(tensor, tangent)
    dual: Tensor = _own(tensor) if tensor.requires_grad else made_leaf(detached(tensor))
    duals[id(dual)] = dual, tangent
    return dual


def _reaches(tensor: Any, inner: list[Tensor]) -> bool:
    """Whether a tensor was computed from one of the duals."""
    own = {id(dual.node) for dual in inner}
    seen: set[int] = set()
    pending = [tensor.node]
    while pending:
        node = pending.pop()
        if id(node) in own:
            return True
        if id(node) not in seen and node.requires_grad:
            seen.add(id(node))
            pending.extend(node.operands)
    return False


@named("autograd.forward_ad.unpack_dual")
def unpack_dual(tensor: Any, *, level: Any = None) -> UnpackedDualTensor:
    duals = current().duals
    if duals is None:
        return UnpackedDualTensor(tensor, None)
    if not isinstance(tensor, Tensor):
        raise TypeFault(
            f"_unpack_dual(): argument 'dual' (position 1) must be Tensor, not {type_name(tensor)}"
        )
    entries = list(duals.values())
    inner = [dual for dual, _ in entries]
    for dual, tangent in entries:
        if dual is tensor:
            return UnpackedDualTensor(detached(tensor), tangent)
    if not _reaches(tensor, inner):
        return UnpackedDualTensor(tensor, None)
    primal = _left(tensor, inner)
    with _level():
        (found,) = pushed([tensor], inner, [tangent for _, tangent in entries])
    return UnpackedDualTensor(primal, _left(found, inner))
