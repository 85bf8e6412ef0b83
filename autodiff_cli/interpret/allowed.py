"""The tables of what programs may reach: names of each type of value, and the classes they may look into."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from itertools import chain
from types import FunctionType
from typing import Any

from autodiff_cli.interpret.places import PROGRAM_FILE
from autodiff_cli.ir.context import own
from autodiff_cli.vocabulary.calls.handles import MEMBERS
from autodiff_cli.vocabulary.python.ordered import OrderedDict

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
for _kind in (Counter, OrderedDict, defaultdict):
    BUILTIN_METHODS[_kind] |= BUILTIN_METHODS[dict]
ARRAY_METHODS = frozenset(
    "sum mean std var min max argmin argmax tolist item copy astype reshape ravel flatten transpose dot "
    "cumsum cumprod prod all any clip round squeeze sort argsort nonzero fill repeat swapaxes take trace "
    "diagonal conj".split()
)
ARRAY_ATTRIBUTES = frozenset("shape dtype ndim size T real nbytes itemsize".split())
DTYPE_NAMES = frozenset("name kind itemsize".split())
EXCEPTION_NAMES: dict[type, frozenset[str]] = {
    BaseException: frozenset("args with_traceback add_note".split()),
    OSError: frozenset("errno strerror filename".split()),
    ImportError: frozenset("name path msg".split()),
    NameError: frozenset(("name",)),
    AttributeError: frozenset(("name",)),
    StopIteration: frozenset(("value",)),
    SystemExit: frozenset(("code",)),
}
# What `super()` finds in a base that isn't the program's, besides the names above.
INHERITED = frozenset(
    f"__{name}__"
    for name in "init init_subclass repr str format eq ne lt le gt ge hash len iter getitem setitem delitem "
    "contains reversed bool enter exit call getattr setattr delattr add radd iadd mul rmul imul or ior and "
    "iand sub isub xor ixor missing copy deepcopy class_getitem get set set_name next abs neg pos invert "
    "int float index round truediv rtruediv floordiv rfloordiv mod rmod pow rpow matmul rmatmul rsub".split()
)
# What would change the library's own properties, where an error's text reads, and Python's own aliases of
# its classes, a call of which is a call of the class itself.
SEALED: dict[type, frozenset[str]] = {
    **{
        kind: frozenset(("__class_getitem__",))
        for kind in BUILTIN_METHODS
        if "__class_getitem__" in vars(kind)
    },
    property: frozenset(("__init__", "__set_name__")),
    **dict.fromkeys(
        (UnicodeDecodeError, UnicodeEncodeError, UnicodeTranslateError), frozenset(("__init__",))
    ),
}
PROGRAM_CLASSES: set[type] = set()  # those that running programs defined


# By class, the names that Python finds, or sets, in its objects as the guards do: asked once, then Python is.
NATIVE: dict[type, set[str]] = {}
WRITABLE: dict[type, set[str]] = {}


def forget() -> None:
    """Ask again: a class has changed."""
    NATIVE.clear()
    WRITABLE.clear()


def define(cls: type) -> None:
    """Take a class as one of the running program's."""
    PROGRAM_CLASSES.add(cls)
    own().classes.append(cls)


def is_special(name: str) -> bool:
    """Whether a name has two underscores on each side, which Python gives a meaning."""
    return name[:2] == "__" and name[-2:] == "__"


def sealed(base: type) -> frozenset[str]:
    """The special names of a class of Python's own that aren't for programs."""
    return SEALED.get(base, frozenset())


def listed(base: type, name: str) -> bool:
    """Whether a table lists a name of a class that the program didn't define."""
    if name in sealed(base):
        return False
    names = MEMBERS.get(base) or BUILTIN_METHODS.get(base) or EXCEPTION_NAMES.get(base)
    return name in INHERITED or (names is not None and name in names)


def is_own_function(value: Any) -> bool:
    """Whether a value is a function that the program defined."""
    return type(value) is FunctionType and value.__code__.co_filename == PROGRAM_FILE


def is_open(kind: type) -> bool:
    """Whether objects of a class have names that the program gave them, or the library lists."""
    return kind in PROGRAM_CLASSES or kind in MEMBERS
