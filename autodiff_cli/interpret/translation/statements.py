"""Statements that only programs have as Python's."""

from __future__ import annotations

import _ast as py
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from autodiff_cli.interpret.translation.expressions import (
    BINARY,
    argument,
    grows_nothing,
    note_reach,
)
from autodiff_cli.interpret.translation.simple import assign
from autodiff_cli.interpret.translation.translator import (
    DELETE,
    NO_TYPES,
    Scope,
    Translator,
    first,
    variable,
)
from autodiff_cli.source import Span
from autodiff_cli.syntax import statements as st
from autodiff_cli.syntax import tree


def _augmented(t: Translator, x: st.AugmentedAssign) -> list[py.stmt]:
    name, operator = BINARY[x.operator]
    target = x.target
    if isinstance(target, tree.Name):
        place = t.place(target.id, target.span)
        if grows_nothing(x.operator, x.value):
            value = t.value(x.value)
            t.loaded[target.id] = None
            return [py.AugAssign(target=place, op=operator, value=value, **t.at(x.span))]
        before = t.value(tree.Name(target.span, target.id))
        value = t.guard(f"in_place_{name}", x.span, before, t.value(x.value))
        return [t.assign(place, value, x.span)]
    if isinstance(target, tree.Attribute):
        key: py.expr = t.constant(t.private(target.name), target.span)
        kind = "attribute"
    else:
        assert isinstance(target, tree.Subscript)
        key = t.value(target.index)
        kind = "item"
    t.affects(f"writes to an {kind}", x.span)
    held = t.guard(f"{kind}_place", target.span, t.value(target.value), key)
    update = t.guard_itself(f"in_place_{name}", x.span)
    return [t.statement(t.guard(f"update_{kind}", x.span, held, t.value(x.value), update), x.span)]


def _annotated(t: Translator, x: st.AnnotatedAssign) -> list[py.stmt]:
    found: list[py.stmt] = []
    target = x.target
    if isinstance(target, tree.Name):
        if t.scope.kind == "class":
            notes = t.name(ANNOTATIONS, x.span)
            name = t.constant(t.private(target.id), x.span)
            found.append(t.statement(t.guard("annotate", x.span, notes, name), x.span))
        elif x.value is None and t.scope.kind == "function":  # which makes the name the function's
            never = t.assign(t.target(target), t.constant(None, x.span), x.span)
            at = t.at(x.span)
            found.append(py.If(test=t.constant(False, x.span), body=[never], orelse=[], **at))
    if x.value is not None:
        found += assign(t, st.Assign(x.span, (target,), x.value))
    return found


ANNOTATIONS = "__annotations__"


def _if(t: Translator, x: st.If) -> list[py.stmt]:
    """Python's tree holds an `elif` in what the `if` before it has for `else`: too deep, if they are many."""
    first, more = x.branches[:MOST_BRANCHES], x.branches[MOST_BRANCHES:]
    if not more:
        return _branches(t, first, t.block(x.otherwise))
    at = t.at(x.span)
    goes_on = t.fresh()

    def noted(value: bool) -> py.stmt:
        target = t.place(goes_on, x.span)
        return t.assign(target, t.constant(value, x.span), x.span)

    begun = [noted(False), *_branches(t, first, [noted(True)])]
    rest = _if(t, st.If(more[0].span, more, x.otherwise))
    return [*begun, py.If(test=t.name(goes_on, x.span), body=rest, orelse=[], **at)]


def _branches(
    t: Translator, branches: Sequence[st.Branch], otherwise: list[py.stmt]
) -> list[py.stmt]:
    for branch in reversed(branches):
        test, body = t.value(branch.condition), t.filled(branch.body, branch.span)
        otherwise = [py.If(test=test, body=body, orelse=otherwise, **t.at(branch.span))]
    return otherwise


MOST_BRANCHES = 50


def _while(t: Translator, x: st.While) -> list[py.stmt]:
    body = [t.turn(x.span), *t.block(x.body)]
    test = t.value(x.condition)
    return [py.While(test=test, body=body, orelse=t.block(x.otherwise), **t.at(x.span))]


def _for(t: Translator, x: st.For) -> list[py.stmt]:
    items = t.guard("iterate", x.iterable.span, t.value(x.iterable))
    after: list[py.stmt] = [t.turn(x.span)]
    target = t.target(x.target, after)
    body = [*after, *t.block(x.body)]
    return [
        py.For(target=target, iter=items, body=body, orelse=t.block(x.otherwise), **t.at(x.span))
    ]


def _break(t: Translator, x: st.Break) -> list[py.stmt]:
    return [py.Break(**t.at(x.span))]


def _continue(t: Translator, x: st.Continue) -> list[py.stmt]:
    return [py.Continue(**t.at(x.span))]


def _pass(t: Translator, x: st.Pass) -> list[py.stmt]:
    return [py.Pass(**t.at(x.span))]


def _return(t: Translator, x: st.Return) -> list[py.stmt]:
    value = None if x.value is None else t.value(x.value)
    return [py.Return(value=value, **t.at(x.span))]


def _function_def(t: Translator, x: st.FunctionDef) -> list[py.stmt]:
    decorators = t.values(x.decorators)
    parameters = t.parameters(x.parameters)
    outer = t.scope
    t.scope = Scope("function", outer, first=first(x.parameters))
    body = t.block(x.body)
    t.scope = outer
    body.insert(0 if x.docstring is None else 1, t.turn(x.span))
    return [
        py.FunctionDef(
            name=variable(x.name),
            args=parameters,
            body=body,
            decorator_list=decorators,
            returns=None,
            **NO_TYPES,
            **t.at(x.span),
        )
    ]


def _class_def(t: Translator, x: st.ClassDef) -> list[py.stmt]:
    t.affects("defines a class", x.span)
    decorators = t.values(x.decorators)
    bases: list[py.expr] = []
    keywords: list[py.keyword] = []
    for given in x.bases:
        argument(t, given, bases, keywords)
    outer = t.scope
    t.scope = Scope("class", outer, owner=x.name)
    body = t.block(x.body)
    t.scope = outer
    if any(isinstance(part, st.AnnotatedAssign) for part in _of_class(x.body)):
        notes = t.place(ANNOTATIONS, x.span)
        empty = py.Dict(keys=[], values=[], **t.at(x.span))
        body.insert(
            0 if x.docstring is None else 1,
            t.assign(notes, empty, x.span),
        )
    return [
        py.ClassDef(
            name=variable(x.name),
            bases=bases,
            keywords=keywords,
            body=body,
            decorator_list=decorators,
            **NO_TYPES,
            **t.at(x.span),
        )
    ]


def _of_class(body: Iterable[Any]) -> Iterable[Any]:
    """The statements of a class, but for those of its functions and classes."""
    pending: list[Any] = list(body)
    while pending:
        part = pending.pop()
        yield part
        if isinstance(part, (st.FunctionDef, st.ClassDef)):
            continue
        for value in part.__dict__.values():
            if isinstance(value, tuple):
                pending.extend(item for item in value if isinstance(item, tree.Tree))


def _with(t: Translator, x: st.With) -> list[py.stmt]:
    items = []
    after: list[py.stmt] = []
    for item in x.items:
        manager = t.guard("manager", item.span, t.value(item.value))
        target = None if item.target is None else t.target(item.target, after)
        items.append(py.withitem(context_expr=manager, optional_vars=target))
    body = [*after, *t.filled(x.body, x.span)]
    return [py.With(items=items, body=body, **t.at(x.span))]


def _try(t: Translator, x: st.Try) -> list[py.stmt]:
    t.affects("handles errors", x.span)  # what fails may depend on values
    handlers = [_ended(t, x.span)]
    for handler in x.handlers:
        kind = None
        if handler.kind is not None:
            kind = t.guard("kinds", handler.kind.span, t.value(handler.kind))
        handlers.append(
            py.ExceptHandler(
                type=kind,
                name=None if handler.name is None else variable(handler.name),
                body=t.filled(handler.body, handler.span),
                **t.at(handler.span),
            )
        )
    return [
        py.Try(
            body=t.filled(x.body, x.span),
            handlers=handlers,
            orelse=t.block(x.otherwise),
            finalbody=_final(t, x),
            **t.at(x.span),
        )
    ]


def _ended(t: Translator, span: Span) -> py.ExceptHandler:
    """In front of a program's own handlers: what ends the program can't be caught."""
    kind = t.guard_itself("ending", span)
    again = [
        t.statement(t.guard("ended", span), span),
        py.Raise(exc=None, cause=None, **t.at(span)),
    ]
    return py.ExceptHandler(type=kind, name=None, body=again, **t.at(span))


def _final(t: Translator, x: st.Try) -> list[py.stmt]:
    """A `finally`, which doesn't run for what ends the program: it could leave by a `return`."""
    if not x.final:
        return []
    at = t.at(x.span)
    again = py.Raise(exc=None, cause=None, **at)
    return [py.If(test=t.guard("ended", x.span), body=[again], orelse=[], **at), *t.block(x.final)]


def _raise(t: Translator, x: st.Raise) -> list[py.stmt]:
    value = None if x.value is None else t.value(x.value)
    cause = None if x.cause is None else t.value(x.cause)
    return [py.Raise(exc=value, cause=cause, **t.at(x.span))]


def _assert(t: Translator, x: st.Assert) -> list[py.stmt]:
    """Not Python's own, which is dropped under -O, and stands where its condition does."""
    at = t.at(x.span)
    held = t.value(x.condition)
    message = [] if x.message is None else [t.value(x.message)]
    fails = py.Raise(exc=t.guard("failure", x.span, *message), cause=None, **at)
    return [py.If(test=py.UnaryOp(op=py.Not(), operand=held, **at), body=[fails], orelse=[], **at)]


def _delete(t: Translator, x: st.Delete) -> list[py.stmt]:
    return [py.Delete(targets=[_deleted(t, target)], **t.at(x.span)) for target in _flat(x.targets)]


def _flat(targets: Sequence[tree.Tree]) -> Iterable[tree.Tree]:
    pending = list(reversed(targets))
    while pending:
        target = pending.pop()
        if isinstance(target, tree.Sequence):
            pending.extend(reversed(target.items))
        else:
            yield target


def _deleted(t: Translator, x: tree.Tree) -> py.expr:
    at = t.at(x.span)
    if isinstance(x, tree.Name):
        return py.Name(id=variable(x.id), ctx=DELETE, **at)
    if isinstance(x, tree.Attribute):
        return t.attribute_place(x, DELETE)
    assert isinstance(x, tree.Subscript)
    return py.Subscript(value=t.value(x.value), slice=t.index(x.index), ctx=DELETE, **at)


def _declaration(t: Translator, x: st.Global | st.Nonlocal) -> list[py.stmt]:
    if t.scope.kind == "module":
        return []  # all names are global there
    kind = py.Global if isinstance(x, st.Global) else py.Nonlocal
    return [kind(names=list(map(variable, x.names)), **t.at(x.span))]


def _import(t: Translator, x: st.Import) -> list[py.stmt]:
    found: list[py.stmt] = []
    for item in x.names:
        for part in item.name.split("."):
            note_reach(t, part, x.span)
        whole = item.alias is not None
        name = item.alias or item.name.partition(".")[0]
        module = t.guard(
            "import_module", x.span, t.constant(item.name, x.span), t.constant(whole, x.span)
        )
        target = t.place(name, item.span)
        found.append(t.assign(target, module, x.span))
    return found


def _import_from(t: Translator, x: st.ImportFrom) -> list[py.stmt]:
    found: list[py.stmt] = []
    module = t.constant(x.module, x.span)
    for name in (*x.module.split("."), *(item.name for item in x.names)):
        note_reach(t, name, x.span)
    for item in x.names:
        if item.name == "*":
            found.append(t.statement(t.guard("import_all", x.span, module), x.span))
            continue
        value = t.guard("import_name", x.span, module, t.constant(item.name, x.span))
        target = t.place(item.alias or item.name, item.span)
        found.append(t.assign(target, value, x.span))
    return found


STATEMENTS: dict[type, Callable[[Translator, Any], list[py.stmt]]] = {
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
    st.Global: _declaration,
    st.Nonlocal: _declaration,
}
