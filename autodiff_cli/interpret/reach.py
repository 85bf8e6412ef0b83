"""`value.name` in a program: of tensors and modules here, as most texts ask, of all else in `access.py`."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from autodiff_cli.interpret.tensors import tensor_attribute
from autodiff_cli.interpret.torch_names import Namespace
from autodiff_cli.tensors.tensor import Tensor


def attribute(value: Any, name: str) -> Any:
    """`value.name`.

    Raises:
        AttributeError: there is no such name, or none that a program may reach.
    """
    kind = type(value)
    if type(name) is str:
        if kind is Tensor:
            return tensor_attribute(value, name)
        if kind is Namespace and name[:2] != "__":
            return value.member(name)
    return _of_others()(value, name)


@cache
def _of_others() -> Callable[[Any, str], Any]:
    from autodiff_cli.interpret.access import attribute as of_any

    return of_any
