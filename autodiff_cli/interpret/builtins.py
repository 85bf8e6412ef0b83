"""The names that programs begin with, and the modules that they may import: the allow-list."""

from __future__ import annotations

import builtins as python
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

from autodiff_cli.execute.whole import ExecutionError
from autodiff_cli.interpret.access import attribute as attribute_of
from autodiff_cli.interpret.access import names_of
from autodiff_cli.interpret.allowed import is_open
from autodiff_cli.interpret.assignment import delete_attribute, set_attribute
from autodiff_cli.interpret.classes import Super, shown_class, shown_type
from autodiff_cli.interpret.counting import check_spread, counted, counting
from autodiff_cli.interpret.formats import check_format
from autodiff_cli.interpret.limits import out_of_memory
from autodiff_cli.interpret.sizes import check_size
from autodiff_cli.interpret.stands import classes_of, real, stand
from autodiff_cli.interpret.state import state_of
from autodiff_cli.ir.context import current
from autodiff_cli.ir.dtypes import DType
from autodiff_cli.tensors.tensor import Tensor
from autodiff_cli.vocabulary.calls.values import Size, size_of
from autodiff_cli.vocabulary.legacy import tensor_constructor

MISSING = object()


def as_user_error(error: BaseException) -> BaseException:
    """An exception as the program sees it: what an executor wrapped comes out."""
    if isinstance(error, ExecutionError):
        return error.error
    if isinstance(error, MemoryError):
        return out_of_memory()
    return error


# ---- builtins -----------------------------------------------------------------------------------


def print_(
    *values: Any,
    sep: str | None = " ",
    end: str | None = "\n",
    file: Any = None,
    flush: Any = False,
) -> None:
    if sep is not None and not isinstance(sep, str):
        raise TypeError(f"sep must be None or a string, not {shown_type(sep)}")
    if end is not None and not isinstance(end, str):
        raise TypeError(f"end must be None or a string, not {shown_type(end)}")
    text = (" " if sep is None else sep).join([str(value) for value in values])
    text += "\n" if end is None else end
    if file is None:
        context = current()
        context.write(text)
        if flush:
            context.flush()
    else:
        attribute_of(file, "write")(text)


def _type(*args: Any) -> Any:
    if len(args) != 1:
        raise TypeError(
            "type() takes 1 or 3 arguments" if len(args) != 3 else "type() of one argument"
        )
    return shown_class(args[0])


def _isinstance(value: Any, kinds: Any) -> bool:
    return isinstance(value, tuple(classes_of(kinds)))


def _issubclass(cls: Any, kinds: Any) -> bool:
    if not isinstance(cls, type):
        raise TypeError("issubclass() arg 1 must be a class")
    return issubclass(real(cls), tuple(classes_of(kinds)))


def _sum(items: Iterable[Any], /, start: Any = 0) -> Any:
    items = counted(items)
    return _joined(items, start) if type(start) in (list, tuple) else sum(items, start)


def _joined(items: Iterable[Any], start: Any) -> Any:
    """The sum of lists, or of tuples; Python's own copies for each what is there already."""
    kind, made, rest = type(start), [*start], iter(items)
    for item in rest:
        if type(item) is not kind:  # its class may have an addition of its own
            return sum(rest, kind(made) + item)
        check_spread(item, len(made))
        made.extend(item)
    return kind(made)


def _reader(kind: type) -> Callable[..., Any]:
    def read(*args: Any, **kwargs: Any) -> Any:
        for arg in args:
            check_spread(arg, 0)
        return kind(*map(counted, args), **kwargs)

    return read


def _round(number: Any, ndigits: Any = None) -> Any:
    return round(number) if ndigits is None else round(number, ndigits)


def _pow(base: Any, exponent: Any, modulo: Any = None) -> Any:
    if modulo is not None:
        for number in (base, exponent, modulo):
            check_size("//", number, 1)
        return pow(base, exponent, modulo)
    check_size("**", base, exponent)
    return base**exponent


def _getattr(value: Any, name: str, default: Any = MISSING) -> Any:
    if default is MISSING:
        return attribute_of(value, name)
    try:
        return attribute_of(value, name)
    except AttributeError:
        return default


def _hasattr(value: Any, name: str) -> bool:
    return _getattr(value, name, MISSING_ATTRIBUTE) is not MISSING_ATTRIBUTE


MISSING_ATTRIBUTE = object()


def _next(items: Any, default: Any = MISSING) -> Any:
    return next(items) if default is MISSING else next(items, default)


def _format(value: Any, spec: str = "") -> str:
    check_format(spec)
    return format(value, spec)


def _divmod(a: Any, b: Any) -> Any:
    check_size("//", a, b)
    return divmod(a, b)


def _super(*args: Any) -> Any:
    """`super(Net, self)`; without arguments the compiler knows it."""
    if len(args) != 2:
        raise RuntimeError("super(): no arguments")
    return Super(*args)


def _dir(value: Any = MISSING) -> list[str]:
    return [] if value is MISSING else names_of(value)


def _vars(value: Any) -> Any:
    if not is_open(type(value)):
        raise TypeError("vars() argument must have __dict__ attribute")
    return state_of(value)


def _input(*_: Any) -> NoReturn:
    raise RuntimeError("input() reads from a person; bind values on the command line: NAME=VALUE")


def named(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    function.__name__ = function.__qualname__ = name
    return function


EXCEPTIONS = (
    "ArithmeticError AssertionError AttributeError BaseException DeprecationWarning EOFError Exception "
    "FloatingPointError FutureWarning ImportError IndexError KeyError KeyboardInterrupt LookupError "
    "MemoryError ModuleNotFoundError NameError NotImplementedError OSError OverflowError RecursionError "
    "RuntimeError RuntimeWarning StopIteration SyntaxError SystemExit TypeError UnboundLocalError "
    "UserWarning ValueError Warning ZeroDivisionError FileNotFoundError TimeoutError "
    "PermissionError IOError UnicodeError IndentationError GeneratorExit"
).split()
BUILTINS: dict[str, Any] = {
    **{name: getattr(python, name) for name in EXCEPTIONS},
    **{
        name: getattr(python, name)
        for name in (
            "abs ascii bin bool callable chr float hash hex id int len object oct ord range repr slice str "
            "property staticmethod classmethod NotImplemented"
        ).split()
    },
    **{
        name: counting(getattr(python, name))
        for name in "min max any all sorted filter map zip enumerate reversed iter".split()
    },
    **{kind.__name__: stand(kind, _reader(kind)) for kind in (list, tuple, set, frozenset, dict)},
    "type": stand(type, _type),
    "divmod": named("divmod", _divmod),
    "issubclass": named("issubclass", _issubclass),
    "super": named("super", _super),
    "dir": named("dir", _dir),
    "print": named("print", print_),
    "isinstance": named("isinstance", _isinstance),
    "sum": named("sum", _sum),
    "round": named("round", _round),
    "pow": named("pow", _pow),
    "getattr": named("getattr", _getattr),
    "hasattr": named("hasattr", _hasattr),
    "setattr": named("setattr", set_attribute),
    "delattr": named("delattr", delete_attribute),
    "next": named("next", _next),
    "format": named("format", _format),
    "vars": named("vars", _vars),
    "input": named("input", _input),
    "__name__": "__main__",
    "__doc__": None,
}
stand(Tensor, tensor_constructor)
stand(DType)
stand(Size, lambda items=(): size_of(counted(items)))
stand(bytes)
for _kind in (UnicodeDecodeError, UnicodeEncodeError, UnicodeTranslateError):
    stand(_kind)  # their text shows the byte at whatever place a call gives


# ---- modules ------------------------------------------------------------------------------------


def import_module(name: str, whole: bool) -> Any:
    """`import name`: the module itself if it has an alias, else the first of its dotted names."""
    from autodiff_cli.interpret import modules

    found = modules.module(name)
    return found if whole else modules.module(name.partition(".")[0])


def import_name(module_name: str, name: str) -> Any:
    """`from module import name`."""
    from autodiff_cli.interpret import modules

    module = modules.module(module_name)
    if module_name == "__future__":
        return None
    try:
        return module.member(name)
    except AttributeError:
        inner = modules.submodule(module_name, name)
        if inner is not None:
            return inner
        raise ImportError(
            f"cannot import name '{name}' from '{module_name}' ({modules.origin(module_name)})"
        ) from None


__all__ = ["BUILTINS", "named"]
