"""What the grammar can't see: statements outside the function or loop they belong to, and scopes.

CPython finds these after parsing: first what concerns names, then the rest, each in the text's order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from autodiff_cli.errors import SourceSyntaxError
from autodiff_cli.source import Span
from autodiff_cli.syntax import statements, tree

IN_LOOP, IN_ITERABLE = (
    1,
    2,
)  # where a tree stands: in a loop's body, in what a comprehension is over


class Scope:
    """The names of a module, function, class or comprehension.

    Attributes:
        kind: "module", "function", "class", or what CPython calls the comprehension.
        outer: the scope around it.
        seen: what each name has been so far: parameter, used, annotated, assigned.
        declared: the names declared global or nonlocal.
        iterated: the names of a comprehension's targets.
    """

    __slots__ = ("declared", "iterated", "kind", "outer", "seen")

    def __init__(self, kind: str, outer: Scope | None) -> None:
        self.kind = kind
        self.outer = outer
        self.seen: dict[str, set[str]] = {}
        self.declared: dict[str, str] = {}
        self.iterated: set[str] = set()

    @property
    def is_comprehension(self) -> bool:
        return self.kind not in ("module", "function", "class")

    def see(self, name: str, how: str) -> None:
        self.seen.setdefault(name, set()).add(how)


def check(program: statements.Program) -> None:
    """Refuse a program that CPython's compiler refuses after parsing.

    Raises:
        SourceSyntaxError: without a source.
    """
    walk = _Walk()
    walk.run(program)
    for scope, name, span in walk.nonlocals:
        outer = scope.outer
        while outer is not None and not _binds(outer, name):
            outer = outer.outer
        if outer is None:
            raise SourceSyntaxError(f"no binding for nonlocal '{name}' found", span=span)
    if walk.misplaced is not None:
        raise walk.misplaced


def _binds(scope: Scope, name: str) -> bool:
    if scope.kind != "function" or scope.declared.get(name) == "global":
        return False
    return name in scope.declared or bool(scope.seen.get(name, set()) - {"used"})


class _Walk:
    """A walk over a program in the text's order, without recursion."""

    def __init__(self) -> None:
        self.pending: list[tuple[tree.Tree, Scope, int]] = []
        self.misplaced: SourceSyntaxError | None = None
        self.nonlocals: list[tuple[Scope, str, Span]] = []

    def run(self, program: statements.Program) -> None:
        self.pending.append((program, Scope("module", None), 0))
        while self.pending:
            x, scope, place = self.pending.pop()
            kind = type(x)
            lone = getattr(x, "iterable" if kind is statements.For else "value", None)
            if isinstance(lone, tree.Spread):
                self.misplace("can't use starred expression here", lone.span)
            if isinstance(x, tree.Name):
                scope.see(x.id, "used")
            elif kind in SPECIAL:
                todo = list(SPECIAL[kind](self, x, scope, place))
                todo.reverse()
                self.pending += todo
            else:
                children = [(child, scope, place) for child in _children(x)]
                children.reverse()
                self.pending += children

    def misplace(self, message: str, span: Span) -> None:
        if self.misplaced is None:
            self.misplaced = SourceSyntaxError(message, span=span)


Visit = Iterator[tuple[tree.Tree, Scope, int]]


def _children(x: tree.Tree) -> Iterator[tree.Tree]:
    for name in x.fields[1:]:
        value = getattr(x, name)
        if isinstance(value, tree.Tree):
            yield value
        elif type(value) is tuple:
            for item in value:
                if isinstance(item, tree.Tree):
                    yield item


def _bind(target: tree.Tree, scope: Scope, place: int, how: str = "assigned") -> Visit:
    """Note the names that a target binds; what else it holds is to be visited."""
    pending = [target]
    while pending:
        x = pending.pop()
        if isinstance(x, tree.Name):
            scope.see(x.id, how)
            if scope.is_comprehension:
                scope.iterated.add(x.id)
        elif isinstance(x, tree.Sequence):
            pending += reversed(x.items)
        elif isinstance(x, tree.Spread):
            pending.append(x.value)
        else:
            yield x, scope, place


def _assign(walk: _Walk, x: statements.Assign, scope: Scope, place: int) -> Visit:
    yield x.value, scope, place
    for target in x.targets:
        yield from _bind(target, scope, place)


def _assign_one(
    walk: _Walk,
    x: statements.AugmentedAssign | statements.AnnotatedAssign,
    scope: Scope,
    place: int,
) -> Visit:
    if x.value is not None:
        yield x.value, scope, place
    is_annotated = isinstance(x, statements.AnnotatedAssign)
    if is_annotated and isinstance(x.target, tree.Name) and x.target.id in scope.declared:
        message = f"annotated name '{x.target.id}' can't be {scope.declared[x.target.id]}"
        raise SourceSyntaxError(message, span=x.span)
    yield from _bind(x.target, scope, place, "annotated" if is_annotated else "assigned")


def _loop(walk: _Walk, x: statements.For | statements.While, scope: Scope, place: int) -> Visit:
    if isinstance(x, statements.For):
        yield from _bind(x.target, scope, place)
        yield x.iterable, scope, place
    else:
        yield x.condition, scope, place
    for statement in x.body:
        yield statement, scope, place | IN_LOOP
    for statement in x.otherwise:
        yield statement, scope, place


def _with_item(walk: _Walk, x: statements.WithItem, scope: Scope, place: int) -> Visit:
    yield x.value, scope, place
    if x.target is not None:
        yield from _bind(x.target, scope, place)


def _handler(walk: _Walk, x: statements.Handler, scope: Scope, place: int) -> Visit:
    if x.name is not None:
        scope.see(x.name, "assigned")
    return ((child, scope, place) for child in _children(x))


def _defaults(x: tree.Parameters, scope: Scope, inner: Scope, place: int) -> Visit:
    for parameter in x.items:
        inner.see(parameter.name, "parameter")
        if parameter.default is not None:
            yield parameter.default, scope, place


def _function(walk: _Walk, x: statements.FunctionDef, scope: Scope, place: int) -> Visit:
    scope.see(x.name, "assigned")
    inner = Scope("function", scope)
    for decorator in x.decorators:
        yield decorator, scope, place
    yield from _defaults(x.parameters, scope, inner, place)
    for statement in x.body:
        yield statement, inner, 0


def _lambda(walk: _Walk, x: tree.Lambda, scope: Scope, place: int) -> Visit:
    inner = Scope("function", scope)
    yield from _defaults(x.parameters, scope, inner, place)
    yield x.body, inner, place & IN_ITERABLE


def _class(walk: _Walk, x: statements.ClassDef, scope: Scope, place: int) -> Visit:
    scope.see(x.name, "assigned")
    _refuse_repeated(walk, x.bases)
    for outside in (*x.decorators, *x.bases):
        yield outside, scope, place
    inner = Scope("class", scope)
    for statement in x.body:
        yield statement, inner, 0


def _call(walk: _Walk, x: tree.Call, scope: Scope, place: int) -> Visit:
    _refuse_repeated(walk, x.arguments)
    return ((child, scope, place) for child in _children(x))


def _refuse_repeated(walk: _Walk, arguments: tuple[tree.Tree, ...]) -> None:
    names: set[str] = set()
    for x in arguments:
        if isinstance(x, tree.Keyword):
            if x.name in names:
                walk.misplace(f"keyword argument repeated: {x.name}", x.span)
            names.add(x.name)


def _comprehension(walk: _Walk, x: tree.Comprehension, scope: Scope, place: int) -> Visit:
    kind = "generator expression" if x.kind == "generator" else f"{x.kind} comprehension"
    inner = Scope(kind, scope)
    for number, clause in enumerate(x.clauses):
        yield clause.iterable, inner if number else scope, place | IN_ITERABLE
        yield from _bind(clause.target, inner, place)
        for condition in clause.conditions:
            yield condition, inner, place
    yield x.element, inner, place
    if x.value is not None:
        yield x.value, inner, place


def _named(walk: _Walk, x: tree.NamedExpression, scope: Scope, place: int) -> Visit:
    if place & IN_ITERABLE:
        message = "assignment expression cannot be used in a comprehension iterable expression"
        raise SourceSyntaxError(message, span=x.span)
    target: Scope | None = scope
    while target is not None and target.is_comprehension:
        if x.name in target.iterated:
            message = (
                f"assignment expression cannot rebind comprehension iteration variable '{x.name}'"
            )
            raise SourceSyntaxError(message, span=x.span)
        target = target.outer
    assert target is not None
    if target is not scope and target.kind == "class":
        message = "assignment expression within a comprehension cannot be used in a class body"
        raise SourceSyntaxError(message, span=x.span)
    target.see(x.name, "assigned")
    yield x.value, scope, place


def _yield(walk: _Walk, x: tree.Yield | tree.YieldFrom, scope: Scope, place: int) -> Visit:
    if scope.is_comprehension:
        raise SourceSyntaxError(f"'yield' inside {scope.kind}", span=x.span)
    if scope.kind != "function":
        walk.misplace("'yield' outside function", x.span)
    return ((child, scope, place) for child in _children(x))


def _return(walk: _Walk, x: statements.Return, scope: Scope, place: int) -> Visit:
    if scope.kind != "function":
        walk.misplace("'return' outside function", x.span)
    return ((child, scope, place) for child in _children(x))


def _jump(
    walk: _Walk, x: statements.Break | statements.Continue, scope: Scope, place: int
) -> Visit:
    if not place & IN_LOOP:
        is_break = isinstance(x, statements.Break)
        walk.misplace(
            "'break' outside loop" if is_break else "'continue' not properly in loop", x.span
        )
    return iter(())


def _declaration(
    walk: _Walk, x: statements.Global | statements.Nonlocal, scope: Scope, place: int
) -> Visit:
    what = "global" if isinstance(x, statements.Global) else "nonlocal"
    if what == "nonlocal" and scope.kind == "module":
        raise SourceSyntaxError("nonlocal declaration not allowed at module level", span=x.span)
    for name in x.names:
        seen = scope.seen.get(name, set())
        message = (
            f"name '{name}' is parameter and {what}"
            if "parameter" in seen
            else f"name '{name}' is used prior to {what} declaration"
            if "used" in seen
            else f"annotated name '{name}' can't be {what}"
            if "annotated" in seen
            else f"name '{name}' is assigned to before {what} declaration"
            if seen
            else f"name '{name}' is nonlocal and global"
            if scope.declared.get(name, what) != what
            else None
        )
        if message is not None:
            raise SourceSyntaxError(message, span=x.span)
        scope.declared[name] = what
        if what == "nonlocal":
            walk.nonlocals.append((scope, name, x.span))
    return iter(())


def _import(
    walk: _Walk, x: statements.Import | statements.ImportFrom, scope: Scope, place: int
) -> Visit:
    for item in x.names:
        if item.name == "*" and scope.kind != "module":
            raise SourceSyntaxError("import * only allowed at module level", span=x.span)
        scope.see(item.alias or item.name.partition(".")[0], "assigned")
    return iter(())


SPECIAL: dict[type[tree.Tree], Callable[[_Walk, Any, Scope, int], Visit]] = {
    statements.Assign: _assign,
    statements.AugmentedAssign: _assign_one,
    statements.AnnotatedAssign: _assign_one,
    statements.For: _loop,
    statements.While: _loop,
    statements.WithItem: _with_item,
    statements.Handler: _handler,
    statements.FunctionDef: _function,
    tree.Lambda: _lambda,
    statements.ClassDef: _class,
    tree.Call: _call,
    tree.Comprehension: _comprehension,
    tree.NamedExpression: _named,
    tree.Yield: _yield,
    tree.YieldFrom: _yield,
    statements.Return: _return,
    statements.Break: _jump,
    statements.Continue: _jump,
    statements.Global: _declaration,
    statements.Nonlocal: _declaration,
    statements.Import: _import,
    statements.ImportFrom: _import,
}
