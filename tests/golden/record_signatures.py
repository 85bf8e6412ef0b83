"""Write signatures.json: how PyTorch binds some 1,100 right and wrong calls.

Run with a Python that has torch 2.13.0 (CPU), from anywhere:

    python tests/golden/record_signatures.py

A call is `[name, "function" or "method", arguments, error, message]`. The arguments are the text
between the parentheses of a Python call; see `NAMES` for the names in it; a method is one of `x`.
The error and its message are null if the call binds, whatever happens then.
"""

from __future__ import annotations

import json
import re
import warnings
from pathlib import Path
from typing import Any

TARGET = Path(__file__).with_name("signatures.json")
REFERENCE = "2.13.0"

# The tensors that arguments name: data, dtype, requires_grad.
NAMES: dict[str, tuple[Any, str, bool]] = {
    "x": ([[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]], "float32", True),
    "y": ([[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]], "float32", False),
    "mask": ([[True, False, True], [False, True, False]], "bool", False),
    "half": (0.5, "float32", False),
    "grad": (0.5, "float32", True),
    "one": (1, "int64", False),
    "ones": ([1], "int64", False),
    "many": ([0, 1], "int64", False),
    "true": (True, "bool", False),
    "float1": ([1.5], "float32", False),
}

FACTORY = (
    "torch.dtype? dtype = None, torch.layout? layout = None, torch.device? device = None, "
    "bool? pin_memory = False, bool? requires_grad = False)"
)
LINSPACE = f"int steps, *, Tensor out = None, {FACTORY}"
VARIANCE = [
    "{}(Tensor input, tuple of ints[1]? dim, bool unbiased = True, bool keepdim = False, "
    "*, Tensor out = None)",
    "{}(Tensor input, tuple of ints[1]? dim = None, *, Number? correction = None, "
    "bool keepdim = False, Tensor out = None)",
    "{}(Tensor input, bool unbiased = True)",
]

# The signatures of each function in the reference's order, as native_functions.yaml declares them.
SIGNATURES: dict[str, list[str]] = {
    "exp": ["exp(Tensor input, *, Tensor out = None)"],
    "sigmoid": ["sigmoid(Tensor input, *, Tensor out = None)"],
    "add": [
        "add(Tensor input, Number alpha, Tensor other, *, Tensor out = None)|deprecated",
        "add(Tensor input, Tensor other, *, Number alpha = 1, Tensor out = None)",
    ],
    "sub": [
        "sub(Tensor input, Number alpha, Tensor other, *, Tensor out = None)|deprecated",
        "sub(Tensor input, Tensor other, *, Number alpha = 1, Tensor out = None)",
    ],
    "mul": ["mul(Tensor input, Tensor other, *, Tensor out = None)"],
    "div": [
        "div(Tensor input, Tensor other, *, Tensor out = None)",
        "div(Tensor input, Tensor other, *, str? rounding_mode, Tensor out = None)",
        "div(Tensor input, Number other, *, str? rounding_mode)",
    ],
    "true_divide": [
        "true_divide(Tensor input, Tensor other, *, Tensor out = None)",
        "true_divide(Tensor input, Number other)",
    ],
    "remainder": [
        "remainder(Tensor input, Tensor other, *, Tensor out = None)",
        "remainder(Number self, Tensor other)",
        "remainder(Tensor input, Number other, *, Tensor out = None)",
    ],
    "pow": [
        "pow(Tensor input, Tensor exponent, *, Tensor out = None)",
        "pow(Number self, Tensor exponent, *, Tensor out = None)",
        "pow(Tensor input, Number exponent, *, Tensor out = None)",
    ],
    "eq": [
        "eq(Tensor input, Tensor other, *, Tensor out = None)",
        "eq(Tensor input, Number other, *, Tensor out = None)",
    ],
    "maximum": ["maximum(Tensor input, Tensor other, *, Tensor out = None)"],
    "clamp": [
        "clamp(Tensor input, Tensor? min = None, Tensor? max = None, *, Tensor out = None)",
        "clamp(Tensor input, Number? min = None, Number? max = None, *, Tensor out = None)",
    ],
    "where": [
        "where(Tensor condition)",
        "where(Tensor condition, Tensor input, Tensor other, *, Tensor out = None)",
        "where(Tensor condition, Number self, Tensor other)",
        "where(Tensor condition, Tensor input, Number other)",
        "where(Tensor condition, Number self, Number other)",
    ],
    "masked_fill": [
        "masked_fill(Tensor input, Tensor mask, Tensor value)",
        "masked_fill(Tensor input, Tensor mask, Number value)",
    ],
    "isclose": [
        "isclose(Tensor input, Tensor other, float rtol = 1e-05, float atol = 1e-08, "
        "bool equal_nan = False)"
    ],
    "sum": [
        "sum(Tensor input, *, torch.dtype? dtype = None)",
        "sum(Tensor input, tuple of ints[1]? dim, bool keepdim = False, "
        "*, torch.dtype? dtype = None, Tensor out = None)",
    ],
    "mean": [
        "mean(Tensor input, *, torch.dtype? dtype = None, Tensor out = None)",
        "mean(Tensor input, tuple of ints[1]? dim, bool keepdim = False, "
        "*, torch.dtype? dtype = None, Tensor out = None)",
    ],
    "prod": [
        "prod(Tensor input, *, torch.dtype? dtype = None)",
        "prod(Tensor input, int dim, bool keepdim = False, "
        "*, torch.dtype? dtype = None, Tensor out = None)",
    ],
    "max": [
        "max(Tensor input, *, Tensor out = None)",
        "max(Tensor input, Tensor other, *, Tensor out = None)",
        "max(Tensor input, int dim, bool keepdim = False, *, tuple of Tensors out = None)",
    ],
    "amax": [
        "amax(Tensor input, tuple of ints[1] dim = None, bool keepdim = False, "
        "*, Tensor out = None)"
    ],
    "argmax": ["argmax(Tensor input, int? dim = None, bool keepdim = False, *, Tensor out = None)"],
    "logsumexp": [
        "logsumexp(Tensor input, tuple of ints[1] dim, bool keepdim = False, *, Tensor out = None)"
    ],
    "std": [text.format("std") for text in VARIANCE],
    "var": [text.format("var") for text in VARIANCE],
    "softmax": ["softmax(Tensor input, int dim, torch.dtype? dtype = None, *, Tensor out = None)"],
    "dot": ["dot(Tensor input, Tensor tensor, *, Tensor out = None)"],
    "matmul": ["matmul(Tensor input, Tensor other, *, Tensor out = None)"],
    "dropout": ["dropout(Tensor input, float p, bool train)"],
    "softplus": [
        "softplus(Tensor input, Number beta = 1, Number threshold = 20, *, Tensor out = None)"
    ],
    "linear": ["linear(Tensor input, Tensor weight, Tensor? bias = None, *, Tensor out = None)"],
    "gelu": ['gelu(Tensor input, *, str approximate = "none", Tensor out = None)'],
    "upsample_nearest1d": [
        "upsample_nearest1d(Tensor input, tuple of ints? output_size, "
        "tuple of floats? scale_factors)",
        "upsample_nearest1d(Tensor input, tuple of ints[1] output_size, float? scales = None, "
        "*, Tensor out = None)",
    ],
    "reshape": ["reshape(Tensor input, tuple of ints shape)"],
    "view": ["view(Tensor input, torch.dtype dtype)", "view(Tensor input, tuple of ints size)"],
    "expand": ["expand(Tensor input, tuple of ints size, *, bool implicit = False)"],
    "permute": ["permute(Tensor input, tuple of ints dims)"],
    "transpose": ["transpose(Tensor input, int dim0, int dim1)"],
    "squeeze": [
        "squeeze(Tensor input)",
        "squeeze(Tensor input, int dim)",
        "squeeze(Tensor input, tuple of ints dim)",
    ],
    "unsqueeze": ["unsqueeze(Tensor input, int dim)"],
    "select": ["select(Tensor input, int dim, SymInt index)"],
    "narrow": [
        "narrow(Tensor input, int dim, Tensor start, SymInt length)",
        "narrow(Tensor input, int dim, SymInt start, SymInt length)",
    ],
    "movedim": [
        "movedim(Tensor input, int source, int destination)",
        "movedim(Tensor input, tuple of ints source, tuple of ints destination)",
    ],
    "roll": ["roll(Tensor input, tuple of ints[1] shifts, tuple of ints[1] dims = None)"],
    "cat": ["cat(tuple of Tensors tensors, int dim = 0, *, Tensor out = None)"],
    "stack": ["stack(tuple of Tensors tensors, int dim = 0, *, Tensor out = None)"],
    "size": ["size(Tensor input, int? dim = None)"],
    "clone": ["clone(Tensor input, *, torch.memory_format? memory_format = None)"],
    "detach": ["detach(Tensor input)"],
    "t": ["t(Tensor input)"],
    "item": ["item(Tensor input)"],
    "ones": [f"ones(tuple of ints size, *, Tensor out = None, {FACTORY}"],
    "full": [f"full(tuple of ints size, Number fill_value, *, Tensor out = None, {FACTORY}"],
    "eye": [
        f"eye(SymInt n, *, Tensor out = None, {FACTORY}",
        f"eye(SymInt n, SymInt m, *, Tensor out = None, {FACTORY}",
    ],
    "arange": [
        f"arange(Number end, *, Tensor out = None, {FACTORY}",
        f"arange(Number start, Number end, *, {FACTORY}",
        f"arange(Number start, Number end, Number step = 1, *, Tensor out = None, {FACTORY}",
    ],
    "linspace": [
        f"linspace(Tensor start, Tensor end, {LINSPACE}",
        f"linspace(Number start, Tensor end, {LINSPACE}",
        f"linspace(Tensor start, Number end, {LINSPACE}",
        f"linspace(Number start, Number end, {LINSPACE}",
    ],
    "rand": [
        f"rand(tuple of ints size, *, torch.Generator? generator, Tensor out = None, {FACTORY}",
        f"rand(tuple of ints size, *, Tensor out = None, {FACTORY}",
    ],
    "zeros_like": [
        f"zeros_like(Tensor input, *, torch.memory_format? memory_format = None, {FACTORY}"
    ],
}

# Where a function is found, if not in `torch`.
NAMESPACES = {
    "softplus": "torch.nn.functional",
    "linear": "torch.nn.functional",
    "gelu": "torch.nn.functional",
    "upsample_nearest1d": "torch._C._nn",
}
METHODS_ONLY = {"view", "expand", "size", "item"}
FUNCTIONS_ONLY = set(NAMESPACES) | set(
    "dropout cat stack ones full eye arange linspace rand zeros_like".split()
)

# Tried with every function and method.
COMMON = ["", "zzz=3", "'a'", "None", "1.5, 'a', zzz=()", "x, x, x, x, x, x"]

# Arguments of functions and of methods, separated by ` | `.
FUNCTION_CALLS = {
    "exp": (
        "x | 2.0 | x, y | x, out=3 | x=x | a=x | x1=x | x, a=x | input=x | y=1 | [1, 2] | "
        "x, input=x | 'a', input=x | None, out=None | x, out=None | torch.float32 | {} | ... | "
        "True | print | lambda: 1 | float | (1, 2)"
    ),
    "sigmoid": "x, out=3 | 1",
    "add": (
        "x, y | 2, 3 | x, 2, y | x, 2, 'a' | x, 2, 3 | x, 'a' | x, None | x, [1] | x, True | "
        "x, x2=y | x1=x, x2=y | x | x, y, alpha=half | x, y, alpha=grad | x, y, alpha='a' | "
        "x, y, alpha=None | x, y, alpha=2**70 | x, 2**64 | x, -2**64 | x, 2**63 | x, y, zzz=1 | "
        "x, y, alpha=2, zzz=2 | x, y, 1, 2, 3"
    ),
    "sub": "x, 'a', alpha='b', out=3 | x, y, foo=1, bar=2 | x, alpha=2 | x, 1, y",
    "mul": "2, 3 | x, y, zzz=2 | x, zzz=2 | x | x, 'a'",
    "div": (
        "x, 2 | x, 2, rounding_mode=None | x, y, rounding_mode=3 | x, rounding_mode=3 | "
        "x, 'a', rounding_mode='floor' | x, 2, rounding_mode='floor' | 'a', 'b'"
    ),
    "true_divide": "2, 3 | x, 2 | x, []",
    "remainder": "2, 3 | 2, x | x, 2 | x, 'a' | 'a', x",
    "pow": "2, x | x, 2 | 2, 3 | x, 'a' | x, exponent='a' | self=2, exponent=x",
    "eq": "x, 'a' | 2, x | x, 2 | x, grad | x, other='a'",
    "maximum": "x, 3 | 3, x | x, y",
    "clamp": (
        "x, True | x, None, 2 | x, half | x, float1, 3 | x, max='a' | x, min='a', max=2 | "
        "x, max=2, min='a' | x, min='a', zzz=2 | x, min=None, max=None, out='a'"
    ),
    "where": (
        "mask | mask, 1, 2 | mask, x, 2 | mask, 1, y | mask, 1, 'a' | mask, 1 | mask, x=1 | "
        "mask, 1, other=2 | mask, self=1, other=2 | mask, input=x, other='a' | "
        "condition=mask, input=x, other=y"
    ),
    "isclose": "x, y, 1 | x, y, half | x, y, grad | x, y, 'a' | x, y, True, 2 | x, y, rtol=2**2000",
    "sum": (
        "x | x, 0 | x, None | x, () | x, [0, 1] | x, 'a' | x, (0, 'a') | x, (0.5,) | "
        "x, [0, 2.5] | x, True | x, one | x, ones | x, many | x, half | x, true | x, [one] | "
        "x, [0, half] | x, 2**70 | x, [2**70] | x, 0, 1 | x, 0, True, 3 | x, axis=0 | "
        "x, axis=0, dim=1 | x, keepdims=True, dim=1 | x, a=x | a=x | x, dims=0 | "
        "x, dim='a', keepdim=True | x, dtype=float | x, dtype='a' | x, 0, dtype=3 | "
        "x, dim=0, keepdim=True, dtype='a', out=3 | 3"
    ),
    "mean": "x, dim=1.5 | x, dim=(0,), keepdim='a' | x, (0, 1), True",
    "prod": "x, 0 | x, (0, 1) | x, dim=(0,) | x, one",
    "max": (
        "x | x, 0 | x, y | x, 1.5 | x, True | x, 0, 1 | x, y, y | x, 0, True, True | "
        "x, dim=0, keepdim=1 | x, out=3 | x, 0, out=3 | x, 0, out=[3] | x, 0, out=(x, 3) | 3"
    ),
    "amax": (
        "x, 0 | x, () | x, (0.5,) | x, [half] | x, [ones] | x, dim=(0.5,) | x, 0, 1 | "
        "x, 0, True, 3 | x, dim=None"
    ),
    "argmax": "x, 'a' | x, 0, 1 | x, one | x, dim=1.0",
    "logsumexp": "x | x, 'a' | x, 0, keepdim=3 | x, 0",
    "std": (
        "x, 1.5 | x, True | x, unbiased=False | x, correction='a' | x, correction=half | "
        "x, 0, False, True, 3 | x, dim=0, unbiased=1, keepdim=3 | x, 0, correction=0"
    ),
    "var": "x, dim='a', unbiased=True | x, unbiased='a' | x, dim=0, correction='a'",
    "softmax": "x, None | x, 0, dtype='q', zzz=3 | x, True | x, 0, float | x, dim=one",
    "dot": "x | x, y, y, y | x, zzz=1 | x, tensor=y, zzz=1 | input=x, tensor=3",
    "matmul": "x, 3 | x, other=3",
    "dropout": (
        "x, 1, True | x, 0.5, 1 | x, 'a', True | x, half, True | x, grad, True | "
        "x, float1, True | x, p=one, train=True | x, train=True"
    ),
    "softplus": "x | x, 'a' | x, half | x, beta=2, threshold='a'",
    "linear": "x | x, y, 3 | 3, y | x, y, y, y | x, y, bias=None",
    "gelu": "x, approximate=3 | x, approximate='tanh' | x, 'tanh'",
    "upsample_nearest1d": (
        "x, None, [1, 'a'] | x, None, ['a', 1] | x, None, [one] | x, None, [2.0, one] | "
        "x, None, 2.0 | x, None, (True, 1) | x, [1], 2.0 | x, 1 | x, 1, half | x, 1, many"
    ),
    "reshape": (
        "x | x, 2, 3 | x, 'a' | x, (6,) | x, (2, 3.0) | x, [] | x, ['a', 2] | x, shape=6 | "
        "x, shape=[6] | x, [one, 6] | x, [True, 6] | x, [6, True]"
    ),
    "permute": "x | x, 1, 0 | x, (1, 0) | x, 1 | x, true | x, (true, 0) | x, (0, true)",
    "transpose": "x, 0 | x, 0, 1 | x, 0, 1.0 | x, dim0=0, dim1='a' | x, 0, one | x, 0, ones",
    "squeeze": "x | x, 0 | x, (0,) | x, 'a' | x, 0, 1 | x, dim=0, zzz=1 | x, dim='a'",
    "unsqueeze": "x | x, 0 | x, True | x, one | x, ones | x, true | x, 1.0 | x, 2**70 | x, axis=0",
    "select": "x, 0, one | x, 0, ones | x, 0, True | x, 0 | x, 0, 'a' | x, 0, many",
    "narrow": "x, 0, 0, True | x, 0, 'a' | x, 0, 0, 1 | x, 0, one, 1",
    "movedim": "x, 0, 1 | x, (0,), (1,) | x, 0, 1.5 | x, (0, 'a'), (1, 0) | x, 0, (1,)",
    "roll": "x, 1, 0 | x, 1 | x, 'a' | x, (1, 2), (0, 1) | x, 1, dims=0.5",
    "cat": (
        "[x, y] | (x, y), 1 | x | 3 | [3] | [x, 3] | [x], 'a' | [x], 1.0 | [x], dim=0, axis=0 | "
        "[x], axis=0 | tensors=[x] | [x], 0, 1 | [x, y], dim=0, foo=1, bar=2"
    ),
    "stack": "x | (x, 'a') | [x], dim='a' | [x], 0, 1",
    "clone": "x, 1 | x, memory_format=3",
    "detach": "x | x, 1",
    "ones": (
        "2 | 2, 3 | (2, 3) | [2, 3] | () | 2.5 | 2.5, 3 | 2, 'a' | [2, 'a'] | (2.5,) | "
        "size=(2.5,) | size=(2, 2.5) | size=2 | (2,), 3 | 2, [3] | [2], [3] | True | 2, True | "
        "one | ones, 2 | many | half | 2, half | 2, float1 | 2**70 | 2, 2**70 | "
        "2, 3, size=(2,) | 2, 3, zzz=3 | 2, dtype='a' | 2, dtype=torch.float64 | "
        "2, dtype=float | 2, dtype=str | 2, layout=3 | 2, device=2.5 | 2, device='cpu' | "
        "2, requires_grad=1 | 2, requires_grad=True | 2, pin_memory=None | 2, out=3"
    ),
    "full": (
        "(2,), 2 | 2, 3 | (2,), 'a' | (2,) | (2,), half | (2,), grad | (2,), float1 | "
        "(2,), True | (2,), 2**70 | (2,), -2**70 | (2,), fill_value='a' | "
        "size=(2,), fill_value=2, zzz=2"
    ),
    "eye": "2 | 2, 3 | 2, m=3 | 2.5 | True | ones | many | 2, 'a'",
    "arange": "3 | 1, 2 | 1, 2, 3 | 1, 2, 3, 4 | 1, end=2, step='a' | half | start=1, step=2",
    "linspace": "0, 1, 3 | 0, 1, 2.5 | half, 1, steps=3 | half, grad, 3",
    "rand": "2 | 2, 3 | 2, generator=None | 2, generator=3 | 'a', 'b' | 2, 3.0 | 2, dtype=3",
    "zeros_like": "x | 3 | x, 3 | x, dtype=int | x, memory_format=3 | x, requires_grad=0",
}

METHOD_CALLS = {
    "exp": "1 | 1, 2 | y=1 | 1, y=1",
    "add": "y | y, 3 | y, alpha='a' | 'a' | y, foo=1, bar=2 | 1, y | other=y, alpha=2",
    "sub": "1, y | y, alpha=True",
    "div": "y | 2, rounding_mode='floor' | 2, rounding_mode=3 | rounding_mode='floor'",
    "pow": "2 | y | exponent='a' | 1, 2",
    "eq": "2 | y | []",
    "clamp": "1, 2, 3 | min='a' | max=2 | 0, half | y, half",
    "where": "mask, y | mask, 2 | mask | 'a', y | mask, 'a' | condition=mask, other='a'",
    "masked_fill": "mask, 2 | mask, half | mask, 'a' | mask | 3, 2",
    "sum": (
        "0 | 0, 1 | 1.5 | True | dim='a' | (0, 1), keepdim=True | 0, True, dtype=float | dtype='a'"
    ),
    "mean": (
        "0, False, False | [0, 'a'] | dim='a', keepdim=True | "
        "dim='a', keepdim=1, dtype=2, zzz=1 | aa=1, bb=2, cc=3, dd=4 | "
        "dtype=torch.float64, dim='a'"
    ),
    "prod": "0 | (0, 1)",
    "max": "0 | 0, 1 | y | 0, True",
    "amax": "0, 1 | (0, 1) | 0, True, 3",
    "argmax": "0, 1 | dim=None | 1.5",
    "std": "0 | False | 0, correction=1",
    "softmax": "0 | 0, 'a' | 0, torch.float64, 2 | dim=0, dtype=float | foo=2",
    "reshape": "6 | 2, 3 | 2.0 | 2.0, 3 | 2, 3.0 | -1 | (6,) | one, 6 | shape=(6,)",
    "view": (
        "6 | 2, 3 | [6] | torch.float32 | torch.float32, 3 | [2.5] | 2.0 | -1, 'a' | 2, 3, 4.0 | "
        "size=(6,) | dtype=(3, 2) | dtype=torch.int32"
    ),
    "expand": "2, -1 | (2, 3) | 2, -1, implicit=True | 2, 3, zzz=1 | 2, 3, size=1 | 2, 3, True",
    "permute": (
        "1, 0 | [1, 0] | (1,), 0 | 0, (1,) | 'a', 0 | 0, 'a' | dims=(1, 0) | dims=1 | 0, dims=1"
    ),
    "transpose": "0 | 0, 1 | 0, 1, 2 | 'a', 1",
    "squeeze": "0 | 0, 1 | 1.5 | 'a', 'b' | dim='a' | dims='a' | [0, 'a'] | (0,)",
    "select": "0, 1 | 0 | 0, one",
    "narrow": "0, 0, 'a' | 0, one, 1",
    "roll": "1, 0 | 1, 'a' | 1",
    "size": "0 | 1, 2 | 1.5 | dim=None | one",
    "clone": "1 | zzz=1",
    "item": "1 | foo=1",
}


def arguments(name: str, form: str) -> list[str]:
    """The argument texts to try with a function or method."""
    calls = (FUNCTION_CALLS if form == "function" else METHOD_CALLS).get(name)
    return list(dict.fromkeys([*COMMON, *(calls.split(" | ") if calls else [])]))


def forms(name: str) -> list[str]:
    if name in METHODS_ONLY:
        return ["method"]
    return ["function"] if name in FUNCTIONS_ONLY else ["function", "method"]


def outcome(name: str, form: str, text: str) -> tuple[str, str] | tuple[None, None]:
    """What the reference says about a call."""
    import torch

    names = {
        key: torch.tensor(data, dtype=getattr(torch, dtype), requires_grad=requires_grad)
        for key, (data, dtype, requires_grad) in NAMES.items()
    }
    where = "x" if form == "method" else NAMESPACES.get(name, "torch")
    try:
        eval(f"{where}.{name}({text})", {"torch": torch, **names})
    except (TypeError, OverflowError) as error:
        # the reference puts the trace of its own stack into this one
        message = re.sub(r"\nException raised from .*(?=\")", "", str(error), flags=re.DOTALL)
        return type(error).__name__, message
    except ValueError as error:
        if str(error).startswith("Overflow when unpacking"):
            return "ValueError", str(error)
    except (RuntimeError, IndexError):
        pass  # bound, and refused by the operation
    return None, None


def main() -> None:
    import torch

    assert torch.__version__.split("+")[0] == REFERENCE, torch.__version__
    warnings.simplefilter("ignore")
    torch.manual_seed(0)
    calls = [
        [name, form, text, *outcome(name, form, text)]
        for name in SIGNATURES
        for form in forms(name)
        for text in arguments(name, form)
    ]
    lines = ",\n".join(json.dumps(call, ensure_ascii=False) for call in calls)
    TARGET.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
