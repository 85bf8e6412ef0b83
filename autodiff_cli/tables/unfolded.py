"""A JSON file as JSON Lines: an object of its list on each line, as it is written."""

from __future__ import annotations

import json
import re

from autodiff_cli.tables.compressed import Stream
from autodiff_cli.tables.dialect import BOM

BETWEEN = re.compile(r"[\s,]*")
READ = 1 << 20  # bytes at once


class Unfolded:
    """The objects of a list, or of several values behind each other; the file is read whole.

    What is no JSON from some place on is a line of its own, which its reader says.
    """

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.lines: bytes | None = None
        self.place = 0

    def read(self, size: int, /) -> bytes:
        if self.lines is None:
            parts = []
            while data := self.stream.read(READ):
                parts.append(data)
            self.lines = _lines(b"".join(parts).removeprefix(BOM))
        data = self.lines[self.place : self.place + size]
        self.place += len(data)
        return data

    def close(self) -> None:
        self.stream.close()


def _lines(data: bytes) -> bytes:
    text = data.decode("utf-8", "surrogateescape").strip()
    decoder, place, found = json.JSONDecoder(), 0, []
    if text[:1] == "[":  # its end is the text's
        place, text = 1, text.removesuffix("]")
    while (place := BETWEEN.match(text, place).end()) < len(text):  # type: ignore[union-attr]
        try:
            end = decoder.raw_decode(text, place)[1]
        except (ValueError, RecursionError):
            end = len(text)
        found.append(re.sub(r"[\r\n]", " ", text[place:end]))
        place = end
    return "".join(f"{line}\n" for line in found).encode("utf-8", "surrogateescape")
