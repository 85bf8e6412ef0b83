"""Expressions of programs to postfix code, where `interpret/code.py` doesn't know them or their scope."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from autodiff_cli.interpret.code import COMPILE as EXPRESSIONS
from autodiff_cli.interpret.code import CallShape, Instruction, Label
from autodiff_cli.interpret.compiler import Code, Compiler, Steps
from autodiff_cli.interpret.scopes import Scope, names_in_target
from autodiff_cli.syntax import statements as st
from autodiff_cli.syntax import tree


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


OF_EXPRESSIONS: dict[type, Callable[[Compiler, Any], Steps]] = {
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
}
