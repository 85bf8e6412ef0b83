"""Our trees of programs and Python's own as the same nested tuples."""

from __future__ import annotations

import ast
from typing import Any

from autodiff_cli.source import Source
from autodiff_cli.syntax import statements, tree

SIGNS = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%",
    ast.Pow: "**", ast.MatMult: "@", ast.BitAnd: "&", ast.BitOr: "|", ast.BitXor: "^",
    ast.LShift: "<<", ast.RShift: ">>", ast.USub: "-", ast.UAdd: "+", ast.Invert: "~",
    ast.Not: "not", ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">",
    ast.GtE: ">=", ast.In: "in", ast.NotIn: "not in", ast.Is: "is", ast.IsNot: "is not",
    ast.And: "and", ast.Or: "or",
}  # fmt: skip


class Judge:
    """Python's tree as nested tuples, with the text of each expression if `text` is given."""

    def __init__(self, text: str | None = None) -> None:
        self.text = text

    def __call__(self, x: Any) -> Any:
        if x is None:
            return None
        if isinstance(x, list):
            return tuple(map(self, x))
        result = getattr(self, type(x).__name__.lower())(x)
        if self.text is None or not isinstance(x, (ast.expr, ast.stmt)):
            return result
        if isinstance(x, ast.stmt) and hasattr(x, "body"):
            return result
        return (*result, ast.get_source_segment(self.text, x))

    def module(self, x: ast.Module) -> Any:
        return self(x.body)

    def constant(self, x: ast.Constant) -> Any:
        return "literal", type(x.value).__name__, repr(x.value)

    def name(self, x: ast.Name) -> Any:
        return "name", x.id

    def unaryop(self, x: ast.UnaryOp) -> Any:
        return "unary", SIGNS[type(x.op)], self(x.operand)

    def binop(self, x: ast.BinOp) -> Any:
        return "binary", SIGNS[type(x.op)], self(x.left), self(x.right)

    def compare(self, x: ast.Compare) -> Any:
        return "compare", tuple(SIGNS[type(o)] for o in x.ops), self([x.left, *x.comparators])

    def boolop(self, x: ast.BoolOp) -> Any:
        first, *rest = x.values
        while isinstance(first, ast.BoolOp) and type(first.op) is type(x.op):
            rest = first.values[1:] + rest
            first = first.values[0]
        return "logical", SIGNS[type(x.op)], self([first, *rest])

    def ifexp(self, x: ast.IfExp) -> Any:
        return "if", self(x.body), self(x.test), self(x.orelse)

    def attribute(self, x: ast.Attribute) -> Any:
        return "attribute", self(x.value), x.attr

    def call(self, x: ast.Call) -> Any:
        return "call", self(x.func), self(x.args), self(x.keywords)

    def keyword(self, x: ast.keyword) -> Any:
        return "keyword", x.arg, self(x.value)

    def starred(self, x: ast.Starred) -> Any:
        return "spread", self(x.value)

    def subscript(self, x: ast.Subscript) -> Any:
        return "subscript", self(x.value), self(x.slice)

    def slice(self, x: ast.Slice) -> Any:
        return "slice", self(x.lower), self(x.upper), self(x.step)

    def tuple(self, x: ast.Tuple) -> Any:
        return "tuple", self(x.elts)

    def list(self, x: ast.List) -> Any:
        return "list", self(x.elts)

    def set(self, x: ast.Set) -> Any:
        return "set", self(x.elts)

    def dict(self, x: ast.Dict) -> Any:
        return "dict", tuple((self(k), self(v)) for k, v in zip(x.keys, x.values, strict=True))

    def arguments(self, x: ast.arguments) -> Any:
        plain = [*x.posonlyargs, *x.args]
        defaults = [None] * (len(plain) - len(x.defaults)) + x.defaults
        result = []
        for number, (p, default) in enumerate(zip(plain, defaults, strict=True)):
            kind = "positional_only" if number < len(x.posonlyargs) else "plain"
            result.append((p.arg, self(default), kind))
        if x.vararg:
            result.append((x.vararg.arg, None, "star"))
        for p, default in zip(x.kwonlyargs, x.kw_defaults, strict=True):
            result.append((p.arg, self(default), "keyword_only"))
        if x.kwarg:
            result.append((x.kwarg.arg, None, "double_star"))
        return tuple(result)

    def _lambda(self, x: ast.Lambda) -> Any:
        return "lambda", self(x.args), self(x.body)

    def comprehension(self, x: ast.comprehension) -> Any:
        return "clause", self(x.target), self(x.iter), self(x.ifs)

    def listcomp(self, x: ast.ListComp) -> Any:
        return "list comprehension", self(x.elt), None, self(x.generators)

    def setcomp(self, x: ast.SetComp) -> Any:
        return "set comprehension", self(x.elt), None, self(x.generators)

    def generatorexp(self, x: ast.GeneratorExp) -> Any:
        return "generator comprehension", self(x.elt), None, self(x.generators)

    def dictcomp(self, x: ast.DictComp) -> Any:
        return "dict comprehension", self(x.key), self(x.value), self(x.generators)

    def joinedstr(self, x: ast.JoinedStr) -> Any:
        # the parser of Python 3.12 has texts without characters behind fields
        parts = [p.value if isinstance(p, ast.Constant) else self(p) for p in x.values]
        return "format", tuple(part for part in parts if part)

    def formattedvalue(self, x: ast.FormattedValue) -> Any:
        conversion = "" if x.conversion < 0 else chr(x.conversion)
        return "field", self(x.value), conversion, self(x.format_spec)

    def namedexpr(self, x: ast.NamedExpr) -> Any:
        return ":=", x.target.id, self(x.value)

    def _yield(self, x: ast.Yield) -> Any:
        return "yield", self(x.value)

    def yieldfrom(self, x: ast.YieldFrom) -> Any:
        return "yield from", self(x.value)

    def expr(self, x: ast.Expr) -> Any:
        return "expression", self(x.value)

    def assign(self, x: ast.Assign) -> Any:
        return "=", self(x.targets), self(x.value)

    def augassign(self, x: ast.AugAssign) -> Any:
        return SIGNS[type(x.op)] + "=", self(x.target), self(x.value)

    def annassign(self, x: ast.AnnAssign) -> Any:
        return ":", self(x.target), self(x.value)

    def _if(self, x: ast.If) -> Any:
        return "if", self(x.test), self(x.body), self(x.orelse)

    def _while(self, x: ast.While) -> Any:
        return "while", self(x.test), self(x.body), self(x.orelse)

    def _for(self, x: ast.For) -> Any:
        return "for", self(x.target), self(x.iter), self(x.body), self(x.orelse)

    def _break(self, x: ast.Break) -> Any:
        return ("break",)

    def _continue(self, x: ast.Continue) -> Any:
        return ("continue",)

    def _pass(self, x: ast.Pass) -> Any:
        return ("pass",)

    def functiondef(self, x: ast.FunctionDef) -> Any:
        docstring = ast.get_docstring(x, clean=False)
        return "def", x.name, self(x.args), self(x.body), self(x.decorator_list), docstring

    def _return(self, x: ast.Return) -> Any:
        return "return", self(x.value)

    def classdef(self, x: ast.ClassDef) -> Any:
        bases = self(x.bases), self(x.keywords)
        docstring = ast.get_docstring(x, clean=False)
        return "class", x.name, bases, self(x.body), self(x.decorator_list), docstring

    def _with(self, x: ast.With) -> Any:
        return "with", self(x.items), self(x.body)

    def withitem(self, x: ast.withitem) -> Any:
        return self(x.context_expr), self(x.optional_vars)

    def _try(self, x: ast.Try) -> Any:
        return "try", self(x.body), self(x.handlers), self(x.orelse), self(x.finalbody)

    def excepthandler(self, x: ast.ExceptHandler) -> Any:
        return self(x.type), x.name, self(x.body)

    def _raise(self, x: ast.Raise) -> Any:
        return "raise", self(x.exc), self(x.cause)

    def _assert(self, x: ast.Assert) -> Any:
        return "assert", self(x.test), self(x.msg)

    def delete(self, x: ast.Delete) -> Any:
        return "del", self(x.targets)

    def _global(self, x: ast.Global) -> Any:
        return "global", tuple(x.names)

    def _nonlocal(self, x: ast.Nonlocal) -> Any:
        return "nonlocal", tuple(x.names)

    def _import(self, x: ast.Import) -> Any:
        return "import", tuple((n.name, n.asname) for n in x.names)

    def importfrom(self, x: ast.ImportFrom) -> Any:
        module = "." * x.level + (x.module or "")
        return "from", module, tuple((n.name, n.asname) for n in x.names)


for _name in ("lambda", "yield", "if", "while", "for", "break", "continue", "pass", "return",
              "with", "try", "raise", "assert", "global", "nonlocal", "import"):  # fmt: skip
    setattr(Judge, _name, getattr(Judge, f"_{_name}"))


# What has no text of its own in Python's tree, and compound statements.
PARTS = (
    tree.Keyword, tree.KeywordSpread, tree.Parameters, tree.Clause, tree.FormattedValue,
    statements.Program, statements.WithItem, statements.Handler, statements.If, statements.While,
    statements.For, statements.With, statements.Try, statements.FunctionDef, statements.ClassDef,
)  # fmt: skip


class Ours:
    """Our tree as the same tuples."""

    def __init__(self, source: Source | None = None) -> None:
        self.source = source

    def __call__(self, x: Any) -> Any:
        if x is None or isinstance(x, str):
            return x
        if isinstance(x, tuple):
            return tuple(map(self, x))
        result = self.shape(x)
        if self.source is None or isinstance(x, PARTS):
            return result
        return (*result, self.source.slice(x.span))

    def arguments(self, arguments: Any) -> Any:
        named = (tree.Keyword, tree.KeywordSpread)
        return (
            tuple(self(a) for a in arguments if not isinstance(a, named)),
            tuple(self(a) for a in arguments if isinstance(a, named)),
        )

    def shape(self, x: Any) -> Any:
        match x:
            case tree.Literal():
                return "literal", type(x.value).__name__, repr(x.value)
            case tree.Name():
                return "name", x.id
            case tree.Unary():
                return "unary", x.operator, self(x.operand)
            case tree.Binary():
                return "binary", x.operator, self(x.left), self(x.right)
            case tree.Comparison():
                return "compare", x.operators, self(x.operands)
            case tree.Logical():
                operands: list[Any] = [x.right]
                left: Any = x.left
                while isinstance(left, tree.Logical) and left.operator == x.operator:
                    operands.append(left.right)
                    left = left.left
                return "logical", x.operator, self((left, *reversed(operands)))
            case tree.Conditional():
                return "if", self(x.then), self(x.condition), self(x.otherwise)
            case tree.Attribute():
                return "attribute", self(x.value), x.name
            case tree.Call():
                return "call", self(x.function), *self.arguments(x.arguments)
            case tree.Keyword():
                return "keyword", x.name, self(x.value)
            case tree.KeywordSpread():
                return "keyword", None, self(x.value)
            case tree.Spread():
                return "spread", self(x.value)
            case tree.Subscript():
                return "subscript", self(x.value), self(x.index)
            case tree.Slice():
                return "slice", self(x.start), self(x.stop), self(x.step)
            case tree.Sequence():
                return "tuple" if x.is_tuple else "list", self(x.items)
            case tree.SetDisplay():
                return "set", self(x.items)
            case tree.Dict():
                return "dict", tuple((self(e.key), self(e.value)) for e in x.entries)
            case tree.Parameters():
                return tuple((p.name, self(p.default), p.kind) for p in x.items)
            case tree.Lambda():
                return "lambda", self(x.parameters), self(x.body)
            case tree.Clause():
                return "clause", self(x.target), self(x.iterable), self(x.conditions)
            case tree.Comprehension():
                return f"{x.kind} comprehension", self(x.element), self(x.value), self(x.clauses)
            case tree.FString():
                return "format", self(x.parts)
            case tree.FormattedValue():
                return "field", self(x.value), x.conversion, self(x.spec)
            case tree.NamedExpression():
                return ":=", x.name, self(x.value)
            case tree.Yield():
                return "yield", self(x.value)
            case tree.YieldFrom():
                return "yield from", self(x.value)
        return self.statement(x)

    def statement(self, x: Any) -> Any:
        match x:
            case statements.Program():
                return self(x.body)
            case statements.ExpressionStatement():
                return "expression", self(x.value)
            case statements.Assign():
                return "=", self(x.targets), self(x.value)
            case statements.AugmentedAssign():
                return x.operator + "=", self(x.target), self(x.value)
            case statements.AnnotatedAssign():
                return ":", self(x.target), self(x.value)
            case statements.If():
                result: Any = self(x.otherwise)
                for branch in reversed(x.branches):
                    result = (("if", self(branch.condition), self(branch.body), result),)
                return result[0]
            case statements.While():
                return "while", self(x.condition), self(x.body), self(x.otherwise)
            case statements.For():
                return "for", self(x.target), self(x.iterable), self(x.body), self(x.otherwise)
            case statements.Break():
                return ("break",)
            case statements.Continue():
                return ("continue",)
            case statements.Pass():
                return ("pass",)
            case statements.FunctionDef():
                parts = self(x.parameters), self(x.body), self(x.decorators), x.docstring
                return "def", x.name, *parts
            case statements.Return():
                return "return", self(x.value)
            case statements.ClassDef():
                parts = self.arguments(x.bases), self(x.body), self(x.decorators), x.docstring
                return "class", x.name, *parts
            case statements.With():
                return "with", tuple((self(i.value), self(i.target)) for i in x.items), self(x.body)
            case statements.Try():
                return "try", self(x.body), self(x.handlers), self(x.otherwise), self(x.final)
            case statements.Handler():
                return self(x.kind), x.name, self(x.body)
            case statements.Raise():
                return "raise", self(x.value), self(x.cause)
            case statements.Assert():
                return "assert", self(x.condition), self(x.message)
            case statements.Delete():
                return "del", self(x.targets)
            case statements.Global():
                return "global", x.names
            case statements.Nonlocal():
                return "nonlocal", x.names
            case statements.Import():
                return "import", tuple((n.name, n.alias) for n in x.names)
            case statements.ImportFrom():
                return "from", x.module, tuple((n.name, n.alias) for n in x.names)
        raise AssertionError(x)
