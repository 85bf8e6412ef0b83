"""Containers of modules and of parameters.

Source: torch/nn/modules/container.py.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from autodiff_cli.errors import AssertionFault, IndexFault, RuntimeFault, TypeFault, ValueFault
from autodiff_cli.tensors.tensor import Tensor
from autodiff_cli.vocabulary.calls.calling import qualified_name, subclassable
from autodiff_cli.vocabulary.calls.parameters import type_name
from autodiff_cli.vocabulary.nn.module import Module, indented
from autodiff_cli.vocabulary.nn.parameter import Parameter
from autodiff_cli.vocabulary.python.ordered import OrderedDict

SOURCE = "torch.nn.modules.container"


def _place(index: Any, size: int) -> int:
    index = operator.index(index)
    if not -size <= index < size:
        raise IndexFault(f"index {index} is out of range")
    return index % size  # type: ignore[no-any-return]


class _Numbered(Module):
    """Modules by their places."""

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Any]:
        return iter(list(self._modules.values()))

    def _key(self, index: Any) -> str:
        names: list[str] = list(self._modules)
        return names[_place(index, len(self))]

    def __setitem__(self, index: Any, module: Any) -> None:
        setattr(self, self._key(index), module)

    def __delitem__(self, index: Any) -> None:
        keys = list(self._modules)[index] if isinstance(index, slice) else [self._key(index)]
        for key in keys:
            delattr(self, key)
        left = list(self._modules.values())
        self._modules.clear()
        self._modules.update({str(place): module for place, module in enumerate(left)})

    def append(self, module: Any) -> Any:
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules: Any) -> Any:
        for module in list(modules):
            self.append(module)
        return self

    def pop(self, key: Any) -> Any:
        module = self[key]  # type: ignore[index]
        del self[key]
        return module

    def _inserted(self, index: int, module: Any) -> None:
        everything = list(self._modules.values())
        everything.insert(index, module)
        self._modules.update({str(place): entry for place, entry in enumerate(everything)})


@subclassable(SOURCE, "nn.Sequential")
class Sequential(_Numbered):
    def __init__(self, *args: Any) -> None:
        super().__init__()
        if len(args) == 1 and isinstance(args[0], OrderedDict):
            for name, module in args[0].items():
                self.add_module(name, module)
        else:
            for place, module in enumerate(args):
                self.add_module(str(place), module)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return type(self)(OrderedDict(list(self._modules.items())[index]))
        return self._modules[self._key(index)]

    def __add__(self, other: Any) -> Any:
        self._check(other)
        return Sequential(*self, *other)

    def __iadd__(self, other: Any) -> Any:
        self._check(other)
        return self.extend(other)

    def _check(self, other: Any) -> None:
        if not isinstance(other, Sequential):
            raise ValueFault(
                "add operator supports only objects of Sequential class, but "
                f"{type(other)} is given."
            )

    def __mul__(self, times: Any) -> Any:
        if not isinstance(times, int):
            raise TypeFault(f"unsupported operand type(s) for *: {type(self)} and {type(times)}")
        if times <= 0:
            raise ValueFault(f"Non-positive multiplication factor {times} for {type(self)}")
        return Sequential(*(list(self) * times))

    __rmul__ = __mul__

    def insert(self, index: int, module: Any) -> Any:
        if not isinstance(module, Module):
            raise AssertionFault(f"module should be of type: {Module}")
        if not -len(self) <= index <= len(self):
            raise IndexFault(f"Index out of range: {index}")
        self._inserted(index + len(self) if index < 0 else index, module)
        return self

    def forward(self, input: Any) -> Any:
        for module in self._modules.values():
            input = module(input)
        return input


@subclassable(SOURCE, "nn.ModuleList")
class ModuleList(_Numbered):
    def __init__(self, modules: Any = None) -> None:
        super().__init__()
        if modules is not None:
            self.extend(modules)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return type(self)(list(self._modules.values())[index])
        return self._modules[str(_place(index, len(self)))]

    def __iadd__(self, modules: Any) -> Any:
        return self.extend(modules)

    def __add__(self, other: Any) -> Any:
        return ModuleList([*self, *other])

    def extend(self, modules: Any) -> Any:
        if not isinstance(modules, Iterable):
            raise TypeFault(
                f"ModuleList.extend should be called with an iterable, but got {type(modules).__name__}"
            )
        return super().extend(modules)

    def insert(self, index: int, module: Any) -> None:
        self._inserted(index, module)

    def __repr__(self) -> str:
        runs: list[tuple[int, int, str]] = []  # equal neighbours are shown once
        for place, module in enumerate(self):
            text = repr(module)
            if runs and runs[-1][2] == text:
                runs[-1] = (runs[-1][0], place, text)
            else:
                runs.append((place, place, text))
        if not runs:
            return f"{self._get_name()}()"
        lines = []
        for first, last, text in runs:
            shown = f"({first}): {text}"
            if first != last:
                shown = f"({first}-{last}): {last - first + 1} x {text}"
            lines.append("\n  " + indented(shown, 2))
        return f"{self._get_name()}({''.join(lines)}\n)"


class _Keyed(Module):
    """Modules or parameters by their names."""

    def _entries(self) -> dict[str, Any]:
        return self._modules  # type: ignore[no-any-return]

    def __len__(self) -> int:
        return len(self._entries())

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries())

    def __contains__(self, key: object) -> bool:
        return key in self._entries()

    def keys(self) -> Any:
        return self._entries().keys()

    def pop(self, key: str) -> Any:
        value = self[key]  # type: ignore[index]
        del self[key]
        return value

    def clear(self) -> None:
        for key in list(self):
            del self[key]


@subclassable(SOURCE, "nn.ModuleDict")
class ModuleDict(_Keyed):
    def __init__(self, modules: Any = None) -> None:
        super().__init__()
        if modules is not None:
            self.update(modules)

    def __getitem__(self, key: str) -> Any:
        return self._modules[key]

    def __setitem__(self, key: str, module: Any) -> None:
        self.add_module(key, module)

    def __delitem__(self, key: str) -> None:
        del self._modules[key]

    def items(self) -> Any:
        return self._modules.items()

    def values(self) -> Any:
        return self._modules.values()

    def update(self, modules: Any) -> None:
        if not isinstance(modules, Iterable):
            raise TypeFault(
                "ModuleDict.update should be called with an iterable of key/value pairs, but got "
                f"{type(modules).__name__}"
            )
        pairs = modules.items() if isinstance(modules, (Mapping, ModuleDict)) else modules
        for key, module in _pairs("ModuleDict", pairs):
            self[key] = module


def _pairs(name: str, pairs: Iterable[Any]) -> Iterator[Any]:
    """What a dictionary of modules or parameters is updated with, each a pair."""
    for number, pair in enumerate(pairs):
        if not isinstance(pair, Iterable):  # the reference leaves out a space here
            raise TypeFault(
                f"{name} update sequence element #{number} should be Iterable; is{type_name(pair)}"
            )
        pair = tuple(pair)
        if len(pair) != 2:
            raise ValueFault(
                f"{name} update sequence element #{number} has length {len(pair)}; 2 is required"
            )
        yield pair


def _member_line(name: Any, value: Any, kind: str) -> str:
    if not isinstance(value, Tensor):
        return f"  ({name}): Object of type: {type(value).__name__}"
    what = "Parameter" if isinstance(value, Parameter) else "Tensor"
    return f"  ({name}): {what} containing: [{kind} of size {'x'.join(map(str, value.shape))}]"


def _as_parameter(value: Any) -> Any:
    if isinstance(value, Tensor) and not isinstance(value, Parameter):
        return Parameter(value)
    return value


@subclassable(SOURCE, "nn.ParameterList")
class ParameterList(Module):
    def __init__(self, values: Any = None) -> None:
        super().__init__()
        self._size = 0
        if values is not None:
            self.extend(values)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return type(self)([self[place] for place in range(*index.indices(len(self)))])
        return getattr(self, str(_place(index, len(self))))

    def __setitem__(self, index: int, value: Any) -> None:
        setattr(self, str(_place(index, len(self))), _as_parameter(value))

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Any]:
        return iter([self[place] for place in range(self._size)])

    def __iadd__(self, values: Any) -> Any:
        return self.extend(values)

    def append(self, value: Any) -> Any:
        self._size += 1
        self[self._size - 1] = value
        return self

    def extend(self, values: Any) -> Any:
        if not isinstance(values, Iterable) or isinstance(values, Tensor):
            raise TypeFault(
                "ParameterList.extend should be called with an iterable, but got "
                f"{type(values).__name__}"
            )
        for value in list(values):
            self.append(value)
        return self

    def extra_repr(self) -> str:
        return "\n".join(
            _member_line(
                place, value, f"torch.{value.dtype.name}" if isinstance(value, Tensor) else ""
            )
            for place, value in enumerate(self)
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeFault("ParameterList should not be called.")


@subclassable(SOURCE, "nn.ParameterDict")
class ParameterDict(_Keyed):
    def __init__(self, parameters: Any = None) -> None:
        super().__init__()
        self._keys: dict[str, None] = {}
        if parameters is not None:
            self.update(parameters)

    def _entries(self) -> dict[str, Any]:
        return self._keys

    def __getitem__(self, key: str) -> Any:
        return getattr(self, key)

    def __setitem__(self, key: str, value: Any) -> None:
        if not isinstance(key, str):
            raise TypeFault(
                "Index given to ParameterDict cannot be used as a key as it is not a string (type is "
                f"'{type(key).__name__}'). Open an issue on github if you need non-string keys."
            )
        self._keys[key] = None
        setattr(self, key, _as_parameter(value))

    def __delitem__(self, key: str) -> None:
        del self._keys[key]
        delattr(self, key)

    def get(self, key: str, default: Any = None) -> Any:
        return self[key] if key in self._keys else default

    def items(self) -> Iterator[tuple[str, Any]]:
        return ((key, self[key]) for key in self._keys)

    def values(self) -> Iterator[Any]:
        return (self[key] for key in self._keys)

    def update(self, parameters: Any) -> None:
        if not isinstance(parameters, Iterable):
            raise TypeFault(
                "ParametersDict.update should be called with an iterable of key/value pairs, but got "
                f"{type(parameters).__name__}"
            )
        if isinstance(parameters, (OrderedDict, ParameterDict)):
            pairs: Any = parameters.items()
        elif isinstance(parameters, Mapping):
            pairs = sorted(parameters.items())
        else:
            pairs = parameters
        for key, value in _pairs("ParameterDict", pairs):
            self[key] = value

    def extra_repr(self) -> str:
        lines = (_member_line(key, value, qualified_name(value)) for key, value in self.items())
        return "\n".join(lines)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeFault("ParameterDict should not be called.")
