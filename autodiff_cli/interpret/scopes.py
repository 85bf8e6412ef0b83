"""Which variable a name in a program means: local, of an enclosing function, or global.

Python decides this before a function runs, from what its body assigns; so does this module.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from autodiff_cli.syntax import statements as st
from autodiff_cli.syntax import tree


class Scope:
    """The names of a function, a class body or the whole program.

    Attributes:
        kind: "module", "class" or "function".
        names: what is assigned here.
        renamed: loop variables of comprehensions, which live here under other names.
    """

    def __init__(self, kind: str, parent: Scope | None, names: set[str]) -> None:
        self.kind = kind
        self.parent = parent
        self.names = names
        self.declared_global: set[str] = set()
        self.renamed: list[dict[str, str]] = []
        self.comprehensions = 0

    def place(self, name: str) -> Place:
        """Where the name's variable lives, seen from here."""
        for renames in reversed(self.renamed):
            if name in renames:
                return Place("local", 0, renames[name])
        if self.kind == "module" or name in self.declared_global:
            return Place("global", 0, name)
        if name in self.names:
            return Place("local", 0, name)
        depth = 0
        scope = self.parent
        while scope is not None and scope.kind != "module":
            if scope.kind == "function":
                inner = scope.place_here(name)
                if inner is not None:
                    return Place("free", depth, inner)
                if name in scope.declared_global:
                    break
                depth += 1
            scope = scope.parent
        if scope is not None:
            for renames in reversed(scope.renamed):
                if name in renames:
                    return Place("global", 0, renames[name])
        return Place("global", 0, name)

    def place_here(self, name: str) -> str | None:
        for renames in reversed(self.renamed):
            if name in renames:
                return renames[name]
        return name if name in self.names else None


class Place(NamedTuple):
    """A variable: "local", "free" (`depth` functions further out) or "global", and its name there."""

    kind: str
    depth: int
    name: str


def names_in_target(target: Any) -> Iterable[str]:
    """The variables that an assignment target sets."""
    pending = [target]
    while pending:
        part = pending.pop()
        if isinstance(part, tree.Name):
            yield part.id
        elif isinstance(part, tree.Sequence):
            pending.extend(part.items)
        elif isinstance(part, tree.Spread):
            pending.append(part.value)


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


def yields(body: Iterable[Any]) -> bool:
    """Whether a function's body makes it a generator."""
    pending: list[Any] = list(body)
    while pending:
        part = pending.pop()
        if isinstance(part, (tree.Yield, tree.YieldFrom)):
            return True
        if isinstance(part, (st.FunctionDef, st.ClassDef, tree.Lambda)):
            continue
        if isinstance(part, tree.Comprehension) and part.kind == "generator":
            continue
        if isinstance(part, tree.Tree):
            pending.extend(part.__dict__.values())
        elif isinstance(part, tuple):
            pending.extend(part)
    return False
