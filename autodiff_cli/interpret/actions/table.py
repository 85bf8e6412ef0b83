"""The table of actions: what each instruction of a program's code does to a frame.

An action may return where to go on; None means the next instruction.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from autodiff_cli.interpret.compiler import Code
from autodiff_cli.interpret.frames import FINISHED, YIELDED, Frame

Action: TypeAlias = Callable[[Frame, Any], "int | None"]

NULL = object()  # no value, where None is one
ACTIONS: dict[str, Action] = {}


def action(function: Any) -> Any:
    """Enter an action under its name; a last underscore keeps Python's own names apart."""
    ACTIONS[function.__name__.rstrip("_")] = function
    return function


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


__all__ = ["ACTIONS", "FINISHED", "NULL", "YIELDED", "action", "link"]
