"""The syntax tree of programs: statements, as the records of `syntax/tree.py`.

The span of a simple statement is its text; that of a compound statement is its header line, without
the colon. A body is a tuple of statements.
"""

from __future__ import annotations

from typing import TypeAlias

from autodiff_cli.syntax.tree import Assign as Assign
from autodiff_cli.syntax.tree import (
    Expression,
    Keyword,
    KeywordSpread,
    Parameters,
    Spread,
    Tree,
)
from autodiff_cli.syntax.tree import ExpressionStatement as ExpressionStatement
from autodiff_cli.syntax.tree import Program as Program


class AugmentedAssign(Tree):
    """`target += value`, whose operator is `+`."""

    target: Expression
    operator: str
    value: Expression


class AnnotatedAssign(Tree):
    """`target: annotation = value`; the annotation is dropped."""

    target: Expression
    value: Expression | None


class Branch(Tree):
    """`if condition:` or `elif condition:`."""

    condition: Expression
    body: tuple[Statement, ...]


class If(Tree):
    branches: tuple[Branch, ...]
    otherwise: tuple[Statement, ...]


class While(Tree):
    condition: Expression
    body: tuple[Statement, ...]
    otherwise: tuple[Statement, ...]


class For(Tree):
    target: Expression
    iterable: Expression
    body: tuple[Statement, ...]
    otherwise: tuple[Statement, ...]


class Break(Tree):
    pass


class Continue(Tree):
    pass


class Pass(Tree):
    pass


class FunctionDef(Tree):
    """`def`; annotations are dropped, the docstring is also the body's first statement."""

    name: str
    parameters: Parameters
    body: tuple[Statement, ...]
    decorators: tuple[Expression, ...]
    docstring: str | None


class Return(Tree):
    value: Expression | None


class ClassDef(Tree):
    """`class`; `bases` are the arguments in parentheses, keywords included."""

    name: str
    bases: tuple[Expression | Keyword | Spread | KeywordSpread, ...]
    body: tuple[Statement, ...]
    decorators: tuple[Expression, ...]
    docstring: str | None


class WithItem(Tree):
    """`value as target`."""

    value: Expression
    target: Expression | None


class With(Tree):
    items: tuple[WithItem, ...]
    body: tuple[Statement, ...]


class Handler(Tree):
    """`except kind as name:`."""

    kind: Expression | None
    name: str | None
    body: tuple[Statement, ...]


class Try(Tree):
    body: tuple[Statement, ...]
    handlers: tuple[Handler, ...]
    otherwise: tuple[Statement, ...]
    final: tuple[Statement, ...]


class Raise(Tree):
    """`raise value from cause`."""

    value: Expression | None
    cause: Expression | None


class Assert(Tree):
    condition: Expression
    message: Expression | None


class Delete(Tree):
    targets: tuple[Expression, ...]


class Global(Tree):
    names: tuple[str, ...]


class Nonlocal(Tree):
    names: tuple[str, ...]


class Imported(Tree):
    """`name as alias`; the name is dotted, or `*`."""

    name: str
    alias: str | None


class Import(Tree):
    names: tuple[Imported, ...]


class ImportFrom(Tree):
    """`from module import names`; a relative module begins with its dots."""

    module: str
    names: tuple[Imported, ...]


Statement: TypeAlias = (
    ExpressionStatement
    | Assign
    | AugmentedAssign
    | AnnotatedAssign
    | If
    | While
    | For
    | Break
    | Continue
    | Pass
    | FunctionDef
    | Return
    | ClassDef
    | With
    | Try
    | Raise
    | Assert
    | Delete
    | Global
    | Nonlocal
    | Import
    | ImportFrom
)
