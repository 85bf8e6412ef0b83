"""Frames: what runs a program's code.

Values are Python's own objects and the vocabulary's; operators, iteration and text go through Python's
protocols, which tensors implement (`interpret/protocols.py`). What keeps a program inside is that names
and attributes are looked up in tables alone (`interpret/builtins.py`, `interpret/access.py`).
"""

from __future__ import annotations

import operator
import types
from collections.abc import Callable, Iterator
from typing import Any

from autodiff_cli.errors import AutodiffError, LimitError
from autodiff_cli.interpret import access, builtins, operators
from autodiff_cli.interpret.limits import MAX_DEPTH, limits
from autodiff_cli.interpret.statements import Code
from autodiff_cli.source import Source, Span
from autodiff_cli.vocabulary.handles import PUBLIC
from autodiff_cli.vocabulary.parameters import type_name

FINISHED, YIELDED = -1, -2  # what an action returns to leave the loop
NULL = object()


class Program:
    """What the frames of one program share.

    Attributes:
        source: the text, for errors.
        globals: the program's own variables.
        echo: called with the value of each top-level expression.
    """

    def __init__(self, source: Source, variables: dict[str, Any]) -> None:
        self.source = source
        self.globals = variables
        self.echo: Callable[[Any], None] = lambda value: None


class Frame:
    """The state of one run of a code: variables, stack, handlers."""

    __slots__ = (
        "blocks",
        "code",
        "counter",
        "enclosing",
        "function",
        "handling",
        "locals",
        "program",
        "stack",
        "thrown",
    )

    def __init__(
        self,
        code: Code,
        program: Program,
        variables: dict[str, Any],
        enclosing: tuple[dict[str, Any], ...] = (),
        function: UserFunction | None = None,
    ) -> None:
        self.code = code
        self.program = program
        self.locals = variables
        self.enclosing = enclosing
        self.function = function
        self.stack: list[Any] = []
        self.blocks: list[tuple[int, int, int]] = []
        self.handling: list[BaseException] = []
        self.counter = 0
        self.thrown: Exception | None = None

    def run(self) -> int:
        """Run until the code finishes or yields; the value is then on top of the stack."""
        steps = self.code.steps
        counter = self.counter
        if self.thrown is not None:
            error, self.thrown = self.thrown, None
            counter = self._handler(error, steps[counter - 1][2])
        while True:
            try:
                while True:
                    action, argument, _ = steps[counter]
                    counter += 1
                    target = action(self, argument)
                    if target is not None:
                        if target < 0:
                            self.counter = counter
                            return target  # type: ignore[no-any-return]
                        counter = target
            except (LimitError, KeyboardInterrupt) as error:
                if isinstance(error, LimitError):
                    error.at(steps[counter - 1][2], self.program.source)
                _trace(error, self, steps[counter - 1][2])
                raise
            except Exception as error:
                counter = self._handler(error, steps[counter - 1][2])

    def _handler(self, error: Exception, span: Span) -> int:
        """Where to go on after an exception; raises it again if no handler stands here."""
        error = builtins.as_user_error(error)
        _trace(error, self, span)
        if self.handling and error.__context__ is None and error is not self.handling[-1]:
            error.__context__ = self.handling[-1]
        if not self.blocks:
            raise error
        position, depth, handling = self.blocks.pop()
        del self.stack[depth:]
        del self.handling[handling:]
        self.stack.append(error)
        return position

    def variables_at(self, depth: int) -> dict[str, Any]:
        return self.enclosing[depth]


def _trace(error: BaseException, frame: Frame, span: Span) -> None:
    """Note on an exception that it came through this place."""
    trace = getattr(error, "program_trace", None)
    if trace is None:
        trace = []
        error.program_trace = trace  # type: ignore[attr-defined]
    trace.append((frame.code.name, frame.program.source, span))


class UserFunction:
    """A function that the program defines."""

    def __init__(
        self,
        code: Code,
        program: Program,
        enclosing: tuple[dict[str, Any], ...],
        defaults: dict[str, Any],
    ) -> None:
        self.code = code
        self.program = program
        self.enclosing = enclosing
        self.defaults = defaults
        self.owner: type | None = None
        self.__name__ = code.name
        self.__qualname__ = code.qualified
        self.__doc__ = code.docstring

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        code = self.code
        simple = code.simple
        if simple is not None and not kwargs and len(args) == len(simple):
            variables = dict(zip(simple, args, strict=True))
        else:
            variables = self.bound(args, kwargs)
        frame = Frame(code, self.program, variables, self.enclosing, self)
        if code.is_generator:
            return UserGenerator(frame)
        if limits.depth >= MAX_DEPTH:
            raise RecursionError("maximum recursion depth exceeded")
        limits.depth += 1
        try:
            frame.run()
        finally:
            limits.depth -= 1
        return frame.stack.pop()

    def bound(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """The variables that a call begins with.

        Raises:
            TypeError: the call doesn't fit, in Python's words.
        """
        variables: dict[str, Any] = {}
        name = self.__qualname__
        positional = [
            entry[0] for entry in self.code.parameters if entry[1] in ("plain", "positional_only")
        ]
        by_name = [
            entry[0] for entry in self.code.parameters if entry[1] in ("plain", "keyword_only")
        ]
        star = next((e[0] for e in self.code.parameters if e[1] == "star" and e[0]), None)
        double = next((e[0] for e in self.code.parameters if e[1] == "double_star"), None)
        variables.update(zip(positional, args, strict=False))
        if len(args) > len(positional):
            if star is None:
                raise TypeError(self._too_many(positional, len(args), kwargs))
            variables[star] = args[len(positional) :]
        elif star is not None:
            variables[star] = ()
        extra: dict[str, Any] = {}
        for key, value in kwargs.items():
            if key in by_name:
                if key in variables:
                    raise TypeError(f"{name}() got multiple values for argument '{key}'")
                variables[key] = value
            elif double is not None:
                extra[key] = value
            elif key in positional:
                raise TypeError(
                    f"{name}() got some positional-only arguments passed as keyword arguments: '{key}'"
                )
            else:
                raise TypeError(f"{name}() got an unexpected keyword argument '{key}'")
        for key, value in self.defaults.items():
            variables.setdefault(key, value)
        if double is not None:
            variables[double] = extra
        missing = [key for key in positional if key not in variables]
        if missing:
            raise TypeError(f"{name}() missing {listed(missing, 'positional')}")
        missing = [
            e[0] for e in self.code.parameters if e[1] == "keyword_only" and e[0] not in variables
        ]
        if missing:
            raise TypeError(f"{name}() missing {listed(missing, 'keyword-only')}")
        return variables

    def _too_many(self, positional: list[str], given: int, kwargs: dict[str, Any]) -> str:
        most = len(positional)
        least = sum(1 for key in positional if key not in self.defaults)
        takes = f"from {least} to {most}" if least != most else str(most)
        plural = "" if most == 1 and least == most else "s"
        were = "was" if given == 1 else "were"
        return f"{self.__qualname__}() takes {takes} positional argument{plural} but {given} {were} given"

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else BoundMethod(self, instance)

    def __repr__(self) -> str:
        return f"<function {self.__qualname__} at {id(self):#x}>"


def listed(names: list[str], kind: str) -> str:
    shown = [f"'{name}'" for name in names]
    if len(shown) == 1:
        return f"1 required {kind} argument: {shown[0]}"
    joined = (
        f"{shown[0]} and {shown[1]}"
        if len(shown) == 2
        else f"{', '.join(shown[:-1])}, and {shown[-1]}"
    )
    return f"{len(shown)} required {kind} arguments: {joined}"


class BoundMethod:
    """A program's function as a method of an object."""

    __slots__ = ("function", "instance")

    def __init__(self, function: UserFunction, instance: Any) -> None:
        self.function = function
        self.instance = instance

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(self.instance, *args, **kwargs)

    @property
    def __name__(self) -> str:
        return self.function.__name__

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, BoundMethod)
            and other.function is self.function
            and other.instance is self.instance
        )

    def __hash__(self) -> int:
        return hash((id(self.function), id(self.instance)))

    def __repr__(self) -> str:
        return f"<bound method {self.function.__qualname__} of {self.instance!r}>"


class UserGenerator:
    """A generator of the program: a frame that stops at each `yield`."""

    def __init__(self, frame: Frame) -> None:
        self.frame: Frame | None = frame

    def __iter__(self) -> UserGenerator:
        return self

    def __next__(self) -> Any:
        frame = self.frame
        if frame is None:
            raise StopIteration
        if limits.depth >= MAX_DEPTH:
            raise RecursionError("maximum recursion depth exceeded")
        limits.depth += 1
        self.frame = None  # while it runs, and if it fails
        try:
            if frame.run() == FINISHED:
                raise StopIteration(frame.stack.pop())
        finally:
            limits.depth -= 1
        self.frame = frame
        value = frame.stack[-1]
        frame.stack[-1] = None  # what the yield expression gives when it goes on
        return value

    def send(self, value: Any) -> Any:
        """Go on, with `value` as what the yield expression gives."""
        frame = self.frame
        if frame is not None and frame.stack and frame.counter:
            frame.stack[-1] = value
        elif value is not None:
            raise TypeError("can't send non-None value to a just-started generator")
        return next(self)

    def throw(self, kind: Any, value: Any = None, trace: Any = None) -> Any:
        """Go on with an exception at the yield."""
        error = value if isinstance(value, BaseException) else kind
        if isinstance(error, type):
            error = error()
        if self.frame is None:
            raise error
        self.frame.thrown = error
        return next(self)

    def close(self) -> None:
        self.frame = None

    def __repr__(self) -> str:
        name = "<genexpr>" if self.frame is None else self.frame.code.qualified
        return f"<generator object {name} at {id(self):#x}>"


# ---- actions ------------------------------------------------------------------------------------
# Each may return where to go on; None means the next instruction.


def statement(f: Frame, _: None) -> None:
    limits.left -= 1
    if limits.left < 0:
        limits.checkpoint()


def push(f: Frame, value: Any) -> None:
    f.stack.append(value)


def drop(f: Frame, _: None) -> None:
    f.stack.pop()


def echo(f: Frame, _: None) -> None:
    f.program.echo(f.stack.pop())


def duplicate(f: Frame, _: None) -> None:
    f.stack.append(f.stack[-1])


def duplicate_two(f: Frame, _: None) -> None:
    f.stack.extend(f.stack[-2:])


def swap(f: Frame, _: None) -> None:
    f.stack[-2:] = [f.stack[-1], f.stack[-2]]


def rotate(f: Frame, _: None) -> None:
    f.stack[-3:] = [f.stack[-1], f.stack[-3], f.stack[-2]]


def finish(f: Frame, _: None) -> int:
    return FINISHED


def yield_value(f: Frame, _: None) -> int:
    return YIELDED


def load_local(f: Frame, name: str) -> None:
    try:
        f.stack.append(f.locals[name])
    except KeyError:
        shown = name.partition(".")[0]
        raise UnboundLocalError(
            f"cannot access local variable '{shown}' where it is not associated with a value"
        ) from None


def load_free(f: Frame, place: tuple[int, str]) -> None:
    depth, name = place
    try:
        f.stack.append(f.enclosing[depth][name])
    except KeyError:
        raise NameError(
            f"cannot access free variable '{name}' where it is not associated with a value in enclosing "
            "scope"
        ) from None


def load_global(f: Frame, name: str) -> None:
    variables = f.program.globals
    f.stack.append(variables[name] if name in variables else builtins.lookup(name, variables))


access.SHOWN_CLASSES.update(
    {
        UserFunction: types.FunctionType,
        BoundMethod: types.MethodType,
        UserGenerator: types.GeneratorType,
        access.HandleMethod: types.MethodType,
        access.Namespace: types.ModuleType,
    }
)
PUBLIC[UserGenerator] = frozenset(("send", "close", "throw"))


def load_class(f: Frame, name: str) -> None:
    if name in f.locals:
        f.stack.append(f.locals[name])
        return
    for variables in f.enclosing:
        if name in variables:
            f.stack.append(variables[name])
            return
    load_global(f, name)


def store_local(f: Frame, name: str) -> None:
    f.locals[name] = f.stack.pop()


def store_free(f: Frame, place: tuple[int, str]) -> None:
    f.enclosing[place[0]][place[1]] = f.stack.pop()


def store_global(f: Frame, name: str) -> None:
    f.program.globals[name] = f.stack.pop()


def _variables(f: Frame, place: Any) -> dict[str, Any]:
    if place.kind == "free":
        return f.enclosing[place.depth]
    return f.locals if place.kind == "local" else f.program.globals


def annotate(f: Frame, name: str) -> None:
    f.locals.setdefault("__annotations__", {})[name] = object


def forget(f: Frame, place: Any) -> None:
    _variables(f, place).pop(place.name, None)


def delete(f: Frame, place: Any) -> None:
    variables = _variables(f, place)
    if place.name not in variables:
        if place.kind == "local":
            raise UnboundLocalError(
                f"cannot access local variable '{place.name}' where it is not associated with a value"
            )
        raise NameError(f"name '{place.name}' is not defined")
    del variables[place.name]


def unary(f: Frame, sign: str) -> None:
    f.stack[-1] = UNARY[sign](f.stack[-1])


def _binary(sign: str) -> Callable[[Frame, str], None]:
    compute = operators.PYTHON_BINARY[sign]
    bounded = sign in ("*", "**", "<<", "+", "%")

    def run(f: Frame, _: str) -> None:
        stack = f.stack
        right = stack.pop()
        left = stack[-1]
        if bounded:
            kind = type(left)
            if kind is int or kind is str or kind is list or kind is tuple or kind is bytes:
                operators.check_size(sign, left, right)
            elif type(right) is list or type(right) is str or type(right) is tuple:
                operators.check_size(sign, left, right)
        stack[-1] = compute(left, right)

    return run


def in_place(f: Frame, sign: str) -> None:
    right = f.stack.pop()
    left = f.stack[-1]
    if not hasattr(type(left), "__iadd__") or isinstance(left, list):
        operators.check_size(sign, left, right)
    f.stack[-1] = IN_PLACE[sign](left, right)


def compare(f: Frame, sign: str) -> None:
    right = f.stack.pop()
    f.stack[-1] = COMPARE[sign](f.stack[-1], right)


def compare_keeping(f: Frame, argument: tuple[str, int]) -> int | None:
    sign, end = argument
    right = f.stack.pop()
    held = COMPARE[sign](f.stack[-1], right)
    if held:
        f.stack[-1] = right
        return None
    f.stack[-1] = held
    return end


def jump(f: Frame, to: int) -> int:
    return to


def jump_if_false(f: Frame, to: int) -> int | None:
    return None if f.stack.pop() else to


def jump_if_true(f: Frame, to: int) -> int | None:
    return to if f.stack.pop() else None


def jump_if_true_or_pop(f: Frame, to: int) -> int | None:
    if f.stack[-1]:
        return to
    f.stack.pop()
    return None


def jump_if_false_or_pop(f: Frame, to: int) -> int | None:
    if not f.stack[-1]:
        return to
    f.stack.pop()
    return None


def attribute(f: Frame, name: str) -> None:
    f.stack[-1] = access.attribute(f.stack[-1], name)


def store_attribute(f: Frame, name: str) -> None:
    target = f.stack.pop()
    access.set_attribute(target, name, f.stack.pop())


def delete_attribute(f: Frame, name: str) -> None:
    access.delete_attribute(f.stack.pop(), name)


def subscript(f: Frame, _: None) -> None:
    index = f.stack.pop()
    f.stack[-1] = f.stack[-1][index]


def store_subscript(f: Frame, _: None) -> None:
    index = f.stack.pop()
    target = f.stack.pop()
    target[index] = f.stack.pop()


def delete_item(f: Frame, _: None) -> None:
    index = f.stack.pop()
    del f.stack.pop()[index]


def slice_(f: Frame, _: None) -> None:
    f.stack[-3:] = [slice(*f.stack[-3:])]


def call_plain(f: Frame, count: int) -> None:
    stack = f.stack
    if count == 1:
        argument = stack.pop()
        stack[-1] = access.callable_of(stack[-1])(argument)
        return
    first = len(stack) - count
    arguments = stack[first:]
    del stack[first:]
    stack[-1] = access.callable_of(stack[-1])(*arguments)


def call(f: Frame, shape: Any) -> None:
    stack = f.stack
    first = len(stack) - len(shape.kinds)
    values = stack[first:]
    del stack[first:]
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    function = access.callable_of(stack[-1])
    for kind, value in zip(shape.kinds, values, strict=True):
        if kind is None:
            args.append(value)
        elif kind == "*":
            args.extend(value)
        elif kind == "**":
            for key in value:
                if key in kwargs:
                    raise TypeError(
                        f"{access.shown_name(stack[-1])}() got multiple values for keyword argument "
                        f"'{key}'"
                    )
                kwargs[key] = value[key]
        else:
            kwargs[kind] = value
    stack[-1] = function(*args, **kwargs)


def super_(f: Frame, _: None) -> None:
    function = f.function
    if function is None or function.owner is None or not f.code.parameters:
        raise RuntimeError("super(): no arguments")
    f.stack.append(super(function.owner, f.locals[f.code.parameters[0][0]]))


def tuple_(f: Frame, count: int) -> None:
    first = len(f.stack) - count
    f.stack[first:] = [tuple(f.stack[first:])]


def list_(f: Frame, count: int) -> None:
    first = len(f.stack) - count
    f.stack[first:] = [f.stack[first:]]


def _gathered(f: Frame, kinds: tuple[bool, ...]) -> list[Any]:
    first = len(f.stack) - len(kinds)
    items: list[Any] = []
    for spread, value in zip(kinds, f.stack[first:], strict=True):
        if spread:
            items.extend(builtins.counted(value))
        else:
            items.append(value)
    del f.stack[first:]
    return items


def tuple_spread(f: Frame, kinds: tuple[bool, ...]) -> None:
    f.stack.append(tuple(_gathered(f, kinds)))


def list_spread(f: Frame, kinds: tuple[bool, ...]) -> None:
    f.stack.append(_gathered(f, kinds))


def set_spread(f: Frame, kinds: tuple[bool, ...]) -> None:
    f.stack.append(set(_gathered(f, kinds)))


def dict_(f: Frame, kinds: tuple[bool, ...]) -> None:
    count = sum(1 if spread else 2 for spread in kinds)
    first = len(f.stack) - count
    values = iter(f.stack[first:])
    result: dict[Any, Any] = {}
    for spread in kinds:
        if spread:
            result.update(next(values))
        else:
            key = next(values)
            result[key] = next(values)
    del f.stack[first:]
    f.stack.append(result)


def new_list(f: Frame, _: None) -> None:
    f.stack.append([])


def new_set(f: Frame, _: None) -> None:
    f.stack.append(set())


def new_dict(f: Frame, _: None) -> None:
    f.stack.append({})


def append_to(f: Frame, clauses: int) -> None:
    value = f.stack.pop()
    f.stack[-clauses - 1].append(value)


def add_to(f: Frame, clauses: int) -> None:
    value = f.stack.pop()
    f.stack[-clauses - 1].add(value)


def put_in(f: Frame, clauses: int) -> None:
    value = f.stack.pop()
    key = f.stack.pop()
    f.stack[-clauses - 1][key] = value


def iterate(f: Frame, _: None) -> None:
    f.stack[-1] = iter(f.stack[-1])


def next_(f: Frame, end: int) -> int | None:
    limits.left -= 1
    if limits.left < 0:
        limits.checkpoint()
    value = next(f.stack[-1], NULL)
    if value is NULL:
        f.stack.pop()
        return end
    f.stack.append(value)
    return None


def delegate(f: Frame, end: int) -> int | None:
    """The next value of another generator; its result when it has none left."""
    try:
        f.stack.append(next(f.stack[-1]))
    except StopIteration as stop:
        f.stack[-1] = stop.value
        return end
    return None


def unpack(f: Frame, shape: tuple[int, int]) -> None:
    count, star = shape
    value = f.stack.pop()
    try:
        items = iter(value)
    except TypeError:
        raise TypeError(f"cannot unpack non-iterable {type_name(value)} object") from None
    if star < 0:
        taken: list[Any] = []
        for _ in range(count):
            item = next(items, NULL)
            if item is NULL:
                raise ValueError(
                    f"not enough values to unpack (expected {count}, got {len(taken)})"
                )
            taken.append(item)
        if next(items, NULL) is not NULL:
            raise ValueError(f"too many values to unpack (expected {count})")
    else:
        everything = list(builtins.counted(items))
        after = count - star - 1
        if len(everything) < count - 1:
            raise ValueError(
                f"not enough values to unpack (expected at least {count - 1}, got {len(everything)})"
            )
        end = len(everything) - after
        taken = [*everything[:star], everything[star:end], *everything[end:]]
    f.stack.extend(reversed(taken))


def format_(f: Frame, conversion: str) -> None:
    spec = f.stack.pop()
    value = f.stack[-1]
    if conversion:
        value = {"r": repr, "s": str, "a": ascii}[conversion](value)
    builtins.check_format(spec)
    f.stack[-1] = format(value, spec)


def join(f: Frame, count: int) -> None:
    first = len(f.stack) - count
    f.stack[first:] = ["".join(f.stack[first:])]


def function(f: Frame, argument: tuple[Code, tuple[str, ...]]) -> None:
    code, names = argument
    first = len(f.stack) - len(names)
    defaults = dict(zip(names, f.stack[first:], strict=True))
    del f.stack[first:]
    f.stack.append(UserFunction(code, f.program, _enclosing(f), defaults))


def _enclosing(f: Frame) -> tuple[dict[str, Any], ...]:
    """The variables that functions made here can see, from the innermost."""
    if f.code.name == "<module>" or f.locals is f.program.globals:
        return ()
    if f.function is CLASS_BODY:
        return f.enclosing
    return (f.locals, *f.enclosing)


CLASS_BODY = UserFunction.__new__(UserFunction)


def push_abstract(f: Frame, _: None) -> None:
    import abc

    access.OWN_CLASSES.add(abc.ABC)
    f.stack.append(abc.ABC)


def make_class(f: Frame, argument: tuple[Code, int]) -> None:
    code, count = argument
    first = len(f.stack) - count
    bases = tuple(f.stack[first:])
    del f.stack[first:]
    body = Frame(code, f.program, {}, _enclosing(f), CLASS_BODY)
    body.run()
    f.stack.append(access.make_class(code, bases, body.locals, UserFunction))


def generator(f: Frame, code: Code) -> None:
    items = f.stack.pop()
    frame = Frame(code, f.program, {".0": items}, _enclosing(f), f.function)
    if f.function is CLASS_BODY:
        frame.function = None
    f.stack.append(UserGenerator(frame))


# ---- exceptions ----


def push_block(f: Frame, position: int) -> None:
    f.blocks.append((position, len(f.stack), len(f.handling)))


def push_block_below(f: Frame, position: int) -> None:
    """A block that doesn't keep what is on top of the stack."""
    f.blocks.append((position, len(f.stack) - 1, len(f.handling)))


def pop_block(f: Frame, _: None) -> None:
    f.blocks.pop()


def start_handling(f: Frame, _: None) -> None:
    f.handling.append(f.stack.pop())


def end_handling(f: Frame, _: None) -> None:
    f.handling.pop()


def handled(f: Frame, _: None) -> None:
    f.stack.append(f.handling[-1])


def jump_if_other(f: Frame, to: int) -> int | None:
    kind = f.stack.pop()
    kinds = kind if isinstance(kind, tuple) else (kind,)
    for one in kinds:
        if not (isinstance(one, type) and issubclass(one, BaseException)):
            raise TypeError(
                "catching classes that do not inherit from BaseException is not allowed"
            )
    return None if isinstance(f.handling[-1], kinds) else to


def reraise(f: Frame, _: None) -> None:
    raise f.handling.pop()


def raise_again(f: Frame, _: None) -> None:
    if not f.handling:
        raise RuntimeError("No active exception to reraise")
    raise f.handling[-1]


def _exception(value: Any) -> BaseException:
    if isinstance(value, type) and issubclass(value, BaseException):
        made = access.callable_of(value)()
        assert isinstance(made, BaseException)
        return made
    if isinstance(value, BaseException):
        return value
    raise TypeError("exceptions must derive from BaseException")


def raise_value(f: Frame, _: None) -> None:
    error = _exception(f.stack.pop())
    if isinstance(error, AutodiffError):
        error.span = None
    raise error


def raise_from(f: Frame, _: None) -> None:
    cause = f.stack.pop()
    error = _exception(f.stack.pop())
    error.__cause__ = None if cause is None else _exception(cause)
    error.__suppress_context__ = True
    raise error


def fail(f: Frame, with_message: bool) -> None:
    if with_message:
        raise AssertionError(f.stack.pop())
    raise AssertionError


# ---- with ----


def with_enter(f: Frame, _: None) -> None:
    manager = f.stack[-1]
    enter = getattr(type(manager), "__enter__", None)
    if enter is None or not hasattr(type(manager), "__exit__"):
        raise TypeError(
            f"'{type_name(manager)}' object does not support the context manager protocol"
        )
    f.stack.append(enter.__get__(manager)())


def _exit(manager: Any, error: BaseException | None) -> Any:
    method = type(manager).__exit__.__get__(manager)
    if error is None:
        return method(None, None, None)
    return method(type(error), error, None)


def with_leave(f: Frame, _: None) -> None:
    _exit(f.stack.pop(), None)


def with_leave_keeping(f: Frame, _: None) -> None:
    value = f.stack.pop()
    _exit(f.stack.pop(), None)
    f.stack.append(value)


def with_failed(f: Frame, _: None) -> None:
    error = f.stack.pop()
    if not _exit(f.stack.pop(), error):
        raise error


# ---- imports ----


def import_module(f: Frame, argument: tuple[str, bool]) -> None:
    f.stack.append(builtins.import_module(*argument))


def import_name(f: Frame, argument: tuple[str, str]) -> None:
    f.stack.append(builtins.import_name(*argument))


def import_all(f: Frame, module: str) -> None:
    f.program.globals.update(builtins.public_names(module))


UNARY: dict[str, Callable[[Any], Any]] = {
    "-": operator.neg,
    "+": operator.pos,
    "~": operator.invert,
    "not": operator.not_,
}
IN_PLACE: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.iadd, "-": operator.isub, "*": operator.imul, "/": operator.itruediv,
    "//": operator.ifloordiv, "%": operator.imod, "**": operator.ipow, "@": operator.imatmul,
    "&": operator.iand, "|": operator.ior, "^": operator.ixor, "<<": operator.ilshift,
    ">>": operator.irshift,
}  # fmt: skip
COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "is": operator.is_,
    "is not": operator.is_not,
    "in": lambda a, b: a in b,
    "not in": lambda a, b: a not in b,
}
ACTIONS: dict[str, Callable[[Frame, Any], int | None]] = {
    name.rstrip("_"): function
    for name, function in list(globals().items())
    if callable(function) and getattr(function, "__code__", None) and not name.startswith("_")
    and function.__code__.co_argcount == 2 and function.__code__.co_varnames[0] == "f"
}  # fmt: skip
for _sign, _name in {
    "+": "add", "-": "sub", "*": "mul", "/": "truediv", "//": "floordiv", "%": "mod", "**": "pow",
    "@": "matmul", "&": "and", "|": "or", "^": "xor", "<<": "lshift", ">>": "rshift",
}.items():  # fmt: skip
    ACTIONS["binary_" + _name] = _binary(_sign)


def link(code: Code) -> Code:
    """Make a code's instructions ready to run: actions for their names, places for labels."""
    pending = [code]
    while pending:
        current = pending.pop()
        linked = []
        for action, argument, span in current.steps:
            if isinstance(argument, Code):
                pending.append(argument)
            elif isinstance(argument, tuple) and argument and isinstance(argument[0], Code):
                pending.append(argument[0])
            linked.append((ACTIONS[action], _placed(argument), span))
        current.steps = linked
    return code


def _placed(argument: Any) -> Any:
    if hasattr(argument, "position") and not isinstance(argument, str):
        return argument.position
    if isinstance(argument, tuple) and len(argument) == 2 and hasattr(argument[1], "position"):
        return argument[0], argument[1].position
    return argument


__all__ = ["Frame", "Iterator", "Program", "UserFunction", "link"]
