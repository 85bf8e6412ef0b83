"""Special functions, element by element; their values are scipy's, which is imported when one is used.

Derivatives: torch/tools/autograd/derivatives.yaml.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from threading import Lock
from types import ModuleType
from typing import Any

import numpy as np

from autodiff_cli.ir.context import current
from autodiff_cli.ir.node import Node, Rule, constant
from autodiff_cli.ops.kinds import Composed, Elementwise, in_place, like, precise
from autodiff_cli.ops.movement import reshape
from autodiff_cli.ops.pointwise import (
    abs,
    cos,
    exp,
    is_zero,
    log,
    log1p,
    reciprocal,
    sign,
    sin,
)
from autodiff_cli.ops.reduce import sum_
from autodiff_cli.ops.selection import away, eq, ge, gt, le, logical_and, masked_fill, where

IMPORTING = Lock()


@lru_cache(1)
def _loops() -> Any:
    """The module of scipy.special's compiled functions.

    They are imported without the package around them, whose other parts (NumPy's test helpers and f2py
    among them) take seven times as long: 200 ms. Whoever imports scipy.special afterwards gets all of
    it, with these same functions. If scipy should be arranged in another way one day, all of it is imported.
    """
    with IMPORTING:  # another thread must not find the package that stands in for it
        return _imported("scipy.special")


def _imported(name: str) -> Any:
    if name not in sys.modules:
        spec = find_spec(name)
        if spec is not None and spec.submodule_search_locations is not None:
            package = ModuleType(name)
            package.__path__ = spec.submodule_search_locations
            package.__spec__ = spec
            sys.modules[name] = package
            try:
                return import_module("scipy.special._ufuncs")
            except ImportError:
                pass  # the public module says what is missing
            finally:
                del sys.modules[name]
    return import_module(name)


def scipy_function(name: str) -> Callable[..., Any]:
    """A function of scipy.special, rounded from float64."""

    @in_place
    def kernel(*arrays: Any, out: Any = None) -> Any:
        return precise(getattr(_loops(), name))(*arrays, out=out)

    return kernel


def _special(name: str, scipy_name: str, partial: Callable[..., Node], doc: str) -> Elementwise:
    return Elementwise(
        name, scipy_function(scipy_name), partials=(partial,), result="float", doc=doc
    )


ROOT_PI = math.sqrt(math.pi)

erf = _special("erf", "erf", lambda y, x: 2 / ROOT_PI * exp(-(x * x)), "the error function")
erfc = _special("erfc", "erfc", lambda y, x: -2 / ROOT_PI * exp(-(x * x)), "1 - erf(x)")
erfinv = Elementwise(
    "erfinv",
    lambda x: np.copysign(scipy_function("erfinv")(x), x),  # scipy loses the sign of -0.0
    partials=(lambda y, x: ROOT_PI / 2 * exp(y * y),),
    result="float",
    doc="the inverse of the error function",
)
erfcx: Elementwise = _special(
    "special_erfcx", "erfcx", lambda y, x: 2 * x * y - 2 / ROOT_PI, "exp(x*x) erfc(x)"
)
lgamma = Elementwise(
    "lgamma",
    lambda x: np.where(x == -math.inf, like(x, math.inf), scipy_function("gammaln")(x)),
    partials=(lambda y, x: digamma(x),),
    result="float",
    doc="log of |gamma(x)|",
    latex=r"\log\Gamma {}",
)
digamma: Elementwise = _special(
    "digamma", "psi", lambda y, x: polygamma(x, n=1), "derivative of lgamma"
)


def _trigamma(x: Any) -> Any:
    """By reflection, recurrence and an asymptotic series: the reference's digits (ATen/native/Math.h)."""
    reflected = x < 0.5
    pi = like(x, math.pi)
    result = np.where(reflected, -np.square(pi / np.sin(pi * x)), like(x, 0))
    z = np.where(reflected, 1 - x, x)
    for _ in range(6):
        result = result + 1 / (z * z)
        z = z + 1
    inverse = 1 / (z * z)
    sixth, thirtieth, last = (like(x, 1 / n) for n in (6, 30, 42))
    series = 1 + 1 / (2 * z) + inverse * (sixth - inverse * (thirtieth - inverse * last))
    result = result + series / z
    return np.where(reflected, -result, result)


def _polygamma(x: Any, n: int) -> Any:
    if n == 0:
        return precise(_loops().psi)(x)
    if n == 1:
        return _trigamma(x)
    import scipy.special  # type: ignore[import-untyped]

    wide = x.astype(np.float64)
    zeta = scipy.special.zeta(n + 1.0, wide)
    if n > LARGEST_FACTORIAL:
        positive = np.exp(math.lgamma(n + 1) + _log_zeta(n + 1.0, wide))
        size = np.where(wide > 0, positive, zeta * np.inf)
    else:
        size = math.factorial(n) * zeta
    return (size if n % 2 else -size).astype(x.dtype)


LARGEST_FACTORIAL = 170  # past which it overflows, though its product with zeta needn't


def _log_zeta(s: float, x: Any) -> Any:
    """The logarithm of Hurwitz's zeta, for large s and positive x: terms, and Euler and Maclaurin's rest."""
    terms = 200
    total = sum(np.exp(-s * np.log1p(k / x)) for k in range(terms))
    end = x + terms
    rest = np.exp(-s * np.log(end / x)) * (end / (s - 1) + 0.5 + s / (12 * end))
    return np.log(total + rest) - s * np.log(x)


polygamma: Elementwise = Elementwise(
    "polygamma",
    _polygamma,
    partials=(lambda y, x, n: polygamma(x, n=n + 1),),
    result="float",
    doc="n-th derivative of digamma",
)


AT_ONCE = 1 << 16  # terms that are computed together


def _log_gamma(x: Any, p: int) -> Any:
    total: Any = np.full(x.shape, p * (p - 1) / 4 * math.log(math.pi))
    step = max(1, AT_ONCE // max(x.size, 1))
    for start in range(0, p, step):
        halves = np.arange(start, min(start + step, p)) / 2
        total = total + _loops().gammaln(x[..., None].astype(np.float64) - halves).sum(-1)
    return total.astype(x.dtype)


def _log_gamma_partial(y: Node, x: Node, p: int) -> Node:
    terms = digamma(reshape(x, (*x.shape, 1)) - constant(np.arange(p) / 2, x.dtype))
    return sum_(terms, dim=(x.ndim,), keepdim=False, dtype=x.dtype)


mvlgamma = Elementwise(
    "mvlgamma",
    _log_gamma,
    partials=(_log_gamma_partial,),
    result="float",
    on_arrays=False,
    doc="log of the multivariate gamma function",
)


def _sinc_slope_form(x: Node) -> Node:
    turned = x * math.pi
    below = x * x * math.pi
    return where(is_zero(below), 0.0, (turned * cos(turned) - sin(turned)) / below)


# of (t cos t - sin t)/t**3, in powers of t**2: up to t = 1 they give all digits of a double
SINC_SERIES = [(-1) ** k * 2 * k / math.factorial(2 * k + 1) for k in range(9, 0, -1)]


def _sinc_slope(x: Any) -> Any:
    turned = like(x, math.pi) * x
    square = turned * turned
    series = np.polyval(np.asarray(SINC_SERIES, turned.dtype), square) * turned
    closed = (turned * precise(np.cos)(turned) - precise(np.sin)(turned)) / square
    slope = np.where(square < 1, series, closed) * like(x, math.pi)
    return np.where(x * x * like(x, math.pi) == 0, like(x, 0), slope)  # as the reference has it


def _sinc_slope_vjp(g: Node, y: Node, x: Node) -> Node:
    bend = sinc(x) * -(math.pi**2) - 2 * y / x
    return g * where(is_zero(x * x * math.pi), -(math.pi**2) / 3, bend)


sinc_slope = Composed(
    "sinc_slope",
    _sinc_slope,
    made_of=_sinc_slope_form,
    vjps=(_sinc_slope_vjp,),
    doc="the derivative of sinc",
)


def _sinc(x: Any) -> Any:
    turned = like(x, math.pi) * x
    return np.where(x == 0, like(x, 1), precise(np.sin)(turned) / turned)


sinc = Elementwise(
    "sinc",
    _sinc,
    vjps=(lambda g, y, x: g * sinc_slope(x),),
    backward="WhereBackward0",
    result="float",
    doc="sin(pi x)/(pi x), 1 at 0",
)


def _logit(x: Any, eps: float | None) -> Any:
    if eps is not None:
        low, high = np.asarray(eps, x.dtype), np.asarray(1 - eps, x.dtype)
        x = np.where(x < low, low, np.where(x > high, high, x))
    return precise(np.log)(x / (1 - x))


def _logit_vjp(g: Node, y: Node, x: Node, eps: float | None) -> Node:
    low, high = (0.0, 1.0) if eps is None else (eps, 1 - eps)
    outside = math.nan if eps is None else 0.0
    spread = x * (1 - x)
    if type(g) is Node and current().grad:  # the reference's form where it is differentiated again
        flow = g / spread
    else:
        flow = g * where(is_zero(spread), math.inf, 1 / spread)
    return where(logical_and(ge(x, low), le(x, high)), flow, outside)


logit = Elementwise(
    "logit",
    _logit,
    vjps=(_logit_vjp,),
    result="float",
    doc="log(x/(1 - x)), the inverse of sigmoid",
    on_arrays=False,  # its rule has another form where a graph of the gradient is wanted
)
entr = Elementwise(
    "special_entr",
    lambda x: np.where(
        x > 0, -x * precise(np.log)(x), np.where(x == 0, 0, np.where(x < 0, -math.inf, x))
    ).astype(x.dtype),
    partials=(lambda y, x: -1 - log(x),),
    result="float",
    doc="-x log(x)",
)
ndtri = _special(
    "special_ndtri",
    "ndtri",
    lambda y, x: math.sqrt(2 * math.pi) * exp(y * y / 2),
    "the quantile function of the normal distribution",
)


hazard = Elementwise(
    "normal_hazard",
    lambda x: math.sqrt(2 / math.pi) / scipy_function("erfcx")(x * like(x, -math.sqrt(0.5))),
    vjps=(lambda g, y, x: -g * (y * (x + y)),),
    result="float",
    doc="the slope of log_ndtr: the normal density over the distribution function",
)
log_ndtr = _special(
    "special_log_ndtr",
    "log_ndtr",
    lambda y, x: hazard(x),
    "log of the normal distribution function",
)

# ---- Bessel functions ---------------------------------------------------------------------------


def _of_order_one(x: Node, slope: Callable[[Node], Node]) -> Node:
    """The slope, and that at 0, a half, where x is so small that nothing of its quotient is left."""
    eps = float(np.finfo(x.dtype.numpy if isinstance(x, Node) else x.dtype).eps)
    return where(gt(abs(x), eps), slope(away(x, bound=eps)), 0.5)


i0 = _special("i0", "i0", lambda y, x: i1(x), "modified Bessel function of order 0")
i0e: Elementwise = _special(
    "special_i0e", "i0e", lambda y, x: i1e(x) - sign(x) * y, "exp(-|x|) i0(x)"
)
i1: Elementwise = _special(
    "special_i1",
    "i1",
    lambda y, x: _of_order_one(x, lambda x: i0(x) - y * reciprocal(x)),
    "modified Bessel function of order 1",
)
i1e: Elementwise = _special(
    "special_i1e",
    "i1e",
    lambda y, x: _of_order_one(x, lambda x: i0e(x) - y * (sign(x) + reciprocal(x))),
    "exp(-|x|) i1(x)",
)

# ---- products with a logarithm ------------------------------------------------------------------


def _times_log(log_of: Callable[..., Any]) -> Callable[..., Any]:
    """a*log(b), 0 where a is 0, nan where b is."""

    def kernel(a: Any, b: Any) -> Any:
        return np.where(np.isnan(b), b, np.where(a == 0, 0, a * log_of(b))).astype(a.dtype)

    return kernel


def _product_with_log(
    name: str, log_of: Any, edge: float, slope: Rule, grad_fn: str, doc: str, at_zero: Any = None
) -> Elementwise:
    """`at_zero`: the logarithm as a node, where the first partial is it at a = 0 as well.

    `edge`: where the logarithm begins; at a = 0 the first partial is 0 up to there.
    """

    def by_first(g: Node, y: Node, a: Node, b: Node) -> Node:
        if at_zero:
            flow: Node = g * at_zero(b)
            return flow
        return masked_fill(made(g, b), logical_and(eq(a, 0), le(b, edge)), value=0.0)

    made = Elementwise(
        name,
        _times_log(precise(log_of)),
        vjps=(by_first, slope),
        result="float",
        on_arrays=at_zero is None,
        grad_fn=grad_fn,
        doc=doc,
    )
    return made


def _xlogy(name: str, grad_fn: str, at_zero: Any = None) -> Elementwise:
    doc = "a log(b), 0 where a is 0"
    return _product_with_log(name, np.log, 0, lambda g, y, a, b: g * a / b, grad_fn, doc, at_zero)


xlogy = _xlogy("xlogy", "XlogyBackward0")
xlogy_from_number = _xlogy("xlogy_from_number", "XlogyBackward1")
xlogy_number = _xlogy("xlogy_number", "XlogyBackward2", log)


def _xlog1py(name: str, grad_fn: str, at_zero: Any = None) -> Elementwise:
    doc = "a log(1 + b), 0 where a is 0"
    return _product_with_log(
        name, np.log1p, -1, lambda g, y, a, b: g * a / (b + 1), grad_fn, doc, at_zero
    )


xlog1py = _xlog1py("xlog1py", "SpecialXlog1PyBackward0")
xlog1py_from_number = _xlog1py("xlog1py_from_number", "SpecialXlog1PyBackward1")
xlog1py_number = _xlog1py("xlog1py_number", "SpecialXlog1PyBackward2", log1p)
