"""Old ways to make tensors: `Variable`, `torch.Tensor(…)`, `torch.FloatTensor(…)`."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff_cli.errors import RuntimeFault, TypeFault, ValueFault
from autodiff_cli.ir import dtypes
from autodiff_cli.ir.context import current
from autodiff_cli.ir.dtypes import DType
from autodiff_cli.ir.room import check_elements
from autodiff_cli.tensors.tensor import Tensor, detached, of_array, wrapped
from autodiff_cli.vocabulary.autograd.gradients import requires_grad_
from autodiff_cli.vocabulary.calls.handles import NAMES, PUBLIC, named, unwrap
from autodiff_cli.vocabulary.calls.parameters import type_name
from autodiff_cli.vocabulary.calls.values import Size
from autodiff_cli.vocabulary.creation import tensor_from


class ImperativeEngine:
    """What runs backward passes."""

    def queue_callback(self, callback: Any) -> None:
        """Have a function called when the backward pass that runs has ended."""
        running = current().passing
        if running is None:
            raise RuntimeFault("Final callbacks can only be installed during backward pass.")
        running.callbacks.append(callback)


class _Variable:
    """`Variable(x)`: a tensor; the name is from before tensors had gradients."""

    _execution_engine = ImperativeEngine()

    def __call__(
        self, data: Any = None, requires_grad: bool = False, volatile: bool = False
    ) -> Tensor:
        if not isinstance(data, Tensor):
            raise TypeFault(f"Variable data has to be a tensor, but got {type_name(data)}")
        result = detached(data)
        return requires_grad_(result) if requires_grad else result

    def __instancecheck__(self, value: Any) -> bool:
        return isinstance(value, Tensor)


named("autograd.Variable", "autograd.variable.Variable")(_Variable())
PUBLIC[ImperativeEngine] = frozenset(("queue_callback",))
PUBLIC[_Variable] = frozenset(("_execution_engine",))


class _Kind(type):
    """A class whose instances are the tensors of a dtype."""

    dtype: DType | None

    def __instancecheck__(cls, value: Any) -> bool:
        return isinstance(value, Tensor) and (cls.dtype is None or value.node.dtype is cls.dtype)


class TensorType:
    """`torch.FloatTensor` and its like: of a list, or of sizes; stands for its dtype in `x.type(…)`.

    Attributes:
        kind: what `isinstance` compares with.
    """

    def __init__(self, dtype: DType | None, name: str) -> None:
        self.dtype = dtype
        self.__name__ = name
        self.kind: type = _Kind(name, (), {"dtype": dtype})

    def __repr__(self) -> str:
        return f"<class 'torch.{self.__name__}'>"

    def __call__(self, *args: Any, device: Any = None) -> Tensor:
        wanted = self.dtype or current().dtype
        if len(args) == 1 and isinstance(args[0], Tensor):
            return detached(args[0])
        if len(args) == 1 and isinstance(args[0], (list, tuple, np.ndarray)):
            if not isinstance(args[0], Size):
                given = args[0].copy() if isinstance(args[0], np.ndarray) else args[0]
                result = wrapped(tensor_from(unwrap(given, []), wanted), ())
                assert isinstance(result, Tensor)
                return result
            args = tuple(args[0])
        for size in args:
            if not isinstance(size, int):
                raise TypeFault(f"new(): data must be a sequence (got {type_name(size)})")
            if size < 0:
                raise ValueFault(
                    f"Trying to create tensor with negative dimension {size}: {list(args)}"
                )
        check_elements(args)
        return of_array(np.zeros(args or (0,), wanted.numpy))


class _Elsewhere(TensorType):
    """A type of tensors on a device that isn't here."""

    def __init__(self, name: str) -> None:
        super().__init__(None, name)
        self.kind = type(name, (), {})

    def __call__(self, *args: Any, device: Any = None) -> Tensor:
        raise TypeFault(
            f"type torch.{self.__name__} not available. Torch not compiled with CUDA enabled."
        )


tensor_constructor = TensorType(None, "Tensor")
for _name, _dtype in {
    "FloatTensor": dtypes.float32,
    "DoubleTensor": dtypes.float64,
    "HalfTensor": dtypes.float16,
    "LongTensor": dtypes.int64,
    "IntTensor": dtypes.int32,
    "ShortTensor": dtypes.int16,
    "ByteTensor": dtypes.uint8,
    "CharTensor": dtypes.int8,
    "BoolTensor": dtypes.bool_,
}.items():
    NAMES[_name] = TensorType(_dtype, _name)
    NAMES[f"cuda.{_name}"] = _Elsewhere(f"cuda.{_name}")
