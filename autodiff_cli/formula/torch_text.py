"""Formulas in torch's words: the language's own, and a Python program's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autodiff_cli.formula.expressions import Expression
from autodiff_cli.formula.text import (
    ATOM,
    CONSTANTS,
    SUM,
    Caller,
    Dialect,
    Text,
    call,
    method,
    tupled,
)


def _dims(params: Mapping[str, Any]) -> str:
    """The dim and keepdim of a reduction, as arguments behind others."""
    text = "" if params.get("dim") is None else f", dim={params['dim']}"
    return text + (", keepdim=True" if params.get("keepdim") else "")


def _norm(dialect: Dialect, parts: list[Text], params: dict[str, Any]) -> Text:
    order = params["ord"]
    shown = {float("inf"): "inf", float("-inf"): "-inf"}.get(order, f"{order:g}")
    dim = params.get("dim")
    if dim is None:
        return Text(
            f"{dialect.function('norm')}({parts[0].text}{'' if order == 2 else ', ' + shown})"
        )
    shown = "" if order == 2 else f", {shown}"
    return Text(
        f"{dialect.function('torch.linalg.vector_norm')}({parts[0].text}{shown}{_dims(params)})"
    )


def _moment(name: str) -> Caller:
    def write(dialect: Dialect, parts: list[Text], params: dict[str, Any]) -> Text:
        correction = params["correction"]
        shown = "" if correction == 1 else f", correction={correction:g}"
        if params.get("dim") is not None:
            shown = _dims(params) + shown
        return Text(f"{dialect.function(name)}({parts[0].text}{shown})")

    return write


def _reduction(name: str) -> Caller:
    def write(dialect: Dialect, parts: list[Text], params: dict[str, Any]) -> Text:
        dims = params.get("dim")
        if name == "logsumexp":
            rank = params["rank"]
            dims = tuple(range(rank)) if dims is None else dims
            dims = 0 if rank == 1 else dims
        shown = "" if dims is None else f", dim={dims}"
        if dims is None and name in ("amax", "amin"):
            return dialect.called(name[1:], parts)
        keep = ", keepdim=True" if params.get("keepdim") else ""
        return Text(f"{dialect.function(name)}({parts[0].text}{shown}{keep})")

    return write


def _pad(dialect: Dialect, parts: list[Text], params: dict[str, Any]) -> Text:
    pairs = list(params["margins"])[::-1]
    while pairs and tuple(pairs[-1]) == ("0", "0"):
        pairs.pop()
    flat = ", ".join(margin for pair in pairs for margin in pair)
    value = f", value={params['value']}" if params["value"] else ""
    return Text(f"{dialect.function('F.pad')}({parts[0].text}, ({flat}){value})")


def _unit(dialect: Dialect, parts: list[Text], params: dict[str, Any]) -> Text:
    one = dialect.function("tensor")
    return Text(f"{dialect.function('F.one_hot')}({one}({params['index']}), {params['size']})")


def _eye(dialect: Dialect, parts: list[Text], params: dict[str, Any]) -> Text:
    dtype = ", dtype=torch.bool" if params.get("mask") else ""
    return Text(f"{dialect.function('eye')}({params['size']}{dtype})")


def _zeros(dialect: Dialect, params: Mapping[str, Any], of: Text) -> str:
    if params["like"]:
        return f"{dialect.function('zeros_like')}({params['like']})"
    return f"{of.within(ATOM)}.new_zeros({tupled(params['shape'])})"


def _put_along(dialect: Dialect, parts: list[Text], params: dict[str, Any]) -> Text:
    x, index = parts
    return Text(
        f"{_zeros(dialect, params, x)}.scatter_add({params['dim']}, {index.text}, {x.text})"
    )


def _index_put(dialect: Dialect, parts: list[Text], params: dict[str, Any]) -> Text:
    x, *at = parts
    indices = tupled([part.text for part in at])
    return Text(f"{_zeros(dialect, params, x)}.index_put({indices}, {x.text}, accumulate=True)")


def _index_put_in(dialect: Dialect, parts: list[Text], params: dict[str, Any]) -> Text:
    x, values, *at = parts
    indices = tupled([part.text for part in at])
    add = ", accumulate=True" if params["accumulate"] else ""
    return Text(f"{x.within(ATOM)}.index_put({indices}, {values.text}{add})")


def _index_add(dialect: Dialect, parts: list[Text], params: dict[str, Any]) -> Text:
    x, index = parts
    return Text(f"{_zeros(dialect, params, x)}.index_add({params['dim']}, {index.text}, {x.text})")


def _slice_backward(dialect: Dialect, parts: list[Text], params: dict[str, Any]) -> Text:
    x = parts[0]
    places = f"{dialect.function('arange')}({params['start']}, {params['stop']}, {params['step']})"
    return Text(f"{_zeros(dialect, params, x)}.index_add({params['dim']}, {places}, {x.text})")


def _unfold_backward(dialect: Dialect, parts: list[Text], params: dict[str, Any]) -> Text:
    dim, shape = params["dim"], params["shape"]
    every = f"{dialect.function('arange')}({shape[dim]})"
    places = f"{every}.unfold(0, {params['size']}, {params['step']}).flatten()"
    x = f"{parts[0].within(ATOM)}.movedim(-1, {dim + 1}).flatten({dim}, {dim + 1})"
    return Text(f"{_zeros(dialect, params, parts[0])}.index_add({dim}, {places}, {x})")


def _eigh(index: int) -> Caller:
    def write(dialect: Dialect, parts: list[Text], params: dict[str, Any]) -> Text:
        half = f", UPLO='{params['uplo']}'" if params["uplo"] != "L" else ""
        return Text(f"{dialect.function('torch.linalg.eigh')}({parts[0].text}{half})[{index}]")

    return write


def _diagonal(dialect: Dialect, parts: list[Text], params: dict[str, Any]) -> Text:
    if params["rank"] == 2 and params["dim1"] < params["dim2"]:
        shown = f", {params['offset']}" if params["offset"] else ""
        return Text(f"{dialect.function('diag')}({parts[0].text}{shown})")
    numbers = ", ".join(str(params[name]) for name in ("offset", "dim1", "dim2"))
    return Text(f"{dialect.function('diagonal')}({parts[0].text}, {numbers})")


def _layer_norm(dialect: Dialect, parts: list[Text], params: dict[str, Any]) -> Text:
    shape, x = tupled(params["shape"]), parts[0].text
    if x.isidentifier() and not all(map(str.isdigit, params["shape"])):
        shape = f"{x}.shape[-{params['count']}:]"  # no size has to be taken first
    eps = "" if params["eps"] == 1e-5 else f", eps={params['eps']}"
    return Text(f"{dialect.function('F.layer_norm')}({x}, {shape}{eps})")


def _where(dialect: Dialect, parts: list[Text], params: dict[str, Any]) -> Text:
    c, a, b = (part.text for part in parts)
    if b.lstrip("-").isdigit() and a.lstrip("-").isdigit():  # which would have no floating dtype
        a, b = f"{a}.", f"{b}."
    return Text(f"{dialect.function('where')}({c}, {a}, {b})")


def _clamp(dialect: Dialect, parts: list[Text], params: dict[str, Any]) -> Text:
    low, high = (
        None if n is None else f"{n!r}".removesuffix(".0") for n in (params["min"], params["max"])
    )
    if low is None or high is None:
        bounds = f"max={high}" if low is None else f"min={low}"
    else:
        bounds = f"{low}, {high}"
    return Text(f"{dialect.function('clamp')}({parts[0].text}, {bounds})")


def _softplus(dialect: Dialect, parts: list[Text], params: dict[str, Any]) -> Text:
    given = "".join(
        f", {name}={params[name]:g}"
        for name, plain in (("beta", 1), ("threshold", 20))
        if params[name] != plain
    )
    return Text(f"{dialect.function('softplus')}({parts[0].text}{given})")


def _argsort(dialect: Dialect, parts: list[Text], params: dict[str, Any]) -> Text:
    down = ", descending=True" if params["descending"] else ""
    return Text(f"{dialect.function('argsort')}({parts[0].text}, {params['dim']}{down})")


def _window(function: str) -> Caller:
    """A function of windows, whose parameters are sizes."""

    def write(dialect: Dialect, parts: list[Text], params: dict[str, Any]) -> Text:
        args = [parts[0].text]
        if "size" in params:
            args.append(tupled(params["size"]))
        args.append(tupled(params["kernel"]))
        for name, plain in (("dilation", 1), ("padding", 0), ("stride", 1)):
            if any(n != plain for n in params[name]):
                args.append(f"{name}={tupled(params[name])}")
        return Text(f"{dialect.function(function)}({', '.join(args)})")

    return write


def _avg_pool(dialect: Dialect, parts: list[Text], params: dict[str, Any]) -> Text:
    name = f"F.avg_pool{len(params['kernel'])}d"
    sizes = ", ".join(tupled(params[name]) for name in ("kernel", "stride", "padding"))
    counts = "" if params["counts"] else ", count_include_pad=False"
    return Text(f"{dialect.function(name)}({parts[0].text}, {sizes}{counts})")


def _convolution(dialect: Dialect, parts: list[Text], params: dict[str, Any]) -> Text:
    args = [part.text for part in parts]
    for name, plain in (("stride", 1), ("padding", 0), ("dilation", 1)):
        sizes = params[name]
        if any(n != plain for n in sizes):
            args.append(f"{name}={tupled(sizes) if len(set(sizes)) > 1 else sizes[0]}")
    if params["groups"] != 1:
        args.append(f"groups={params['groups']}")
    name = dialect.function(f"F.conv{len(params['stride'])}d")
    return Text(f"{name}({', '.join(args)})")


def _part_back(dialect: Dialect, parts: list[Text], params: dict[str, Any]) -> Text:
    names = ", ".join(params["names"])
    vjp = dialect.function("torch.func.vjp")
    call = f"{vjp}(lambda {names}: {params['text']}, {names})[1]({parts[0].text})"
    return Text(f"{call}[{params['position']}]")


class Torch(Dialect):
    """The language's own text."""

    names: Mapping[str, str] = {
        name: f"torch.special.{name.removeprefix('special_')}"
        for name in (
            "special_erfcx special_ndtri special_log_ndtr special_i0e special_i1 special_i1e special_entr "
            "ndtr xlog1py"
        ).split()
    } | {
        "log_sigmoid": "F.logsigmoid",
        "silu": "F.silu",
        "softplus": "F.softplus",
        "mish": "F.mish",
        "cross_entropy": "F.cross_entropy",
        "nll_loss": "F.nll_loss",
        "solve": "torch.linalg.solve",
        "cholesky": "torch.linalg.cholesky",
        "pinv": "torch.linalg.pinv",
        "matrix_exp": "torch.linalg.matrix_exp",
        "linalg_svdvals": "torch.linalg.svdvals",
        "cross": "torch.linalg.cross",
        "frac": "torch.frac",
        "sgn": "torch.sgn",
    }
    callers: Mapping[str, Caller] = {
        "reshape": method("reshape", "{shape:,}"),
        "ones": call("ones", "{shape:,}"),
        "zeros": call("zeros", "{shape:,}"),
        "norm": _norm,
        "std": _moment("std"),
        "var": _moment("var"),
        **{
            name: _reduction(name)
            for name in ("logsumexp", "amax", "amin", "prod", "argmax", "argmin")
        },
        "select": Dialect.bracketed_select,
        "slice": Dialect.bracketed_slice,
        "pad": _pad,
        "unit": _unit,
        "one_hot": call("F.one_hot", "{0}, {size}"),
        "eye": _eye,
        "put_along": _put_along,
        "index_put0": _index_put,
        "index_put": _index_put_in,
        "index_add0": _index_add,
        "slice_backward": _slice_backward,
        "unfold_backward": _unfold_backward,
        "index": Dialect.bracketed_index,
        "gather": call("gather", "{0}, {dim}, {1}"),
        "index_select": call("index_select", "{0}, {dim}, {1}"),
        "index_fill_number": call("index_fill", "{0}, {dim}, {1}, {value}"),
        "scatter_number": call("scatter", "{0}, {dim}, {1}, {value}"),
        "tensor": call("tensor", "{values:[}"),
        "svd_u": call("torch.linalg.svd", "{0}, full_matrices=False", "[0]"),
        "svd_vh": call("torch.linalg.svd", "{0}, full_matrices=False", "[2]"),
        "qr_q": call("torch.linalg.qr", "{0}", "[0]"),
        "qr_r": call("torch.linalg.qr", "{0}", "[1]"),
        "eigh_values": _eigh(0),
        "eigh_vectors": _eigh(1),
        "argmedian": method("median", "{dim}, True", "[1]"),
        "argnanmedian": method("nanmedian", "{dim}, True", "[1]"),
        "argmode": method("mode", "{dim}, True", "[1]"),
        "argkth": lambda d, p, q: Text(
            f"{p[0].within(ATOM)}.kthvalue({q['rank'] + 1}, {q['dim']}, True)[1]"
        ),
        "argcummax": method("cummax", "{dim}", "[1]"),
        "argcummin": method("cummin", "{dim}", "[1]"),
        "cat": call("cat", "[{args}], {dim}"),
        "stack": call("stack", "[{args}], {dim}"),
        "polygamma": call("polygamma", "{n}, {0}"),
        **{name: method(name, "{dim}") for name in ("cumsum", "cumprod", "logcumsumexp")},
        "div_floor": call("div", "{0}, {1}, rounding_mode='floor'"),
        "div_trunc": call("div", "{0}, {1}, rounding_mode='trunc'"),
        "logabsdet": call("torch.linalg.slogdet", "{0}", "[1]"),
        "where": _where,
        "clamp": _clamp,
        "softplus": _softplus,
        "argsort": _argsort,
        "unfold": method("unfold", "{dim}, {size}, {step}"),
        "im2col": _window("F.unfold"),
        "col2im": _window("F.fold"),
        "avg_pool": _avg_pool,
        "conv": _convolution,
        "adaptive_avg_pool2d": call("F.adaptive_avg_pool2d", "{0}, {size}"),
        "upsample_nearest2d": call("F.interpolate", "{0}, size={size}"),
        "masked_scatter": method("masked_scatter", "{1}, {2}"),
        "repeat": method("repeat", "{repeats}"),
        "flip": method("flip", "{dims:1}"),
        "roll": method("roll", "{shifts:1}, {dims:1}"),
        "rot90": call("rot90", "{0}, {k}, {dims}"),
        "tril": method("tril", "{diagonal}"),
        "triu": method("triu", "{diagonal}"),
        "diagonal": _diagonal,
        "layer_norm": _layer_norm,
        "diag_embed": call("torch.diag_embed", "{0}, {offset}"),
        "part": lambda d, p, q: Text(q["text"], ATOM if q["is_call"] else SUM),
        "part_back": _part_back,
        "long": method("long"),
        "bool": method("bool"),
    }


class TorchModule(Torch):
    """torch, as a Python program imports it: nothing has a bare name."""

    def function(self, name: str) -> str:
        name = self.names.get(name, name)
        root = name.partition(".")[0]
        return name if root in ("torch", "F", "math") else f"torch.{name}"

    def on_name(self, expression: Expression, parts: list[Text]) -> Text:
        if expression.data in CONSTANTS:
            return Text(CONSTANTS[expression.data].format("math"))
        return super().on_name(expression, parts)

    def on_typed(self, expression: Expression, parts: list[Text]) -> Text:
        return Text(f"{parts[0].within(ATOM)}.to({expression.data})")

    def imports(self, text: str) -> list[str]:
        lines = ["import math"] if "math." in text else []
        lines += ["import torch"] if "torch." in text else []
        return lines + (["import torch.nn.functional as F"] if "F." in text else [])
