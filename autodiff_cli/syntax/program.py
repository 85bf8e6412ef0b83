"""From the text of a program to its tree, or to the error that Python gives."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any

from autodiff_cli.errors import SourceSyntaxError
from autodiff_cli.source import Source, Span
from autodiff_cli.syntax import builders, statements, targets, tree
from autodiff_cli.syntax.check import check
from autodiff_cli.syntax.lalr import Token, UnexpectedToken
from autodiff_cli.syntax.lines import ProgramParser
from autodiff_cli.syntax.strings import literal
from autodiff_cli.syntax.tables import load

Head = tuple[Span, tuple[Any, ...]]


def _body(span: Span, *items: statements.Statement) -> tuple[statements.Statement, ...]:
    return items


def _docstring(body: tuple[statements.Statement, ...]) -> str | None:
    first = body[0]
    if isinstance(first, statements.ExpressionStatement) and isinstance(first.value, tree.Literal):
        return first.value.value if isinstance(first.value.value, str) else None
    return None


def _if(span: Span, *parts: Any) -> statements.If:
    *branches, otherwise = parts
    return statements.If(branches[0].span, tuple(branches), otherwise or ())


def _while(span: Span, head: Head, body: Any, otherwise: Any) -> statements.While:
    return statements.While(head[0], head[1][0], body, otherwise or ())


def _for(span: Span, head: Head, body: Any, otherwise: Any) -> statements.For:
    targets.check_target(head[1][0])
    return statements.For(head[0], head[1][0], head[1][1], body, otherwise or ())


def _try(span: Span, head: Head, body: Any, *parts: Any) -> statements.Try:
    handlers = tuple(x for x in parts if isinstance(x, statements.Handler))
    otherwise, final = parts[len(handlers) :] if handlers else (None, parts[-1])
    for handler in handlers[:-1]:
        if handler.kind is None:
            targets.refuse("default 'except:' must be last", handler.span)
    return statements.Try(head[0], body, handlers, otherwise or (), final or ())


def _with(span: Span, head: Head, body: Any) -> statements.With:
    items = head[1]
    if len(items) == 1 and items[0].target is None and items[0].span == items[0].value.span:
        value = items[0].value
        if isinstance(value, tree.Sequence) and value.is_tuple and value.items:
            items = value.items  # with (a, b): two items, not a tuple
    return statements.With(head[0], tuple(map(_with_item, items)), body)


def _with_item(x: Any) -> statements.WithItem:
    if isinstance(x, statements.WithItem):
        if x.target is not None:
            targets.check_target(x.target)
        return x
    if isinstance(x, (tree.Spread, tree.NamedExpression)):
        targets.refuse("invalid syntax", x.span)
    return statements.WithItem(x.span, x, None)


def _function(span: Span, head: Head, body: Any) -> statements.FunctionDef:
    name, parameters, _ = head[1]
    parameters = parameters or tree.Parameters(Span(head[0].end, head[0].end), ())
    return statements.FunctionDef(head[0], name, parameters, body, (), _docstring(body))


def _class(span: Span, head: Head, body: Any) -> statements.ClassDef:
    name, bases = head[1]
    targets.check_arguments(bases or ())
    return statements.ClassDef(head[0], name, tuple(bases or ()), body, (), _docstring(body))


def _decorated(span: Span, *parts: Any) -> statements.FunctionDef | statements.ClassDef:
    *decorators, x = parts
    if isinstance(x, statements.FunctionDef):
        return statements.FunctionDef(
            x.span, x.name, x.parameters, x.body, tuple(decorators), x.docstring
        )
    assert isinstance(x, statements.ClassDef)
    return statements.ClassDef(x.span, x.name, x.bases, x.body, tuple(decorators), x.docstring)


def _annotated(
    span: Span, target: Any, annotation: Any, value: Any = None
) -> statements.AnnotatedAssign:
    targets.check_annotated(target)
    return statements.AnnotatedAssign(span, target, value)


def _augmented(span: Span, target: Any, sign: str, value: Any) -> statements.AugmentedAssign:
    targets.check_augmented(target)
    return statements.AugmentedAssign(span, target, sign[:-1], value)


def _delete(span: Span, *deleted: Any) -> statements.Delete:
    for target in deleted:
        targets.check_deleted(target)
    return statements.Delete(span, deleted)


def _clause(span: Span, target: Any, iterable: Any, *conditions: Any) -> tree.Clause:
    targets.check_target(target)
    return tree.Clause(span, target, iterable, conditions)


def _comprehension(kind: str) -> Callable[..., tree.Comprehension]:
    def build(span: Span, element: Any, *rest: Any) -> tree.Comprehension:
        value, clauses = (rest[0], rest[1:]) if kind == "dict" else (None, rest)
        return tree.Comprehension(span, kind, element, value, clauses)

    return build


def _call(span: Span, function: Any, arguments: Any) -> tree.Call:
    if isinstance(arguments, tree.Comprehension):
        return tree.Call(span, function, (arguments,))
    targets.check_arguments(arguments or ())
    return tree.Call(span, function, tuple(arguments or ()))


def _subscript(span: Span, value: Any, index: Any) -> tree.Subscript:
    if isinstance(index, tree.Spread):
        index = tree.Sequence(index.span, (index,), True)
    return tree.Subscript(span, value, index)


def _bare_tuple(span: Span, *items: Any) -> tree.Sequence:
    return tree.Sequence(span, items, True)


def _head(span: Span, *parts: Any) -> Head:
    return span, parts


def _import_from(span: Span, module: str, *names: statements.Imported) -> statements.ImportFrom:
    return statements.ImportFrom(span, module, names)


def _parameter(what: str) -> Callable[..., tuple[str, tree.Parameter]]:
    def build(span: Span, *parts: Any) -> tuple[str, tree.Parameter]:
        name, *rest = parts[1:] if what != "parameter" else parts
        default = rest[-1] if what == "parameter" else None
        return what, tree.Parameter(span, name, default, "plain")

    return build


def _place(what: str) -> Callable[..., tuple[str, Span]]:
    return lambda span, sign: (what, span)


def _expression_statement(span: Span, value: Any) -> statements.ExpressionStatement:
    if isinstance(value, tree.Spread):
        targets.refuse("can't use starred expression here", span, "unpack it in a list: [*x]")
    return statements.ExpressionStatement(span, value)


def _imported(span: Span, name: str, alias: str | None = None) -> statements.Imported:
    return statements.Imported(span, name, alias)


# One entry a rule name or alias of grammar/program.lark that builds a tree; the rest are those of
# expressions. What needs the text is in `_builder`.
BUILDERS: dict[str, Callable[..., Any]] = {
    **builders.BUILDERS,
    "start": lambda span, *body: statements.Program(span, body),
    "value": lambda span, value: value,
    "body": _body,
    "expression_statement": _expression_statement,
    "augmented_assign": _augmented,
    "annotated_assign": _annotated,
    "return": statements.Return,
    "delete": _delete,
    "assert": statements.Assert,
    "raise": statements.Raise,
    "pass": statements.Pass,
    "break": statements.Break,
    "continue": statements.Continue,
    "global": lambda span, *names: statements.Global(span, names),
    "nonlocal": lambda span, *names: statements.Nonlocal(span, names),
    "import": lambda span, *names: statements.Import(span, names),
    "import_from": _import_from,
    "imported": _imported,
    "dotted": lambda span, *names: ".".join(names),
    "relative": lambda span, dots, name: dots + (name or ""),
    "dots": lambda span, *dots: "".join(dots),
    "head": _head,
    "if": _if,
    "branch": lambda span, head, body: statements.Branch(head[0], head[1][0], body),
    "else": lambda span, body: body,
    "while": _while,
    "for": _for,
    "try": _try,
    "no_handlers": lambda span: None,
    "handler": lambda span, head, body: statements.Handler(head[0], head[1][0], head[1][1], body),
    "finally": lambda span, body: body,
    "with": _with,
    "with_item": statements.WithItem,
    "function": _function,
    "parameters": targets.parameters,
    "parameter": _parameter("parameter"),
    "lambda_parameter": _parameter("parameter"),
    "star_parameter": _parameter("star"),
    "double_star_parameter": _parameter("double_star"),
    "bare_star": _place("bare_star"),
    "slash": _place("slash"),
    "class": _class,
    "decorated": _decorated,
    "decorator": lambda span, value: value,
    "bare_tuple": _bare_tuple,
    "named": tree.NamedExpression,
    "yield": tree.Yield,
    "yield_from": tree.YieldFrom,
    "lambda": lambda span, parameters, body: tree.Lambda(
        span, parameters or tree.Parameters(Span(span.start, span.start), ()), body
    ),
    "call": _call,
    "subscript": _subscript,
    "generator_argument": _comprehension("generator"),
    "generator": _comprehension("generator"),
    "list_comprehension": _comprehension("list"),
    "set_comprehension": _comprehension("set"),
    "dict_comprehension": _comprehension("dict"),
    "clause": _clause,
    "keyword_spread": tree.KeywordSpread,
    "dict": lambda span, entries: tree.Dict(span, tuple(entries or ())),
    "entries": lambda span, *entries: list(entries),
    "entry": tree.Entry,
    "entry_spread": lambda span, value: tree.Entry(span, None, value),
    "set": lambda span, items: tree.SetDisplay(span, tuple(items)),
}


@lru_cache(1)
def _parser() -> ProgramParser:
    return ProgramParser(load("program"), lambda name, children, span: children)


def _values(source: Source) -> Callable[[int, int], tree.Expression]:
    """A parser of the expression between two offsets; it raises `UnexpectedToken`."""

    def value(start: int, end: int) -> tree.Expression:
        found: Any = _parser().run(_value_tokens(source.text, start, end), _builder(source))
        return found  # type: ignore[no-any-return]

    return value


def _value_tokens(text: str, start: int, end: int) -> Iterator[Token]:
    yield Token("_VALUE", "", start, start)
    yield from _parser().lines(text, start, end, is_program=False)


def _explained(
    error: UnexpectedToken, source: Source, terminals: Iterable[Token]
) -> SourceSyntaxError:
    from autodiff_cli.syntax.explain_program import explain

    return explain(error, _parser().viable(error.states), source, terminals, _values(source))


def _in_field(error: SourceSyntaxError) -> SourceSyntaxError:
    return SourceSyntaxError(f"f-string: {error.message}", span=error.span, hint=error.hint)


def _builder(source: Source) -> Callable[[str, list[object], Span], object]:
    text = source.text

    def field(start: int, end: int) -> tree.Expression:
        terminals = list(_value_tokens(text, start, end))
        try:
            found: Any = _parser().run(terminals, build)
        except UnexpectedToken as error:
            raise _in_field(_explained(error, source, terminals)) from None
        except SourceSyntaxError as error:
            raise _in_field(error) from None
        return found  # type: ignore[no-any-return]

    def build(name: str, children: list[Any], span: Span) -> object:
        if name == "string":
            tokens = list(_parser().lines(text, span.start, span.end, is_program=False))
            return literal(span, tokens[:-1], text, field)
        if name == "assign":
            *assigned, right = children
            targets.check_assigned(assigned, right, text)
            return statements.Assign(span, tuple(assigned), right)
        return BUILDERS[name](span, *children)

    return build


def parse_program(source: Source) -> statements.Program:
    """The tree of a program.

    Raises:
        SourceSyntaxError: with CPython's message, the place, and what to type instead where that can
            be told.

    >>> parse_program(Source("x = 2; x += 1")).body[1]
    AugmentedAssign(target=Name(id='x'), operator='+', value=Literal(value=1))
    """
    parser = _parser()
    if "\0" in source.text:
        at = source.text.index("\0")
        raise SourceSyntaxError(
            "source code string cannot contain null bytes", span=Span(at, at + 1), source=source
        )
    try:
        program = parser.run(parser.tokens(source.text), _builder(source))
        assert isinstance(program, statements.Program)
        check(program)
    except UnexpectedToken as error:
        raise _explained(error, source, parser.tokens(source.text)) from None
    except SourceSyntaxError as error:
        error.source = source
        raise
    return program
