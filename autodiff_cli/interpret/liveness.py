"""Which names a program reads before it assigns them; see `interpret/reads.py`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from autodiff_cli.interpret.reads import Reads
from autodiff_cli.interpret.translation.targets import names_in_target
from autodiff_cli.interpret.translation.variables import assigned
from autodiff_cli.source import Span
from autodiff_cli.syntax import statements as st
from autodiff_cli.syntax import tree

Names = frozenset[str] | None  # those that are assigned here on every way; None: nothing leads here


def of_program(program: st.Program) -> Reads:
    """The names of a program.

    Where that can't be told, a name counts as read: what a function or a class reads, where that is made;
    what is assigned in a `try` or a `with`, out of which an exception may lead before the assignment.

    Args:
        program: its tree.
    """
    walk = _Walk()
    walk.block(program.body, frozenset())
    called = [name for name in walk.called if name not in walk.names]
    return Reads(tuple(walk.names), tuple(called), walk.assigned)


class _Walk:
    """A walk over the statements of a program, with the names that are assigned on every way.

    Attributes:
        names: read before they are assigned.
        called: read so by calls.
        assigned: where each is assigned first.
    """

    def __init__(self) -> None:
        self.names: dict[str, None] = {}
        self.called: dict[str, None] = {}
        self.assigned: dict[str, Span] = {}
        self.leaving: list[
            list[Names]
        ] = []  # of each loop around: what is assigned where it is left

    def block(self, body: Iterable[Any], here: Names) -> Names:
        for x in body:
            if here is None:
                return None
            here = self.statement(x, here)
        return here

    def statement(self, x: Any, here: frozenset[str]) -> Names:
        kind = type(x)
        if kind is st.If:
            return self._if(x, here)
        if kind in (st.While, st.For):
            return self._loop(x, here)
        if kind is st.Try:
            return self._try(x, here)
        if kind is st.With:
            inside = here
            for item in x.items:
                inside = self.read(item.value, inside)
                if item.target is not None:
                    inside = self.store(item.target, inside)
            self.block(x.body, inside)
            return here
        if kind is st.FunctionDef:
            here = self.all_read(x.decorators, here)
            here = self.all_read([p.default for p in x.parameters.items if p.default], here)
            self.inner(x.body, _names(x.parameters), here)
            return self.named(x.name, x.span, here)
        if kind is st.ClassDef:
            here = self.all_read((*x.decorators, *x.bases), here)
            self.all_used(x.body, here)
            return self.named(x.name, x.span, here)
        return self._simple(x, here)

    def _simple(self, x: Any, here: frozenset[str]) -> Names:
        kind = type(x)
        if kind is st.Assign:
            here = self.read(x.value, here)
            for target in x.targets:
                here = self.store(target, here)
        elif kind is st.AugmentedAssign:
            here = self.read(x.value, self.read(x.target, here))
            here = self.store(x.target, here)
        elif kind is st.AnnotatedAssign:
            if x.value is not None:
                here = self.store(x.target, self.read(x.value, here))
        elif kind is st.Delete:
            for target in x.targets:
                here = self.read(target, here) | set(names_in_target(target))
        elif kind in (st.Import, st.ImportFrom):
            for item in x.names:
                here = self.named(item.alias or item.name.partition(".")[0], item.span, here)
        elif kind in (st.Break, st.Continue):
            if kind is st.Break and self.leaving:
                self.leaving[-1].append(here)
            return None
        else:
            here = self.all_read(list(x.__dict__.values()), here)
            if kind in (st.Return, st.Raise):
                return None
        return here

    def _if(self, x: st.If, here: frozenset[str]) -> Names:
        ends: list[Names] = []
        for branch in x.branches:
            here = self.read(branch.condition, here)
            ends.append(self.block(branch.body, here))
        return _on_all((*ends, self.block(x.otherwise, here)))

    def _loop(self, x: Any, here: frozenset[str]) -> Names:
        self.leaving.append([])
        if isinstance(x, st.While):
            here = self.read(x.condition, here)
            self.block(x.body, here)
        else:
            here = self.read(x.iterable, here)
            self.block(x.body, self.store(x.target, here))
        left = self.leaving.pop()
        end = self.block(x.otherwise, here)
        if isinstance(x, st.While) and _always(x.condition):
            return _on_all(left)
        return _on_all((*left, end))

    def _try(self, x: st.Try, here: frozenset[str]) -> Names:
        end = self.block(x.body, here)
        ends = [end if end is None else self.block(x.otherwise, end)]
        for handler in x.handlers:
            inside = here if handler.kind is None else self.read(handler.kind, here)
            if handler.name is not None:
                inside = self.named(handler.name, handler.span, inside)
            ends.append(self.block(handler.body, inside))
        final = self.block(x.final, here)
        found = _on_all(ends)
        return None if found is None or final is None else found | final

    # ---- names ----

    def named(self, name: str, span: Span, here: frozenset[str]) -> frozenset[str]:
        self.assigned.setdefault(name, span)
        return here | {name}

    def store(self, target: Any, here: frozenset[str]) -> frozenset[str]:
        """What is assigned behind an assignment to a target."""
        pending = [target]
        while pending:
            x = pending.pop()
            if isinstance(x, tree.Name):
                here = self.named(x.id, x.span, here)
            elif isinstance(x, tree.Sequence):
                pending.extend(reversed(x.items))
            elif isinstance(x, tree.Spread):
                pending.append(x.value)
            else:
                here = self.read(x, here)
        return here

    def all_read(self, parts: Iterable[Any], here: frozenset[str]) -> frozenset[str]:
        for part in parts:
            here = self.read(part, here)
        return here

    def read(self, expression: Any, here: frozenset[str]) -> frozenset[str]:
        """What is assigned behind an expression, whose names are read in the order of the text.

        An assignment in an expression counts where the expression is walked without a choice before it.
        """
        pending: list[tuple[Any, bool]] = [(expression, True)]
        while pending:
            x, certain = pending.pop()
            if isinstance(x, tree.Name):
                if x.id not in here:
                    self.names[x.id] = None
            elif isinstance(x, tree.Call) and isinstance(x.function, tree.Name):
                if x.function.id not in here:
                    self.called[x.function.id] = None
                pending.append((x.arguments, certain))
            elif isinstance(x, tree.NamedExpression):
                pending.append((_Set(x), certain))
                pending.append((x.value, certain))
            elif isinstance(x, _Set):
                self.assigned.setdefault(x.name, x.span)
                if certain:
                    here |= {x.name}
            elif isinstance(x, tree.Lambda):
                defaults = [(p.default, certain) for p in x.parameters.items if p.default]
                self.inner((x.body,), _names(x.parameters), here)
                pending.extend(reversed(defaults))
            elif isinstance(x, tree.Comprehension):
                own = frozenset(n for c in x.clauses for n in names_in_target(c.target))
                first = x.clauses[0].iterable
                here = self.read(first, here)
                self.inner((x,), own, here)
            elif isinstance(x, tree.Logical):
                pending += [(x.right, False), (x.left, certain)]
            elif isinstance(x, tree.Conditional):
                pending += [(x.otherwise, False), (x.then, False), (x.condition, certain)]
            elif isinstance(x, tree.Tree):
                values = [getattr(x, name) for name in x.fields[1:]]
                pending += [(value, certain) for value in reversed(values)]
            elif isinstance(x, tuple):
                pending += [(value, certain) for value in reversed(x)]
        return here

    def inner(self, body: Iterable[Any], own: frozenset[str], here: frozenset[str]) -> None:
        """A function: what it reads of names that aren't its own counts as read where it is made."""
        names, outer, _ = assigned(body)
        for name in outer:
            self.names.setdefault(name)
        self.all_used(body, here | own | (names - outer))

    def all_used(self, body: Iterable[Any], here: frozenset[str]) -> None:
        pending: list[Any] = list(reversed(list(body)))
        while pending:
            x = pending.pop()
            if isinstance(x, tree.Name):
                if x.id not in here:
                    self.names[x.id] = None
            elif isinstance(x, tree.Call) and isinstance(x.function, tree.Name):
                if x.function.id not in here:
                    self.called[x.function.id] = None
                pending.append(x.arguments)
            elif isinstance(x, (st.FunctionDef, tree.Lambda)):
                outside = [p.default for p in x.parameters.items if p.default]
                body = x.body if isinstance(x, st.FunctionDef) else (x.body,)
                self.inner(body, _names(x.parameters), here)
                pending.extend(outside)
                pending.extend(getattr(x, "decorators", ()))
            elif isinstance(x, tree.Comprehension):
                own = frozenset(n for c in x.clauses for n in names_in_target(c.target))
                self.all_used([getattr(x, name) for name in x.fields[1:]], here | own)
            elif isinstance(x, tree.Tree):
                pending.extend(getattr(x, name) for name in reversed(x.fields[1:]))
            elif isinstance(x, tuple):
                pending.extend(reversed(x))


class _Set:
    """The end of an assignment in an expression, whose value has been read."""

    def __init__(self, x: tree.NamedExpression) -> None:
        self.name = x.name
        self.span = x.span


def _names(parameters: tree.Parameters) -> frozenset[str]:
    return frozenset(x.name for x in parameters.items)


def _on_all(ways: Iterable[Names]) -> Names:
    """What is assigned on all ways that lead somewhere."""
    found: Names = None
    for way in ways:
        if way is not None:
            found = way if found is None else found & way
    return found


def _always(condition: Any) -> bool:
    return isinstance(condition, tree.Literal) and bool(condition.value)
