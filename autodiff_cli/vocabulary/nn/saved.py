"""The state of modules: what `state_dict` gives and `load_state_dict` takes.

Source: torch/nn/modules/module.py (`_load_from_state_dict`).
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Mapping
from typing import Any

from autodiff_cli.errors import RuntimeFault, TypeFault
from autodiff_cli.ir.context import changed
from autodiff_cli.tensors.tensor import Tensor
from autodiff_cli.vocabulary.calls.calling import call, subclassable
from autodiff_cli.vocabulary.calls.handles import PUBLIC
from autodiff_cli.vocabulary.calls.values import Size
from autodiff_cli.vocabulary.nn.parameter import Parameter
from autodiff_cli.vocabulary.python.ordered import OrderedDict


class IncompatibleKeys(namedtuple("IncompatibleKeys", ("missing_keys", "unexpected_keys"))):
    """What `load_state_dict` found to be missing and what it didn't know."""

    __slots__ = ()

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return super().__repr__()

    __str__ = __repr__


IncompatibleKeys.__name__ = IncompatibleKeys.__qualname__ = "_IncompatibleKeys"
subclassable("torch.nn.modules.module")(IncompatibleKeys)


class StateDict(OrderedDict):
    """A module's tensors by their names."""


StateDict.__module__, StateDict.__qualname__ = "collections", "OrderedDict"
StateDict.__name__ = "OrderedDict"
PUBLIC[StateDict] = frozenset(
    "clear copy get items keys pop popitem setdefault update values move_to_end _metadata".split()
)


def load(module: Any, given: Any, strict: bool, assign: bool) -> IncompatibleKeys:
    """Copy tensors into a module and those inside it, or put them in the place of its own.

    Raises:
        TypeFault: what is given isn't a mapping.
        RuntimeFault: a tensor doesn't fit; or, if `strict`, one is missing or not known.
    """
    if not isinstance(given, Mapping):
        raise TypeFault(f"Expected state_dict to be dict-like, got {type(given)}.")
    missing: list[str] = []
    unexpected: list[str] = []
    errors: list[str] = []
    _load(module, dict(given), "", assign, missing, unexpected, errors)
    for keys, text in ((unexpected, "Unexpected"), (missing, "Missing")) if strict else ():
        if keys:
            listed = ", ".join(f'"{key}"' for key in keys)
            errors.insert(0, f"{text} key(s) in state_dict: {listed}. ")
    if errors:
        listed = "\n\t".join(errors)
        name = type(module).__name__
        raise RuntimeFault(f"Error(s) in loading state_dict for {name}:\n\t{listed}")
    return IncompatibleKeys(missing, unexpected)


def _load(
    module: Any,
    given: dict[str, Any],
    prefix: str,
    assign: bool,
    missing: list[str],
    unexpected: list[str],
    errors: list[str],
) -> None:
    """Copy tensors into one module and those inside it; what doesn't fit is added to the lists."""
    own = {name: member for name, member in module._parameters.items() if member is not None}
    for name, member in module._buffers.items():
        if member is not None and name not in module._non_persistent_buffers_set:
            own[name] = member
    for name, member in own.items():
        key = prefix + name
        if key not in given:
            missing.append(key)
            continue
        value = given[key]
        if not isinstance(value, Tensor):
            errors.append(
                f'While copying the parameter named "{key}", expected torch.Tensor or Tensor-like object '
                f"from checkpoint but received {type(value)}"
            )
            continue
        if not member.shape and value.shape == (1,):
            value = call(value, "reshape", ())
        if value.shape != member.shape:
            errors.append(
                f"size mismatch for {key}: copying a param with shape {Size(value.shape)!r} from "
                f"checkpoint, the shape in current model is {Size(member.shape)!r}."
            )
            continue
        if assign:
            if isinstance(member, Parameter) and not isinstance(value, Parameter):
                value = Parameter(value, member.requires_grad)
            setattr(module, name, value)
            continue
        with changed(grad=False):
            call(member, "copy_", value)
    for key in given:
        if key.startswith(prefix):
            first, dot, _ = key[len(prefix) :].partition(".")
            if (dot and first not in module._modules) or (not dot and first not in own):
                unexpected.append(key)
    for name, child in module._modules.items():
        if child is not None:
            inner = f"{prefix}{name}."
            part = {key: value for key, value in given.items() if key.startswith(inner)}
            _load(child, part, inner, assign, missing, unexpected, errors)
