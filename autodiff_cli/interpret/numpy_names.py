"""`import numpy as np`: the functions of numpy that programs may call, on numpy's own arrays."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from autodiff_cli.autograd.tensor import Tensor, of_array
from autodiff_cli.errors import LimitError
from autodiff_cli.interpret.classes import Namespace
from autodiff_cli.ir.node import state

PLAIN = frozenset(
    """abs absolute add all allclose amax amin any append arange arccos arcsin arctan arctan2 argmax argmin
    argsort around array array_equal asarray atleast_1d atleast_2d average bincount ceil clip column_stack
    concatenate corrcoef cos cosh count_nonzero cov cross cumprod cumsum deg2rad diag diff digitize divide
    dot einsum empty empty_like equal exp expand_dims expm1 eye fabs flip floor full full_like greater
    histogram hstack hypot identity inner interp isclose isfinite isinf isnan less linspace log log10 log1p
    log2 logical_and logical_not logical_or logspace matmul max maximum mean median meshgrid min minimum mod
    multiply nan_to_num ndim nonzero ones ones_like outer percentile polyfit polyval power prod quantile
    rad2deg ravel reciprocal repeat reshape roll round searchsorted shape sign sin sinh size sort split sqrt
    square squeeze stack std subtract sum swapaxes take tan tanh tensordot tile trace transpose trapezoid
    tril triu true_divide trunc unique vander var vdot vstack where zeros zeros_like isscalar ptp
    cbrt sinc heaviside sum cumsum nansum nanmean triu_indices tril_indices diag_indices partition rot90
    fliplr flipud gradient convolve correlate poly1d flatnonzero argwhere broadcast_to left_shift
    right_shift invert fmod remainder float_power exp2 degrees radians arcsinh arccosh arctanh copysign
    unravel_index apply_along_axis geomspace insert delete array_split block outer isin setdiff1d
    intersect1d union1d nanmax nanmin isneginf isposinf fmax fmin array_repr array2string moveaxis""".split()
)
VALUES = frozenset(
    "pi e inf nan newaxis float32 float64 float16 int32 int64 int16 int8 uint8 bool_ ndarray".split()
)
PARTS: dict[str, frozenset[str]] = {
    "linalg": frozenset(
        "norm inv det solve eig eigh svd qr pinv lstsq matrix_rank cholesky".split()
    ),
    "testing": frozenset("assert_allclose assert_array_equal assert_almost_equal".split()),
    "random": frozenset(
        "seed rand randn randint random normal uniform choice permutation shuffle standard_normal "
        "exponential binomial poisson beta gamma multivariate_normal laplace multinomial "
        "random_sample".split()
    ),
}
# What makes a generator of random numbers, and its methods.
GENERATORS: dict[str, frozenset[str]] = {
    "RandomState": PARTS["random"]
    | frozenset("random_sample beta exponential gamma poisson".split()),
    "default_rng": frozenset(
        "integers random normal uniform choice permutation shuffle standard_normal beta binomial "
        "exponential gamma poisson permuted".split()
    ),
}


@cache
def namespace(name: str) -> Namespace | None:
    part = name.removeprefix("numpy").removeprefix(".")
    if not part:
        return Namespace("numpy", _member, lambda: PLAIN | VALUES | PARTS.keys())
    if part in PARTS:
        return Namespace(name, lambda member: _of_part(part, member), lambda: PARTS[part])
    return None


@cache
def _member(name: str) -> Any:
    if name in PARTS:
        return namespace(f"numpy.{name}")
    if name in VALUES:
        return getattr(np, name)
    if name in PLAIN and hasattr(np, name):
        return checked(getattr(np, name))
    if name == "set_printoptions":
        return np.set_printoptions
    if name in ("__version__", "__name__"):
        return np.__version__ if name == "__version__" else "numpy"
    raise AttributeError(f"module 'numpy' has no attribute '{name}'")


class RandomSource:
    """`np.random.default_rng(seed)`."""

    def __init__(self, seed: Any = None) -> None:
        generator = np.random.default_rng(seed)
        names = (
            "random normal standard_normal uniform integers choice permutation shuffle exponential "
            "binomial poisson beta gamma multivariate_normal laplace"
        ).split()
        self.program_attributes = {name: checked(getattr(generator, name)) for name in names}


@cache
def _of_part(part: str, name: str) -> Any:
    if part == "random" and name == "default_rng":
        return RandomSource
    if part == "linalg" and name == "LinAlgError":
        return np.linalg.LinAlgError
    if name in PARTS[part]:
        return checked(getattr(getattr(np, part), name))
    if part == "random" and name in GENERATORS:
        return lambda seed=None: _generator(name, seed)
    raise AttributeError(f"module 'numpy.{part}' has no attribute '{name}'")


def _generator(name: str, seed: Any) -> Namespace:
    generator = getattr(np.random, name)(seed)

    def member(method: str) -> Any:
        if method in GENERATORS[name]:
            return checked(getattr(generator, method))
        kind = f"{type(generator).__module__}.{type(generator).__name__}"
        raise AttributeError(f"'{kind}' object has no attribute '{method}'")

    return Namespace(name, member, lambda: GENERATORS[name])


def checked(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of numpy that refuses sizes past the limit of elements; a ufunc of tensors gives one."""
    of_elements = isinstance(function, np.ufunc)

    def run(*args: Any, **kwargs: Any) -> Any:
        if of_elements and any(isinstance(arg, Tensor) for arg in args):
            arrays = [np.asarray(arg) if isinstance(arg, Tensor) else arg for arg in args]
            return of_array(np.asarray(function(*arrays, **kwargs)))
        for value in (*args, *kwargs.values()):
            entries = value if isinstance(value, (tuple, list)) else (value,)
            total = 1
            for entry in entries[:8]:
                if isinstance(entry, int) and not isinstance(entry, bool):
                    total *= max(abs(entry), 1)
            if total > state.max_elements:
                raise LimitError(
                    f"an array of {total:,} elements; the limit is {state.max_elements:,}",
                    hint="--max-elements N raises the limit",
                )
        return function(*args, **kwargs)

    run.__name__ = run.__qualname__ = function.__name__
    return run
