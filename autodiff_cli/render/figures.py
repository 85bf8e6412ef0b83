"""Figures that a program has drawn: its noted calls, done again with matplotlib.

The notes come from a process that ran a program, and are taken as the program's own could be: what is called
is looked up in the tables of `interpret/pyplot_names.py`, for the kind of thing that it is called on; what it
is given is plain data.
"""

from __future__ import annotations

import base64
import io
import json
import warnings
from collections.abc import Iterable, Iterator
from typing import Any

import matplotlib

matplotlib.use("agg")  # before pyplot, which would look for a screen

import numpy as np
from matplotlib import patches, pyplot

from autodiff_cli.interpret.figures import MOST_FIGURES, MOST_TEXT
from autodiff_cli.interpret.pyplot_names import (
    ATTRIBUTES,
    COLORMAPS,
    GIVES,
    IDLE,
    KEYWORDS,
    METHODS,
    PYPLOT,
    RC,
    SHAPES,
    SIDES,
    STYLES,
)
from autodiff_cli.record import Record
from autodiff_cli.render import plot_file

MOST_PIXELS = 40_000_000
MOST_INCHES, MOST_DPI = 60.0, 600.0
TYPES = frozenset(
    f"{order}{kind}" for order in "<|" for kind in "b1 i1 i2 i4 i8 u1 u2 u4 u8 f2 f4 f8".split()
)
NOT_CALLED = frozenset(("savefig", "show", "rc", "rc_context")) | IDLE


class Thing(Record):
    """An object of matplotlib's, and the kind whose names it has."""

    kind: str
    value: Any


class Refused(Exception):
    """A note that no program's calls make."""


class Drawing:
    """Does calls again.

    Attributes:
        faults: what matplotlib said of calls that it didn't take, each once.
    """

    def __init__(self) -> None:
        self.things: dict[int, Thing] = {}
        self.faults: list[str] = []

    def pictures(self, lines: Iterable[str]) -> Iterator[bytes]:
        """The pictures, in their order; of one that can't be drawn there is nothing (b"").

        Args:
            lines: the notes.
        """
        for line in lines:
            record = json.loads(line)
            if "picture" in record:
                yield self._picture(record)
                continue
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    self._done(record)
            except (
                Exception
            ) as error:  # whatever a library raises for arguments that it doesn't take
                self._fault(str(record.get("call", "a setting")), error)

    def _fault(self, name: str, error: Exception) -> None:
        said = f"{name}: {str(error).splitlines()[0] if str(error) else type(error).__name__}"
        if said not in self.faults:
            self.faults.append(said)

    def _done(self, record: dict[str, Any]) -> None:
        if "call" in record:
            self._called(record)
        elif "get" in record:
            thing = self._thing(record["of"])
            kind = ATTRIBUTES.get(thing.kind, {}).get(record["get"])
            if kind is None:
                raise Refused(record["get"])
            self.things[record["to"]] = Thing(kind, getattr(thing.value, record["get"]))
        elif "item" in record:
            thing = self._thing(record["of"])
            if thing.kind != "Spines" or record["item"] not in SIDES:
                raise Refused("item")
            self.things[record["to"]] = Thing("Spine", thing.value[record["item"]])
        elif "colors" in record:
            thing = self._thing(record["of"])
            if thing.kind != "Colormap":
                raise Refused("colors")
            colors = np.atleast_2d(thing.value(np.asarray(self._plain(record["colors"]))))
            for number, color in zip(record["to"], colors.tolist()):
                self.things[number] = Thing("Color", tuple(color))
        elif "rc" in record and record["rc"] in RC:
            group, _, key = record["rc"].rpartition(".")
            matplotlib.rc(group, **{key: self._plain(record["value"])})
        elif "style" in record and record["style"] in STYLES:
            pyplot.style.use(record["style"])

    def _thing(self, number: Any) -> Thing:
        if number not in self.things:
            raise Refused("a handle of nothing that was drawn")
        return self.things[number]

    def _called(self, record: dict[str, Any]) -> None:
        name = record["call"]
        thing = self._thing(record["of"]) if "of" in record else None
        allowed = PYPLOT.union(SHAPES) if thing is None else METHODS[thing.kind]
        if name not in allowed or name in NOT_CALLED:
            raise Refused(name)
        args = [self._plain(value) for value in record["args"]]
        named = self._named(record.get("named", {}))
        if name == "get_cmap" and (not args or args[0] not in COLORMAPS):
            raise Refused("a colormap that isn't known")
        owner: Any = patches if name in SHAPES else pyplot
        result = getattr(owner if thing is None else thing.value, name)(*args, **named)
        if name == "subplots":
            figure, axes = result if thing is None else (thing.value, result)
            if thing is None:
                self.things[record["figure"]] = Thing("Figure", figure)
            result = np.asarray(axes).reshape(-1).tolist()
        to = record.get("to")
        if isinstance(to, list):
            kind = "Axes" if name == "subplots" else "Line2D"
            for number, one in zip(to, result):
                self.things[number] = Thing(kind, one)
        elif isinstance(to, int):
            self.things[to] = Thing(GIVES[name], result)

    def _named(self, given: dict[str, Any]) -> dict[str, Any]:
        named = {key: self._plain(value) for key, value in given.items() if key in KEYWORDS}
        if "figsize" in named and named["figsize"] is not None:
            named["figsize"] = [min(float(size), MOST_INCHES) for size in named["figsize"]]
        if isinstance(named.get("dpi"), (int, float)):
            named["dpi"] = min(float(named["dpi"]), MOST_DPI)
        return named

    def _plain(self, value: Any) -> Any:
        """What a note says of a value."""
        if isinstance(value, list):
            return [self._plain(entry) for entry in value]
        if isinstance(value, str):
            return value[:MOST_TEXT]
        if not isinstance(value, dict):
            return value
        if "array" in value:
            if value["dtype"] not in TYPES:
                raise Refused("a dtype")
            data = base64.b64decode(value["array"])
            return np.frombuffer(data, value["dtype"]).reshape(value["shape"])
        if "handle" in value:
            return self._thing(value["handle"]).value
        if "float" in value:
            return float(value["float"])
        if "tuple" in value:
            return tuple(self._plain(entry) for entry in value["tuple"])
        return self._named(value["dict"])

    def _picture(self, record: dict[str, Any]) -> bytes:
        number, form = record["picture"], record["name"].rpartition(".")[2]
        if not pyplot.fignum_exists(number):
            return b""
        figure = pyplot.figure(number)
        width, height = figure.get_size_inches()
        dpi = min(float(record.get("dpi") or figure.dpi), MOST_DPI)
        dpi = min(dpi, (MOST_PIXELS / max(width * height, 1e-9)) ** 0.5)
        out = io.BytesIO()
        dates = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(form, {})
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                figure.savefig(out, format=form, dpi=dpi, metadata=dates)
        except Exception as error:  # such as a formula that can't be read
            self._fault(record["name"], error)
            return b""
        return out.getvalue()


def prepare(forms: Iterable[str]) -> None:
    """Load what drawing needs: behind the wall no fonts are read from elsewhere."""
    for form in sorted(set(forms)):
        plot_file.prepare(form)
    matplotlib.rc("figure", max_open_warning=0)


def names_in(lines: Iterable[str]) -> list[str]:
    """The names of the pictures that the notes ask for."""
    found = [json.loads(line)["name"] for line in lines if line.startswith('{"picture"')]
    return found[:MOST_FIGURES]
