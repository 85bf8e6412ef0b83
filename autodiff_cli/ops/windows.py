"""Windows of images: sizes, margins, and where each element of a kernel meets an image."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

Sizes = tuple[int, ...]


def out_size(size: int, kernel: int, stride: int, padding: int, dilation: int) -> int:
    return (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1


def pooled_size(
    size: int, kernel: int, stride: int, padding: int, dilation: int, ceil: bool
) -> int:
    """How many windows a pool has: with `ceil` one more where a part of the image is left over.

    Source: ATen/native/Pool.h, pooling_output_shape_pad_lr.
    """
    if not ceil:
        return out_size(size, kernel, stride, padding, dilation)
    count = out_size(size + stride - 1, kernel, stride, padding, dilation)
    return count - ((count - 1) * stride >= size + padding)  # none that begins in the margin


def margins_after(
    size: Sizes, out: Sizes, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes
) -> Sizes:
    """The margins at the ends, wide enough for all windows."""
    every = zip(size, out, kernel, stride, padding, dilation)
    return tuple(max(p, (o - 1) * s + d * (k - 1) + 1 - n - p) for n, o, k, s, p, d in every)


def padded(x: Any, padding: Sizes, value: float = 0.0, after: Sizes = ()) -> Any:
    """An array with margins around its last dimensions.

    Args:
        after: the margins at the ends, if they are others.
    """
    after = after or padding
    if not any(padding) and not any(after):
        return x
    lead = x.shape[: x.ndim - len(padding)]
    sizes = [n + p + q for n, p, q in zip(x.shape[len(lead) :], padding, after)]
    wide = np.full((*lead, *sizes), value, x.dtype)
    wide[inside(x.shape[len(lead) :], padding)] = x
    return wide


def inside(size: Sizes, padding: Sizes) -> Any:
    """The index of what margins surround."""
    return (..., *(slice(p, p + n) for n, p in zip(size, padding)))


def places(
    out: Sizes, kernel: Sizes, stride: Sizes, dilation: Sizes
) -> Iterator[tuple[Sizes, Any]]:
    """For each element of a kernel: it, and the index of what it meets of a padded image."""
    for tap in np.ndindex(*kernel):
        starts = zip(tap, dilation, out, stride)
        yield tap, (..., *(slice(t * d, t * d + (o - 1) * s + 1, s) for t, d, o, s in starts))


def seen(x: Any, kernel: Sizes, stride: Sizes, dilation: Sizes) -> Any:
    """A view of all windows of padded images: (…, *kernel, *out)."""
    lead = x.ndim - len(kernel)
    size, steps = x.shape[lead:], x.strides[lead:]
    out = tuple(out_size(n, k, s, 0, d) for n, k, s, d in zip(size, kernel, stride, dilation))
    inner = tuple(step * d for step, d in zip(steps, dilation))
    outer = tuple(step * s for step, s in zip(steps, stride))
    return np.lib.stride_tricks.as_strided(
        x, (*x.shape[:lead], *kernel, *out), (*x.strides[:lead], *inner, *outer), writeable=False
    )
