"""Formulas for NumPy and JAX: the same expressions with their functions' names and arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autodiff_cli.formula.expressions import Expression
from autodiff_cli.formula.text import (
    ATOM,
    CONSTANTS,
    Caller,
    Dialect,
    Text,
    Unsayable,
    call,
    method,
    tupled,
)

SAME = (
    "exp expm1 exp2 log log2 log10 log1p sqrt sin cos tan sinh cosh tanh abs sign floor ceil trunc minimum "
    "maximum hypot logaddexp logaddexp2 copysign fmod remainder where outer eye diag ones_like zeros_like "
    "einsum sinc isnan isinf isfinite sum mean"
).split()
RENAMED = {
    "asin": "arcsin",
    "acos": "arccos",
    "atan": "arctan",
    "asinh": "arcsinh",
    "acosh": "arccosh",
    "atanh": "arctanh",
    "atan2": "arctan2",
    "round": "rint",
    "sgn": "sign",
    "inverse": "linalg.inv",
    "det": "linalg.det",
    "solve": "linalg.solve",
    "pinv": "linalg.pinv",
}
SPECIAL = {
    "sigmoid": "expit",
    "lgamma": "gammaln",
    **{name: name for name in "digamma erf erfc ndtr xlogy xlog1py".split()},
    **{f"special_{name}": name for name in "ndtri log_ndtr i0e i1 i1e entr".split()},
    "i0": "i0",
}
SCIPY = {"erfinv": "erfinv", "special_erfcx": "erfcx", "log_sigmoid": "log_expit"}


def _axes(params: Mapping[str, Any]) -> str:
    """The axis and keepdims of a reduction, as arguments behind others."""
    text = "" if params.get("dim") is None else f", axis={params['dim']}"
    return text + (", keepdims=True" if params.get("keepdim") else "")


def _reduction(name: str) -> Caller:
    def write(d: Dialect, parts: list[Text], params: dict[str, Any]) -> Text:
        return Text(f"{d.function(name)}({parts[0].text}{_axes(params)})")

    return write


def _norm(d: Dialect, parts: list[Text], params: dict[str, Any]) -> Text:
    order, dim = params["ord"], params.get("dim")
    shown = {float("inf"): "np.inf", float("-inf"): "-np.inf"}.get(order, f"{order:g}")
    shown = "" if order == 2 else f", {shown.replace('np.', d.qualified)}"
    x = parts[0].text
    if dim is None and shown and params["rank"] > 1:  # of all elements, not of the matrix
        x = f"{d.function('ravel')}({x})"
    elif dim is not None and isinstance(dim, tuple) and len(dim) > 2:
        raise Unsayable("a norm over several dimensions")
    return Text(f"{d.function('norm')}({x}{shown}{_axes(params)})")


def _moment(name: str) -> Caller:
    def write(d: Dialect, parts: list[Text], params: dict[str, Any]) -> Text:
        correction = params["correction"]
        shown = f", ddof={correction:g}" if correction else ""
        return Text(f"{d.function(name)}({parts[0].text}{_axes(params)}{shown})")

    return write


def _pad(d: Dialect, parts: list[Text], params: dict[str, Any]) -> Text:
    if any(margin.startswith("-") for pair in params["margins"] for margin in pair):
        raise Unsayable("a negative margin")
    margins = tupled([tupled(pair) for pair in params["margins"]])
    value = f", constant_values={params['value']}" if params["value"] else ""
    return Text(f"{d.function('pad')}({parts[0].text}, {margins}{value})")


def _softplus(d: Dialect, parts: list[Text], params: dict[str, Any]) -> Text:
    beta = params["beta"]
    if beta == 1:
        return Text(f"{d.function('logaddexp')}(0, {parts[0].text})")
    x = parts[0].within(ATOM)
    return Text(f"({d.function('logaddexp')}(0, {beta}*{x})/{beta})")


def _layer_norm(d: Dialect, parts: list[Text], params: dict[str, Any]) -> Text:
    axes = ", ".join(str(-n) for n in range(params["count"], 0, -1))
    x, axes = parts[0].within(ATOM), f"axis=({axes},), keepdims=True"
    spread = f"{x}.var({axes}) + {params['eps']}"
    return Text(f"(({parts[0].text} - {x}.mean({axes}))/{d.function('sqrt')}({spread}))")


class Numpy(Dialect):
    """NumPy's functions, and scipy.special's."""

    qualified = "np."
    special = "special."
    names: Mapping[str, str] = {
        **{name: f"np.{name}" for name in SAME},
        **{name: f"np.{new}" for name, new in RENAMED.items()},
        **{name: f"special.{new}" for name, new in (SPECIAL | SCIPY).items()},
        **{
            name: f"np.{name}"
            for name in "ravel pad clip std var ones zeros max min prod argmax argmin cumsum cumprod "
            "flip roll concatenate stack tril triu rot90 broadcast_to transpose swapaxes array "
            "take_along_axis logaddexp diagonal arange take linalg.slogdet linalg.cholesky".split()
        },
        "norm": "np.linalg.norm",
        "softmax": "special.softmax",
        "log_softmax": "special.log_softmax",
        "logsumexp": "special.logsumexp",
        "polygamma": "special.polygamma",
    }
    callers: Mapping[str, Caller] = {
        "norm": _norm,
        "std": _moment("std"),
        "var": _moment("var"),
        "logsumexp": _reduction("logsumexp"),
        "amax": _reduction("max"),
        "amin": _reduction("min"),
        "prod": _reduction("prod"),
        "argmax": _reduction("argmax"),
        "argmin": _reduction("argmin"),
        **{
            name: call(name, "{0}, axis={dim}")
            for name in ("softmax", "log_softmax", "cumsum", "cumprod")
        },
        "pad": _pad,
        "one_hot": call("eye", "{size}", "[{0}]"),
        "unit": call("eye", "{size}", "[{index}]"),
        "eye": lambda d, p, q: Text(
            f"{d.function('eye')}({q['size']}{', dtype=bool' if q.get('mask') else ''})"
        ),
        "ones": call("ones", "{shape}"),
        "zeros": call("zeros", "{shape}"),
        "cat": call("concatenate", "[{args}], {dim}"),
        "stack": call("stack", "[{args}], {dim}"),
        "softplus": _softplus,
        "clamp": call("clip", "{0}, {min}, {max}"),
        "layer_norm": _layer_norm,
        "relu": call("maximum", "{0}, 0"),
        "silu": lambda d, p, q: Text(f"({p[0].within(ATOM)}*{d.function('sigmoid')}({p[0].text}))"),
        "logabsdet": call("linalg.slogdet", "{0}", "[1]"),
        "polygamma": call("polygamma", "{n}, {0}"),
        "tensor": call("array", "{values:[}"),
        "gather": call("take_along_axis", "{0}, {1}, {dim}"),
        "index_select": call("take", "{0}, {1}, {dim}"),
        "flip": call("flip", "{0}, {dims}"),
        "roll": call("roll", "{0}, {shifts}, {dims}"),
        "tril": call("tril", "{0}, {diagonal}"),
        "triu": call("triu", "{0}, {diagonal}"),
        "reshape": method("reshape", "{shape}"),
        "diagonal": call("diagonal", "{0}, {offset}, {dim1}, {dim2}"),
        "cholesky": lambda d, p, q: Text(
            f"{d.function('linalg.cholesky')}({p[0].text}){'.T' if q['upper'] else ''}"
        ),
        "select": Dialect.bracketed_select,
        "slice": Dialect.bracketed_slice,
        "index": Dialect.bracketed_index,
    }

    def function(self, name: str) -> str:
        if name.startswith("math."):
            return name
        if name not in self.names:
            raise Unsayable(name)
        module, _, rest = self.names[name].partition(".")
        return f"{self.qualified if module == 'np' else self.special}{rest}"

    def on_name(self, expression: Expression, parts: list[Text]) -> Text:
        if expression.data in CONSTANTS:
            return Text(CONSTANTS[expression.data].format(self.qualified[:-1]))
        return super().on_name(expression, parts)

    def on_reduce(self, expression: Expression, parts: list[Text]) -> Text:
        kind, dims, keepdim, _ = expression.data
        dim = dims[0] if dims is not None and len(dims) == 1 else dims
        axes = _axes({"dim": dim, "keepdim": keepdim})
        return Text(f"{self.function(kind)}({parts[0].text}{axes})")

    def on_transpose(self, expression: Expression, parts: list[Text]) -> Text:
        if expression.data:
            return Text(f"{self.function('swapaxes')}({parts[0].text}, -1, -2)")
        return super().on_transpose(expression, parts)

    def on_permute(self, expression: Expression, parts: list[Text]) -> Text:
        return Text(f"{self.function('transpose')}({parts[0].text}, {tupled(expression.data)})")

    def on_expand(self, expression: Expression, parts: list[Text]) -> Text:
        return Text(f"{self.function('broadcast_to')}({parts[0].text}, {tupled(expression.data)})")

    def imports(self, text: str) -> list[str]:
        lines = ["import math"] if "math." in text else []
        lines += ["import numpy as np"] if "np." in text else []
        return lines + (["from scipy import special"] if "special." in text else [])


class Jax(Numpy):
    """jax.numpy's functions, jax.nn's and jax.scipy.special's."""

    qualified = "jnp."
    special = "jax.scipy.special."

    def function(self, name: str) -> str:
        if name in ("softmax", "log_softmax"):
            return f"jax.nn.{name}"
        if name == "log_sigmoid":
            return "jax.nn.log_sigmoid"
        if name == "special_erfcx":
            raise Unsayable(name)
        return super().function(name)

    def imports(self, text: str) -> list[str]:
        lines = ["import math"] if "math." in text else []
        lines += ["import jax"] if "jax." in text else []
        return lines + (["import jax.numpy as jnp"] if "jnp." in text else [])
