"""`copy.copy` and `copy.deepcopy` for the values of programs."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from enum import Enum
from types import FunctionType
from typing import Any

import numpy as np

from autodiff_cli.errors import RuntimeFault
from autodiff_cli.tensors.tensor import Tensor, of_array, require_grad

BUILT = (list, tuple, dict, set, frozenset, deque)
HOOKS = "hooks"  # the memo that hooks of a program's classes see


def deep_copy(value: Any, memo: dict[Any, Any] | None = None) -> Any:
    """A copy of a value and of everything in it; tensors keep `requires_grad`, and `grad`."""
    known: dict[Any, Any] = {} if memo is None else memo
    if id(value) in known:
        return known[id(value)]
    if isinstance(value, Tensor):
        return known.setdefault(id(value), _tensor(value))
    kind = type(value)
    hook = getattr(kind, "__deepcopy__", None)
    if isinstance(hook, FunctionType):
        shown = known.setdefault(HOOKS, {})
        made: Any = hook(value, shown)
        known.update(shown)
    elif isinstance(value, (Enum, type)):
        made = value
    elif kind is list:
        made = known[id(value)] = []
        made.extend(deep_copy(entry, known) for entry in value)
    elif kind is tuple:
        entries = tuple(deep_copy(entry, known) for entry in value)
        made = known.get(id(value), entries)  # one that holds itself is there by now
    elif isinstance(value, BUILT):
        made = _built(value, known, lambda part: deep_copy(part, known))
    elif isinstance(value, np.ndarray):
        made = value.copy()
    elif hasattr(value, "__dict__") and (not callable(value) or hasattr(kind, "forward")):
        made = known[id(value)] = object.__new__(kind)
        for name, entry in value.__dict__.items():
            made.__dict__[name] = deep_copy(entry, known)
    else:
        made = value
    known[id(value)] = made
    return made


def deep_copy_of_program(value: Any, memo: Any = None) -> Any:
    """`copy.deepcopy`. The memo of a program holds what the program has copied, nothing of the library's own.

    Raises:
        TypeError: the memo is no dict.
    """
    if memo is None:
        return deep_copy(value)
    if type(memo) is not dict:
        raise TypeError(f"the memo of deepcopy is a dict, not '{type(memo).__name__}'")
    made = deep_copy(value, {HOOKS: memo, **memo})
    memo[id(value)] = made
    memo.setdefault(id(memo), []).append(value)  # which keeps it, and so its number
    return made


def _built(value: Any, known: dict[Any, Any], part: Callable[[Any], Any]) -> Any:
    """A container made anew, of a class of the program too: of its parts, as Python says them."""
    made_by = value.__reduce_ex__(4)
    known.setdefault(id(known), []).append(made_by)  # keeps numbers that `known` has
    make, arguments, *others = made_by
    state, items, pairs = (*others, None, None, None)[:3]
    made = known[id(value)] = make(*map(part, arguments))
    own, slots = state if isinstance(state, tuple) else (state, None)
    if own:
        made.__dict__.update(part(own))
    for name, slot in (slots or {}).items():
        setattr(made, name, part(slot))
    for item in items or ():
        made.append(part(item))
    for key, item in pairs or ():
        made[part(key)] = part(item)
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
    kind = type(value)
    hook = getattr(kind, "__copy__", None)
    if isinstance(hook, FunctionType):
        return hook(value)
    if isinstance(value, (Enum, type)):
        return value
    if isinstance(value, Tensor):
        made = Tensor(value.node, value.view)
        made.grad = value.grad
        return made
    if kind in (list, dict, set) or isinstance(value, np.ndarray):
        return value.copy()
    if kind in (tuple, frozenset):
        return value
    if isinstance(value, BUILT):
        return _built(value, {}, lambda part: part)
    if hasattr(value, "__dict__"):
        made_object = object.__new__(kind)
        made_object.__dict__.update(value.__dict__)
        return made_object
    return value
