"""What bare names mean, in texts that may leave a prefix or an import out."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from typing import Any

from autodiff_cli.interpret.torch_names import CONSTANTS, TORCH, Namespace, torch_module, torch_name
from autodiff_cli.ir.context import current
from autodiff_cli.tensors.tensor import Tensor
from autodiff_cli.vocabulary.calls.handles import TorchFunction
from autodiff_cli.vocabulary.calls.registry import FUNCTIONS

IMPLICIT = {  # what study texts leave out
    "torch": "torch",
    "nn": "torch.nn",
    "F": "torch.nn.functional",
    "optim": "torch.optim",
}
SHORT = {  # and what expressions do, besides
    "linalg": "torch.linalg",
    "special": "torch.special",
    "math": "math",
    "np": "numpy",
}
PYTHONS = frozenset(("bool", "float", "int"))  # which are dtypes behind `torch.`
# Names of torch's that Python has, too: Python's for its own containers, and some for its numbers.
SHARED = frozenset("abs all any max min pow round sum".split())
OF_NUMBERS = frozenset("abs max min pow round".split())


def bare_name(name: str) -> Any:
    """What a name means in expressions: torch's function, or None for Python's own names."""
    if name in SHARED:
        return _torch_or_python(name)
    if name in PYTHONS:
        return None
    for module_name in ("torch", "torch.nn.functional"):
        found = torch_name(module_name, name)
        if found is not None:
            return found
    if name in SHORT:
        return _module(SHORT[name])
    return CONSTANTS.get(name)


def _module(name: str) -> Namespace:
    found = torch_module(name)
    if found is not None:
        return found
    from autodiff_cli.interpret.modules import module

    return module(name)


def _torch_or_python(name: str) -> Callable[..., Any]:
    def run(*args: Any, **kwargs: Any) -> Any:
        is_number = bool(args) and isinstance(args[0], (bool, int, float))
        is_torchs = not args or any(isinstance(arg, Tensor) for arg in args)
        if is_torchs or (is_number and name not in OF_NUMBERS):
            return TorchFunction(FUNCTIONS[name])(*args, **kwargs)
        from autodiff_cli.interpret.builtins import BUILTINS

        return BUILTINS[name](*args, **kwargs)

    run.__name__ = run.__qualname__ = name
    return run


def found_names(
    names: Iterable[str], variables: Mapping[str, Any], assigned: Container[str]
) -> dict[str, Any]:
    """What the names that a text reads mean, besides its own variables.

    Args:
        names: those that it reads.
        variables: what it starts with.
        assigned: the names that it sets or deletes: behind a deleted variable stands Python's own.
    """
    context = current()
    found: dict[str, Any] = {}
    for name in names:
        if name in variables and name not in assigned:
            continue
        value = None
        if context.bare and name not in variables:
            value = bare_name(name)
        if value is None and context.implicit and name in IMPLICIT and name not in variables:
            value = _module(IMPLICIT[name])
        if value is not None:
            found[name] = value
            continue
        from autodiff_cli.interpret.builtins import BUILTINS

        if name in BUILTINS:
            found[name] = BUILTINS[name]
    return found


def function_names() -> list[str]:
    """What can be called without a prefix in expressions, forms that write into a tensor apart."""
    names = (name.removeprefix("F.") for name in FUNCTIONS.names() if name[-1] != "_")
    return [*SHARED, "float", "int", "bool", "len", *(name for name in names if "." not in name)]


__all__ = ["CONSTANTS", "TORCH", "bare_name", "found_names", "function_names"]
