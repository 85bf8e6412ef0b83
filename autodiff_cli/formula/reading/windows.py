"""Windows of images, images of another size, convolutions and their adjoints."""

from __future__ import annotations

from typing import Any

from autodiff_cli.formula.algebra import Algebra
from autodiff_cli.formula.reading.table import Unspelled, reads
from autodiff_cli.formula.terms import ONE, Shape, Term
from autodiff_cli.ir.node import Node


@reads("im2col")
def _columns(a: Algebra, node: Node, x: Term, **how: Shape) -> Term:
    return a.function("im2col", [x], node.shape, **how)


@reads("col2im")
def _from_columns(a: Algebra, node: Node, x: Term, shape: Shape, **how: Shape) -> Term:
    return a.function("col2im", [x], shape, size=shape[2:], **how)


@reads("avg_pool2d")
def _avg_pool(
    a: Algebra, node: Node, x: Term, pads: bool, ceil: bool, divisor: int | None, **how: Any
) -> Term:
    if ceil or divisor is not None:
        raise Unspelled(node.op.name)
    return a.function("avg_pool", [x], node.shape, counts=pads, **how)


@reads("adaptive_avg_pool2d", "upsample_nearest2d")
def _to_size(a: Algebra, node: Node, x: Term, size: Shape) -> Term:
    if len(node.shape) != 4 or len(size) != 2:
        raise Unspelled(node.op.name)
    return a.function(node.op.name, [x], node.shape, size=size)


@reads("convolution")
def _convolution(a: Algebra, node: Node, x: Term, w: Term, *bias: Term, **how: Any) -> Term:
    terms = [(a.function("conv", [x, w], node.shape, **how), ONE)]
    terms += [(a.placed(b, (1,), node.shape), ONE) for b in bias]
    return a.sum(terms, node.shape)


@reads("convolution_input")
def _convolution_input(
    a: Algebra, node: Node, g: Term, w: Term, shape: Shape, groups: int, **how: Shape
) -> Term:
    """A convolution with the kernels turned around, over margins that are as wide as these."""
    spans = [d * (k - 1) for k, d in zip(w.shape[2:], how["dilation"], strict=True)]
    margins = tuple(span - p for span, p in zip(spans, how["padding"], strict=True))
    if groups != 1 or any(step != 1 for step in how["stride"]) or min(margins) < 0:
        raise Unspelled(node.op.name)
    dims = tuple(n for n in range(2, len(w.shape)) if w.shape[n] > 1)
    kernels = a.function("flip", [w], w.shape, dims=dims) if dims else w
    how = {**how, "padding": margins}
    return a.function("conv", [g, _turned(a, kernels)], shape, groups=1, **how)


@reads("convolution_weight")
def _convolution_weight(
    a: Algebra, node: Node, g: Term, x: Term, shape: Shape, groups: int, **how: Shape
) -> Term:
    """A convolution of the images with what flows, as kernels; images and channels change places."""
    if groups != 1:
        raise Unspelled(node.op.name)
    steps = {"stride": how["dilation"], "padding": how["padding"], "dilation": how["stride"]}
    inner = (shape[1], shape[0])
    sizes = zip(
        x.shape[2:], g.shape[2:], how["stride"], how["padding"], how["dilation"], strict=True
    )
    made = tuple((n + 2 * p - s * (out - 1) - 1) // d + 1 for n, out, s, p, d in sizes)
    term = a.function("conv", [_turned(a, x), _turned(a, g)], (*inner, *made), groups=1, **steps)
    for dim, (size, wide) in enumerate(zip(shape[2:], made, strict=True), 2):
        if size < wide:  # where a stride left a part of the image out
            cut = (*term.shape[:dim], size, *term.shape[dim + 1 :])
            term = a.function("slice", [term], cut, dim=dim, start=0, stop=size, step=1)
    return _turned(a, term)


def _turned(a: Algebra, term: Term) -> Term:
    """An array with its first two axes exchanged."""
    first, second, *rest = term.shape
    return a.placed(term, (1, 0, *range(2, len(term.shape))), (second, first, *rest))
