"""The tables of what programs may reach: names of each type of value, and the classes they may look into."""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable
from itertools import chain
from typing import Any

from autodiff_cli.vocabulary.handles import OPEN_CLASSES

# The special names that a class may define, and those that programs may read.
DEFINABLE = frozenset(
    f"__{name}__"
    for name in (
        "init call repr str len getitem setitem delitem iter next contains bool float int index add radd "
        "iadd sub rsub isub mul rmul imul truediv rtruediv itruediv floordiv rfloordiv mod rmod pow rpow "
        "matmul rmatmul neg pos abs invert eq ne lt le gt ge hash enter exit format and or xor rand ror "
        "round reversed doc module qualname slots post_init getattr annotations "
        "setattr delattr missing get set set_name init_subclass class_getitem copy deepcopy index ceil floor "
        "trunc dir"
    ).split()
)
READABLE = DEFINABLE - {"__slots__", "__annotations__"} | {"__setattr__", "__version__"}

BUILTIN_METHODS: dict[type, frozenset[str]] = {
    str: frozenset(
        "capitalize casefold center count encode endswith expandtabs find index isalnum isalpha isascii "
        "isdecimal isdigit isidentifier islower isnumeric isprintable isspace istitle isupper join ljust "
        "lower lstrip partition removeprefix removesuffix replace rfind rindex rjust rpartition rsplit "
        "rstrip split splitlines startswith strip swapcase title upper zfill translate "
        "maketrans".split()
    ),
    list: frozenset("append clear copy count extend index insert pop remove reverse sort".split()),
    tuple: frozenset("count index".split()),
    dict: frozenset(
        "clear copy get items keys pop popitem setdefault update values fromkeys".split()
    ),
    set: frozenset(
        "add clear copy difference difference_update discard intersection intersection_update isdisjoint "
        "issubset issuperset pop remove symmetric_difference union update".split()
    ),
    frozenset: frozenset(
        "copy difference intersection isdisjoint issubset issuperset symmetric_difference union".split()
    ),
    int: frozenset("bit_length bit_count conjugate real imag numerator denominator".split()),
    bool: frozenset("bit_length conjugate real imag numerator denominator".split()),
    float: frozenset("is_integer hex as_integer_ratio conjugate real imag".split()),
    range: frozenset("start stop step count index".split()),
    slice: frozenset("start stop step indices".split()),
    property: frozenset("setter getter deleter".split()),
    bytes: frozenset(("decode", "hex")),
    Counter: frozenset(("most_common", "elements", "subtract", "total")),
    OrderedDict: frozenset(("move_to_end",)),
    defaultdict: frozenset(("default_factory",)),
    chain: frozenset(("from_iterable",)),
    deque: frozenset(
        "append appendleft clear copy count extend extendleft index maxlen pop popleft remove reverse "
        "rotate".split()
    ),
}
ARRAY_NAMES = frozenset(
    "shape dtype ndim size T sum mean std var min max argmin argmax tolist item copy astype reshape ravel "
    "flatten transpose dot cumsum cumprod prod all any clip round squeeze sort argsort nonzero fill repeat "
    "swapaxes take trace diagonal real nbytes itemsize name kind conj".split()
)
OWN_CLASSES: set[type] = (
    OPEN_CLASSES  # of the program, and those of the library that it may look into
)
CONSTRUCTORS: dict[Any, Callable[..., Any]] = {}  # what calling a class of ours means


def is_own(kind: type) -> bool:
    return any(base in OWN_CLASSES for base in kind.__mro__)
