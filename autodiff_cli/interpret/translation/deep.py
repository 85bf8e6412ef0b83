"""Expressions that are too deep for CPython's compiler, which recurses, cut into pieces.

What is evaluated first becomes an assignment before the statement: a sum of 100,000 terms is a list of
assignments. What is evaluated later, or never, becomes a function that is called in its place.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from autodiff_cli.interpret.translation.translator import Cut
from autodiff_cli.syntax import statements as st
from autodiff_cli.syntax import tree

DEPTH = 100  # of a piece: Python's own limit is some hundreds


def cut(program: st.Program) -> st.Program:
    """The program with no expression of more than some hundred levels, where that can be."""
    return st.Program(program.span, _Cutter().block(program.body, True))


class _Cutter:
    def __init__(self) -> None:
        self.count = 0

    def block(self, body: Iterable[Any], can_call: bool) -> tuple[Any, ...]:
        """
        Args:
            body: statements.
            can_call: whether functions see the variables of what is around, as they don't in a class.
        """
        found: list[Any] = []
        for x in body:
            pieces: list[Cut] = []
            values = []
            for name in x.fields[1:]:
                is_first = name == FIRST.get(type(x))
                values.append(self.part(x, getattr(x, name), pieces, can_call, is_first))
            found += [*pieces, type(x)(x.span, *values)]
        return tuple(found)

    def part(self, x: Any, value: Any, pieces: list[Cut], can_call: bool, is_first: bool) -> Any:
        """A field of a statement: an expression, a body of statements, or a tuple of either."""
        if isinstance(value, EXPRESSIONS):
            return self.expression(value, pieces, can_call, is_first)
        if isinstance(value, tree.Tree):  # parameters
            fields = [
                self.part(x, getattr(value, n), pieces, can_call, False) for n in value.fields[1:]
            ]
            return type(value)(value.span, *fields)
        if type(value) is not tuple:
            return value
        if value and isinstance(value[0], STATEMENTS):
            inner = not isinstance(x, st.ClassDef) and (can_call or isinstance(x, st.FunctionDef))
            return self.block(value, inner)
        found = []
        for number, item in enumerate(value):
            if isinstance(item, (st.Branch, st.Handler, st.WithItem)):
                first = number == 0 and FIRST.get(type(x)) is not None
                fields = [
                    self.part(
                        item, getattr(item, n), pieces, can_call, first and n == FIRST[type(item)]
                    )
                    for n in item.fields[1:]
                ]
                found.append(type(item)(item.span, *fields))
            else:
                found.append(self.part(x, item, pieces, can_call, False))
        return tuple(found)

    def expression(self, root: Any, pieces: list[Cut], can_call: bool, is_first: bool) -> Any:
        """The expression with pieces in the place of what is too deep, without recursion."""
        done: list[tuple[Any, int, bool]] = []  # what is made; its depth; whether it must stay here
        pending: list[tuple[Any, bool, bool, bool]] = [(root, can_call, is_first, False)]
        while pending:
            x, can, first, entered = pending.pop()
            if isinstance(x, LEAVES):
                done.append((x, 1, False))
                continue
            if not isinstance(x, tree.Tree):
                if type(x) is tuple and not entered:
                    pending.append((x, can, first, True))
                    pending += [
                        (v, can, first and n == 0, False) for n, v in reversed([*enumerate(x)])
                    ]
                elif entered:
                    parts = _taken(done, len(x))
                    depth = max((part[1] for part in parts), default=0)
                    same = all(p[0] is item for p, item in zip(parts, x, strict=True))
                    whole = x if same else tuple([p[0] for p in parts])
                    done.append((whole, depth, any(p[2] for p in parts)))
                else:
                    done.append((x, 0, False))
                continue
            names = x.fields[1:]
            if not entered:
                pending.append((x, can, first, True))
                inside = can and not isinstance(x, (tree.Lambda, tree.Comprehension))
                leads = FIRST.get(type(x))
                pending += [
                    (getattr(x, n), inside, first and n == leads, False) for n in reversed(names)
                ]
                continue
            parts = _taken(done, len(names))
            same = all(p[0] is getattr(x, n) for p, n in zip(parts, names, strict=True))
            made: Any = x if same else type(x)(x.span, *[part[0] for part in parts])
            depth = 1 + max([part[1] for part in parts], default=0)
            stays = any(part[2] for part in parts) or isinstance(x, STAYING)
            if depth > DEPTH and isinstance(x, EXPRESSIONS) and (first or (can and not stays)):
                self.count += 1
                name = f".cut{self.count}"
                pieces.append(Cut(x.span, name, made, not first))
                piece: Any = tree.Name(x.span, name)
                made = piece if first else tree.Call(x.span, piece, ())
                depth, stays = 1, False
            done.append((made, depth, stays))
        return done.pop()[0]


def _taken(done: list[Any], count: int) -> list[Any]:
    parts = done[len(done) - count :]
    del done[len(done) - count :]
    return parts


# What each tree evaluates first.
FIRST: dict[type, str] = {
    st.ExpressionStatement: "value",
    st.Assign: "value",
    st.AnnotatedAssign: "value",
    st.Return: "value",
    st.Raise: "value",
    st.Assert: "condition",
    st.For: "iterable",
    st.If: "branches",
    st.Branch: "condition",
    st.With: "items",
    st.WithItem: "value",
    tree.Unary: "operand",
    tree.Binary: "left",
    tree.Comparison: "operands",
    tree.Logical: "left",
    tree.Conditional: "condition",
    tree.Attribute: "value",
    tree.Call: "function",
    tree.Subscript: "value",
    tree.Sequence: "items",
}
LEAVES = (tree.Name, tree.Literal)
STAYING = (tree.NamedExpression, tree.Yield, tree.YieldFrom)
EXPRESSIONS = tree.Expression.__args__
STATEMENTS = st.Statement.__args__
