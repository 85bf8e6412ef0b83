"""Settings of torch that programs change: seeds, the default dtype, and what only asks about the machine."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff_cli.errors import RuntimeFault, TypeFault
from autodiff_cli.ir.context import current, own
from autodiff_cli.ir.dtypes import DType
from autodiff_cli.ir.shapes import broadcast_all
from autodiff_cli.tensors.tensor import Tensor, of_array
from autodiff_cli.vocabulary.calls.handles import NAMES, attribute, method, named
from autodiff_cli.vocabulary.calls.parameters import type_name
from autodiff_cli.vocabulary.calls.values import CPU, STRIDED, Device, MemoryFormat, Size

NAMES["Size"] = Size
NAMES["strided"] = STRIDED
NAMES["version.__version__"] = "2.13.0+cpu"
NAMES["version.cuda"] = NAMES["version.hip"] = None
NAMES["version.debug"] = False
for _name in ("preserve_format", "contiguous_format", "channels_last"):
    NAMES[_name] = MemoryFormat(_name)
NAMES["dtype"] = DType
DType.__module__, DType.__qualname__, DType.__name__ = "torch", "dtype", "dtype"


@named("set_default_dtype")
def set_default_dtype(d: Any) -> None:
    if not isinstance(d, DType):
        raise TypeFault(
            "invalid dtype object: only floating-point types are supported as the default type"
        )
    if not d.is_floating:
        raise TypeFault("only floating-point types are supported as the default type")
    own().dtype = d


@named("get_default_dtype")
def get_default_dtype() -> DType:
    return current().dtype


@named("from_numpy")
def from_numpy(array: Any) -> Tensor:
    if not isinstance(array, np.ndarray):
        raise TypeFault(f"expected np.ndarray (got {type_name(array)})")
    return of_array(array)


@method("numpy")
def numpy(tensor: Tensor, *, force: bool = False) -> Any:
    if tensor.requires_grad and current().grad and not force:
        raise RuntimeFault(
            "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead."
        )
    return tensor.array


@method("cpu")
def cpu(tensor: Tensor, *args: Any) -> Tensor:
    return tensor


@method("data_ptr")
def data_ptr(tensor: Tensor) -> int:
    return int(tensor.array.__array_interface__["data"][0])


@named("is_tensor")
def is_tensor(obj: Any) -> bool:
    return isinstance(obj, Tensor)


@named(
    "set_default_device",
    "set_num_threads",
    "use_deterministic_algorithms",
    "set_float32_matmul_precision",
)
def accepted(*args: Any, **kwargs: Any) -> None:
    """Without effect on answers here."""


@named("get_num_threads")
def get_num_threads() -> int:
    return 1


@named("broadcast_shapes")
def broadcast_shapes(*shapes: Any) -> Size:
    for shape in shapes:
        if not isinstance(shape, (int, tuple, list)):
            raise RuntimeFault(
                "Input shapes should be of type ints, a tuple of ints, or a list of ints, got "
                f"{shape!r}"
            )
    return Size(
        broadcast_all((shape,) if isinstance(shape, int) else tuple(shape) for shape in shapes)
    )


@named(
    "cuda.is_available",
    "backends.mps.is_available",
    "backends.cudnn.is_available",
    "accelerator.is_available",
    "xpu.is_available",
)
def unavailable() -> bool:
    return False


@named("accelerator.current_accelerator")
def current_accelerator(check_available: bool = False) -> None:
    """There is none."""


@named("cuda.manual_seed", "cuda.manual_seed_all", "cuda.empty_cache", "cuda.synchronize")
def without_device(*args: Any) -> None:
    """Without effect on a machine that has no such device."""


@named("cuda.device_count", "accelerator.device_count")
def device_count() -> int:
    return 0


@attribute("name")
def name(tensor: Tensor) -> None:
    return None


@named("get_default_device")
def get_default_device() -> Device:
    return CPU


@named("is_storage")
def is_storage(value: Any) -> bool:
    return False
