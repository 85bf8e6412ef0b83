"""What to write instead of what loses digits, by the shape of the graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from autodiff_cli.ir.node import NUMBER, Node

Pattern: TypeAlias = "str | int | tuple[Any, ...]"
Names: TypeAlias = Callable[[Node], str]

# A graph, and what computes the same with all digits. A letter stands for any node: {U} is the
# text of u as an operand, and {d} the dimension.
INSTEAD: Sequence[tuple[Pattern, str]] = (
    (("sub", 1, ("cos", "u")), "2*sin({U}/2)**2"),
    (("sub", ("exp", "u"), 1), "expm1({u})"),
    (("sub", 1, ("exp", "u")), "-expm1({u})"),
    (("log", ("add", ("exp", "u"), 1)), "softplus({u})"),
    (("log", ("add", "u", 1)), "log1p({u})"),
    (("log", ("sub", 1, "u")), "log1p(-{U})"),
    (("sub", ("sqrt", "u"), ("sqrt", "v")), "({U} - {V})/(sqrt({u}) + sqrt({v}))"),
    (("log", ("add", ("exp", "u"), ("exp", "v"))), "logaddexp({u}, {v})"),
    (("log", ("sum", ("exp", "u"))), "logsumexp({u}, {d})"),
    (("div", ("exp", "u"), ("sum", ("exp", "u"))), "softmax({u}, {d})"),
    (("log", ("softmax", "u")), "log_softmax({u}, {d})"),
    (("log", ("sigmoid", "u")), "logsigmoid({u})"),
    (("sub", 1, ("sigmoid", "u")), "sigmoid(-{U})"),
    (("sub", 1, ("erf", "u")), "erfc({u})"),
    (("sub", 1, ("pow", ("tanh", "u"), 2)), "1/cosh({u})**2"),
    (("sub", 1, ("pow", ("cos", "u"), 2)), "sin({u})**2"),
    (("sub", 1, ("pow", ("sin", "u"), 2)), "cos({u})**2"),
    (("sub", ("mean", ("pow", "u", 2)), ("pow", ("mean", "u"), 2)), "var({u}, correction=0)"),
    (("sub", ("pow", "u", 2), ("pow", "v", 2)), "({U} - {V})*({U} + {V})"),
)


def instead_of(node: Node, name: Names) -> str:
    """What to write instead of a node; "" if nothing is known.

    Args:
        node: the end of what might be written otherwise.
        name: gives the source of a node.
    """
    for pattern, text in INSTEAD:
        found: dict[str, Any] = {"d": 0}
        if _matches(pattern, node, found):
            names = {key: name(n) if isinstance(n, Node) else str(n) for key, n in found.items()}
            if all(names.values()):
                operands = {key.upper(): _operand(text) for key, text in names.items()}
                return text.format(**names, **operands)
    return ""


def _operand(text: str) -> str:
    return text if text.isidentifier() else f"({text})"


def _matches(pattern: Pattern, node: Node, found: dict[str, Any]) -> bool:
    waiting: list[tuple[Pattern, Any]] = [(pattern, node)]
    while waiting:
        wanted, given = waiting.pop()
        if isinstance(wanted, str):
            if found.setdefault(wanted, given) is not given:
                return False
        elif isinstance(wanted, int):
            if _number(given) != wanted:
                return False
        else:
            name, *parts = wanted
            own, operands = _normal(given, found)
            if own != name or len(operands) != len(parts):
                return False
            waiting += zip(parts, operands, strict=True)
    return True


def _number(given: Any) -> Any:
    if isinstance(given, Node):
        return given.value if given.op is NUMBER else None
    return given


def _normal(node: Any, found: dict[str, Any]) -> tuple[str, list[Any]]:
    """An operation and its operands, parameters included, as the patterns speak of them."""
    if not isinstance(node, Node):
        return "", []
    name, operands, params = node.op.name, list(node.operands), node.params
    if name == "rsub_number":
        return ("sub", [params["other"], *operands]) if params["alpha"] == 1 else ("", [])
    if name in ("add", "sub", "rsub") and params["alpha"] != 1:
        return "", []
    if name == "rsub":
        return "sub", operands[::-1]
    if name == "add_number":
        return "add", [*operands, params["other"]]
    if name == "add" and _number(operands[0]) is not None:
        return "add", operands[::-1]
    if name == "pow_number":
        return "pow", [*operands, params["exponent"]]
    if name == "mul" and operands[0] is operands[1]:
        return "pow", [operands[0], 2]
    if name == "mean" and params["dim"] is not None:
        return "", []
    if name in ("sum", "softmax"):
        dim = params["dim"]
        found["d"] = dim[0] if isinstance(dim, tuple) else 0 if dim is None else dim
    return name, operands
