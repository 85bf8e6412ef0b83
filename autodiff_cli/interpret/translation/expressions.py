"""Expressions of programs as Python's."""

from __future__ import annotations

import _ast as py
from collections.abc import Callable
from typing import Any

from autodiff_cli.interpret.translation.translator import (
    LOAD,
    OWN_NAMES,
    Scope,
    Translator,
    first,
    variable,
)
from autodiff_cli.source import Span
from autodiff_cli.syntax import tree

BINARY: dict[str, tuple[str, py.operator]] = {
    "+": ("add", py.Add()), "-": ("sub", py.Sub()), "*": ("mul", py.Mult()), "/": ("truediv", py.Div()),
    "//": ("floordiv", py.FloorDiv()), "%": ("mod", py.Mod()), "**": ("pow", py.Pow()),
    "@": ("matmul", py.MatMult()), "&": ("and_", py.BitAnd()), "|": ("or_", py.BitOr()),
    "^": ("xor", py.BitXor()), "<<": ("lshift", py.LShift()), ">>": ("rshift", py.RShift()),
}  # fmt: skip
# With a number on one side these grow nothing, and search nothing.
HARMLESS = frozenset("+ - / & | ^ >>".split())
UNARY: dict[str, py.unaryop] = {
    "-": py.USub(),
    "+": py.UAdd(),
    "~": py.Invert(),
    "not": py.Not(),
}
COMPARE: dict[str, py.cmpop] = {
    "==": py.Eq(), "!=": py.NotEq(), "<": py.Lt(), "<=": py.LtE(), ">": py.Gt(), ">=": py.GtE(),
    "is": py.Is(), "is not": py.IsNot(), "in": py.In(), "not in": py.NotIn(),
}  # fmt: skip
# Names, of functions, attributes and arguments, that do more than give a value, or ask what a graph that
# isn't computed yet can't tell, or find other names. Names that end in an underscore write to their tensor.
EFFECTS = frozenset(
    "print input globals vars setattr delattr backward grad data out register_hook retain_grad is_leaf "
    "manual_seed seed set_default_dtype set_grad_enabled requires_grad grad_fn data_ptr write warn "
    "inplace pprint stdout stderr suppress getattr attrgetter".split()
)
OF_MODULES = frozenset(("random", "time"))  # whose functions give something else each time
# Methods of Python's containers, whose value nobody needs.
FILLING = frozenset(
    "append extend insert add update setdefault pop popitem remove discard clear sort reverse appendleft "
    "extendleft popleft rotate move_to_end subtract".split()
)


def note_reach(t: Translator, name: str, span: Span) -> None:
    """Take note that a value, or a module, is asked for a name."""
    if name[-1:] == "_" != name[0]:
        t.affects(f"writes to a tensor, by {name}", span)
    elif name in EFFECTS or name in OF_MODULES:
        t.affects(f"uses {name}", span)


def note_dropped(t: Translator, x: tree.Tree) -> None:
    """Take note of a value that nobody uses: what is called so is called for what it does."""
    if isinstance(x, tree.Call):
        function = x.function
        if not (isinstance(function, tree.Attribute) and function.name in FILLING):
            t.affects("calls what gives a value that nothing uses", x.span)


OF_CLASS = ("__module__", "__qualname__")  # what Python sets before a class's own statements
CONVERSIONS = {"": -1, "r": ord("r"), "s": ord("s"), "a": ord("a")}


def _literal(t: Translator, x: tree.Literal) -> py.expr:
    return t.constant(x.value, x.span)


def _name(t: Translator, x: tree.Name) -> py.expr:
    name = x.id
    t.loaded[name] = None
    if name in EFFECTS:
        t.affects(f"uses {name}", x.span)
    if name[:2] == "__" and name[-2:] == "__" and name not in OWN_NAMES | t.set_names:
        of_python = t.scope.kind == "class" and name in OF_CLASS
        if of_python or (name == "__class__" and t.scope.is_method):
            return t.name(name, x.span)
        return t.guard("undefined", x.span, t.constant(name, x.span))
    return t.name(variable(name), x.span)


def _unary(t: Translator, x: tree.Unary) -> py.expr:
    return py.UnaryOp(op=UNARY[x.operator], operand=t.value(x.operand), **t.at(x.span))


def grows_nothing(sign: str, x: tree.Tree) -> bool:
    """Whether an operator beside a number in the text makes nothing large, and searches nothing."""
    if not isinstance(x, tree.Literal):
        return False
    kind = type(x.value)
    return kind in (int, float) and (sign in HARMLESS or (kind is float and sign in ("*", "**")))


def _binary(t: Translator, x: tree.Binary) -> py.expr:
    name, operator = BINARY[x.operator]
    left, right = t.value(x.left), t.value(x.right)
    if grows_nothing(x.operator, x.left) or grows_nothing(x.operator, x.right):
        return py.BinOp(left=left, op=operator, right=right, **t.at(x.span))
    return t.guard(name, x.span, left, right)


def _comparison(t: Translator, x: tree.Comparison) -> py.expr:
    operands = [t.value(x.operands[0])]
    for sign, operand in zip(x.operators, x.operands[1:], strict=True):
        value = t.value(operand)
        if sign in ("in", "not in") and not _is_there(operand):
            value = t.guard("container", x.span, value)
        operands.append(value)
    return py.Compare(
        left=operands[0],
        ops=[COMPARE[sign] for sign in x.operators],
        comparators=operands[1:],
        **t.at(x.span),
    )


def _is_there(x: tree.Tree) -> bool:
    """Whether a container's items stand in the text."""
    return isinstance(x, (tree.Literal, tree.Sequence, tree.SetDisplay, tree.Dict))


def _logical(t: Translator, x: tree.Logical) -> py.expr:
    operator = py.Or() if x.operator == "or" else py.And()
    return py.BoolOp(op=operator, values=[t.value(x.left), t.value(x.right)], **t.at(x.span))


def _conditional(t: Translator, x: tree.Conditional) -> py.expr:
    return py.IfExp(
        test=t.value(x.condition),
        body=t.value(x.then),
        orelse=t.value(x.otherwise),
        **t.at(x.span),
    )


def _attribute(t: Translator, x: tree.Attribute) -> py.expr:
    name = t.constant(t.private(x.name), x.span)
    note_reach(t, x.name, x.span)
    return t.guard("attribute", x.span, t.value(x.value), name)


def _call(t: Translator, x: tree.Call) -> py.expr:
    function = x.function
    if isinstance(function, tree.Name) and function.id == "super" and not x.arguments:
        return _super(t, x)
    args: list[py.expr] = []
    keywords: list[py.keyword] = []
    called = _getattr(t, x) or t.value(function)
    for given in x.arguments:
        argument(t, given, args, keywords)
    return py.Call(func=called, args=args, keywords=keywords, **t.at(x.span))


def _getattr(t: Translator, x: tree.Call) -> py.expr | None:
    """`getattr` called with a name that the text says: it reaches no other."""
    function = x.function
    if not isinstance(function, tree.Name) or function.id != "getattr" or len(x.arguments) < 2:
        return None
    name = x.arguments[1]
    if not isinstance(name, tree.Literal) or not isinstance(name.value, str) or not name.value:
        return None
    note_reach(t, name.value, x.span)
    t.loaded[function.id] = None
    return t.name(function.id, function.span)


def argument(t: Translator, x: tree.Tree, args: list[py.expr], named: list[py.keyword]) -> None:
    if isinstance(x, tree.Keyword):
        if x.name in EFFECTS:
            t.affects(f"uses {x.name}", x.span)
        named.append(py.keyword(arg=x.name, value=t.value(x.value), **t.at(x.span)))
    elif isinstance(x, tree.KeywordSpread):
        named.append(py.keyword(arg=None, value=t.value(x.value), **t.at(x.span)))
    else:
        args.append(t.value(x))


def _super(t: Translator, x: tree.Call) -> py.expr:
    """`super()`, which Python knows by the variables of the function that it stands in."""
    scope = t.scope
    if scope.kind != "function" or not scope.is_method or scope.first is None:
        return t.guard("no_super", x.span)
    owner = t.name("__class__", x.span)
    return t.guard("super_of", x.span, owner, t.name(scope.first, x.span))


def _subscript(t: Translator, x: tree.Subscript) -> py.expr:
    return t.guard("item", x.span, t.value(x.value), t.value(x.index))


def _slice(t: Translator, x: tree.Slice) -> py.expr:
    bounds = [
        t.constant(None, x.span) if bound is None else t.value(bound)
        for bound in (x.start, x.stop, x.step)
    ]
    return t.guard("slice", x.span, *bounds)


def _spread(t: Translator, x: tree.Spread) -> py.expr:
    items = t.guard("spread", x.span, t.value(x.value))
    return py.Starred(value=items, ctx=LOAD, **t.at(x.span))


def _sequence(t: Translator, x: tree.Sequence) -> py.expr:
    kind = py.Tuple if x.is_tuple else py.List
    return kind(elts=t.values(x.items), ctx=LOAD, **t.at(x.span))


def _set_display(t: Translator, x: tree.SetDisplay) -> py.expr:
    return py.Set(elts=t.values(x.items), **t.at(x.span))


def _dict(t: Translator, x: tree.Dict) -> py.expr:
    keys = [None if entry.key is None else t.value(entry.key) for entry in x.entries]
    return py.Dict(keys=keys, values=[t.value(e.value) for e in x.entries], **t.at(x.span))


def _fstring(t: Translator, x: tree.FString) -> py.expr:
    parts: list[py.expr] = [
        t.constant(part, x.span) if isinstance(part, str) else _formatted(t, part)
        for part in x.parts
    ]
    return py.JoinedStr(values=parts, **t.at(x.span))


def _formatted(t: Translator, x: tree.FormattedValue) -> py.expr:
    at = t.at(x.span)
    value = t.value(x.value)
    if x.spec is not None:
        if x.conversion:
            text = py.FormattedValue(
                value=value, conversion=CONVERSIONS[x.conversion], format_spec=None, **at
            )
            value = py.JoinedStr(values=[text], **at)
        value = t.guard("formatted", x.span, value, _fstring(t, x.spec))
    conversion = -1 if x.spec is not None else CONVERSIONS[x.conversion]
    return py.FormattedValue(value=value, conversion=conversion, format_spec=None, **at)


def _lambda(t: Translator, x: tree.Lambda) -> py.expr:
    parameters = t.parameters(x.parameters)
    outer = t.scope
    t.scope = Scope("function", outer, first=first(x.parameters))
    body = t.value(x.body)
    t.scope = outer
    counted = py.BoolOp(op=py.And(), values=[t.guard("turn", x.span), body], **t.at(x.body.span))
    return py.Lambda(args=parameters, body=counted, **t.at(x.span))


def _named(t: Translator, x: tree.NamedExpression) -> py.expr:
    target = t.place(x.name, x.span)
    return py.NamedExpr(target=target, value=t.value(x.value), **t.at(x.span))


def _yield(t: Translator, x: tree.Yield) -> py.expr:
    value = None if x.value is None else t.value(x.value)
    return py.Yield(value=value, **t.at(x.span))


def _yield_from(t: Translator, x: tree.YieldFrom) -> py.expr:
    return py.YieldFrom(value=t.guard("iterate", x.span, t.value(x.value)), **t.at(x.span))


def _comprehension(t: Translator, x: tree.Comprehension) -> py.expr:
    clauses: list[py.comprehension] = []
    for number, clause in enumerate(x.clauses):
        if number == 0:  # the first iterable belongs to what is around
            iterable = t.value(clause.iterable)
            outer = t.scope
            t.scope = Scope("function", outer)
        else:
            iterable = t.value(clause.iterable)
        _clause(t, clause, iterable, clauses)
    element = t.value(x.element)
    value = None if x.value is None else t.value(x.value)
    t.scope = outer
    at = t.at(x.span)
    if value is not None:
        return py.DictComp(key=element, value=value, generators=clauses, **at)
    kind = {"list": py.ListComp, "set": py.SetComp, "generator": py.GeneratorExp}[x.kind]
    return kind(elt=element, generators=clauses, **at)


def _clause(
    t: Translator, x: tree.Clause, iterable: py.expr, clauses: list[py.comprehension]
) -> None:
    """A loop of a comprehension; a target with a star is a loop of its own over the one value."""
    tests: list[py.expr] = [t.guard("turn", x.span)]
    items = t.guard("iterate", x.iterable.span, iterable)
    after: list[py.stmt] = []
    target = t.target(x.target, after)
    clauses.append(py.comprehension(target=target, iter=items, ifs=tests, is_async=0))
    for step in after:
        assert isinstance(step, py.Assign)
        one = py.Tuple(elts=[step.value], ctx=LOAD, **t.at(x.span))
        clauses.append(py.comprehension(target=step.targets[0], iter=one, ifs=[], is_async=0))
    clauses[-1].ifs += t.values(x.conditions)


EXPRESSIONS: dict[type, Callable[[Translator, Any], py.expr]] = {
    tree.Literal: _literal,
    tree.Name: _name,
    tree.Unary: _unary,
    tree.Binary: _binary,
    tree.Comparison: _comparison,
    tree.Logical: _logical,
    tree.Conditional: _conditional,
    tree.Attribute: _attribute,
    tree.Call: _call,
    tree.Subscript: _subscript,
    tree.Slice: _slice,
    tree.Spread: _spread,
    tree.Sequence: _sequence,
    tree.SetDisplay: _set_display,
    tree.Dict: _dict,
    tree.FString: _fstring,
    tree.Lambda: _lambda,
    tree.NamedExpression: _named,
    tree.Yield: _yield,
    tree.YieldFrom: _yield_from,
    tree.Comprehension: _comprehension,
}
