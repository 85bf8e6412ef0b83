"""What makes Python's tree of a program's: the parts that expressions and statements share.

The syntax tree that Lark's grammar made, and `syntax/check.py` let pass, becomes nodes of Python's `_ast`.
What reaches into an object becomes a call of a guard (`interpret/guards.py`); all else is Python's own.

- The whole program is the body of one function, whose parameters are the guards that it uses, and whose own
  names are declared global: no text can name a guard (each has a dot in front), and none stands in the
  program's `globals()`.
- A node's line is the number of the text that it came from, which `spans` holds: so places are known where
  Python keeps no columns (PYTHONNODEBUGRANGES).
- A loop's turn and a function's beginning are counted.

Source: the grammar of `_ast`, https://docs.python.org/3/library/ast.html#abstract-grammar.
"""

from __future__ import annotations

import _ast as py
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypedDict

from autodiff_cli.interpret.translation.targets import is_starred
from autodiff_cli.source import Span
from autodiff_cli.syntax import tree

MODULE = "<module>"
LOAD, STORE, DELETE = py.Load(), py.Store(), py.Del()
# A class's or function's parameters of types, which only newer Pythons know.
NO_TYPES: dict[str, Any] = {"type_params": []} if "type_params" in py.FunctionDef._fields else {}

# Names with two underscores that programs may read without having set them.
OWN_NAMES = frozenset(("__name__", "__doc__"))
# What Python keeps for itself under names that a text can write: a program's own have a dot in front.
MACHINERY = frozenset(("__builtins__", "__import__", "__build_class__", "__debug__"))


# What gives an intermediate result.
STEPS = (tree.Unary, tree.Binary, tree.Comparison, tree.Call, tree.Subscript, tree.Attribute)


def variable(name: str) -> str:
    """The variable that a name stands for."""
    return "." + name if name in MACHINERY else name


class Cut(tree.Tree):
    """A piece of the expression behind it: computed here, or when it is called."""

    name: str
    value: Any
    is_called: bool


if TYPE_CHECKING:
    from autodiff_cli.syntax.statements import Statement

    class At(TypedDict):
        """Where a node stands, as Python's nodes keep it."""

        lineno: int
        col_offset: int
        end_lineno: int
        end_col_offset: int


class Scope:
    """What a statement stands in.

    Attributes:
        kind: "module", "function" or "class".
        outer: what that stands in.
        owner: the name of the innermost class around, for names that are private to it.
        is_method: whether a class is around the function.
        first: the first parameter of a function.
    """

    __slots__ = ("first", "is_method", "kind", "outer", "owner")
    owner: str
    is_method: bool

    def __init__(
        self, kind: str, outer: Scope | None = None, *, owner: str = "", first: str | None = None
    ) -> None:
        self.kind = kind
        self.outer = outer
        self.owner = owner or ("" if outer is None else outer.owner)
        self.is_method = outer is not None and (outer.kind == "class" or outer.is_method)
        self.first = first


class Translator:
    """Makes Python's tree of a program.

    Args:
        traced: whether intermediate results are handed to `.traced`, with their line.
        is_expression: whether it assigns to nothing but names, before an expression.
        expressions, statement_of: what makes Python's of each kind of expression, and of statement.

    Attributes:
        spans: the texts that the tree's lines stand for; the first line is 1.
        guards: the guards that the program calls, in the order of its parameters.
        loaded: the names that the program reads anywhere.
        effect: what it may do more than compute a value, and where it first may: write, print, or define
            classes; or handle what fails. None if nothing.
        last: the program's last statement, whose value it gives.
    """

    def __init__(
        self,
        traced: bool,
        is_expression: bool,
        expressions: Mapping[type, Callable[[Translator, Any], py.expr]],
        statement_of: Callable[[type], Callable[[Translator, Any], list[py.stmt]]],
    ) -> None:
        self.traced = traced
        self.is_expression = is_expression
        self.expressions = expressions
        self.statement_of = statement_of
        self.spans: list[Span] = []
        self.lines: dict[tuple[int, int], At] = {}
        self.guards: dict[str, None] = {}
        self.loaded: dict[str, None] = {}
        self.effect: tuple[str, Span] | None = None
        self.last: Statement | None = None
        self.set_names: set[str] = set()
        self.scope = Scope("module")
        self.counted = 0

    # ---- parts ----

    def at(self, span: Span) -> At:
        """Where a node stands: a line of its own for each span."""
        key = span.start, span.end
        found = self.lines.get(key)
        if found is None:
            self.spans.append(span)
            line = len(self.spans)
            found = {"lineno": line, "col_offset": 0, "end_lineno": line, "end_col_offset": 0}
            self.lines[key] = found
        return found

    def constant(self, value: Any, span: Span) -> py.Constant:
        return py.Constant(value=value, **self.at(span))

    def name(self, name: str, span: Span) -> py.Name:
        return py.Name(id=name, ctx=LOAD, **self.at(span))

    def guard(self, name: str, span: Span, *arguments: py.expr) -> py.Call:
        """A call of a guard."""
        return py.Call(
            func=self.guard_itself(name, span), args=list(arguments), keywords=[], **self.at(span)
        )

    def guard_itself(self, name: str, span: Span) -> py.Name:
        self.guards[name] = None
        return self.name("." + name, span)

    def place(self, name: str, span: Span) -> py.Name:
        """A variable that is set."""
        return py.Name(id=variable(name), ctx=STORE, **self.at(span))

    def assign(self, target: py.expr, value: py.expr, span: Span) -> py.Assign:
        return py.Assign(targets=[target], value=value, **self.at(span))

    def statement(self, value: py.expr, span: Span) -> py.Expr:
        return py.Expr(value=value, **self.at(span))

    def turn(self, span: Span) -> py.Expr:
        return self.statement(self.guard("turn", span), span)

    def affects(self, what: str, span: Span) -> None:
        """Take note of what the program may do more than compute a value."""
        self.effect = self.effect or (what, span)

    def fresh(self) -> str:
        """A variable that no text can name."""
        self.counted += 1
        return f".{self.counted}"

    def private(self, name: str) -> str:
        """An attribute's name as a class keeps it: `__x` in `class Net` is `_Net__x`."""
        owner = self.scope.owner.lstrip("_")
        if name[:2] != "__" or name[-2:] == "__" or not owner:
            return name
        return f"_{owner}{name}"

    # ---- the program ----

    def program(self, program: tree.Program) -> py.Module:
        if self.is_expression:
            targets = [x.targets[0] for x in program.body if isinstance(x, tree.Assign)]
            names = {target.id for target in targets if isinstance(target, tree.Name)}
            self.set_names = names
        else:
            from autodiff_cli.interpret.translation.variables import all_names, assigned

            names, _, _ = assigned(program.body)
            self.set_names = all_names(program.body)
        self.last = program.body[-1] if program.body else None
        body = self.block(program.body)
        span = program.span
        own = sorted(map(variable, names))
        if own:
            body.insert(0, py.Global(names=own, **self.at(span)))
        arguments = py.arguments(
            posonlyargs=[],
            args=[py.arg(arg="." + name, annotation=None, **self.at(span)) for name in self.guards],
            vararg=None,
            kwonlyargs=[],
            kw_defaults=[],
            kwarg=None,
            defaults=[],
        )
        function = py.FunctionDef(
            name=MODULE,
            args=arguments,
            body=[self.statement(self.constant(None, span), span), *body],  # no docstring
            decorator_list=[],
            returns=None,
            **NO_TYPES,
            **self.at(span),
        )
        return py.Module(body=[function], type_ignores=[])

    def block(self, body: Iterable[Statement]) -> list[py.stmt]:
        found: list[py.stmt] = []
        for x in body:
            found += self.statement_of(type(x))(self, x)
        return found

    def filled(self, body: Iterable[Statement], span: Span) -> list[py.stmt]:
        """A body, which mustn't be empty."""
        return self.block(body) or [py.Pass(**self.at(span))]

    # ---- expressions ----

    def value(self, x: tree.Tree) -> py.expr:
        value = self.expressions[type(x)](self, x)
        if self.traced and isinstance(x, STEPS):
            line = self.constant(self.at(x.span)["lineno"], x.span)
            return self.guard("traced", x.span, value, line)
        return value

    def values(self, items: Iterable[tree.Tree]) -> list[py.expr]:
        return [self.value(item) for item in items]

    # ---- targets ----

    def target(self, x: tree.Tree, after: list[py.stmt] | None = None) -> py.expr:
        """Where a value is stored.

        Args:
            x: the target.
            after: takes the statements that finish the assignment: of sequences with a star, whose values
                are counted. None if the value is counted already.
        """
        at = self.at(x.span)
        if isinstance(x, tree.Name):
            return self.place(x.id, x.span)
        if isinstance(x, tree.Attribute):
            return self.attribute_place(x, STORE)
        if isinstance(x, tree.Subscript):
            self.affects("writes to an item", x.span)
            holder = self.guard("items", x.span, self.value(x.value))
            return py.Subscript(value=holder, slice=self.index(x.index), ctx=STORE, **at)
        if isinstance(x, tree.Spread):
            return py.Starred(value=self.target(x.value, after), ctx=STORE, **at)
        assert isinstance(x, tree.Sequence)
        if after is not None and is_starred(x):
            held = self.fresh()
            items = self.guard("counted", x.span, self.name(held, x.span))
            inner: list[py.stmt] = []
            after.append(py.Assign(targets=[self.target_of_items(x, inner)], value=items, **at))
            after += inner
            return py.Name(id=held, ctx=STORE, **at)
        return self.target_of_items(x, after)

    def target_of_items(self, x: tree.Sequence, after: list[py.stmt] | None) -> py.expr:
        items = [self.target(item, after) for item in x.items]
        kind = py.Tuple if x.is_tuple else py.List
        return kind(elts=items, ctx=STORE, **self.at(x.span))

    def attribute_place(self, x: tree.Attribute, context: py.expr_context) -> py.Subscript:
        """`value.name` to be set or deleted: an item of what stands for the value."""
        self.affects("writes to an attribute", x.span)
        holder = self.guard("attributes", x.span, self.value(x.value))
        name = self.constant(self.private(x.name), x.span)
        return py.Subscript(value=holder, slice=name, ctx=context, **self.at(x.span))

    def index(self, x: tree.Tree) -> py.expr:
        """An index in Python's own brackets."""
        at = self.at(x.span)
        if isinstance(x, tree.Slice):
            parts = [None if p is None else self.value(p) for p in (x.start, x.stop, x.step)]
            return py.Slice(lower=parts[0], upper=parts[1], step=parts[2], **at)
        if isinstance(x, tree.Sequence) and x.is_tuple:
            return py.Tuple(elts=[self.index(item) for item in x.items], ctx=LOAD, **at)
        return self.value(x)

    # ---- functions ----

    def parameters(self, given: tree.Parameters) -> py.arguments:
        found: dict[str, list[Any]] = {"positional_only": [], "plain": [], "keyword_only": []}
        defaults: list[py.expr] = []
        by_name: list[py.expr | None] = []
        star = double = None
        for x in given.items:
            default = None if x.default is None else self.value(x.default)
            if x.kind == "star":
                star = self.parameter(x) if x.name else None
                continue
            if x.kind == "double_star":
                double = self.parameter(x)
                continue
            found[x.kind].append(self.parameter(x))
            if x.kind == "keyword_only":
                by_name.append(default)
            elif default is not None:
                defaults.append(default)
        return py.arguments(
            posonlyargs=found["positional_only"],
            args=found["plain"],
            vararg=star,
            kwonlyargs=found["keyword_only"],
            kw_defaults=by_name,
            kwarg=double,
            defaults=defaults,
        )

    def parameter(self, x: tree.Parameter) -> py.arg:
        return py.arg(arg=variable(x.name), annotation=None, **self.at(x.span))


def first(parameters: tree.Parameters) -> str | None:
    """The parameter that `super()` takes for its object."""
    first = parameters.items[0] if parameters.items else None
    return first.name if first is not None and first.kind in ("positional_only", "plain") else None
