"""The stack machine that runs postfix code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autodiff_cli.errors import (
    PYTHON_FAULTS,
    AttributeFault,
    AutodiffError,
    IndexFault,
    NameFault,
    SourceSyntaxError,
    TypeFault,
    fault_of,
)
from autodiff_cli.execute.whole import ExecutionError
from autodiff_cli.interpret import names, operators
from autodiff_cli.interpret.code import CallShape, Instruction, Label, Part, compile_script
from autodiff_cli.ir.context import Context, changed
from autodiff_cli.ir.node import Node
from autodiff_cli.record import Record
from autodiff_cli.source import Source, Span
from autodiff_cli.syntax import tree
from autodiff_cli.vocabulary.indexing import subscript
from autodiff_cli.vocabulary.parameters import type_name
from autodiff_cli.vocabulary.values import Module, Size


class Step(Record):
    """An intermediate result: the source it came from, and its tensor, or several in a tuple."""

    span: Span
    value: Any


def compiled(script: tree.Script, source: Source) -> list[Part]:
    """The code of a script.

    Raises:
        SourceSyntaxError: arguments of a call stand in a wrong order.
    """
    try:
        return compile_script(script)
    except SourceSyntaxError as error:
        error.source = source
        raise


TRACED = {"unary", "binary", "compare", "call", "subscript", "attribute"}


def _has_tensors(value: Any) -> bool:
    if isinstance(value, tuple):
        return any(isinstance(entry, Node) for entry in value)
    return isinstance(value, Node)


class Machine:
    """Evaluates expressions of one source.

    Args:
        source: the text the trees came from, for errors.
        scope: values of names; assignments add to it.
        trace: whether to record every intermediate tensor in `steps`.
    """

    def __init__(self, source: Source, scope: dict[str, Any], *, trace: bool = False) -> None:
        self.source = source
        self.scope = scope
        self.stack: list[Any] = []
        self.steps: list[Step] = []
        self.tracing = trace

    def run_script(self, script: tree.Script) -> Any:
        """The value of the final expression, after the assignments.

        Raises:
            AutodiffError: with its place in the source.
        """
        return self.run(compiled(script, self.source))

    def run(self, parts: Sequence[Part]) -> Any:
        """What `run_script` gives, of its code."""
        with changed(span=None) as context:
            for part in parts:
                self._run(part.code, context)
                value = self.stack.pop()
                if part.target is not None:
                    self.scope[part.target] = value
        return value

    def _run(self, code: list[Instruction], context: Context) -> None:
        actions = ACTIONS
        counter, end = 0, len(code)
        try:
            while counter < end:
                action, argument, span = code[counter]
                context.span = span
                counter += 1
                target = actions[action](self, argument)
                if target is not None:
                    counter = target
                elif self.tracing and action in TRACED and _has_tensors(self.stack[-1]):
                    self.steps.append(Step(span, self.stack[-1]))
        except ExecutionError as error:
            raise error.error.at(error.node.span or span, self.source) from None
        except AutodiffError as error:
            if error.hint is None:
                error.hint = self._hint(error, action, argument)
            raise error.at(span, self.source) from None
        except tuple(PYTHON_FAULTS) as error:
            raise fault_of(error).at(span, self.source) from None
        except MemoryError:
            from autodiff_cli.interpret.limits import out_of_memory

            raise out_of_memory().at(span, self.source) from None

    def _hint(self, error: AutodiffError, action: str, argument: Any) -> str | None:
        """What to type instead of what the instruction names."""
        if isinstance(error, NameFault):
            from autodiff_cli.interpret.advice import unknown_name

            return unknown_name(
                argument,
                self.scope,
                called=action == "load_called",
                functions=names.function_names(),
                constants=[*names.CONSTANTS, *names.SHORT],
                text=self.source.text,
            )
        if isinstance(error, AttributeFault) and action == "attribute":
            from autodiff_cli.interpret.advice import unknown_attribute

            value = self.stack[-1]
            if isinstance(value, (Node, Module)):
                return unknown_attribute(value, argument, text=self.source.text)
        if isinstance(error, (TypeFault, IndexFault)) and action == "call":
            from autodiff_cli.interpret.advice import failed_call

            return failed_call(self.stack[-1], error.message, self.source.text, self.scope)
        return None

    # Each action may return where to go on; None means the next instruction.

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def load(self, name: str) -> None:
        self.stack.append(self.scope[name] if name in self.scope else names.lookup(name))

    load_called = load  # errors tell them apart

    def unary(self, sign: str) -> None:
        self.stack[-1] = operators.unary(sign, self.stack[-1])

    def binary(self, sign: str) -> None:
        right = self.stack.pop()
        self.stack[-1] = operators.binary(sign, self.stack[-1], right)

    def compare(self, sign: str) -> None:
        right = self.stack.pop()
        self.stack[-1] = operators.compare(sign, self.stack[-1], right)

    def compare_keeping(self, argument: tuple[str, Label]) -> int | None:
        sign, end = argument
        right = self.stack.pop()
        held = operators.compare(sign, self.stack[-1], right)
        if operators.truth(held):
            self.stack[-1] = right
            return None
        self.stack[-1] = held
        return end.position

    def jump(self, to: Label) -> int:
        return to.position

    def jump_if_false(self, to: Label) -> int | None:
        return None if operators.truth(self.stack.pop()) else to.position

    def jump_if_true_or_pop(self, to: Label) -> int | None:
        if operators.truth(self.stack[-1]):
            return to.position
        self.stack.pop()
        return None

    def jump_if_false_or_pop(self, to: Label) -> int | None:
        if not operators.truth(self.stack[-1]):
            return to.position
        self.stack.pop()
        return None

    def attribute(self, name: str) -> None:
        self.stack[-1] = names.attribute(self.stack[-1], name)

    def call(self, shape: CallShape) -> None:
        count = len(shape.kinds)
        values = self.stack[len(self.stack) - count :]
        del self.stack[len(self.stack) - count :]
        args: list[Any] = []
        kwargs: dict[str, Any] = {}
        for kind, value in zip(shape.kinds, values, strict=True):
            if kind is None:
                args.append(value)
            elif kind == "*":
                args.extend(names.iterate(value))
            else:
                kwargs[kind] = value
        self.stack[-1] = names.callable_of(self.stack[-1])(*args, **kwargs)

    def subscript(self, _: None) -> None:
        index = self.stack.pop()
        value = self.stack[-1]
        if isinstance(value, Node):
            self.stack[-1] = subscript(value, index)
        elif isinstance(value, (list, tuple, str)):
            if isinstance(index, Node):
                index = int(operators.scalar(index))
            if not isinstance(index, (int, slice)):
                raise TypeFault(
                    f"{type_name(value)} indices must be integers or slices, not {type_name(index)}"
                )
            item: Any = value[index]
            is_shape = isinstance(value, Size) and isinstance(index, slice)
            self.stack[-1] = Size(item) if is_shape else item
        else:
            hint = "functions are called with parentheses: sum(x)" if callable(value) else None
            raise TypeFault(f"'{names.class_name(value)}' object is not subscriptable", hint=hint)

    def slice(self, _: None) -> None:
        start, stop, step = self.stack[-3:]
        self.stack[-3:] = [slice(start, stop, step)]

    def tuple(self, count: int) -> None:
        self._gather(count, is_tuple=True)

    def list(self, count: int) -> None:
        self._gather(count, is_tuple=False)

    def _gather(self, count: int, is_tuple: bool) -> None:
        first = len(self.stack) - count
        items = self.stack[first:]
        del self.stack[first:]
        self.stack.append((*items,) if is_tuple else items)


ACTIONS: dict[str, Any] = {
    name: getattr(Machine, name)
    for name in (
        "push load load_called unary binary compare compare_keeping jump jump_if_false jump_if_true_or_pop "
        "jump_if_false_or_pop attribute call subscript slice tuple list"
    ).split()
}
