"""What a text that is evaluated ends in: an expression, an assignment, or a statement without a value."""

from __future__ import annotations

from typing import Any

from autodiff_cli.errors import InputError
from autodiff_cli.source import Source
from autodiff_cli.syntax import statements as st
from autodiff_cli.syntax import tree

EXAMPLE = "mean(3*(x+2)**2)"


def with_value(program: st.Program) -> st.Program:
    """The program with the value of what it assigns last as its last expression.

    That is what the name holds afterwards: the whole `z` of `z[0] = x`, both names of `a, b = b, a`.
    """
    last = program.body[-1] if program.body else None
    target: tree.Expression | None = None
    if isinstance(last, st.Assign):
        target = _held(last.targets[0])
    elif isinstance(last, st.AugmentedAssign) or (
        isinstance(last, st.AnnotatedAssign) and last.value is not None
    ):
        target = _held(last.target)
    if target is None:
        return program
    return st.Program(program.span, (*program.body, st.ExpressionStatement(target.span, target)))


def _held(target: Any) -> tree.Expression | None:
    """The expression that reads what an assignment has changed; None if that can't be read again."""
    while isinstance(target, tree.Subscript):
        target = target.value
    if isinstance(target, tree.Sequence):
        items = [_held(i.value if isinstance(i, tree.Spread) else i) for i in target.items]
        named = tuple(item for item in items if item is not None)
        return tree.Sequence(target.span, named, True) if len(named) == len(items) else None
    root = target
    while isinstance(root, tree.Attribute):
        root = root.value
    return target if isinstance(root, tree.Name) else None


def has_value(program: st.Program) -> bool:
    """Whether the last statement is an expression."""
    return bool(program.body) and isinstance(program.body[-1], st.ExpressionStatement)


def no_value(program: st.Program, source: Source) -> InputError:
    """The error for a program that gives nothing: what to write behind its last statement."""
    last = program.body[-1]
    what = (
        "an expression that gives None" if has_value(program) else "a statement, which has no value"
    )
    return InputError(f"the text ends in {what}", hint=_advice(last, source)).at(last.span, source)  # type: ignore[return-value]


def _advice(last: st.Statement, source: Source) -> str:
    if isinstance(last, st.FunctionDef):
        needed = [
            p.name for p in last.parameters.items if p.default is None and "star" not in p.kind
        ]
        return f"call it on a last line: {last.name}({', '.join(needed)})"
    if isinstance(last, st.ClassDef):
        return f"make use of it on a last line: {last.name}(…)"
    choice = _choice(last, source)
    if choice is not None:
        return f"write the choice as an expression: {choice}"
    if isinstance(last, st.ExpressionStatement) and (said := _habit(last.value)):
        return said
    name = _assigned_last(last)
    return f"end with the expression whose value you want, such as {name or EXAMPLE}"


def _habit(x: tree.Tree) -> str | None:
    """What to type instead of an attribute, or a call, that people write elsewhere."""
    from autodiff_cli.interpret.habits import ATTRIBUTES, SAID

    if isinstance(x, tree.Call):
        x = x.function
    if isinstance(x, tree.Attribute):
        return ATTRIBUTES.get(x.name) or SAID.get(x.name)
    return SAID.get(x.id) if isinstance(x, tree.Name) else None


def _choice(last: st.Statement, source: Source) -> str | None:
    """`if a: b` as `b if a else …`."""
    if not isinstance(last, st.If) or len(last.branches) > 1:
        return None
    branch = last.branches[0]
    if len(branch.body) > 1 or not isinstance(branch.body[0], st.ExpressionStatement):
        return None
    otherwise = last.otherwise[0] if len(last.otherwise) == 1 else None
    rest = source.slice(otherwise.span) if isinstance(otherwise, st.ExpressionStatement) else "…"
    then = source.slice(branch.body[0].span)
    return f"{then} if {source.slice(branch.condition.span)} else {rest}"


def _assigned_last(statement: st.Statement) -> str | None:
    """The name that a statement sets last, in the order of the text."""
    names: dict[int, str] = {}
    pending: list[Any] = [statement]
    while pending:
        part = pending.pop()
        if isinstance(part, tuple):
            pending.extend(part)
        elif isinstance(part, st.Assign):
            names |= {t.span.start: t.id for t in part.targets if isinstance(t, tree.Name)}
        elif isinstance(part, (st.AugmentedAssign, st.AnnotatedAssign)):
            if isinstance(part.target, tree.Name):
                names[part.target.span.start] = part.target.id
        elif isinstance(part, tree.Tree) and not isinstance(part, (st.FunctionDef, st.ClassDef)):
            pending.extend(part.__dict__.values())
    return names[max(names)] if names else None
