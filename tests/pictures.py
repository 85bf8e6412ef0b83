"""Pictures as numbers: a PNG's pixels, by the standard library alone."""

from __future__ import annotations

import struct
import zlib
from collections import Counter


def shades(png: bytes) -> Counter[bytes]:
    """How often each colour is in a picture of 8 bits a channel, not interlaced."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    at, data, header = 8, b"", b""
    while at < len(png):
        size, kind = struct.unpack(">I4s", png[at : at + 8])
        body = png[at + 8 : at + 8 + size]
        header = body if kind == b"IHDR" else header
        data += body if kind == b"IDAT" else b""
        at += 12 + size
    width, height, depth, color, _, _, interlaced = struct.unpack(">IIBBBBB", header)
    channels = {0: 1, 2: 3, 4: 2, 6: 4}[color]
    assert (depth, interlaced) == (8, 0)
    raw, stride = zlib.decompress(data), width * channels
    before, found = bytearray(stride), Counter[bytes]()
    for row in range(height):
        start = row * (stride + 1)
        line = _unfiltered(raw[start], raw[start + 1 : start + 1 + stride], before, channels)
        found.update(bytes(line[i : i + channels]) for i in range(0, stride, channels))
        before = line
    return found


def _unfiltered(kind: int, line: bytes, above: bytearray, step: int) -> bytearray:
    """A line of pixels, from its differences to its neighbours (PNG specification, 9.2)."""
    out = bytearray(line)
    for i in range(len(out)):
        left = out[i - step] if i >= step else 0
        up, corner = above[i], above[i - step] if i >= step else 0
        if kind == 1:
            guess = left
        elif kind == 2:
            guess = up
        elif kind == 3:
            guess = (left + up) // 2
        elif kind == 4:
            p = left + up - corner
            guess = min((left, up, corner), key=lambda one: abs(p - one))
        else:
            guess = 0
        out[i] = (out[i] + guess) & 255
    return out
