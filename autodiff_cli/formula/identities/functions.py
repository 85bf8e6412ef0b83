"""Rules about one function."""

from __future__ import annotations

from fractions import Fraction

from autodiff_cli.formula.algebra import Algebra
from autodiff_cli.formula.attempts import multiplied_out
from autodiff_cli.formula.normal import parts_of
from autodiff_cli.formula.rules import rule
from autodiff_cli.formula.terms import ONE, UNIT, Term, identity

# ---- functions ----------------------------------------------------------------------------------


@rule("exponential of a logarithm", "function", "exp", example="exp(log(x))")
def _exp(a: Algebra, term: Term) -> Term | None:
    (arg,) = term.args
    if arg.head == "number" and arg.data == 0:
        return a.one
    if arg.name == "log":
        return arg.args[0]
    if arg.name == "log_softmax":
        return a.function("softmax", arg.args, arg.shape, **arg.params)
    return None


@rule("softmax", "function", "exp", example="logsumexp(x, 0)")
def _softmax(a: Algebra, term: Term) -> Term | None:
    """exp(x - logsumexp(x))"""
    (arg,) = term.args
    pairs = arg.pairs if arg.head == "sum" else []
    for part, c in pairs:
        core, labels = a.core(a.expanded(part, arg.shape))
        if core.name != "logsumexp" or c != -1:
            continue
        whole = a.sum([pair for pair in pairs if pair[0] is not part], arg.shape)
        dims = core.params["dim"]
        kept = tuple(
            UNIT if arg.shape[d] == 1 else d for d in range(len(arg.shape)) if d not in dims
        )
        if core.args[0] is whole and labels == kept and len(dims) == 1:
            return a.function("softmax", [whole], arg.shape, dim=dims[0])
    return None


@rule("logarithm of an exponential", "function", "log", example="x*log(exp(x))")
def _log(a: Algebra, term: Term) -> Term | None:
    (arg,) = term.args
    if arg.name == "exp":
        return arg.args[0]
    return a.zero if arg is a.one else None


@rule(
    "comparison of numbers",
    "function",
    "eq ne lt le gt ge isnan isinf clamp",
    example="x**tensor(2.)",
)
def _known(a: Algebra, term: Term) -> Term | None:
    if any(arg.head != "number" for arg in term.args):
        return None
    values = [arg.data for arg in term.args]
    if term.name == "clamp":
        low, high = term.params["min"], term.params["max"]
        inside = (low is None or values[0] >= low) and (high is None or values[0] <= high)
        return term.args[0] if inside else None
    if term.name in ("isnan", "isinf"):
        return a.zero
    x, y = values
    held = {"eq": x == y, "ne": x != y, "lt": x < y, "le": x <= y, "gt": x > y, "ge": x >= y}
    return a.number(int(held[term.name]))


@rule("product with a logarithm", "function", "xlogy", example="xlogy(x, x)", guarded=True)
def _xlogy(a: Algebra, term: Term) -> Term | None:
    """xlogy(a, b) is a*log(b), but where a is 0"""
    first, second = term.args
    if first.head != "number":
        a.rules.require(first, "!=", "product with a logarithm")
    return a.expanded(a.times(first, a.each("log", [second])), term.shape)


TURNED = {"lt": "gt", "gt": "lt", "le": "ge", "ge": "le"}


@rule("comparison of a sum with 0", "function", "lt gt le ge", example="relu(1 - x)")
def _compared(a: Algebra, term: Term) -> Term | None:
    """1 - x > 0 is x < 1; x - y > 0 is x > y"""
    first, bound = term.args
    if bound.head != "number":
        parts = [multiplied_out(a, a.expanded(side, term.shape)) for side in term.args]
        if None in parts:
            return None
        over, under = parts
        gap = a.sum([*over, *((part, -c) for part, c in under)], term.shape)  # type: ignore[misc, union-attr]
        if gap.weight + 1 < first.weight + bound.weight:
            return a.each(term.name, [a.expanded(gap, term.shape), a.zero], "b")
    product = parts_of(first)
    if bound is not a.zero or len(product.factors) != 1 or product.summed:
        return None
    base, exponent, labels = product.factors[0]
    if base.head != "sum" or exponent != 1 or len(base.args) != 2 or base.shape != term.shape:
        return None
    if labels != identity(base.shape):
        return None
    signs = [c * product.coefficient for c in base.data]
    if a.one not in base.args and (signs[0] > 0) == (signs[1] > 0):
        return None
    (one, c), (two, d) = sorted(
        zip(base.args, signs, strict=True), key=lambda entry: (entry[0] is a.one, entry[1] < 0)
    )
    name = term.name if c > 0 else TURNED[term.name]
    return a.each(name, [a.scaled(one, abs(c)), a.scaled(two, -d if c > 0 else d)], "b")


@rule("sign of relu", "function", "le gt", example="relu(x)")
def _of_relu(a: Algebra, term: Term) -> Term | None:
    x, bound = term.args
    if x.name == "relu" and bound.head == "number" and bound.data == 0:
        return a.each(term.name, [x.args[0], bound], "b")
    return None


NEGATIONS = {"le": "gt", "gt": "le", "lt": "ge", "ge": "lt", "eq": "ne", "ne": "eq"}


@rule("logic", "function", "logical_and logical_or logical_not", example="max(x)")
def _logic(a: Algebra, term: Term) -> Term | None:
    if term.name == "logical_not":
        (arg,) = term.args
        if arg.head == "number":
            return a.number(1 - arg.data)
        if arg.name == "logical_not":
            return arg.args[0]
        if arg.name in NEGATIONS:
            return a.each(NEGATIONS[arg.name], arg.args, "b")
        if arg.name in ("logical_and", "logical_or"):  # De Morgan
            parts = [a.each("logical_not", [part], "b") for part in arg.args]
            return a.each("logical_or" if arg.name == "logical_and" else "logical_and", parts, "b")
        return None
    x, y = term.args
    for one, other in ((x, y), (y, x)):
        if one.head == "number" and not one.shape:
            absorbs = (one.data != 0) == (term.name == "logical_or")
            return a.number(int(term.name == "logical_or")) if absorbs else other
    return x if x is y else None


@rule("nothing is nan", "function", "isnan", example="max(x)", guarded=True)
def _isnan(a: Algebra, term: Term) -> Term | None:
    return a.zero


def _zero_of(a: Algebra, term: Term) -> tuple[Term, str] | None:
    """(u, sign) for a condition that holds on a set of measure zero, unless `u sign 0`."""
    if term.name == "eq":
        x, y = term.args
        if x.name == "sign" and y.head == "number" and y.data == -1:
            return x.args[0], ">"  # of a determinant with a logarithm
        if "f" not in (x.kind, y.kind):
            return None
        if x.name == "sign":
            return None
        return (x, "!=") if y.head == "number" and y.data == 0 else (a.minus(x, y), "!=")
    if term.name == "isinf":
        product = parts_of(term.args[0])
        below = [f for f in product.factors if isinstance(f.exponent, Fraction) and f.exponent < 0]
        if len(below) == 1:
            return below[0].base, "!="
    if term.name == "logical_and":
        return _zero_of(a, term.args[0]) or _zero_of(a, term.args[1])
    return None


@rule("guard of a special value", "function", "where", example="norm(x)", guarded=True)
def _guard(a: Algebra, term: Term) -> Term | None:
    """where(u == 0, 0, f) is f, unless u is 0"""
    condition, special, general = term.args
    if special.head not in ("number", "leaf") or special.shape:
        return None
    if special.head == "leaf" and special.data not in ("nan", "inf", "-inf"):
        return None
    found = _zero_of(a, condition)
    if found is None:
        return None
    u, sign = found
    vanishes = any(
        factor.base is u and isinstance(factor.exponent, Fraction) and factor.exponent > 0
        for factor in parts_of(general).factors
    )
    if not vanishes:
        a.rules.require(u, sign, "guard of a special value")
    return a.expanded(general, term.shape)


@rule("domain", "function", "where", example="logit(x)", guarded=True)
def _domain(a: Algebra, term: Term) -> Term | None:
    """where(0 <= u & u <= 1, f, nan) is f where u is so"""
    condition, general, special = term.args
    if special.head != "leaf" or special.data != "nan":
        return None
    waiting, bounds = [condition], []
    while waiting:
        top = waiting.pop()
        if top.name == "logical_and":
            waiting += top.args
        elif top.name in SIGNS:
            bounds.append((a.minus(*top.args), SIGNS[top.name]))
        else:
            return None
    for u, sign in bounds:
        a.rules.require(u, sign, "domain")
    return a.expanded(general, term.shape)


SIGNS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">="}
TINY = Fraction(1, 10**6)
NO_CLASS = -100  # F.cross_entropy's ignore_index, if none is given


@rule(
    "bound away from 0", "function", "clamp", example="F.cosine_similarity(x, x**2)", guarded=True
)
def _away(a: Algebra, term: Term) -> Term | None:
    """clamp(u, min=1e-12) is u where u is larger"""
    low, high = term.params["min"], term.params["max"]
    if high is not None or not 0 < low < TINY:
        return None
    a.rules.require(term.args[0], ">", "bound away from 0")
    return a.expanded(term.args[0], term.shape)


@rule("bound far below", "function", "ge gt", example="F.normalize(x, dim=0)", guarded=True)
def _far(a: Algebra, term: Term) -> Term | None:
    """u >= 1e-12 where u is larger"""
    u, bound = term.args
    if bound.head != "number" or not 0 < bound.data < TINY:
        return None
    a.rules.require(u, ">", "bound far below")
    return a.number(1, term.shape)


@rule(
    "class that counts",
    "function",
    "ne",
    example="F.cross_entropy(x, tensor([0, 2]), label_smoothing=0.1)",
    guarded=True,
)
def _counts(a: Algebra, term: Term) -> Term | None:
    """t != -100, which stands for no class"""
    t, none = term.args
    if t.kind != "i" or none.head != "number" or none.data != NO_CLASS:
        return None
    return a.number(1, term.shape)


@rule("clipped", "function", "where", example="F.smooth_l1_loss(x, x**2)")
def _clipped(a: Algebra, term: Term) -> Term | None:
    """where(abs(u) >= 1, sign(u), u) is clamp(u, -1, 1)"""
    condition, sign, u = term.args
    if condition.name not in ("ge", "gt") or condition.args[1] is not a.one or sign.name != "sign":
        return None
    if condition.args[0].name != "abs" or any(
        part.args[0] is not u for part in (sign, condition.args[0])
    ):
        return None
    return a.expanded(a.each("clamp", [u], min=-1, max=1), term.shape)


@rule("turned selection", "function", "where", example="F.elu(x)", guarded=True)
def _turned(a: Algebra, term: Term) -> Term | None:
    """where(u <= v, f, g) is where(u > v, g, f), where nothing is nan"""
    condition, first, second = term.args
    if condition.name not in ("le", "ge"):
        return None
    turned = a.each(NEGATIONS[condition.name], condition.args, "b")
    return a.each("where", [turned, second, first])


@rule("saturation", "function", "where", example="F.softplus(x)", guarded=True)
def _saturated(a: Algebra, term: Term) -> Term | None:
    """where(u > 20, 1, sigmoid(u)) is sigmoid(u), to nine digits"""
    condition, special, general = term.args
    if special is not a.one or general.name != "sigmoid" or condition.name != "gt":
        return None
    u, bound = condition.args
    if u is not general.args[0] or bound.head != "number" or bound.data < 20:
        return None
    a.rules.require(a.minus(u, bound), "<=", "saturation")
    return a.expanded(general, term.shape)


@rule("selection", "function", "where", example="F.elu(x)")
def _where(a: Algebra, term: Term) -> Term | None:
    condition, first, second = term.args
    if condition.head == "number":
        return a.expanded(first if condition.data else second, term.shape)
    if first is second:
        return a.expanded(first, term.shape)
    rank = len(term.shape)
    parts = [parts_of(entry) for entry in (first, second)]
    if any(p.summed or len(p.shape) != rank for p in parts):
        return None
    common = [f for f in parts[0].factors if f in parts[1].factors]
    number = parts[0].coefficient if parts[0].coefficient == parts[1].coefficient else ONE
    if not common and number in (0, 1):
        return None
    rest = [
        a.product(p.coefficient / number, [f for f in p.factors if f not in common], term.shape)
        for p in parts
    ]
    chosen = a.each("where", [condition, *rest])
    return a.times(a.product(number, common, term.shape), chosen)


@rule("mask", "function", "where", example="relu(x)", guarded=True)
def _masked(a: Algebra, term: Term) -> Term | None:
    """where(c, f, 0) is c*f where f is finite"""
    condition, first, second = term.args
    if condition.kind != "b":
        return None
    if second is a.zero:
        return a.expanded(a.times(condition, first), term.shape)
    if first is a.zero:
        turned = a.each("logical_not", [condition], "b")
        return a.expanded(a.times(turned, second), term.shape)
    return None
