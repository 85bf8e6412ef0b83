"""`import numpy as np`: the functions of numpy that programs may call, on numpy's own arrays."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np

from autodiff_cli.errors import LimitError
from autodiff_cli.interpret.classes import shown_type
from autodiff_cli.interpret.stands import real, shown, stand
from autodiff_cli.interpret.torch_names import Namespace
from autodiff_cli.ir.context import current
from autodiff_cli.ir.room import check_room
from autodiff_cli.random.streams import stream
from autodiff_cli.tensors.tensor import Tensor, of_array

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
        "exponential gamma poisson permuted multivariate_normal laplace".split()
    ),
}


@cache
def namespace(name: str) -> Namespace | None:
    part = name.removeprefix("numpy").removeprefix(".")
    if not part:
        return Namespace("numpy", _member, lambda: PLAIN | VALUES | PARTS.keys())
    if part in PARTS:
        find = _random if part == "random" else partial(_of_part, part)
        return Namespace(name, find, lambda: PARTS[part])
    return None


@cache
def _member(name: str) -> Any:
    if name in PARTS:
        return namespace(f"numpy.{name}")
    if name in VALUES:
        value = getattr(np, name)
        return shown(value) if isinstance(value, type) else value
    if name in PLAIN and hasattr(np, name):
        return checked(getattr(np, name), name)
    if name == "set_printoptions":
        return checked(np.set_printoptions, name)
    if name in ("__version__", "__name__"):
        return np.__version__ if name == "__version__" else "numpy"
    raise AttributeError(f"module 'numpy' has no attribute '{name}'")


@cache
def _of_part(part: str, name: str) -> Any:
    if part == "linalg" and name == "LinAlgError":
        return np.linalg.LinAlgError
    if name in PARTS[part]:
        return checked(getattr(getattr(np, part), name), f"{part}.{name}")
    raise AttributeError(f"module 'numpy.{part}' has no attribute '{name}'")


def _random(name: str) -> Any:
    """A function of numpy.random: it draws from the program's own stream."""
    if name in GENERATORS:
        return lambda seed=None: _generator(name, seed)
    if name in PARTS["random"]:
        return checked(getattr(stream("numpy", np.random.RandomState), name), f"random.{name}")
    raise AttributeError(f"module 'numpy.random' has no attribute '{name}'")


def _generator(name: str, seed: Any) -> Namespace:
    generator = getattr(np.random, name)(plain(seed))

    def member(method: str) -> Any:
        if method in GENERATORS[name]:
            return checked(getattr(generator, method), f"random.{method}")
        kind = f"{type(generator).__module__}.{type(generator).__name__}"
        raise AttributeError(f"'{kind}' object has no attribute '{method}'")

    return Namespace(name, member, lambda: GENERATORS[name])


# ---- what numpy is given, and gives -------------------------------------------------------------

# The functions that call what a program gives them.
CALLING = frozenset(("apply_along_axis", "set_printoptions"))


def plain(value: Any) -> Any:
    """A value without an object that numpy would ask for its memory, or keep.

    Raises:
        TypeError: the program's own objects, and others that are no numbers, texts or arrays.
        LimitError: what names a dtype whose items are large.
    """
    kind = type(value)
    if kind is str and not value.isalpha():  # numpy warns of some letters
        check_item_size(value)
    if kind in PLAIN_KINDS or issubclass(kind, (np.generic, np.ndarray, Tensor)):
        return value
    if issubclass(kind, np.dtype) and value.kind != "V":  # those have sizes that nothing counts
        return value
    if isinstance(value, (list, tuple)):
        if NUMBER_KINDS.issuperset(map(type, value)):
            return value if kind in (list, tuple) else list(value)
        entries: Any = [plain(entry) for entry in value]
        made = tuple(entries) if isinstance(value, tuple) else entries
        check_item_size(made)
        return made
    if kind is slice:
        return slice(plain(value.start), plain(value.stop), plain(value.step))
    if kind is range:
        check_count(len(value))
        return value
    if isinstance(value, type) and real(value) in DTYPE_CLASSES:
        return real(value)
    raise TypeError(f"numpy takes numbers, lists and arrays here, not '{shown_type(value)}'")


def check_item_size(value: Any) -> None:
    """Refuse what names a dtype with more memory an item than the limit of elements counts with."""
    try:
        size = np.dtype(value).itemsize
    except (TypeError, ValueError, SyntaxError):  # it names none
        return
    if size > MAX_ITEM:
        raise LimitError(f"items of {value!r} take {size:,} bytes; the limit is {MAX_ITEM:,}")


MAX_ITEM = 4096  # bytes
NUMBER_KINDS = frozenset((int, float, bool, type(None), type(...)))
PLAIN_KINDS = NUMBER_KINDS | {str}
NUMBERS = frozenset(
    kind for kind in (getattr(np, name) for name in VALUES) if isinstance(kind, type)
) - {np.ndarray}
DTYPE_CLASSES = frozenset((int, float, bool, str, *NUMBERS))


def without_objects(value: Any) -> Any:
    """A result of numpy's, which mustn't be an array of Python's objects.

    Raises:
        TypeError: it is.
    """
    if isinstance(value, np.ndarray) and value.dtype.hasobject:
        raise TypeError("arrays of objects don't exist in programs; a list holds any values")
    if isinstance(value, np.dtype) and value.hasobject:
        raise TypeError("arrays of objects don't exist in programs; a list holds any values")
    if type(value) is tuple or type(value) is list:
        for entry in value:
            without_objects(entry)
    return value


def checked(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """A function of numpy behind its limits; a ufunc of tensors gives one.

    Args:
        function: of numpy.
        name: in the table of sizes.
    """
    of_elements = isinstance(function, np.ufunc)
    calling = name in CALLING
    size = SIZES.get(name)

    def run(*args: Any, **kwargs: Any) -> Any:
        if of_elements and any(isinstance(arg, Tensor) for arg in args):
            arrays = [np.asarray(arg) if isinstance(arg, Tensor) else plain(arg) for arg in args]
            return of_array(np.asarray(function(*arrays, **kwargs)))
        if calling:
            args = tuple([arg if callable(arg) else plain(arg) for arg in args])
        else:
            args = tuple([plain(arg) for arg in args])
            if kwargs:
                kwargs = {key: plain(value) for key, value in kwargs.items()}
        if size is not None:
            _check_size(size, args, kwargs)
        elif of_elements and len(args) > 1:
            _check_broadcast(args)
        return without_objects(function(*args, **kwargs))

    run.__name__ = run.__qualname__ = function.__name__
    return run


def _check_size(size: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    try:
        count = size(*args, **kwargs)
    except (TypeError, ValueError):
        return  # numpy says what is wrong with the arguments
    check_count(count)


def check_count(count: int) -> None:
    """
    Raises:
        LimitError: an array has more elements, or takes more memory, than one may.
    """
    if count > current().max_elements:
        raise LimitError(
            f"an array of {int(count):,} elements; the limit is {current().max_elements:,}",
            hint="--max-elements N raises the limit",
        )
    check_room(8 * count)


def _shape(value: Any) -> tuple[int, ...]:
    return tuple(value.shape if hasattr(type(value), "shape") else np.shape(value))


def _check_broadcast(values: Any) -> None:
    shapes = [_shape(value) for value in values]
    if math.prod(math.prod(shape) for shape in shapes) <= FEW_ELEMENTS:
        return
    try:
        whole = np.broadcast_shapes(*shapes)
    except ValueError:
        return  # numpy says which shapes don't fit
    check_count(math.prod(whole))


FEW_ELEMENTS = 100_000


def check_broadcast(sign: str, left: Any, right: Any) -> None:
    """Refuse `left SIGN right`, one of which is an array, if the result would be too large."""
    if sign != "@":
        if not isinstance(left, PLAIN_NUMBERS) and not isinstance(right, PLAIN_NUMBERS):
            if isinstance(left, ARRAY) and isinstance(right, ARRAY):
                _check_broadcast((left, right))
        return
    if isinstance(left, np.ndarray) and isinstance(right, np.ndarray):
        if left.size * right.size > FEW_ELEMENTS:
            rows = left.shape[:-1]
            columns = right.shape[:-2] + right.shape[-1:] if right.ndim > 1 else ()
            check_count(math.prod(rows) * math.prod(columns))


ARRAY = (np.ndarray, np.generic)
PLAIN_NUMBERS = (int, float)


def check_index(value: Any, index: Any) -> None:
    """Refuse an index of an array that isn't of numbers, slices, lists and arrays."""
    if type(index) is not int:
        plain(index)


def method(array: Any, name: str) -> Callable[..., Any]:
    """A method of an array, or of one of numpy's numbers."""
    function = getattr(array, name)
    if name == "tolist":
        check_room(40 * array.size, "the list")
    elif name == "repeat" and isinstance(array, np.ndarray):
        return lambda *args, **kwargs: _member("repeat")(array, *args, **kwargs)
    elif name == "dot" and isinstance(array, np.ndarray):
        return lambda other, **kwargs: _member("dot")(array, other, **kwargs)
    return checked(function, f"ndarray.{name}")


# ---- sizes --------------------------------------------------------------------------------------


def _count(shape: Any) -> int:
    """The elements of a shape, which is a number or some."""
    if shape is None:
        return 1
    if isinstance(shape, (int, np.integer)):
        return max(int(shape), 0)
    return math.prod([max(operator.index(size), 0) for size in shape])


def _span(start: Any, stop: Any = None, step: Any = 1, *_: Any, **__: Any) -> float:
    if stop is None:
        start, stop = 0, start
    return max(float((stop - start) / (1 if step is None else step)), 0.0)


def _drawn(size: Any = None, *_: Any, **__: Any) -> int:
    return _count(size)


def _product(*arrays: Any, **_: Any) -> int:
    return math.prod([np.size(array) for array in arrays])


def _contracted(a: Any, b: Any, axes: Any = 2, **_: Any) -> int:
    if not isinstance(axes, (int, np.integer)):
        axes = np.size(axes[0])
    rows, columns = _shape(a), _shape(b)
    return math.prod(rows[: max(len(rows) - int(axes), 0)]) * math.prod(columns[int(axes) :])


def _summed(subscripts: Any, *operands: Any, **_: Any) -> int:
    if not isinstance(subscripts, str):
        raise TypeError("einsum() takes its subscripts as a str in programs")
    terms, arrow, result = subscripts.replace(" ", "").partition("->")
    sizes: dict[str, int] = {}
    for term, operand in zip(terms.split(","), operands, strict=False):
        for letter, length in zip(term.replace(".", ""), reversed(_shape(operand)), strict=False):
            sizes[letter] = max(sizes.get(letter, 1), length)
    if "." in subscripts:
        return _product(*operands)
    if not arrow:
        result = "".join(letter for letter in sizes if terms.count(letter) == 1)
    return math.prod([sizes.get(letter, 1) for letter in result])


def _dotted(a: Any, b: Any, *_: Any, **__: Any) -> int:
    rows, columns = _shape(a), _shape(b)
    return math.prod(rows[:-1]) * math.prod(columns[:-2] + columns[-1:] if len(columns) > 1 else ())


# How many elements a function's result has, where that isn't its arguments': which of them is a size.
SIZES: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(("zeros", "ones", "empty"), lambda shape, *_, **__: _count(shape)),
    **dict.fromkeys(
        ("zeros_like", "ones_like", "empty_like", "full_like"),
        lambda a, *_, shape=None, **__: np.size(a) if shape is None else _count(shape),
    ),
    "full": lambda shape, *_, **__: _count(shape),
    "broadcast_to": lambda array, shape, *_, **__: _count(shape),
    "eye": lambda N, M=None, *_, **__: _count((N, N if M is None else M)),
    "identity": lambda n, *_, **__: _count((n, n)),
    "arange": _span,
    **dict.fromkeys(
        ("linspace", "logspace", "geomspace"),
        lambda start, stop, num=50, *_, **__: _count(num) * max(np.size(start), np.size(stop)),
    ),
    "tile": lambda A, reps, *_: np.size(A) * _count(reps),
    "repeat": lambda a, repeats, axis=None, **_: (
        np.size(a) * _count(repeats)
        if np.size(repeats) == 1
        else np.sum(repeats) * (np.size(a) // max(np.size(repeats), 1))
    ),
    "meshgrid": lambda *arrays, **_: _product(*arrays) * len(arrays),
    "outer": _product,
    "vander": lambda x, N=None, *_, **__: np.size(x) * (np.size(x) if N is None else _count(N)),
    "diag": lambda v, k=0: (np.size(v) + abs(k)) ** 2 if np.ndim(v) == 1 else np.size(v),
    "bincount": lambda x, weights=None, minlength=0: max(
        int(np.max(x)) + 1 if np.size(x) else 0, minlength
    ),
    "histogram": lambda a, bins=10, *_, **__: _count(bins) if isinstance(bins, int) else 0,
    **dict.fromkeys(
        ("tril_indices", "triu_indices"),
        lambda n, k=0, m=None: 2 * _count((n, n if m is None else m)),
    ),
    "diag_indices": lambda n, ndim=2: _count((n, ndim)),
    **dict.fromkeys(
        ("split", "array_split"),
        lambda ary, indices_or_sections, *_, **__: (
            16 * indices_or_sections if isinstance(indices_or_sections, int) else 0
        ),
    ),
    **dict.fromkeys(("matmul", "dot"), _dotted),
    "inner": lambda a, b: math.prod(_shape(a)[:-1]) * math.prod(_shape(b)[:-1]),
    "tensordot": _contracted,
    "einsum": _summed,
    **dict.fromkeys(
        ("cov", "corrcoef"), lambda m, *_, **__: _shape(m)[0] ** 2 if np.ndim(m) == 2 else 4
    ),
    "polyfit": lambda x, y, deg, *_, **__: np.size(x) * (_count(deg) + 1),
    "apply_along_axis": lambda func1d, axis, arr, *_, **__: np.size(arr),
    "where": lambda condition, *rest: math.prod(
        np.broadcast_shapes(*[_shape(entry) for entry in (condition, *rest)])
    ),
    # random numbers
    **dict.fromkeys(("random.rand", "random.randn"), lambda *sizes: _count(sizes)),
    **dict.fromkeys(("random.random", "random.random_sample", "random.standard_normal"), _drawn),
    **dict.fromkeys(
        ("random.normal", "random.uniform", "random.laplace", "random.gamma"),
        lambda a=0, b=1, size=None, **_: _count(size),
    ),
    **dict.fromkeys(
        ("random.exponential", "random.poisson"), lambda a=1, size=None, **_: _count(size)
    ),
    **dict.fromkeys(("random.binomial", "random.beta"), lambda a, b, size=None, **_: _count(size)),
    **dict.fromkeys(
        ("random.randint", "random.integers"),
        lambda low, high=None, size=None, *_, **__: _count(size),
    ),
    "random.choice": lambda a, size=None, *_, **__: max(
        _count(size), a if isinstance(a, int) else np.size(a)
    ),
    "random.permutation": lambda x, *_, **__: x if isinstance(x, int) else np.size(x),
    "random.multinomial": lambda n, pvals, size=None: _count(size) * np.size(pvals),
    "random.multivariate_normal": lambda mean, cov, size=None, *_, **__: (
        _count(size) * np.size(mean)
    ),
}

stand(np.ndarray)
for _kind in NUMBERS:
    # numpy, which is asked whether a dtype is this one, asks for the dtype
    stand(_kind, checked(_kind, _kind.__name__)).dtype = np.dtype(_kind)  # type: ignore[attr-defined]
