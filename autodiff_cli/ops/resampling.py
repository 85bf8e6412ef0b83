"""Images with other sizes or wider margins: each element is a sum of a few others, dimension by dimension.

What is done along a dimension is a tuple, of a kind and its numbers:

    ("reflect", before, after)  ("replicate", …)  ("circular", …)      margins; less than 0 cuts
    ("nearest", size, scale, exact)                                    the element that lies nearest
    ("linear", size, scale, aligned)  ("cubic", …)                     by the two or four that are near
    ("smooth linear", …)  ("smooth cubic", …)                          by more, where it becomes smaller

`scale` is the factor that was asked for, or None; `aligned` says whether the outer elements' centers meet.

Source: ATen/native/UpSample.h, cpu/UpSampleKernel.cpp (_compute_indices_weights_aa), ReflectionPad.cpp.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np

from autodiff_cli.ir.node import Node, Shape, constant
from autodiff_cli.ops.create import attached
from autodiff_cli.ops.indexing import index_backward, index_select
from autodiff_cli.ops.kinds import Shaped

Way: TypeAlias = tuple[Any, ...]
Taps: TypeAlias = tuple[Any, Any]  # (size, taps): which elements, and how much of each


def _step(size: int, out: int, scale: float | None, aligned: bool = False) -> float:
    """How far apart in the image the elements of the result are."""
    if aligned:
        return (size - 1) / (out - 1) if out > 1 else 0.0
    return 1 / scale if scale is not None and scale > 0 else size / out


def _margin(kind: str, size: int, before: int, after: int) -> Any:
    if kind == "circular":
        kept = np.arange(max(0, -before), size - max(0, -after))
        return kept[np.arange(-max(0, before), len(kept) + max(0, after)) % len(kept)]
    places = np.arange(-before, size + after)
    if kind == "replicate":
        return places.clip(0, size - 1)
    places = abs(places)
    return np.where(places < size, places, 2 * (size - 1) - places)


def _nearest(size: int, out: int, scale: float | None, exact: bool) -> Any:
    step = np.float32(_step(size, out, scale))  # which the reference has in single precision
    shift = np.float32(0.5 if exact else 0)
    places = ((np.arange(out, dtype=np.float32) + shift) * step).astype(np.int64)
    return np.minimum(places, size - 1)


def _linear(size: int, out: int, scale: float | None, aligned: bool) -> Taps:
    step, places = _step(size, out, scale, aligned), np.arange(out)
    centers = places * step if aligned else np.maximum((places + 0.5) * step - 0.5, 0)
    first = np.minimum(centers.astype(np.int64), size - 1)
    part = np.clip(centers - first, 0, 1)
    return np.stack([first, np.minimum(first + 1, size - 1)], 1), np.stack([1 - part, part], 1)


def _cubic_share(distance: Any, a: float) -> Any:
    near = ((a + 2) * distance - (a + 3)) * distance * distance + 1
    far = (((distance - 5) * distance + 8) * distance - 4) * a
    return np.where(distance <= 1, near, np.where(distance < 2, far, 0.0))


def _cubic(size: int, out: int, scale: float | None, aligned: bool) -> Taps:
    step, places = _step(size, out, scale, aligned), np.arange(out)
    centers = places * step if aligned else (places + 0.5) * step - 0.5
    first, offsets = np.floor(centers), np.arange(-1, 3)
    shares = _cubic_share(abs((centers - first)[:, None] - offsets), -0.75)
    return (first[:, None] + offsets).astype(np.int64).clip(0, size - 1), shares


def _smooth(kind: str, size: int, out: int, scale: float | None, aligned: bool) -> Taps:
    cubic = kind == "smooth cubic"
    step = _step(size, out, scale, aligned)
    wide = max(step, 1.0)
    support = (2.0 if cubic else 1.0) * wide
    centers = step * (np.arange(out) + 0.5)
    first = np.maximum((centers - support + 0.5).astype(np.int64), 0)
    count = np.minimum((centers + support + 0.5).astype(np.int64), size) - first
    offsets = np.arange(int(count.max(initial=1)))
    places = first[:, None] + offsets
    distance = abs((places - centers[:, None] + 0.5) / wide)
    shares = _cubic_share(distance, -0.5) if cubic else np.maximum(1 - distance, 0)
    shares = np.where(offsets < count[:, None], shares, 0)
    return places.clip(0, size - 1), shares / shares.sum(1, keepdims=True)


@lru_cache(64)
def taps_of(way: Way, size: int) -> Taps:
    """Which elements of a dimension each of the result is made of; no shares where it is one element."""
    kind, *numbers = way
    if kind in ("reflect", "replicate", "circular"):
        return _margin(kind, size, *numbers)[:, None], None
    if kind == "nearest":
        return _nearest(size, *numbers)[:, None], None
    if kind == "linear":
        return _linear(size, *numbers)
    return _cubic(size, *numbers) if kind == "cubic" else _smooth(kind, size, *numbers)


def _shares(shares: Any, tap: Any, x: Any, dim: int) -> Any:
    """What a tap is multiplied by, along a dimension counted from the end."""
    return shares[tap].astype(x.dtype).reshape(-1, *(1,) * (-dim - 1))


def _resampled(x: Any, ways: tuple[Way, ...], **_: Any) -> Any:
    for dim, way in enumerate(ways, -len(ways)):
        places, shares = taps_of(way, x.shape[dim])
        if shares is None:
            x = x.take(places[:, 0], axis=dim)
            continue
        total: Any = 0
        for tap in range(places.shape[1]):
            part = x.take(places[:, tap], axis=dim)
            part *= _shares(shares, (slice(None), tap), x, dim)
            total = part if tap == 0 else np.add(total, part, out=total)
        x = total
    return x


def _gathered(g: Any, ways: tuple[Way, ...], sizes: Shape, **_: Any) -> Any:
    for dim, (way, size) in enumerate(zip(ways, sizes), -len(ways)):
        places, shares = taps_of(way, size)
        flat = places.ravel()
        order = np.argsort(flat, kind="stable")
        parts = g.take(order // places.shape[1], axis=dim)
        if shares is not None:
            parts *= _shares(shares.ravel(), order, g, dim)
        ordered = flat[order]
        starts = np.flatnonzero(np.diff(ordered, prepend=-1))
        result = np.zeros((*g.shape[:dim], size, *g.shape[g.ndim + dim + 1 :]), g.dtype)
        if starts.size:
            at = (..., ordered[starts], *(slice(None),) * (-dim - 1))
            result[at] = np.add.reduceat(parts, starts, axis=dim)
        g = result
    return g


def _parts(node: Node, sizes: Shape) -> list[tuple[int, Any, Any, int]]:
    """For each dimension: it, which elements, how much of each, and the image's size."""
    found = []
    for number, (way, size) in enumerate(zip(node.params["ways"], sizes)):
        dim = node.ndim - len(sizes) + number
        found.append((dim, *taps_of(way, size), size))
    return found


def _share_node(shares: Any, tap: int, x: Node, dim: int) -> Node:
    return constant(shares[:, tap].astype(x.dtype.numpy).reshape(-1, *(1,) * (x.ndim - dim - 1)))


class _Resampling(Shaped):
    """Each dimension is a sum of elements picked by an index."""

    __slots__ = ()

    def composed(self, node: Node) -> Node:
        (x,) = node.operands
        for dim, places, shares, _ in _parts(node, x.shape[-len(node.params["ways"]) :]):
            taps = range(places.shape[1])
            picked = [index_select(x, constant(places[:, tap]), dim=dim) for tap in taps]
            if shares is not None:
                picked = [
                    part * _share_node(shares, tap, x, dim) for tap, part in zip(taps, picked)
                ]
            x = picked[0]
            for part in picked[1:]:
                x = x + part
        return x


class _ResamplingBackward(Shaped):
    __slots__ = ()

    def composed(self, node: Node) -> Node:
        (g,) = node.operands
        for dim, places, shares, size in _parts(node, node.params["sizes"]):
            shape = (*g.shape[:dim], size, *g.shape[dim + 1 :])
            flows = []
            for tap in range(places.shape[1]):
                part = g if shares is None else g * _share_node(shares, tap, g, dim)
                flows.append(
                    index_backward(part, constant(places[:, tap]), dims=(dim,), shape=shape)
                )
            g = flows[0]
            for flow in flows[1:]:
                g = g + flow
        return g


def _vjp(g: Node, y: Node, x: Node, ways: tuple[Way, ...], name: str) -> Node:
    flow = resample_backward(g, ways=ways, sizes=x.shape[-len(ways) :], name=name)
    keeps = ways[0][0] in ("reflect", "replicate")  # whose functions record their operand
    flow = attached(flow, x) if keeps else flow
    if flow.requires_grad:
        flow.named = name.replace("Backward0", "BackwardBackward0")
    return flow


resample: Shaped = _Resampling(
    "resample",
    _resampled,
    shape=lambda x, ways, name: (
        *x.shape[: -len(ways)],
        *(len(taps_of(way, n)[0]) for way, n in zip(ways, x.shape[-len(ways) :])),
    ),
    vjps=(_vjp,),
    grad_fn=lambda node: str(node.params["name"]),
    linear=((0,),),
    batch="shape.leading",
    doc="an image of another size, or with margins that repeat it",
)
resample_backward: Shaped = _ResamplingBackward(
    "resample_backward",
    _gathered,
    shape=lambda g, ways, sizes, name: (*g.shape[: -len(ways)], *sizes),
    vjps=(lambda g, y, x, ways, sizes, name: resample(g, ways=ways, name=name),),
    grad_fn=lambda node: str(node.params["name"]).replace("Backward0", "BackwardBackward0"),
    linear=((0,),),
    batch="shape.leading",
    doc="the adjoint of resample",
)
