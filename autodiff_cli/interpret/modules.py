"""The modules that programs may import: `torch` and its parts, `math`, `numpy`, some of Python's own.

A module is a `Namespace` over tables. Python's modules are reached by lists of their functions.
"""

from __future__ import annotations

import sys
from functools import cache
from typing import Any

from autodiff_cli.interpret.python_modules import PYTHON, member_of_python
from autodiff_cli.interpret.torch_names import TORCH, Namespace, torch_module, torch_names

NO_SUCH_MODULE = (
    "only torch, math, numpy and some of Python's own modules exist here: leave the others out"
)
NO_MODULE = {
    **dict.fromkeys(
        ("seaborn", "plotly", "tensorboard", "wandb"),
        f"{NO_SUCH_MODULE}; print shows numbers",
    ),
    **dict.fromkeys(
        ("pandas", "sklearn", "torchvision", "datasets", "PIL", "h5py"),
        f"{NO_SUCH_MODULE}; data is bound on the command line: autodiff run FILE x=@x.csv",
    ),
    **dict.fromkeys(
        ("jax", "tensorflow", "sympy", "scipy", "cupy"),
        f"{NO_SUCH_MODULE}; torch has most functions",
    ),
}


def module(name: str) -> Namespace:
    """A module by its dotted name.

    Raises:
        ModuleNotFoundError: programs can't import it.
    """
    found = _module(name)
    if found is None:
        first = name.partition(".")[0]
        missing = name if _module(first) is not None else first
        others = f" in programs; they may import {', '.join(['torch', 'numpy', *PYTHON])}"
        known = first in sys.stdlib_module_names and missing == first
        error = ModuleNotFoundError(
            f"No module named '{missing}'{others if known else ''}", name=missing
        )
        if first in NO_MODULE:  # which exists elsewhere; of others, Python says no more
            error.hint = NO_MODULE[first]  # type: ignore[attr-defined]
            error.is_ours = True  # type: ignore[attr-defined]
        raise error
    return found


def submodule(module_name: str, name: str) -> Namespace | None:
    return _module(f"{module_name}.{name}")


@cache
def _module(name: str) -> Namespace | None:
    if name in TORCH:
        return torch_module(name)
    if name == "numpy" or name.startswith("numpy."):
        from autodiff_cli.interpret import numpy_names

        return numpy_names.namespace(name)
    if name.partition(".")[0] in ("matplotlib", "mpl_toolkits", "matplotlib_inline"):
        from autodiff_cli.interpret import pyplot

        return pyplot.MODULES[name]() if name in pyplot.MODULES else None
    if name.partition(".")[0] in ("tqdm", "IPython"):
        from autodiff_cli.interpret import screens

        return screens.module(name)
    if name in PYTHON:
        return Namespace(name, lambda member: member_of_python(name, member), lambda: PYTHON[name])
    return None


def everything(module_name: str) -> dict[str, Any]:
    """What `from module import *` gives."""
    found = module(module_name)
    if module_name in TORCH:
        names = torch_names(module_name)
    elif module_name in PYTHON:
        names = sorted(PYTHON[module_name])
    else:
        raise ImportError(f"import the names of '{module_name}' one by one")
    result = {}
    for name in names:
        try:
            result[name] = found.member(name)
        except AttributeError:
            continue
    return result


def origin(module_name: str) -> str:
    """Where messages say that a module comes from."""
    return "unknown location"
