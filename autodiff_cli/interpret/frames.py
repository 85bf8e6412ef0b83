"""Frames: what runs a program's code.

Values are Python's own objects and the vocabulary's; operators, iteration and text go through Python's
protocols, which tensors implement (`interpret/protocols.py`). What keeps a program inside is that names
and attributes are looked up in tables alone (`interpret/builtins.py`, `interpret/access.py`).
"""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

from autodiff_cli.errors import LimitError
from autodiff_cli.interpret import access, builtins, classes, guards
from autodiff_cli.interpret.compiler import Code
from autodiff_cli.interpret.limits import limits
from autodiff_cli.interpret.traceback import TRACE, places
from autodiff_cli.source import Source
from autodiff_cli.vocabulary.handles import PUBLIC

FINISHED, YIELDED = -1, -2  # what an action returns to leave the loop


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
        self.thrown: BaseException | None = None

    def run(self) -> int:
        """Run until the code finishes or yields; the value is then on top of the stack."""
        steps = self.code.steps
        counter = self.counter
        if self.thrown is not None:
            error, self.thrown = self.thrown, None
            counter = self._handler(error, steps[counter - 1])
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
                    limits.end(error)
                    error.at(steps[counter - 1][2], self.program.source)
                _trace(error, self, steps[counter - 1])
                raise
            except BaseException as error:
                counter = self._handler(error, steps[counter - 1])

    def _handler(self, error: BaseException, step: Any) -> int:
        """Where to go on after an exception; raises it again if no handler stands here."""
        error = builtins.as_user_error(error)
        _trace(error, self, step)
        if isinstance(error, LimitError):
            limits.end(error)
            raise error
        if self.handling and error.__context__ is None and error is not self.handling[-1]:
            error.__context__ = self.handling[-1]
        if not self.blocks:
            raise error
        position, depth, handling = self.blocks.pop()
        del self.stack[depth:]
        del self.handling[handling:]
        self.stack.append(error)
        return position


def _trace(error: BaseException, frame: Frame, step: Any) -> None:
    """Note on an exception that it came through this place; raised again, it keeps its first one."""
    trace = places(error)
    if trace is None:
        trace = []
        setattr(error, TRACE, trace)
    elif trace and trace[-1][3] == id(frame) and getattr(step[0], "raises_again", False):
        return
    trace.append((frame.code.name, frame.program.source, step[2], id(frame)))


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
        self.program_attributes: dict[str, Any] = {}
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
        guards.enter()
        try:
            frame.run()
        finally:
            guards.leave()
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
        guards.enter()
        self.frame = None  # while it runs, and if it fails
        try:
            if frame.run() == FINISHED:
                raise StopIteration(frame.stack.pop())
        finally:
            guards.leave()
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
        error: Any = value if isinstance(value, BaseException) else kind
        if isinstance(error, type):
            error = error()
        if self.frame is None:
            raise error
        self.frame.thrown = error
        return next(self)

    def close(self) -> None:
        """End it where it stands, by way of its finally bodies."""
        frame, self.frame = self.frame, None
        if frame is None or not frame.counter:
            return
        frame.thrown = GeneratorExit()
        try:
            if frame.run() == YIELDED:
                raise RuntimeError("generator ignored GeneratorExit")
        except (GeneratorExit, StopIteration):
            return

    def __del__(self) -> None:
        frame = self.frame
        if frame is not None and frame.blocks:
            try:
                self.close()
            except LimitError:
                return  # which the program's next step raises again

    def __repr__(self) -> str:
        name = "<genexpr>" if self.frame is None else self.frame.code.qualified
        return f"<generator object {name} at {id(self):#x}>"


def _of_function(function: UserFunction, name: str) -> Any:
    if name in function.program_attributes:
        return function.program_attributes[name]
    raise AttributeError(f"'function' object has no attribute '{name}'")


CLASS_BODY = UserFunction.__new__(UserFunction)  # the function of frames that run a class body
classes.FUNCTIONS.add(UserFunction)
access.READERS[UserFunction] = _of_function
classes.SHOWN_CLASSES.update(
    {
        UserFunction: types.FunctionType,
        BoundMethod: types.MethodType,
        UserGenerator: types.GeneratorType,
        access.HandleMethod: types.MethodType,
        classes.Namespace: types.ModuleType,
    }
)
PUBLIC[UserGenerator] = frozenset(("send", "close", "throw", "__next__", "__iter__"))
