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
from autodiff_cli.interpret.code import CallShape, Instruction, Label
from autodiff_cli.interpret.scopes import Scope, assigned, names_in_target, yields
from autodiff_cli.source import Span
from autodiff_cli.syntax import statements as st
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


# ---- one function a tree ------------------------------------------------------------------------


def _statement(span: Span) -> Instruction:
    return Instruction("statement", None, span)


def _name(c: Compiler, x: tree.Name) -> Steps:
    return [c.load(x.id, x.span)]


def _call(c: Compiler, x: tree.Call) -> Steps:
    if isinstance(x.function, tree.Name) and x.function.id == "super" and not x.arguments:
        return [Instruction("super", None, x.span)]
    steps: Steps = [x.function]
    kinds: list[str | None] = []
    for argument in x.arguments:
        if isinstance(argument, tree.Keyword):
            kinds.append(argument.name)
            steps.append(argument.value)
        elif isinstance(argument, tree.Spread):
            kinds.append("*")
            steps.append(argument.value)
        elif isinstance(argument, tree.KeywordSpread):
            kinds.append("**")
            steps.append(argument.value)
        else:
            kinds.append(None)
            steps.append(argument)
    if all(kind is None for kind in kinds):
        return [*steps, Instruction("call_plain", len(kinds), x.span)]
    return [*steps, Instruction("call", CallShape(tuple(kinds)), x.span)]


def _binary(c: Compiler, x: tree.Binary) -> Steps:
    return [x.left, x.right, Instruction("binary_" + BINARY_NAMES[x.operator], x.operator, x.span)]


BINARY_NAMES = {
    "+": "add", "-": "sub", "*": "mul", "/": "truediv", "//": "floordiv", "%": "mod", "**": "pow",
    "@": "matmul", "&": "and", "|": "or", "^": "xor", "<<": "lshift", ">>": "rshift",
}  # fmt: skip


def _sequence(c: Compiler, x: tree.Sequence) -> Steps:
    if any(isinstance(item, tree.Spread) for item in x.items):
        kinds = tuple(isinstance(item, tree.Spread) for item in x.items)
        items = [item.value if isinstance(item, tree.Spread) else item for item in x.items]
        action = "tuple_spread" if x.is_tuple else "list_spread"
        return [*items, Instruction(action, kinds, x.span)]
    return EXPRESSIONS[tree.Sequence](x)


def _set_display(c: Compiler, x: tree.SetDisplay) -> Steps:
    kinds = tuple(isinstance(item, tree.Spread) for item in x.items)
    items = [item.value if isinstance(item, tree.Spread) else item for item in x.items]
    return [*items, Instruction("set_spread", kinds, x.span)]


def _dict(c: Compiler, x: tree.Dict) -> Steps:
    steps: Steps = []
    for entry in x.entries:
        if entry.key is not None:
            steps.append(entry.key)
        steps.append(entry.value)
    kinds = tuple(entry.key is None for entry in x.entries)
    return [*steps, Instruction("dict", kinds, x.span)]


def _fstring(c: Compiler, x: tree.FString) -> Steps:
    steps: Steps = []
    for part in x.parts:
        if isinstance(part, str):
            steps.append(Instruction("push", part, x.span))
            continue
        spec: Any = Instruction("push", "", part.span) if part.spec is None else part.spec
        steps += [part.value, spec, Instruction("format", part.conversion, part.span)]
    return [*steps, Instruction("join", len(x.parts), x.span)]


def _lambda(c: Compiler, x: tree.Lambda) -> Steps:
    body = (st.Return(x.body.span, x.body),)
    return c.function("<lambda>", x.parameters, body, x.span)


def _named_expression(c: Compiler, x: tree.NamedExpression) -> Steps:
    held = c.scope.renamed
    c.scope.renamed = []  # an assignment in a comprehension is the function's around it
    store = c.store(x.name, x.span)
    c.scope.renamed = held
    return [x.value, Instruction("duplicate", None, x.span), store]


def _yield(c: Compiler, x: tree.Yield) -> Steps:
    value: Any = Instruction("push", None, x.span) if x.value is None else x.value
    return [value, Instruction("yield_value", None, x.span)]


def _yield_from(c: Compiler, x: tree.YieldFrom) -> Steps:
    again, end = Label(), Label()
    return [
        x.value,
        Instruction("iterate", None, x.span),
        again,
        Instruction("delegate", end, x.span),
        Instruction("yield_value", None, x.span),
        Instruction("drop", None, x.span),
        Instruction("jump", again, x.span),
        end,
    ]


ADDING = {"list": "append_to", "set": "add_to", "dict": "put_in"}


def _comprehension(c: Compiler, x: tree.Comprehension) -> Steps:
    if x.kind == "generator":
        return _generator(c, x)
    renames: dict[str, str] = {}
    scope = c.scope

    def enter() -> Steps:
        scope.comprehensions += 1
        for clause in x.clauses:
            for name in names_in_target(clause.target):
                renames[name] = f"{name}.{scope.comprehensions}"
        scope.renamed.append(renames)
        return []

    def leave() -> Steps:
        scope.renamed.pop()
        return []

    makes = {"list": "new_list", "set": "new_set", "dict": "new_dict"}[x.kind]
    element: Steps = [x.element] if x.value is None else [x.element, x.value]
    adds = Instruction(ADDING[x.kind], len(x.clauses), x.span)
    first = x.clauses[0].iterable
    return [
        Instruction(makes, None, x.span),
        first,
        enter,
        *_clauses(c, x.clauses, [*element, adds], first_ready=True),
        leave,
    ]


def _clauses(
    c: Compiler, clauses: Sequence[tree.Clause], innermost: Steps, first_ready: bool
) -> Steps:
    """The loops of a comprehension; the first iterable may be on the stack already."""
    steps = innermost
    for number in reversed(range(len(clauses))):
        clause = clauses[number]
        again, end = Label(), Label()
        iterable: Steps = [] if first_ready and not number else [clause.iterable]
        tests: Steps = []
        for condition in clause.conditions:
            tests += [condition, Instruction("jump_if_false", again, condition.span)]
        steps = [
            *iterable,
            Instruction("iterate", None, clause.iterable.span),
            again,
            Instruction("next", end, clause.span),
            lambda clause=clause: c.assign(clause.target),
            *tests,
            *steps,
            Instruction("jump", again, clause.span),
            end,
        ]
    return steps


def _generator(c: Compiler, x: tree.Comprehension) -> Steps:
    names = {name for clause in x.clauses for name in names_in_target(clause.target)}
    scope = Scope("function", c.scope, names | {".0"})
    inner = Compiler(scope, c.qualified)
    code = Code("<genexpr>", f"{c.qualified}<genexpr>")
    element: Steps = [
        x.element,
        Instruction("yield_value", None, x.span),
        Instruction("drop", None, x.span),
    ]
    code.steps = inner.flat(
        [
            Instruction("load_local", ".0", x.span),
            *_clauses(inner, x.clauses, element, first_ready=True),
            Instruction("push", None, x.span),
        ]
    )
    code.steps.append(Instruction("finish", None, x.span))
    code.is_generator = True
    first = x.clauses[0].iterable
    return [
        first,
        Instruction("iterate", None, first.span),
        Instruction("generator", code, x.span),
    ]


# ---- statements ----


def _expression_statement(c: Compiler, x: st.ExpressionStatement) -> Steps:
    action = "echo" if c.echo else "drop"
    return [_statement(x.span), x.value, Instruction(action, None, x.span)]


def _assign(c: Compiler, x: st.Assign) -> Steps:
    steps: Steps = [_statement(x.span), x.value]
    for target in x.targets[:-1]:
        steps.append(Instruction("duplicate", None, x.span))
        steps += c.assign(target)
    return steps + c.assign(x.targets[-1])


def _augmented(c: Compiler, x: st.AugmentedAssign) -> Steps:
    update = Instruction("in_place", x.operator, x.span)
    target = x.target
    if isinstance(target, tree.Name):
        return [
            _statement(x.span),
            c.load(target.id, target.span),
            x.value,
            update,
            c.store(target.id, target.span),
        ]
    if isinstance(target, tree.Attribute):
        return [
            _statement(x.span),
            target.value,
            Instruction("duplicate", None, x.span),
            Instruction("attribute", target.name, target.span),
            x.value,
            update,
            Instruction("swap", None, x.span),
            Instruction("store_attribute", target.name, target.span),
        ]
    assert isinstance(target, tree.Subscript)
    return [
        _statement(x.span),
        target.value,
        target.index,
        Instruction("duplicate_two", None, x.span),
        Instruction("subscript", None, target.span),
        x.value,
        update,
        Instruction("rotate", None, x.span),
        Instruction("store_subscript", None, target.span),
    ]


def _annotated(c: Compiler, x: st.AnnotatedAssign) -> Steps:
    steps: Steps = [_statement(x.span)]
    if c.scope.kind == "class" and isinstance(x.target, tree.Name):
        steps.append(Instruction("annotate", x.target.id, x.span))
    return steps if x.value is None else [*steps, x.value, *c.assign(x.target)]


def _if(c: Compiler, x: st.If) -> Steps:
    end = Label()
    steps: Steps = []
    for branch in x.branches:
        otherwise = Label()
        steps += [
            _statement(branch.span),
            branch.condition,
            Instruction("jump_if_false", otherwise, branch.condition.span),
            *branch.body,
            Instruction("jump", end, branch.span),
            otherwise,
        ]
    return [*steps, *x.otherwise, end]


def _while(c: Compiler, x: st.While) -> Steps:
    again, otherwise, end = Label(), Label(), Label()
    loop = Exit("loop", break_to=end, continue_to=again)
    return [
        again,
        _statement(x.span),
        x.condition,
        Instruction("jump_if_false", otherwise, x.condition.span),
        *c.inside(loop, x.body),
        Instruction("jump", again, x.span),
        otherwise,
        *x.otherwise,
        end,
    ]


def _for(c: Compiler, x: st.For) -> Steps:
    again, otherwise, end = Label(), Label(), Label()
    loop = Exit("loop", break_to=end, continue_to=again, holds=1)
    return [
        _statement(x.span),
        x.iterable,
        Instruction("iterate", None, x.iterable.span),
        again,
        Instruction("next", otherwise, x.span),
        *c.assign(x.target),
        *c.inside(loop, x.body),
        Instruction("jump", again, x.span),
        otherwise,
        *x.otherwise,
        end,
    ]


def _innermost_loop(c: Compiler, span: Span, word: str) -> Exit:
    for entry in reversed(c.exits):
        if entry.kind == "loop":
            return entry
    raise SourceSyntaxError(
        "'break' outside loop" if word == "break" else "'continue' not properly in loop", span=span
    )


def _break(c: Compiler, x: st.Break) -> Steps:
    loop = _innermost_loop(c, x.span, "break")
    drop = [Instruction("drop", None, x.span)] if loop.holds else []
    return [
        _statement(x.span),
        *c.leave(loop, keeps_value=False),
        *drop,
        Instruction("jump", loop.break_to, x.span),
    ]


def _continue(c: Compiler, x: st.Continue) -> Steps:
    loop = _innermost_loop(c, x.span, "continue")
    return [
        _statement(x.span),
        *c.leave(loop, keeps_value=False),
        Instruction("jump", loop.continue_to, x.span),
    ]


def _pass(c: Compiler, x: st.Pass) -> Steps:
    return []


def _return(c: Compiler, x: st.Return) -> Steps:
    value: Any = Instruction("push", None, x.span) if x.value is None else x.value
    return [
        _statement(x.span),
        value,
        lambda: c.leave(None, keeps_value=True),
        Instruction("finish", None, x.span),
    ]


def _function_def(c: Compiler, x: st.FunctionDef) -> Steps:
    return [
        _statement(x.span),
        *x.decorators,
        *c.function(x.name, x.parameters, x.body, x.span, x.docstring),
        *[Instruction("call_plain", 1, d.span) for d in reversed(x.decorators)],
        c.store(x.name, x.span),
    ]


def _class_def(c: Compiler, x: st.ClassDef) -> Steps:
    names, outer, _ = assigned(x.body)
    scope = Scope("class", c.scope, names)
    scope.declared_global = outer
    qualified = f"{c.qualified}{x.name}"
    inner = Compiler(scope, f"{qualified}.")
    code = inner.code(x.body, x.name, qualified)
    code.docstring = x.docstring
    bases: list[Any] = [
        base for base in x.bases if not isinstance(base, (tree.Keyword, tree.KeywordSpread))
    ]
    for given in x.bases:
        if isinstance(given, tree.Keyword) and given.name == "metaclass":
            # of metaclasses only that of abstract classes exists, which is ABC's
            bases.append(Instruction("push_abstract", None, given.span))
    return [
        _statement(x.span),
        *x.decorators,
        *bases,
        Instruction("make_class", (code, len(bases)), x.span),
        *[Instruction("call_plain", 1, d.span) for d in reversed(x.decorators)],
        c.store(x.name, x.span),
    ]


def _with(c: Compiler, x: st.With) -> Steps:
    return _with_items(c, x, 0)


def _with_items(c: Compiler, x: st.With, number: int) -> Steps:
    if number == len(x.items):
        return list(x.body)
    item = x.items[number]
    failed, end = Label(), Label()
    bind: Steps = (
        [Instruction("drop", None, item.span)] if item.target is None else c.assign(item.target)
    )
    return [
        _statement(x.span),
        item.value,
        Instruction("with_enter", None, item.span),
        Instruction("push_block_below", failed, item.span),
        *c.inside(Exit("with", holds=1), [*bind, lambda: _with_items(c, x, number + 1)]),
        Instruction("pop_block", None, item.span),
        Instruction("with_leave", None, item.span),
        Instruction("jump", end, item.span),
        failed,
        Instruction("with_failed", None, item.span),
        end,
    ]


def _try(c: Compiler, x: st.Try) -> Steps:
    if not x.final:
        return _try_except(c, x)
    failed, end = Label(), Label()
    return [
        Instruction("push_block", failed, x.span),
        *c.inside(Exit("finally", body=x.final), [lambda: _try_except(c, x)]),
        Instruction("pop_block", None, x.span),
        *x.final,
        Instruction("jump", end, x.span),
        failed,
        Instruction("start_handling", None, x.span),
        *c.inside(Exit("handler", holds=0), x.final),
        Instruction("reraise", None, x.span),
        end,
    ]


def _try_except(c: Compiler, x: st.Try) -> Steps:
    if not x.handlers:
        return [*x.body, *x.otherwise]
    caught, otherwise, end = Label(), Label(), Label()
    steps: Steps = [
        Instruction("push_block", caught, x.span),
        *c.inside(Exit("try"), x.body),
        Instruction("pop_block", None, x.span),
        Instruction("jump", otherwise, x.span),
        caught,
        Instruction("start_handling", None, x.span),
    ]
    for handler in x.handlers:
        following = Label()
        if handler.kind is not None:
            steps += [
                handler.kind,
                Instruction("jump_if_other", following, handler.span),
            ]
        bind: Steps = []
        unbind: Steps = []
        if handler.name is not None:
            bind = [Instruction("handled", None, handler.span), c.store(handler.name, handler.span)]
            unbind = [Instruction("forget", c.scope.place(handler.name), handler.span)]
        steps += [
            *bind,
            *c.inside(Exit("handler"), handler.body),
            *unbind,
            Instruction("end_handling", None, handler.span),
            Instruction("jump", end, handler.span),
            following,
        ]
    return [*steps, Instruction("reraise", None, x.span), otherwise, *x.otherwise, end]


def _raise(c: Compiler, x: st.Raise) -> Steps:
    if x.value is None:
        return [_statement(x.span), Instruction("raise_again", None, x.span)]
    steps: Steps = [_statement(x.span), x.value]
    if x.cause is not None:
        return [*steps, x.cause, Instruction("raise_from", None, x.span)]
    return [*steps, Instruction("raise_value", None, x.span)]


def _assert(c: Compiler, x: st.Assert) -> Steps:
    holds = Label()
    message: Steps = [] if x.message is None else [x.message]
    return [
        _statement(x.span),
        x.condition,
        Instruction("jump_if_true", holds, x.condition.span),
        *message,
        Instruction("fail", x.message is not None, x.span),
        holds,
    ]


def _delete(c: Compiler, x: st.Delete) -> Steps:
    steps: Steps = [_statement(x.span)]
    pending = list(reversed(x.targets))
    while pending:
        target = pending.pop()
        if isinstance(target, tree.Name):
            steps.append(Instruction("delete", c.scope.place(target.id), target.span))
        elif isinstance(target, tree.Attribute):
            steps += [target.value, Instruction("delete_attribute", target.name, target.span)]
        elif isinstance(target, tree.Subscript):
            steps += [target.value, target.index, Instruction("delete_item", None, target.span)]
        elif isinstance(target, tree.Sequence):
            pending.extend(reversed(target.items))  # type: ignore[arg-type]
    return steps


def _import(c: Compiler, x: st.Import) -> Steps:
    steps: Steps = [_statement(x.span)]
    for imported in x.names:
        whole = imported.alias is not None
        name = imported.alias or imported.name.partition(".")[0]
        steps += [
            Instruction("import_module", (imported.name, whole), x.span),
            c.store(name, imported.span),
        ]
    return steps


def _import_from(c: Compiler, x: st.ImportFrom) -> Steps:
    steps: Steps = [_statement(x.span)]
    for imported in x.names:
        if imported.name == "*":
            steps.append(Instruction("import_all", x.module, x.span))
            continue
        steps += [
            Instruction("import_name", (x.module, imported.name), x.span),
            c.store(imported.alias or imported.name, imported.span),
        ]
    return steps


def _nothing(c: Compiler, x: tree.Tree) -> Steps:
    return []


OWN: dict[type, Callable[[Compiler, Any], Steps]] = {
    tree.Name: _name,
    tree.Call: _call,
    tree.Binary: _binary,
    tree.Sequence: _sequence,
    tree.SetDisplay: _set_display,
    tree.Dict: _dict,
    tree.FString: _fstring,
    tree.Lambda: _lambda,
    tree.NamedExpression: _named_expression,
    tree.Yield: _yield,
    tree.YieldFrom: _yield_from,
    tree.Comprehension: _comprehension,
    st.ExpressionStatement: _expression_statement,
    st.Assign: _assign,
    st.AugmentedAssign: _augmented,
    st.AnnotatedAssign: _annotated,
    st.If: _if,
    st.While: _while,
    st.For: _for,
    st.Break: _break,
    st.Continue: _continue,
    st.Pass: _pass,
    st.Return: _return,
    st.FunctionDef: _function_def,
    st.ClassDef: _class_def,
    st.With: _with,
    st.Try: _try,
    st.Raise: _raise,
    st.Assert: _assert,
    st.Delete: _delete,
    st.Import: _import,
    st.ImportFrom: _import_from,
    st.Global: _nothing,
    st.Nonlocal: _nothing,
}


def compile_program(program: st.Program, *, echo: bool = False) -> Code:
    """The code of a whole program.

    Args:
        program: its tree.
        echo: whether top-level expressions print their values, as the interactive prompt does.
    """
    scope = Scope("module", None, set())
    return Compiler(scope, echo=echo).code(program.body, "<module>", "<module>")
