"""Programs to postfix code: statements, functions and classes; expressions are `interpret/code.py`'s.

A program is a `Code`: a flat list of instructions for a frame of `interpret/frames.py`. A body of a
function, a class or a generator expression is a `Code` of its own, the argument of the instruction that
makes the function, the class or the generator.

What a `return`, `break` or `continue` must do on its way out (the `finally` bodies and the ends of `with`
blocks that it leaves) is written out in front of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from autodiff_cli.errors import SourceSyntaxError
from autodiff_cli.interpret.code import COMPILE as EXPRESSIONS
from autodiff_cli.interpret.code import Instruction, Label
from autodiff_cli.interpret.scopes import Scope, assigned, yields
from autodiff_cli.source import Span
from autodiff_cli.syntax import tree


class Code:
    """The code of a program, a function, a class body or a generator expression.

    Attributes:
        name: as a traceback shows it: "<module>", "forward", "<lambda>".
        qualified: with the class or function it stands in: "Net.forward".
        steps: the instructions.
        parameters: of a function: (name, kind, whether it has a default).
        is_generator: whether calling it gives a generator.
        docstring: of a function.
    """

    __slots__ = (
        "docstring",
        "is_generator",
        "name",
        "parameters",
        "qualified",
        "required",
        "simple",
        "steps",
    )

    def __init__(self, name: str, qualified: str) -> None:
        self.name = name
        self.qualified = qualified
        self.steps: list[Any] = []
        self.parameters: tuple[tuple[str, str, bool], ...] = ()
        self.is_generator = False
        self.docstring: str | None = None
        self.simple: tuple[str, ...] | None = None
        self.required = 0


Steps = list[Any]
NOWHERE = Span(0, 0)


class Exit:
    """What lies between a statement and the outside, for those that leave: loops, finally bodies, with."""

    __slots__ = ("body", "break_to", "continue_to", "holds", "kind")

    def __init__(
        self,
        kind: str,
        *,
        body: Sequence[Any] = (),
        break_to: Label | None = None,
        continue_to: Label | None = None,
        holds: int = 0,
    ) -> None:
        self.kind = kind  # "loop", "finally", "try", "handler" or "with"
        self.body = body
        self.break_to = break_to
        self.continue_to = continue_to
        self.holds = holds  # values it keeps on the stack


class Compiler:
    """Makes the code of one scope; nested functions and classes have compilers of their own."""

    def __init__(self, scope: Scope, qualified: str = "", echo: bool = False) -> None:
        self.scope = scope
        self.qualified = qualified
        self.echo = echo
        self.exits: list[Exit] = []

    # ---- the loop ----

    def code(self, body: Sequence[Any], name: str, qualified: str) -> Code:
        code = Code(name, qualified)
        code.steps = self.flat([self.block(body), Instruction("push", None, NOWHERE)])
        code.steps.append(Instruction("finish", None, NOWHERE))
        return code

    def flat(self, parts: Sequence[Any]) -> list[Instruction]:
        """Instructions in order, from nested lists of instructions, labels and trees."""
        result: list[Instruction] = []
        pending: list[Any] = [*reversed(parts)]
        while pending:
            step = pending.pop()
            if isinstance(step, Instruction):
                result.append(step)
            elif isinstance(step, Label):
                step.position = len(result)
            elif isinstance(step, list):
                pending.extend(reversed(step))
            elif callable(step):
                pending.extend(reversed(step()))
            else:
                pending.extend(reversed(self.parts(step)))
        return result

    def parts(self, node: Any) -> Steps:
        """The parts of one tree."""
        own = OWN.get(type(node))
        if own is not None:
            return own(self, node)
        return EXPRESSIONS[type(node)](node)

    def block(self, body: Sequence[Any]) -> Steps:
        # each statement is compiled when its turn comes, so that blocks of any depth need no recursion
        # except through functions of their own
        return list(body)

    # ---- names ----

    def load(self, name: str, span: Span, called: bool = False) -> Instruction:
        place = self.scope.place(name)
        if self.scope.kind == "class" and self.scope.renamed and place.name == name:
            # a comprehension doesn't see the variables of the class around it
            place = Scope("function", self.scope.parent, set()).place(name)
            place = place._replace(depth=place.depth)
        if place.kind == "free":
            return Instruction("load_free", (place.depth, place.name), span)
        if place.kind == "local":
            if self.scope.kind == "class" and place.name == name:
                return Instruction("load_class", place.name, span)
            return Instruction("load_local", place.name, span)
        if self.scope.kind == "class" and not self.scope.renamed:
            return Instruction("load_class", place.name, span)
        return Instruction("load_global", place.name, span)

    def store(self, name: str, span: Span) -> Instruction:
        place = self.scope.place(name)
        if place.kind == "free":
            return Instruction("store_free", (place.depth, place.name), span)
        if place.kind == "local":
            return Instruction("store_local", place.name, span)
        return Instruction("store_global", place.name, span)

    def assign(self, target: Any) -> Steps:
        """Store what is on top of the stack."""
        if isinstance(target, tree.Name):
            return [self.store(target.id, target.span)]
        if isinstance(target, tree.Attribute):
            return [target.value, Instruction("store_attribute", target.name, target.span)]
        if isinstance(target, tree.Subscript):
            return [
                target.value,
                target.index,
                Instruction("store_subscript", None, target.span),
            ]
        if isinstance(target, tree.Sequence):
            star = next(
                (n for n, item in enumerate(target.items) if isinstance(item, tree.Spread)), -1
            )
            steps: Steps = [Instruction("unpack", (len(target.items), star), target.span)]
            for item in target.items:
                steps += self.assign(item.value if isinstance(item, tree.Spread) else item)
            return steps
        raise SourceSyntaxError("cannot assign to expression", span=target.span)

    # ---- functions ----

    def function(
        self,
        name: str,
        parameters: tree.Parameters,
        body: Sequence[Any],
        span: Span,
        docstring: str | None = None,
    ) -> Steps:
        names, outer, enclosing = assigned(body)
        given = {item.name for item in parameters.items if item.name}
        scope = Scope("function", self.scope, (names | given) - enclosing - outer)
        scope.declared_global = outer
        qualified = f"{self.qualified}{name}"
        inner = Compiler(scope, f"{qualified}.<locals>.")
        code = inner.code(body, name, qualified)
        code.is_generator = yields(body)
        code.docstring = docstring
        plain = tuple(
            item for item in parameters.items if item.kind in ("plain", "positional_only")
        )
        code.parameters = tuple(
            (item.name, item.kind, item.default is not None) for item in parameters.items
        )
        if len(plain) == len(parameters.items) and all(item.kind == "plain" for item in plain):
            code.simple = tuple(item.name for item in plain)
        code.required = sum(1 for item in plain if item.default is None)
        defaults = [item for item in parameters.items if item.default is not None]
        return [
            *[item.default for item in defaults],
            Instruction("function", (code, tuple(item.name for item in defaults)), span),
        ]

    # ---- leaving ----

    def leave(self, until: Exit | None, keeps_value: bool) -> Steps:
        """What leaves everything inside `until` does, from the innermost."""
        steps: Steps = []
        exits = self.exits
        for position in reversed(range(len(exits))):
            entry = exits[position]
            if entry is until:
                break
            if entry.kind == "loop":
                if entry.holds and not keeps_value:
                    steps.append(Instruction("drop", None, NOWHERE))
            elif entry.kind == "with":
                action = "with_leave_keeping" if keeps_value else "with_leave"
                steps += [
                    Instruction("pop_block", None, NOWHERE),
                    Instruction(action, None, NOWHERE),
                ]
            elif entry.kind == "try":
                steps.append(Instruction("pop_block", None, NOWHERE))
            elif entry.kind == "handler":
                steps.append(Instruction("end_handling", None, NOWHERE))
            elif entry.kind == "finally":
                steps.append(Instruction("pop_block", None, NOWHERE))
                steps += [self._outside(position, entry.body)]
        return steps

    def _outside(self, position: int, body: Sequence[Any]) -> Any:
        """A finally body, compiled as standing outside what it ends."""

        def compiled() -> Steps:
            inside = self.exits
            self.exits = inside[:position]
            try:
                return list(self.flat_nested(body))
            finally:
                self.exits = inside

        return [compiled()]

    def flat_nested(self, body: Sequence[Any]) -> Steps:
        """Statements compiled at once, where the exits around them matter."""
        result: Steps = []
        pending: list[Any] = [*reversed(list(body))]
        while pending:
            step = pending.pop()
            if isinstance(step, (Instruction, Label)):
                result.append(step)
            elif isinstance(step, list):
                pending.extend(reversed(step))
            elif callable(step):
                pending.extend(reversed(step()))
            else:
                pending.extend(reversed(self.parts(step)))
        return result

    def inside(self, entry: Exit, body: Sequence[Any]) -> Steps:
        """A body compiled as standing inside `entry`."""

        def enter() -> Steps:
            self.exits.append(entry)
            return []

        def leave() -> Steps:
            self.exits.pop()
            return []

        return [enter, *body, leave]


# What makes the code of each kind of tree; filled by `expressions.py` and `statements.py`.
OWN: dict[type, Callable[[Compiler, Any], Steps]] = {}
