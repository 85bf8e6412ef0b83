"""Values of the language that are neither tensors nor Python's own scalars, lists and tuples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from autodiff_cli.vocabulary.parameters import TYPE_NAMES


class Size(tuple[int, ...]):
    """A shape: `torch.Size([2, 3])`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"torch.Size({list(self)})"

    def __add__(self, other: Any) -> Size:  # type: ignore[override]
        return Size((*self, *other)) if isinstance(other, tuple) else NotImplemented

    def __radd__(self, other: Any) -> Size:
        return Size((*other, *self)) if isinstance(other, tuple) else NotImplemented

    def __mul__(self, count: Any) -> Size:  # type: ignore[override]
        return Size(tuple(self) * count)

    __rmul__ = __mul__  # type: ignore[assignment]

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


class ReturnType(tuple[Any, ...]):
    """Several results with names, such as those of `max(x, dim)`."""

    name: ClassVar[str]
    fields: ClassVar[tuple[str, ...]]

    def __repr__(self) -> str:
        fields = ",\n".join(f"{name}={value!r}" for name, value in zip(self.fields, self))
        return f"{self.name}(\n{fields})"


def return_type(name: str, fields: tuple[str, ...]) -> Callable[..., ReturnType]:
    """A class of results, `torch.return_types.NAME`."""

    class Named(ReturnType):
        def __new__(cls, *values: Any) -> Named:
            return super().__new__(cls, values)

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
