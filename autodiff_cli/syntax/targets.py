"""What can be assigned to and deleted, and the checks of parameters and arguments.

The grammar takes any expression in these places; the messages are CPython's.
"""

from __future__ import annotations

from collections.abc import Sequence as Many
from typing import NoReturn

from autodiff_cli.errors import SourceSyntaxError
from autodiff_cli.source import Span
from autodiff_cli.syntax import tree

KINDS: dict[type[tree.Tree], str] = {
    tree.Name: "name",
    tree.Attribute: "attribute",
    tree.Subscript: "subscript",
    tree.Spread: "starred",
    tree.Lambda: "lambda",
    tree.Call: "function call",
    tree.Logical: "expression",
    tree.Binary: "expression",
    tree.Unary: "expression",
    tree.Comparison: "comparison",
    tree.Conditional: "conditional expression",
    tree.Yield: "yield expression",
    tree.YieldFrom: "yield expression",
    tree.Dict: "dict literal",
    tree.SetDisplay: "set display",
    tree.FString: "f-string expression",
    tree.NamedExpression: "named expression",
}
# What may stand on the left of '=' in a comparison that was meant, as Python's grammar has it.
OPERANDS = (
    tree.Attribute, tree.Subscript, tree.Call, tree.Binary, tree.Unary, tree.Yield, tree.YieldFrom,
    tree.Dict, tree.SetDisplay, tree.FString, tree.NamedExpression, tree.Literal, tree.Comprehension,
)  # fmt: skip


def kind_of(x: tree.Tree) -> str:
    """What CPython calls an expression in its messages."""
    if isinstance(x, tree.Literal):
        if x.value is ...:
            return "ellipsis"
        return str(x.value) if x.value is None or isinstance(x.value, bool) else "literal"
    if isinstance(x, tree.Comprehension):
        return "generator expression" if x.kind == "generator" else f"{x.kind} comprehension"
    if isinstance(x, tree.Sequence):
        return "tuple" if x.is_tuple else "list"
    return KINDS[type(x)]


def refuse(message: str, span: Span, hint: str | None = None) -> NoReturn:
    raise SourceSyntaxError(message, hint=hint, span=span)


def unassignable(target: tree.Tree, *, starred: bool = True) -> tree.Tree | None:
    """The first part of a target that can't be assigned to."""
    pending = [target]
    while pending:
        x = pending.pop()
        if isinstance(x, tree.Sequence):
            pending += reversed(x.items)
        elif isinstance(x, tree.Spread) and starred:
            pending.append(x.value)
        elif not isinstance(x, (tree.Name, tree.Attribute, tree.Subscript)):
            return x
    return None


def check_target(target: tree.Tree) -> None:
    """Refuse what a loop, `with` or a comprehension can't assign to."""
    wrong = unassignable(target)
    if wrong is not None:
        refuse(f"cannot assign to {kind_of(wrong)}", wrong.span)
    check_stars(target)


def check_stars(target: tree.Tree) -> None:
    """Refuse a starred target alone, and two of them in one list."""
    if isinstance(target, tree.Spread):
        refuse("starred assignment target must be in a list or tuple", target.span, "add a comma")
    pending = [target]
    while pending:
        x = pending.pop()
        if isinstance(x, tree.Spread):
            x = x.value
            if isinstance(x, tree.Spread):
                refuse("invalid syntax", x.span)
        if isinstance(x, tree.Sequence):
            if sum(isinstance(item, tree.Spread) for item in x.items) > 1:
                refuse("multiple starred expressions in assignment", x.span)
            pending += x.items


def check_assigned(targets: Many[tree.Tree], value: tree.Tree, text: str) -> None:
    """Refuse `1 = x` as CPython does, which asks whether `==` was meant."""
    wrong = next(filter(None, map(unassignable, targets)), None)
    if wrong is not None:
        first = targets[0]
        last = first  # the expression beside the '='
        if isinstance(first, tree.Sequence) and text[first.span.start] not in "([":
            last = first.items[-1]
        if len(targets) == 1 and isinstance(last, tree.Name):
            refuse(
                "invalid syntax. Maybe you meant '==' or ':=' instead of '='?",
                Span(last.span.start, value.span.end),
            )
        meant = len(targets) == 1 and last is wrong and isinstance(wrong, OPERANDS)
        meant = meant and not (isinstance(wrong, tree.Unary) and wrong.operator == "not")
        if meant and kind_of(wrong) not in ("None", "True", "False", "generator expression"):
            refuse(
                f"cannot assign to {kind_of(wrong)} here. Maybe you meant '==' instead of '='?",
                wrong.span,
                "compare with '=='; names, attributes and items can be assigned to",
            )
        refuse(f"cannot assign to {kind_of(wrong)}", wrong.span)
    for target in targets:
        check_stars(target)


def check_augmented(target: tree.Tree) -> None:
    if not isinstance(target, (tree.Name, tree.Attribute, tree.Subscript)):
        refuse(
            f"'{kind_of(target)}' is an illegal expression for augmented assignment", target.span
        )


def check_annotated(target: tree.Tree) -> None:
    if isinstance(target, tree.Sequence):
        refuse(f"only single target (not {kind_of(target)}) can be annotated", target.span)
    if not isinstance(target, (tree.Name, tree.Attribute, tree.Subscript)):
        refuse("illegal target for annotation", target.span)


def check_deleted(target: tree.Tree) -> None:
    wrong = unassignable(target, starred=False)
    if wrong is not None:
        refuse(f"cannot delete {kind_of(wrong)}", wrong.span)


def check_arguments(arguments: Many[tree.Tree]) -> None:
    """Refuse a call's arguments in the wrong order."""
    keyword = unpacked = False
    for x in arguments:
        if isinstance(x, tree.Keyword):
            keyword = True
        elif isinstance(x, tree.KeywordSpread):
            unpacked = True
        elif isinstance(x, tree.Spread):
            if unpacked:
                refuse("iterable argument unpacking follows keyword argument unpacking", x.span)
        elif unpacked or keyword:
            what = "keyword argument unpacking" if unpacked else "keyword argument"
            refuse(
                f"positional argument follows {what}", x.span, "put it before, or give it a name"
            )


def parameters(span: Span, *items: tuple[str, tree.Parameter | Span]) -> tree.Parameters:
    """The parameters of a function, with their kinds.

    Args:
        span: of all of them.
        items: ("parameter", "star" or "double_star", the parameter), or ("bare_star" or "slash",
            its span).
    """
    result: list[tree.Parameter] = []
    names: set[str] = set()
    star = slash = double = default = False
    bare: Span | None = None
    for what, x in items:
        place = x if isinstance(x, Span) else x.span
        if double:
            refuse("arguments cannot follow var-keyword argument", place)
        if what in ("star", "bare_star"):
            if star:
                refuse("* argument may appear only once", place)
            star = True
            bare = place if what == "bare_star" else None
        elif what == "slash":
            if slash:
                refuse("/ may appear only once", place)
            if star:
                refuse("/ must be ahead of *", place)
            if not result:
                refuse("at least one argument must precede /", place)
            slash = True
            result = [tree.Parameter(p.span, p.name, p.default, "positional_only") for p in result]
        elif what == "double_star":
            if bare is not None:
                refuse("named arguments must follow bare *", bare)
            double = True
        if isinstance(x, Span):
            continue
        kind = what
        if what == "parameter":
            kind = "keyword_only" if star else "plain"
            bare = None
            if x.default is None and default and not star:
                refuse("non-default argument follows default argument", x.span)
            default = default or x.default is not None
        result.append(tree.Parameter(x.span, x.name, x.default, kind))
    if bare is not None:
        refuse("named arguments must follow bare *", bare)
    for parameter in result:
        if parameter.name in names:
            refuse(f"duplicate argument '{parameter.name}' in function definition", parameter.span)
        names.add(parameter.name)
    return tree.Parameters(span, tuple(result))
