"""What programs may use of Python's own modules: lists of names, some of them with a guard in front."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from functools import cached_property, lru_cache, partial, total_ordering
from importlib import import_module
from typing import Any

from autodiff_cli.errors import LimitError
from autodiff_cli.interpret.allowed import PROGRAM_CLASSES, is_own_function
from autodiff_cli.interpret.counting import counting
from autodiff_cli.interpret.limits import MAX_DEPTH
from autodiff_cli.interpret.sizes import MAX_BITS, MAX_ITEMS, check_length
from autodiff_cli.interpret.stands import STANDS, stand
from autodiff_cli.ir.context import current
from autodiff_cli.random.streams import stream
from autodiff_cli.vocabulary.calls.handles import PUBLIC
from autodiff_cli.vocabulary.python.ordered import OrderedDict

MATH_FUNCTIONS = frozenset(
    "acos acosh asin asinh atan atan2 atanh ceil copysign cos cosh degrees dist erf erfc exp expm1 fabs "
    "floor fmod frexp fsum gamma gcd hypot isclose isfinite isinf isnan isqrt ldexp lgamma log log10 "
    "log1p log2 modf pow radians remainder sin sinh sqrt tan tanh trunc".split()
)
# What may be used of Python's own modules.
PYTHON: dict[str, frozenset[str]] = {
    "math": MATH_FUNCTIONS
    | frozenset("pi e tau inf nan perm comb prod factorial sumprod cbrt lcm exp2 fma".split()),
    "time": frozenset("sleep time perf_counter process_time monotonic".split()),
    "random": frozenset(
        "seed random randint randrange uniform gauss choice choices shuffle sample normalvariate".split()
    ),
    "itertools": frozenset(
        "product permutations combinations chain count cycle repeat islice accumulate zip_longest "
        "starmap takewhile dropwhile pairwise groupby compress filterfalse tee "
        "combinations_with_replacement".split()
    ),
    "functools": frozenset(
        "reduce partial wraps lru_cache cache cached_property total_ordering".split()
    ),
    "collections": frozenset(("OrderedDict", "defaultdict", "Counter", "deque", "namedtuple")),
    "contextlib": frozenset(("contextmanager", "nullcontext", "suppress")),
    "sys": frozenset(
        "exit maxsize version_info float_info stdout stderr argv platform "
        "setrecursionlimit getrecursionlimit".split()
    ),
    "json": frozenset(("dumps", "loads")),
    "enum": frozenset("Enum IntEnum auto unique".split()),
    "abc": frozenset("ABC ABCMeta abstractmethod".split()),
    "bisect": frozenset("bisect bisect_left bisect_right insort".split()),
    "heapq": frozenset("heappush heappop heapify nlargest nsmallest heapreplace".split()),
    "numbers": frozenset("Number Real Integral".split()),
    "pprint": frozenset(("pformat", "pprint")),
    "typing": frozenset(
        "Any Callable Dict Iterable Iterator List Optional Sequence Tuple Type Union Set Literal "
        "TypeVar Generic NamedTuple Mapping Generator Final ClassVar Protocol Hashable NoReturn cast "
        "TYPE_CHECKING DefaultDict Deque Collection Container Self TypeAlias".split()
    ),
    "copy": frozenset(("copy", "deepcopy")),
    "operator": frozenset(
        "add sub mul truediv floordiv mod neg pos abs itemgetter attrgetter matmul pow eq ne lt le gt ge "
        "and_ or_ xor not_ getitem contains concat".split()
    ),
    "statistics": frozenset("mean median stdev variance pstdev pvariance fmean".split()),
    "warnings": frozenset("warn filterwarnings simplefilter resetwarnings catch_warnings".split()),
    "string": frozenset("ascii_letters ascii_lowercase ascii_uppercase digits punctuation".split()),
    "unicodedata": frozenset("normalize category combining name".split()),
    "os": frozenset(("linesep", "sep")),
    "textwrap": frozenset("dedent indent fill wrap shorten".split()),
    "__future__": frozenset(("annotations", "division", "print_function")),
    "dataclasses": frozenset(("dataclass", "field", "asdict")),
}


def member_of_python(module_name: str, name: str) -> Any:
    if name == "__name__":
        return module_name
    if name not in PYTHON[module_name]:
        raise AttributeError(f"module '{module_name}' has no attribute '{name}'")
    special = SPECIAL.get(f"{module_name}.{name}")
    if special is not None:
        return special()
    if module_name == "typing":
        from autodiff_cli.interpret.typing_names import member

        return member(name)
    found = getattr(_drawn() if module_name == "random" else import_module(module_name), name, None)
    if found is None:
        raise AttributeError(f"module '{module_name}' has no attribute '{name}'")
    if isinstance(found, type):
        return STANDS[found] if found in STANDS else stand(found, counting(found))
    if module_name in READING and callable(found):
        return counting(found)
    return found


READING = frozenset(  # of iterables
    ("itertools", "functools", "collections", "statistics", "math", "heapq")
)


def _deepcopy() -> Callable[..., Any]:
    from autodiff_cli.vocabulary.python.copying import deep_copy_of_program

    def deepcopy(x: Any, memo: Any = None) -> Any:
        return deep_copy_of_program(x, memo)

    return deepcopy


def _shallow_copy() -> Callable[..., Any]:
    from autodiff_cli.vocabulary.python.copying import shallow_copy

    return shallow_copy


def _ignored() -> Callable[..., Any]:
    return lambda *args, **kwargs: None


def _pprint() -> Callable[..., Any]:

    pformat = _indented("pprint", "pformat")()

    def run(value: Any, *args: Any, **kwargs: Any) -> None:
        current().write(pformat(value, **kwargs) + "\n")

    return run


def _large(name: str, bits: Callable[..., float]) -> Callable[[], Any]:
    """A function of integers that grow fast, with an estimate of the result's bits."""

    def find() -> Callable[..., int]:
        function = getattr(math, name)

        def run(*args: Any) -> int:
            if all(isinstance(arg, int) for arg in args) and bits(*args) > 2 * MAX_BITS:
                raise LimitError(f"an integer of more than {MAX_BITS} bits")
            result: int = function(*args)
            return result

        run.__name__ = run.__qualname__ = name
        return run

    return find


def _log2(n: int) -> int:
    return max(n, 1).bit_length()


def _drawn() -> Any:
    """The program's own stream of Python's random numbers."""
    return stream("random", import_module("random").Random)


def _drawing(name: str) -> Callable[[], Any]:
    """`random.choices` and `random.sample`, whose list is at most so long."""

    def find() -> Callable[..., Any]:
        function = getattr(_drawn(), name)

        def run(population: Any, *args: Any, k: Any = None, **kwargs: Any) -> Any:
            count = k if name == "choices" or k is not None else args[0] if args else 1
            if isinstance(count, int) and count > MAX_ITEMS:
                raise LimitError(f"a list of more than {MAX_ITEMS:,} items")
            given = {} if k is None else {"k": k}
            return function(population, *args, **given, **kwargs)

        run.__name__ = run.__qualname__ = name
        return run

    return find


def _indented(module: str, name: str) -> Callable[[], Any]:
    """A function that indents what is within something, once for each depth and line."""

    def find() -> Callable[..., Any]:
        function = getattr(import_module(module), name)

        def run(value: Any, *args: Any, indent: Any = None, **kwargs: Any) -> Any:
            for width in (indent, *args):
                if isinstance(width, int) and width > MAX_INDENT:
                    raise LimitError(f"an indent is at most {MAX_INDENT:,}")
            given = {} if indent is None else {"indent": indent}
            return function(value, *args, **given, **kwargs)

        run.__name__ = run.__qualname__ = name
        return run

    return find


MAX_INDENT = 1000


def _indent() -> Callable[..., str]:
    from textwrap import indent

    def run(text: str, prefix: str, predicate: Any = None) -> str:
        if isinstance(text, str) and isinstance(prefix, str):
            check_length(len(text) + len(prefix) * (1 + text.count("\n")))
        return indent(text, prefix, predicate)

    run.__name__ = run.__qualname__ = "indent"
    return run


def _operator(sign: str) -> Callable[[], Any]:
    def find() -> Callable[[Any, Any], Any]:
        from autodiff_cli.interpret.arithmetic import GUARDS, NAMES

        return GUARDS[NAMES[sign]]

    return find


def _item() -> Callable[..., Any]:
    from autodiff_cli.interpret.items import item

    return item


def _contains() -> Callable[..., Any]:
    from autodiff_cli.interpret.flow import contains

    return contains


class Stream:
    """`sys.stdout` or `sys.stderr`."""

    def __init__(self, name: str) -> None:
        self.name = name

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if self.name == "<stdout>":
            current().write(text)
        else:
            sys.stderr.write(text)
        return len(text)

    def flush(self) -> None:
        if self.name == "<stderr>":
            sys.stderr.flush()

    def isatty(self) -> bool:
        return False


PUBLIC[cached_property] = frozenset(("func",))
PUBLIC[type(lru_cache(len))] = frozenset(("cache_info", "cache_clear"))
PUBLIC[partial] = frozenset(("func", "args", "keywords"))
PUBLIC[Stream] = frozenset(("write", "flush", "isatty", "name"))
STDOUT, STDERR = Stream("<stdout>"), Stream("<stderr>")


def _attrgetter() -> Callable[..., Any]:
    from autodiff_cli.interpret.access import attribute

    def attrgetter(*names: str) -> Callable[[Any], Any]:
        def found(value: Any, name: str) -> Any:
            for part in name.split("."):
                value = attribute(value, part)
            return value

        if len(names) == 1:
            return lambda value: found(value, names[0])
        return lambda value: tuple([found(value, name) for name in names])

    return attrgetter


def _wraps() -> Callable[..., Any]:
    """`functools.wraps`, which writes to functions of the program alone."""
    from autodiff_cli.interpret.access import attribute
    from autodiff_cli.interpret.assignment import set_attribute

    def wraps(wrapped: Any) -> Callable[[Any], Any]:
        def decorate(wrapper: Any) -> Any:
            if is_own_function(wrapper):
                for name in ("__name__", "__qualname__", "__doc__"):
                    try:
                        set_attribute(wrapper, name, attribute(wrapped, name))
                    except AttributeError:
                        continue
                if is_own_function(wrapped):
                    wrapper.__dict__.update(wrapped.__dict__)
            return wrapper

        return decorate

    return wraps


def _stand_in(kind: type, make: Callable[..., Any]) -> Any:
    return STANDS[kind] if kind in STANDS else stand(kind, make)


def _total_ordering() -> Callable[..., Any]:
    """`functools.total_ordering` of a class that the program defined."""

    def ordered(cls: Any) -> Any:
        if not (isinstance(cls, type) and cls in PROGRAM_CLASSES):
            raise TypeError("total_ordering takes a class that the program defines")
        return total_ordering(cls)

    return ordered


def _of_file(module_name: str, name: str) -> Callable[[], Any]:
    """A name that a file of ours has in the place of Python's."""
    return lambda: getattr(import_module(f"autodiff_cli.interpret.{module_name}"), name)


def _abstractmethod(function: Any) -> Any:
    if is_own_function(function):
        function.__isabstractmethod__ = True
    return function


SPECIAL: dict[str, Callable[[], Any]] = {
    "sys.setrecursionlimit": _ignored,
    "sys.getrecursionlimit": lambda: lambda: MAX_DEPTH,
    "pprint.pprint": _pprint,
    "sys.stdout": lambda: STDOUT,
    "sys.stderr": lambda: STDERR,
    "sys.argv": lambda: ["program"],
    "operator.attrgetter": _attrgetter,
    "functools.wraps": _wraps,
    "abc.ABC": _of_file("classes", "ABC"),
    "abc.ABCMeta": _of_file("classes", "ABSTRACT_META"),
    "abc.abstractmethod": lambda: _abstractmethod,
    "enum.Enum": _of_file("enums", "Enum"),
    "enum.IntEnum": _of_file("enums", "IntEnum"),
    "collections.OrderedDict": lambda: _stand_in(OrderedDict, counting(OrderedDict)),
    "collections.namedtuple": _of_file("records", "namedtuple"),
    "functools.total_ordering": _total_ordering,
    "functools.partial": lambda: _stand_in(partial, partial),
    "dataclasses.dataclass": _of_file("records", "dataclass"),
    "dataclasses.field": _of_file("records", "Field"),
    "dataclasses.asdict": _of_file("records", "asdict"),
    "copy.deepcopy": _deepcopy,
    "copy.copy": _shallow_copy,
    **{f"warnings.{name}": _of_file("warned", name) for name in PYTHON["warnings"]},
    "math.factorial": _large("factorial", lambda n: n * _log2(n)),
    "math.comb": _large("comb", lambda n, k: min(k, n - k) * _log2(n)),
    "math.lcm": _large("lcm", lambda *ns: sum(n.bit_length() for n in ns)),
    "math.perm": _large("perm", lambda n, k=None: (n if k is None else k) * _log2(n)),
    "random.choices": _drawing("choices"),
    "random.sample": _drawing("sample"),
    "textwrap.indent": _indent,
    "json.dumps": _indented("json", "dumps"),
    "pprint.pformat": _indented("pprint", "pformat"),
    **{
        f"operator.{name}": _operator(sign)
        for name, sign in {
            "add": "+",
            "concat": "+",
            "sub": "-",
            "mul": "*",
            "truediv": "/",
            "floordiv": "//",
            "mod": "%",
            "pow": "**",
            "matmul": "@",
            "and_": "&",
            "or_": "|",
            "xor": "^",
        }.items()
    },
    "operator.getitem": _item,
    "operator.contains": _contains,
}
