"""Exceptions and `with`: try, except, raise, assert."""

from __future__ import annotations

from typing import Any

from autodiff_cli.errors import AutodiffError
from autodiff_cli.interpret import classes
from autodiff_cli.interpret.actions.table import action
from autodiff_cli.interpret.frames import Frame
from autodiff_cli.interpret.stands import real
from autodiff_cli.vocabulary.parameters import type_name


@action
def push_block(f: Frame, position: int) -> None:
    f.blocks.append((position, len(f.stack), len(f.handling)))


@action
def push_block_below(f: Frame, position: int) -> None:
    """A block that doesn't keep what is on top of the stack."""
    f.blocks.append((position, len(f.stack) - 1, len(f.handling)))


@action
def pop_block(f: Frame, _: None) -> None:
    f.blocks.pop()


@action
def start_handling(f: Frame, _: None) -> None:
    f.handling.append(f.stack.pop())


@action
def end_handling(f: Frame, _: None) -> None:
    f.handling.pop()


@action
def handled(f: Frame, _: None) -> None:
    f.stack.append(f.handling[-1])


@action
def jump_if_other(f: Frame, to: int) -> int | None:
    kind = f.stack.pop()
    kinds = tuple(map(real, kind)) if isinstance(kind, tuple) else (real(kind),)
    for one in kinds:
        if not (isinstance(one, type) and issubclass(one, BaseException)):
            raise TypeError(
                "catching classes that do not inherit from BaseException is not allowed"
            )
    return None if isinstance(f.handling[-1], kinds) else to


@action
def reraise(f: Frame, _: None) -> None:
    raise f.handling.pop()


@action
def raise_again(f: Frame, _: None) -> None:
    if not f.handling:
        raise RuntimeError("No active exception to reraise")
    raise f.handling[-1]


def _exception(value: Any) -> BaseException:
    if isinstance(value, type) and issubclass(value, BaseException):
        made = classes.callable_of(value)()
        assert isinstance(made, BaseException)
        return made
    if isinstance(value, BaseException):
        return value
    raise TypeError("exceptions must derive from BaseException")


@action
def raise_value(f: Frame, _: None) -> None:
    error = _exception(f.stack.pop())
    if isinstance(error, AutodiffError):
        error.span = None
    raise error


@action
def raise_from(f: Frame, _: None) -> None:
    cause = f.stack.pop()
    error = _exception(f.stack.pop())
    error.__cause__ = None if cause is None else _exception(cause)
    error.__suppress_context__ = True
    raise error


@action
def fail(f: Frame, with_message: bool) -> None:
    if with_message:
        raise AssertionError(f.stack.pop())
    raise AssertionError


@action
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


@action
def with_leave(f: Frame, _: None) -> None:
    _exit(f.stack.pop(), None)


@action
def with_leave_keeping(f: Frame, _: None) -> None:
    value = f.stack.pop()
    _exit(f.stack.pop(), None)
    f.stack.append(value)


@action
def with_failed(f: Frame, _: None) -> None:
    error = f.stack.pop()
    if not _exit(f.stack.pop(), error):
        raise error


for _action in (reraise, raise_again, with_failed):
    _action.raises_again = True  # for tracebacks, which show the first place alone
