"""Values of the language that are neither tensors nor Python's own scalars, lists and tuples."""

from __future__ import annotations

from collections.abc import Callable
from operator import index
from typing import Any, ClassVar

import numpy as np

from autodiff_cli.errors import RuntimeFault, TypeFault
from autodiff_cli.ir.dtypes import DType
from autodiff_cli.vocabulary.calls.parameters import TYPE_NAMES, type_name


class Size(tuple[int, ...]):
    """A shape: `torch.Size([2, 3])`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"torch.Size({list(self)})"

    def __reduce__(self) -> tuple[Any, ...]:  # its class has the reference's name
        return _size, (tuple(self),)

    def __add__(self, other: Any) -> Size:
        return Size((*self, *other)) if isinstance(other, tuple) else NotImplemented

    def __radd__(self, other: Any) -> Size:
        return Size((*other, *self)) if isinstance(other, tuple) else NotImplemented

    def __mul__(self, count: Any) -> Size:
        return Size(tuple(self) * count)

    __rmul__ = __mul__

    def __getitem__(self, index: Any) -> Any:
        found = super().__getitem__(index)
        return Size(found) if isinstance(index, slice) else found

    def numel(self) -> int:
        result = 1
        for size in self:
            result *= size
        return result


TYPE_NAMES[Size] = "torch.Size"
Size.__module__ = "torch"


def size_of(items: Any) -> Size:
    """`torch.Size(items)`.

    Raises:
        TypeFault: they are no integers.
    """
    if isinstance(items, Size):
        return items
    sizes = []
    for place, item in enumerate(items):
        try:
            sizes.append(index(item))
        except (TypeError, ValueError):
            raise TypeFault(
                f"torch.Size() takes an iterable of 'int' (item {place} is '{type_name(item)}')"
            ) from None
    return Size(sizes)


def _size(sizes: tuple[int, ...]) -> Size:
    return Size(sizes)


class ReturnType(tuple[Any, ...]):
    """Several results with names, such as those of `max(x, dim)`."""

    name: ClassVar[str]
    fields: ClassVar[tuple[str, ...]]

    def __repr__(self) -> str:
        fields = ",\n".join(f"{name}={value!r}" for name, value in zip(self.fields, self))
        return f"{self.name}(\n{fields})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _returned, (self.name.rpartition(".")[2], self.fields, tuple(self))


def _returned(name: str, fields: tuple[str, ...], values: tuple[Any, ...]) -> ReturnType:
    return return_type(name, fields)(*values)


def return_type(name: str, fields: tuple[str, ...]) -> Callable[..., ReturnType]:
    """A class of results, `torch.return_types.NAME`."""

    class Named(ReturnType):
        def __new__(cls, *values: Any) -> Named:
            return super().__new__(cls, values)

    Named.__name__ = Named.__qualname__ = name
    Named.__module__ = "torch.return_types"
    Named.name = f"torch.return_types.{name}"
    Named.fields = fields
    return Named


class Module:
    """A prefix such as `torch.nn.functional`.

    Args:
        name: as the reference calls it in its errors.
        prefix: of its entries in the table of functions.
    """

    __slots__ = ("name", "prefix")

    def __init__(self, name: str, prefix: str) -> None:
        self.name = name
        self.prefix = prefix

    def __repr__(self) -> str:
        return f"<module '{self.name}'>"


class NoValue:
    """What a program that doesn't end with an expression gives."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "no value"

    def __reduce__(self) -> str:
        return "NO_VALUE"


NO_VALUE = NoValue()


class Value:
    """A value with attributes that a user may read: those in `attributes`."""

    __slots__ = ()
    attributes: ClassVar[tuple[str, ...]] = ()


DEVICES = (
    "cpu cuda ipu xpu mkldnn opengl opencl ideep hip ve fpga maia xla lazy vulkan mps meta hpu mtia "
    "privateuseone"
).split()


class Device(Value):
    """Where a tensor is: `device(type='cpu')`."""

    __slots__ = ("index", "type")
    attributes = ("type", "index")

    def __init__(self, type: str, index: int | None = None) -> None:
        self.type = type
        self.index = index

    @classmethod
    def of(cls, text: str, index: int | None = None) -> Device:
        """The device that a text such as "cpu:0" names.

        Raises:
            RuntimeFault: it names none.
        """
        kind, _, number = text.partition(":")
        if kind not in DEVICES:
            raise RuntimeFault(
                f"Expected one of {', '.join(DEVICES)} device type at start of device string: {kind}"
            )
        if number and not number.isdigit():
            raise RuntimeFault(f"Invalid device string: '{text}'")
        return cls(kind, int(number) if number else index)

    def __repr__(self) -> str:
        index = "" if self.index is None else f", index={self.index}"
        return f"device(type='{self.type}'{index})"

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Device):
            return NotImplemented
        return (self.type, self.index) == (other.type, other.index)

    def __hash__(self) -> int:
        return hash((self.type, self.index))


class Layout(Value):
    """How a tensor's elements are stored: `torch.strided`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "torch.strided"


class MemoryFormat(Value):
    """In which order dimensions are stored: `torch.preserve_format`."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"torch.{self.name}"


TYPE_NAMES[MemoryFormat] = "torch.memory_format"
TYPE_NAMES[Device] = "torch.device"
TYPE_NAMES[Layout] = "torch.layout"
CPU = Device("cpu")
STRIDED = Layout()


class Finfo(Value):
    """The limits of a floating dtype, as `torch.finfo` prints them."""

    __slots__ = ("bits", "dtype", "eps", "max", "min", "resolution", "smallest_normal", "tiny")
    attributes = tuple(__slots__)

    def __init__(self, dtype: DType) -> None:
        limits = np.finfo(dtype.numpy)
        self.bits = int(limits.bits)
        self.dtype = dtype.name
        self.eps, self.max, self.min = float(limits.eps), float(limits.max), float(limits.min)
        self.tiny = self.smallest_normal = float(limits.tiny)
        self.resolution = 10.0**-limits.precision

    def __repr__(self) -> str:
        names = ("resolution", "min", "max", "eps", "smallest_normal", "tiny")
        shown = ", ".join(f"{name}={getattr(self, name):g}" for name in names)
        return f"finfo({shown}, dtype={self.dtype})"


class Iinfo(Value):
    """The limits of an integer dtype, as `torch.iinfo` prints them."""

    __slots__ = ("bits", "dtype", "max", "min")
    attributes = tuple(__slots__)

    def __init__(self, dtype: DType) -> None:
        limits = np.iinfo(dtype.numpy)
        self.bits = limits.bits
        self.dtype = dtype.name
        self.max, self.min = int(limits.max), int(limits.min)

    def __repr__(self) -> str:
        return f"iinfo(min={self.min:g}, max={self.max:g}, dtype={self.dtype})"


TYPE_NAMES[Finfo] = "torch.finfo"
TYPE_NAMES[Iinfo] = "torch.iinfo"
