"""Windows of images: sizes, margins, and where each element of a kernel meets an image."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

Sizes = tuple[int, ...]


def out_size(size: int, kernel: int, stride: int, padding: int, dilation: int) -> int:
    return (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1


def padded(x: Any, padding: Sizes, value: float = 0.0) -> Any:
    """An array with margins around its last dimensions."""
    if not any(padding):
        return x
    lead = x.shape[: x.ndim - len(padding)]
    sizes = [n + 2 * p for n, p in zip(x.shape[len(lead) :], padding)]
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
