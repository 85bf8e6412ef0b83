"""Trees to postfix code: a flat list of instructions for a stack machine.

Flat code needs no recursion to run or to make, so a sum of 100,000 terms is nothing special, and an
error's place is the span of the instruction that raised it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from autodiff_cli.errors import SourceSyntaxError
from autodiff_cli.record import Record
from autodiff_cli.source import Span
from autodiff_cli.syntax import tree


class Label:
    """A place in the code, known once the code is complete."""

    __slots__ = ("position",)

    def __init__(self) -> None:
        self.position = -1


class Instruction(NamedTuple):
    """One step.

    Attributes:
        action: the machine's method that does it.
        argument: a constant, a name, a count or a label.
        span: the source it was made from.
    """

    action: str
    argument: Any
    span: Span


class CallShape(Record):
    """How a call's arguments lie on the stack: a keyword's name, "*" for a spread, or None."""

    kinds: tuple[str | None, ...]


class Part(Record):
    """The code of an assignment, or of the expression at the end, which has no target."""

    target: str | None
    place: Span
    code: list[Instruction]


def compile_script(script: tree.Script) -> list[Part]:
    """The code of each assignment and of the expression behind them."""
    parts = [Part(x.target, x.place, compile_expression(x.value)) for x in script.assignments]
    return [*parts, Part(None, script.result.span, compile_expression(script.result))]


def compile_expression(root: tree.Expression) -> list[Instruction]:
    """The code that leaves the value of an expression on the stack."""
    code: list[Instruction] = []
    pending: list[Any] = [root]
    while pending:
        step = pending.pop()
        if isinstance(step, Instruction):
            code.append(step)
        elif isinstance(step, Label):
            step.position = len(code)
        else:
            pending.extend(reversed(COMPILE[type(step)](step)))
    return code


def _literal(x: tree.Literal) -> list[Any]:
    return [Instruction("push", x.value, x.span)]


def _name(x: tree.Name) -> list[Any]:
    return [Instruction("load", x.id, x.span)]


def _unary(x: tree.Unary) -> list[Any]:
    return [x.operand, Instruction("unary", x.operator, x.span)]


def _binary(x: tree.Binary) -> list[Any]:
    return [x.left, x.right, Instruction("binary", x.operator, x.span)]


def _comparison(x: tree.Comparison) -> list[Any]:
    if len(x.operators) == 1:
        return [*x.operands, Instruction("compare", x.operators[0], x.span)]
    # a < b < c: b is evaluated once, and c only if a < b holds
    end = Label()
    steps: list[Any] = [x.operands[0]]
    for sign, operand in zip(x.operators[:-1], x.operands[1:-1], strict=True):
        steps += [operand, Instruction("compare_keeping", (sign, end), x.span)]
    steps += [x.operands[-1], Instruction("compare", x.operators[-1], x.span), end]
    return steps


def _logical(x: tree.Logical) -> list[Any]:
    end = Label()
    action = "jump_if_true_or_pop" if x.operator == "or" else "jump_if_false_or_pop"
    return [x.left, Instruction(action, end, x.left.span), x.right, end]


def _conditional(x: tree.Conditional) -> list[Any]:
    otherwise, end = Label(), Label()
    return [
        x.condition,
        Instruction("jump_if_false", otherwise, x.condition.span),
        x.then,
        Instruction("jump", end, x.span),
        otherwise,
        x.otherwise,
        end,
    ]


def _attribute(x: tree.Attribute) -> list[Any]:
    return [x.value, Instruction("attribute", x.name, x.span)]


def _call(x: tree.Call) -> list[Any]:
    called = x.function
    steps: list[Any] = [
        Instruction("load_called", called.id, called.span)
        if isinstance(called, tree.Name)
        else called
    ]
    kinds: list[str | None] = []
    for argument in x.arguments:
        if isinstance(argument, tree.Keyword):
            if argument.name in kinds:
                raise SourceSyntaxError(
                    f"keyword argument repeated: {argument.name}", span=argument.span
                )
            kinds.append(argument.name)
            steps.append(argument.value)
        elif isinstance(argument, tree.Spread):
            kinds.append("*")
            steps.append(argument.value)
        else:
            if any(kind not in (None, "*") for kind in kinds):
                raise SourceSyntaxError(
                    "positional argument follows keyword argument", span=argument.span
                )
            kinds.append(None)
            steps.append(argument)
    return [*steps, Instruction("call", CallShape(tuple(kinds)), x.span)]


def _subscript(x: tree.Subscript) -> list[Any]:
    return [x.value, x.index, Instruction("subscript", None, x.span)]


def _slice(x: tree.Slice) -> list[Any]:
    bounds = (x.start, x.stop, x.step)
    absent = Instruction("push", None, x.span)
    return [*(absent if b is None else b for b in bounds), Instruction("slice", None, x.span)]


def _sequence(x: tree.Sequence) -> list[Any]:
    action = "tuple" if x.is_tuple else "list"
    return [*x.items, Instruction(action, len(x.items), x.span)]


COMPILE: dict[type, Callable[[Any], list[Any]]] = {
    tree.Literal: _literal,
    tree.Name: _name,
    tree.Unary: _unary,
    tree.Binary: _binary,
    tree.Comparison: _comparison,
    tree.Logical: _logical,
    tree.Conditional: _conditional,
    tree.Attribute: _attribute,
    tree.Call: _call,
    tree.Subscript: _subscript,
    tree.Slice: _slice,
    tree.Sequence: _sequence,
}
