"""Names behind the dot of a tensor: `x.shape`, `x.sum`, `x.add_`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from autodiff_cli.errors import AttributeFault
from autodiff_cli.tensors.tensor import Tensor, wrapped
from autodiff_cli.vocabulary.calls.handles import (
    TENSOR_ATTRIBUTES,
    TENSOR_METHODS,
    TensorMethod,
    on_nodes,
)
from autodiff_cli.vocabulary.calls.registry import ATTRIBUTES, METHODS

# Special names that would change the tensor itself.
UNREADABLE = frozenset(
    "__init__ __setattr__ __delattr__ __init_subclass__ __doc__ __module__ __qualname__".split()
)
E = TypeVar("E", bound=Exception)


def tensor_attribute(tensor: Tensor, name: str) -> Any:
    """An attribute or a method of a tensor.

    Raises:
        AttributeFault: there is none of that name.
    """
    if name in TENSOR_ATTRIBUTES:
        return TENSOR_ATTRIBUTES[name](tensor)
    if name in TENSOR_METHODS:
        return HandleMethod(tensor, name, TENSOR_METHODS[name])
    if name in METHODS:
        function = METHODS[name]
        if function.in_place:
            from autodiff_cli.vocabulary.writing import write

            return HandleMethod(tensor, name, partial(write, function))
        return TensorMethod(tensor, function)
    if name in ATTRIBUTES:
        if tensor.is_invalid and name not in ("T", "mT", "H", "mH"):
            return wrapped(ATTRIBUTES[name](tensor._node), [tensor])
        return on_nodes(ATTRIBUTES[name], tensor)
    if name[:2] == "__" and name[-2:] == "__":
        from autodiff_cli.interpret.allowed import READABLE
        from autodiff_cli.interpret.classes import shown_class

        if name == "__class__":
            return shown_class(tensor)
        if name in READABLE and hasattr(Tensor, name) and name not in UNREADABLE:
            return getattr(tensor, name)
    elif name in tensor.__dict__:
        return tensor.__dict__[name]
    error = AttributeFault(f"'{type(tensor).__name__}' object has no attribute '{name}'")
    raise meaning(error, tensor, name)


def meaning(error: E, value: Any, name: str) -> E:
    """An error about a name that a value doesn't have, for what it may have been meant for.

    As in Python, only the report of an uncaught error says which name is near.
    """
    error.meant = error.asked = value, name  # type: ignore[attr-defined]
    return error


class HandleMethod:
    """A method of a tensor that works on the tensor itself."""

    __slots__ = ("function", "name", "tensor")

    def __init__(self, tensor: Tensor, name: str, function: Callable[..., Any]) -> None:
        self.tensor = tensor
        self.name = name
        self.function = function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if "from" in kwargs:
            kwargs["from_"] = kwargs.pop("from")
        return self.function(self.tensor, *args, **kwargs)

    def __repr__(self) -> str:
        from autodiff_cli.vocabulary.autograd.gradients import bound_method_repr

        return bound_method_repr(self.tensor, self.name)
