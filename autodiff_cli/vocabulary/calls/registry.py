"""The table of names that a user may call, and how an entry binds a call.

An entry is declared with torch's own signature, as torch prints it in its errors:

    @torch("sum(Tensor input, *, torch.dtype? dtype = None)")
    def sum_all(input: Node, dtype: DType | None) -> Node: ...

Overloads of one name are tried in the order of their declaration. A function whose first parameter is a
tensor is a method too, unless `only` says otherwise. Where torch wrote a function in Python, its errors
are Python's own: `@python("F.mse_loss")`; what it hands its arguments to is declared beside it, as its
errors name that: `@python("F.elu", calls="elu(Tensor input, Number alpha)")`.

What fails with an error of numpy's or of our own Python is worded in one place, `calls/failures.py`,
which only such an error imports.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any, Literal, TypeAlias, TypeVar

from autodiff_cli.errors import FAILURES, AssertionFault, RuntimeFault, TypeFault
from autodiff_cli.index import Table
from autodiff_cli.ir.context import current
from autodiff_cli.ir.node import Node
from autodiff_cli.vocabulary.calls.handed_on import check_handed_on, check_tensors
from autodiff_cli.vocabulary.calls.parameters import TYPE_NAMES
from autodiff_cli.vocabulary.calls.signature import Overloads
from autodiff_cli.vocabulary.calls.values import Device

Implementation: TypeAlias = Callable[..., Any]
# What the reference calls in its errors by another name than programs do.
SHOWN = {"F.logsigmoid": "log_sigmoid", "F.threshold": "_threshold"}
# Functions behind which it keeps one for each kind of result; errors of a call name the usual one.
WRITTEN = {
    "F.max_pool1d": "_max_pool1d",
    "F.max_pool2d": "_max_pool2d",
    "unique": "_return_output",
    "unique_consecutive": "_consecutive_return_output",
}
Calls: TypeAlias = str | Callable[[dict[str, Any]], tuple[str, dict[str, Any]]]
F = TypeVar("F", bound=Implementation)
Only: TypeAlias = Literal["function", "method"] | None


class Function:
    """A callable name of the language.

    Args:
        name: as torch spells it behind its module: `sum`, `F.mse_loss`, `linalg.norm`.
        in_python: whether torch wrote it in Python, so that wrong arguments are Python's errors.
        calls: of such a function, the signature of what it hands its arguments to; or a function that
            gives that for the call's arguments, together with what they are turned into.
        asks: of such a function, the attributes that its Python asks of tensors first: "target.size".
        in_place: whether it is the form that writes into its tensor, `abs_` of `abs`, and how: see `torch`.
    """

    __slots__ = (
        "_bound", "_known", "asks", "calls", "implementations", "in_place", "in_python", "name",
        "parameters",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        in_python: bool = False,
        calls: Calls = "",
        asks: str = "",
        in_place: str = "",
    ) -> None:
        self.name = name
        self.in_python = in_python
        self.calls = calls
        self.asks = asks
        self.in_place = in_place
        self.parameters: list[str] = []  # of each overload, as the reference prints them
        self.implementations: list[Implementation] = []
        self._bound: dict[bool, Overloads] = {}
        # how calls were bound, by the types of their arguments, if these alone decided it
        self._known: dict[tuple[Any, ...], Any] = {}

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        return self.call(args, kwargs, method=False)

    def call(self, args: tuple[Any, ...], kwargs: dict[str, Any], *, method: bool) -> Any:
        """Bind the arguments and run; as a method, the first argument is the tensor itself."""
        try:
            if self.in_python:
                return self._call_python(args, kwargs)
            key = method, *map(type, args)
            known = self._known.get(key)
            if known and not kwargs:
                implementation, names, others = known
                return implementation(**dict(zip(names, args)), **others)
            overloads = self._bound.get(method) or self._overloads(method)
            given = args[1:] if method else args
            index, bound = overloads.bind(given, kwargs)
            implementation = self.implementations[index]
            effective = _effective(implementation, bound)
            if method:
                effective["input"] = args[0]
            if known is None and not kwargs:
                tried = [s for s in overloads.signatures if s.takes(len(given))]
                names = tuple([parameter.name for parameter in tried[0].parameters[: len(given)]])
                decided = tried[0].index == index and tried[0].bound_by_types(given)
                names = ("input", *names) if method else names
                others = {name: effective[name] for name in effective if name not in names}
                decided = decided and len(names) + len(others) == len(effective)
                self._known[key] = (implementation, names, others) if decided else ()
            return implementation(**effective)
        except FAILURES as error:
            from autodiff_cli.vocabulary.calls.failures import worded

            raise worded(self, error, args, kwargs, method) from None

    def bound(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Callable[[Node], Any]:
        """The method of a tensor that is given later; wrong arguments are refused at once."""
        overloads = self._bound.get(True) or self._overloads(True)
        index, bound = overloads.bind(args, kwargs)
        implementation = self.implementations[index]
        effective = _effective(implementation, bound)

        def run(node: Node) -> Any:
            try:
                return implementation(input=node, **effective)
            except FAILURES as error:
                from autodiff_cli.vocabulary.calls.failures import worded

                raise worded(self, error, (node, *args), kwargs, True) from None

        return run

    @property
    def texts(self) -> list[str]:
        """The overloads' signatures, as errors print them."""
        name = self.name.rpartition(".")[2]
        return [name + parameters for parameters in self.parameters]

    @property
    def shown_name(self) -> str:
        """Its `__name__`, by which errors call it, in which the reference has some of its modules."""
        module, _, name = self.name.rpartition(".")
        return f"{module}_{name}" if module in ("linalg", "special") else SHOWN.get(self.name, name)

    def _overloads(self, method: bool) -> Overloads:
        """The signatures, parsed."""
        # another thread may still be declaring the others: this waits until its import is through
        for implementation in list(self.implementations):
            import_module(implementation.__module__)
        made = self._bound[method] = Overloads(self.shown_name, self.texts, method=method)
        return made

    def _call_python(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        implementation = self.implementations[0]
        result = implementation(*args, **kwargs)
        check_tensors(implementation, args, kwargs)
        if self.calls and not current().eager:  # what is computed later fails without this call
            check_handed_on(self, args, kwargs)
        return result

    def __repr__(self) -> str:
        return f"<built-in method {self.name.rpartition('.')[2]}>"


TYPE_NAMES[Function] = Function.__name__ = (
    "builtin_function_or_method"  # Python's errors name it too
)


@cache
def _taken(implementation: Implementation) -> frozenset[str]:
    """The names of an implementation's parameters."""
    code = implementation.__code__
    return frozenset(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])


def _effective(implementation: Implementation, bound: dict[str, object]) -> dict[str, object]:
    """The bound arguments that the implementation takes.

    The others (layout, device, memory_format …) have no effect on a result computed on a CPU.
    """
    taken = _taken(implementation)
    result = {}
    for name, value in bound.items():
        if name in taken:
            result[name] = value
        elif name == "device" and str(value) not in ("None", "cpu", "cpu:0"):
            if isinstance(value, str):
                Device.of(value)
            elif isinstance(value, int):
                raise RuntimeFault("Cannot access accelerator device when none is available.")
            raise AssertionFault(
                "Torch not compiled with CUDA enabled", hint="everything here runs on the CPU"
            )
        elif name == "out" and value is not None:
            raise TypeFault(
                "out= has nothing to write to: the values of an expression are not storage",
                hint="leave out= away and use the result",
            )
    return result


FUNCTIONS: Table[Function] = Table("functions")
METHODS: Table[Function] = Table("methods")
ATTRIBUTES: Table[Callable[[Node], Any]] = Table("attributes")


def torch(*signatures: str, only: Only = None, in_place: str = "") -> Callable[[F], F]:
    """Declare one overload for each signature, all served by the same implementation.

    Args:
        only: whether it is a function or a method alone.
        in_place: which form of it writes into its tensor, said with one of the overloads: "method" for
            `x.abs_()`, "function" for `torch.abs_(x)`, too; "apart" where what is written mustn't be
            read; "shape" for a method that changes how a tensor shows its memory, not what stands there;
            "GtBackward" for a comparison: what is written is a function of it whose derivative is zero.
    """

    def declare(implementation: F) -> F:
        for text in signatures:
            name, _, parameters = text.partition("(")
            given = f"({parameters}", implementation
            if only != "method":
                _entry(FUNCTIONS, name, False, *given, in_place=in_place)
            if only != "function" and "Tensor input" in text:
                _entry(METHODS, name.rpartition(".")[2], False, *given, in_place=in_place)
        return implementation

    return declare


def python(
    name: str, *, method: bool = False, calls: Calls = "", asks: str = "", in_place: str = ""
) -> Callable[[F], F]:
    """Declare a function that torch wrote in Python, and what it does with its arguments first."""

    def declare(implementation: F) -> F:
        # Python's errors name the function, so the implementation goes by torch's name.
        last = WRITTEN.get(name) or SHOWN.get(name) or name.rpartition(".")[2]
        implementation.__name__ = implementation.__qualname__ = last
        _entry(FUNCTIONS, name, True, "", implementation, calls, asks, in_place)
        if method:
            _entry(METHODS, name, True, "", implementation, calls, asks)
        return implementation

    return declare


def _entry(
    table: Table[Function],
    name: str,
    in_python: bool,
    parameters: str,
    implementation: Implementation,
    calls: Calls = "",
    asks: str = "",
    in_place: str = "",
) -> None:
    function = table.declared(name)
    if function is None:
        function = table[name] = Function(name, in_python, calls, asks)
    function.parameters.append(parameters)
    function.implementations.append(implementation)
    if in_place and (table is METHODS or "function" in in_place):
        _share(table, f"{name}_", function, in_place)


def _share(table: Table[Function], name: str, of: Function, in_place: str) -> None:
    """Another name of a function, or its form that writes; what else is declared of it is theirs, too."""
    copy = table[name] = Function(name, of.in_python, of.calls, of.asks, in_place)
    copy.parameters, copy.implementations = of.parameters, of.implementations


def alias(*names: str, of: str, in_place: Only = None) -> None:
    """Other names of one function, such as `absolute` of `abs`; of its method, those without a module.

    Args:
        in_place: of which there are other forms that write into the tensor than of the first.
    """
    for name in names:
        for table in (FUNCTIONS, METHODS):
            if of in table and (table is FUNCTIONS or "." not in name):
                _share(table, name, table[of], "")
                form = table.declared(f"{of}_")
                if form is not None and "." not in name and (table is METHODS or in_place is None):
                    _share(table, f"{name}_", form, form.in_place)


def attribute(name: str) -> Callable[[F], F]:
    """Declare an attribute of tensors."""

    def declare(implementation: F) -> F:
        ATTRIBUTES[name] = implementation
        return implementation

    return declare
