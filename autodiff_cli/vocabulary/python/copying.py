"""`copy.copy` and `copy.deepcopy` for the values of programs."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff_cli.errors import RuntimeFault
from autodiff_cli.tensors.tensor import Tensor, of_array, require_grad


def deep_copy(value: Any, memo: dict[int, Any] | None = None) -> Any:
    """A copy of a value and of everything in it; tensors keep `requires_grad`, and `grad`."""
    known: dict[int, Any] = {} if memo is None else memo
    if id(value) in known:
        return known[id(value)]
    if isinstance(value, Tensor):
        return known.setdefault(id(value), _tensor(value))
    if type(type(value)) is not type:  # a member of an enumeration
        return value
    if isinstance(value, tuple):
        made: Any = tuple.__new__(type(value), [deep_copy(entry, known) for entry in value])
    elif isinstance(value, (list, set)):
        made = type(value)(deep_copy(entry, known) for entry in value)
    elif isinstance(value, dict):
        made = type(value)()
        for key, entry in value.items():
            made[deep_copy(key, known)] = deep_copy(entry, known)
    elif isinstance(value, np.ndarray):
        made = value.copy()
    elif (hasattr(value, "__dict__") and not isinstance(value, type) and not callable(value)) or (
        hasattr(type(value), "forward") and hasattr(value, "__dict__")
    ):
        made = _object(value, known)
    else:
        made = value
    known[id(value)] = made
    return made


def _object(value: Any, known: dict[int, Any]) -> Any:
    made = object.__new__(type(value))
    known[id(value)] = made
    for name, entry in value.__dict__.items():
        made.__dict__[name] = deep_copy(entry, known)
    return made


def _tensor(tensor: Tensor) -> Tensor:
    if not tensor.is_leaf:
        raise RuntimeFault(
            "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at "
            "the moment.  If you were attempting to deepcopy a module, this may be because of a "
            "torch.nn.utils.weight_norm usage, see https://github.com/pytorch/pytorch/pull/103001"
        )
    made = of_array(np.array(tensor.array))
    if type(tensor) is not Tensor:
        made = type(tensor)(made, tensor.requires_grad)  # type: ignore[arg-type]
    if tensor.requires_grad and not made.requires_grad:
        require_grad(made)
    made.__dict__.update(tensor.__dict__)
    if tensor.grad is not None:
        made.grad = _tensor(tensor.grad)
    return made


def shallow_copy(value: Any) -> Any:
    """A copy that shares what is in it."""
    if type(type(value)) is not type:  # a member of an enumeration
        return value
    if isinstance(value, (list, dict, set)):
        return value.copy()
    if isinstance(value, Tensor):
        made = Tensor(value.node, value.view)
        made.grad = value.grad
        return made
    if isinstance(value, np.ndarray):
        return value.copy()
    if hasattr(value, "__dict__") and not isinstance(value, type):
        made_object = object.__new__(type(value))
        made_object.__dict__.update(value.__dict__)
        return made_object
    return value
