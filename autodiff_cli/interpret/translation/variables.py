"""Which names a body of statements sets; Python decides so which variables are a function's own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from autodiff_cli.interpret.translation.targets import names_in_target
from autodiff_cli.syntax import statements as st
from autodiff_cli.syntax import tree


def assigned(body: Iterable[Any]) -> tuple[set[str], set[str], set[str]]:
    """The names that a body assigns, declares global and declares nonlocal; nested functions aside."""
    names: set[str] = set()
    outer: set[str] = set()
    enclosing: set[str] = set()
    pending: list[Any] = list(body)
    while pending:
        part = pending.pop()
        kind = type(part)
        if kind is st.Assign:
            for target in part.targets:
                names.update(names_in_target(target))
            pending.extend((*part.targets, part.value))
        elif kind in (st.AugmentedAssign, st.AnnotatedAssign):
            names.update(names_in_target(part.target))
            pending.append(part.value)
        elif kind is st.For:
            names.update(names_in_target(part.target))
            pending.extend((part.iterable, *part.body, *part.otherwise))
        elif kind is st.FunctionDef:
            names.add(part.name)
            pending.extend(part.decorators)
            pending.extend(item.default for item in part.parameters.items)
        elif kind is st.ClassDef:
            names.add(part.name)
            pending.extend(part.decorators)
        elif kind is st.WithItem:
            names.update(names_in_target(part.target))
            pending.append(part.value)
        elif kind is st.Handler:
            if part.name is not None:
                names.add(part.name)
            pending.extend((part.kind, *part.body))
        elif kind in (st.Import, st.ImportFrom):
            for imported in part.names:
                names.add(imported.alias or imported.name.partition(".")[0])
        elif kind is st.Global:
            outer.update(part.names)
        elif kind is st.Nonlocal:
            enclosing.update(part.names)
        elif kind is tree.NamedExpression:
            names.add(part.name)
            pending.append(part.value)
        elif kind is st.Delete:
            for target in part.targets:
                names.update(names_in_target(target))
        elif kind in (tree.Lambda, tree.Name, tree.Literal):
            continue
        elif isinstance(part, tree.Tree):
            pending.extend(part.__dict__.values())
        elif isinstance(part, tuple):
            pending.extend(part)
    return names - outer - enclosing, outer, enclosing


def all_names(body: Iterable[Any]) -> set[str]:
    """The names that a program sets anywhere, its functions and classes included."""
    found: set[str] = set()
    pending: list[Any] = [body]
    while pending:
        part = pending.pop()
        if isinstance(part, (st.FunctionDef, st.ClassDef)):
            found |= assigned(part.body)[0]
        if isinstance(part, tree.Parameter):
            found.add(part.name)
        elif isinstance(part, st.Global):
            found.update(part.names)
        elif isinstance(part, tree.Comprehension):
            found.update(name for c in part.clauses for name in names_in_target(c.target))
        if isinstance(part, tree.Tree):
            pending.extend(part.__dict__.values())
        elif isinstance(part, tuple):
            pending.extend(part)
    return found | assigned(body)[0]
