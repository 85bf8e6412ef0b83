"""Modules of the language, and torch's: what stands behind `torch.`, `F.`, `torch.linalg.`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from autodiff_cli.interpret.tensors import meaning
from autodiff_cli.ir.dtypes import NAMES as DTYPES
from autodiff_cli.tensors.tensor import Tensor
from autodiff_cli.vocabulary.calls.handles import NAMES, Asked, TorchFunction
from autodiff_cli.vocabulary.calls.registry import FUNCTIONS

# The parts of torch, and how their functions are called in the tables.
TORCH = {
    "torch": "",
    "torch.nn": "nn.",
    "torch.nn.functional": "F.",
    "torch.nn.init": "nn.init.",
    "torch.nn.utils": "nn.utils.",
    "torch.nn.parameter": "nn.",
    "torch.nn.modules": "nn.",
    "torch.linalg": "linalg.",
    "torch.special": "special.",
    "torch.optim": "optim.",
    "torch.optim.lr_scheduler": "optim.lr_scheduler.",
    "torch.autograd": "autograd.",
    "torch.autograd.functional": "autograd.functional.",
    "torch.autograd.function": "autograd.function.",
    "torch.autograd.grad_mode": "autograd.grad_mode.",
    "torch.autograd.gradcheck": "autograd.gradcheck.",
    "torch.autograd.graph": "autograd.graph.",
    "torch.func": "func.",
    "torch.random": "random.",
    "torch.version": "version.",
    "torch.autograd.forward_ad": "autograd.forward_ad.",
    "torch.utils": "utils.",
    "torch.utils.data": "utils.data.",
    "torch.backends": "backends.",
    "torch.backends.mps": "backends.mps.",
    "torch.backends.cudnn": "backends.cudnn.",
    "torch.cuda": "cuda.",
    "torch.accelerator": "accelerator.",
    "torch.xpu": "xpu.",
    "torch.distributions": "distributions.",
    **{
        f"torch.distributions.{part}": f"distributions.{part}."
        for part in "distribution normal uniform bernoulli categorical exponential laplace poisson "
        "geometric independent kl multinomial".split()
    },
    "torch.testing": "testing.",
}
BOTH = frozenset(("gradcheck",))  # a module, and a function behind the same module, which hides it
CONSTANTS = {"pi": math.pi, "e": math.e, "tau": math.tau, "inf": math.inf, "nan": math.nan}


class Namespace:
    """A module of the language, such as `torch` or `torch.nn`."""

    def __init__(
        self,
        name: str,
        members: Callable[[str], Any],
        names: Callable[[], Iterable[str]] = list[str],
    ) -> None:
        self.name = self.__name__ = name
        self.find = members
        self.names = names

    def member(self, name: str) -> Any:
        try:
            return self.find(name)
        except AttributeError as error:
            error.asked = self, name  # type: ignore[attr-defined]
            raise

    def __repr__(self) -> str:
        return f"<module '{self.name}'>"


@cache
def torch_module(name: str) -> Namespace | None:
    """A part of torch by its dotted name; None if there is none."""
    if name not in TORCH:
        return None
    return Namespace(name, lambda member: _member(name, member), lambda: torch_names(name))


def _member(module_name: str, name: str) -> Any:
    """A name behind a part of torch, which may be another part."""
    inner = torch_module(f"{module_name}.{name}")
    if inner is not None and name not in BOTH:
        return inner
    found = torch_name(module_name, name)
    if found is not None or TORCH[module_name] + name in NAMES:
        return found.value() if type(found) is Asked else found
    if name in ("__version__", "__name__"):
        return "2.13.0+cpu" if name == "__version__" else module_name
    error = AttributeError(f"module '{module_name}' has no attribute '{name}'")
    if module_name == "torch":  # which raises the error itself, so that Python suggests nothing
        raise error
    raise meaning(error, torch_module(module_name), name)


def torch_names(module_name: str) -> list[str]:
    """The names behind a part of torch."""
    prefix = TORCH[module_name]
    names = [
        key.removeprefix(prefix)
        for key in (*NAMES.names(), *FUNCTIONS.names())
        if key.startswith(prefix)
    ]
    return [name for name in names if "." not in name]


@cache
def torch_name(module_name: str, name: str) -> Any:
    """What a name means behind a part of torch: a function, a class or a value; None if nothing."""
    prefix = TORCH[module_name]
    qualified = prefix + name
    if qualified in NAMES:
        value = NAMES[qualified]
        if not isinstance(value, type):
            return value
        from autodiff_cli.interpret.stands import STANDS

        return STANDS.get(value, value)
    if qualified in FUNCTIONS:
        function = FUNCTIONS[qualified]
        if function.in_place:
            from autodiff_cli.vocabulary.writing import writing_function

            return writing_function(function)
        return TorchFunction(function)
    if module_name == "torch":
        if name in CONSTANTS and name != "tau":
            return CONSTANTS[name]
        if name in DTYPES:
            return DTYPES[name]
        if name == "Tensor":
            from autodiff_cli.interpret.stands import shown

            return shown(Tensor)
    return None
