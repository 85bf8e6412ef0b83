"""Methods and attributes asked of a class: `torch.Tensor.sum`, `str.upper`, `nn.Module.__init__`."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import FunctionType
from typing import Any

from autodiff_cli.interpret.classes import shown_type
from autodiff_cli.interpret.counting import guarded
from autodiff_cli.interpret.tensors import tensor_attribute
from autodiff_cli.tensors.tensor import Tensor

MISSING = object()


def of_instances(method: FunctionType, cls: type) -> Callable[..., Any]:
    """A method of the library, asked of its class: nobody has thought of what it does with other objects."""
    first = method.__code__.co_varnames[0] if method.__code__.co_argcount else ""

    @wraps(method)
    def run(*args: Any, **kwargs: Any) -> Any:
        own = args[0] if args else kwargs.get(first, MISSING)
        if own is not MISSING and not isinstance(own, cls):
            raise TypeError(
                f"descriptor '{method.__name__}' for '{cls.__name__}' objects doesn't apply to a "
                f"'{shown_type(own)}' object"
            )
        return method(*args, **kwargs)

    return run


class UnboundMethod:
    """`torch.Tensor.sum`: a method asked of the class."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, tensor: Tensor, *args: Any, **kwargs: Any) -> Any:
        return tensor_attribute(tensor, self.name)(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<method '{self.name}' of 'torch._C.TensorBase' objects>"


class UnboundAttribute:
    """`torch.Tensor.shape`: an attribute asked of the class."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"<attribute '{self.name}' of 'torch._C.TensorBase' objects>"


class UnboundBuiltin:
    """`str.upper` or `list.append`: a method of Python's own, asked of the class."""

    __slots__ = ("__name__", "kind")

    def __init__(self, kind: type, name: str) -> None:
        self.kind = kind
        self.__name__ = name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        name = self.__name__
        if not args:
            raise TypeError(f"unbound method {self.kind.__name__}.{name}() needs an argument")
        if not isinstance(args[0], self.kind):
            raise TypeError(
                f"descriptor '{name}' for '{self.kind.__name__}' objects doesn't apply to a "
                f"'{shown_type(args[0])}' object"
            )
        method = self.kind.__dict__[name].__get__(args[0], type(args[0]))
        return guarded(name, method)(*args[1:], **kwargs)

    def __repr__(self) -> str:
        return f"<method '{self.__name__}' of '{self.kind.__name__}' objects>"
