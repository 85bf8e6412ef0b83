"""What a program has matplotlib draw: calls, noted as lines of plain data, and the figures that they change.

A program holds no object of matplotlib's: handles stand for them. What it calls becomes numbers, texts,
lists, arrays and numbers of handles; another process draws it in the end (`render/figures.py`).
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from autodiff_cli.errors import LimitError
from autodiff_cli.interpret.counting import counted
from autodiff_cli.interpret.pyplot_names import GIVES, IDLE, KEYWORDS, SHAPES, SUFFIXES
from autodiff_cli.ir.context import own
from autodiff_cli.tensors.tensor import Tensor

MOST_BYTES = 256 << 20  # of all that is noted
MOST_TEXT = 10_000  # characters
MOST_FIGURES = 500  # that are written
TYPES = "biuf"  # of arrays' elements
NOT_DRAWN = (
    "figures aren't drawn: autodiff run --figures DIR writes them, with pip install "
    "'autodiff-cli[pictures]'"
)


class Figures:
    """What a program has called, and which figures it has.

    Args:
        write: takes a line for each call; None where nothing is drawn.
        reason: why nothing is, said once; "" to say nothing.
    """

    def __init__(
        self, write: Callable[[str], object] | None = None, reason: str = NOT_DRAWN
    ) -> None:
        self.write = write
        self.reason = reason
        self.bytes = 0
        self.handles = 0
        self.open: dict[
            int, bool
        ] = {}  # the figures, and whether the latest of each is drawn already
        self.now = 0  # the present one
        self.pictures = 0
        self.held: dict[str, Any] = {}  # settings

    def note(self, record: dict[str, Any]) -> None:
        """Take a call down."""
        if self.write is None:
            return
        line = json.dumps(record, separators=(",", ":"))
        self.bytes += len(line)
        if self.bytes > MOST_BYTES:
            raise LimitError(f"the figures hold more than {MOST_BYTES >> 20} MiB")
        self.write(line + "\n")

    def say(self) -> None:
        """Say once that nothing is drawn."""
        if self.write is None and self.reason:
            context, reason, self.reason = own(), self.reason, ""
            if context.complain is not None:
                context.complain(f"note: {reason}\n")
            else:
                context.warn(reason, "UserWarning")

    def number(self) -> int:
        self.handles += 1
        return self.handles

    def present(self) -> int:
        """The present figure; one is made if there is none."""
        if not self.open:
            self.call(None, "figure", (), {"num": 1})
        return self.now

    def call(
        self, target: Handle | None, name: str, args: Any, kwargs: dict[str, Any], count: int = 0
    ) -> Any:
        """Note a call, and give a handle for what it gives; or so many in a list."""
        kept = {key: value for key, value in kwargs.items() if key in KEYWORDS}
        record: dict[str, Any] = {"call": name, "args": packed(list(args))}
        if target is not None:
            record["of"] = target.number
        if kept:
            record["named"] = {key: packed(value) for key, value in kept.items()}
        kind = GIVES.get(name, "")
        found: Any = None
        if name == "figure" and target is None:
            self.now = int(kept.get("num") or max(self.open, default=0) + 1)
        if target is None and name not in ("figure", "subplots", "close") and name not in SETTING:
            self.present()
        if name in CHANGING or kind:
            self._changed(target)
        if count:
            found = [Handle.of(GIVES.get(f"{name}[]", "Line2D"), self) for _ in range(count)]
            record["to"] = [handle.number for handle in found]
        elif kind:
            found = Handle.of(kind, self)
            found.owner = self.now if target is None else target.owner
            record["to"] = found.number
        if name not in IDLE:
            self.note(record)
        return found

    def _changed(self, target: Handle | None) -> None:
        number = self.now if target is None else target.owner
        if number in self.open or target is None:
            self.open[number] = False

    def picture(self, number: int, name: str = "", dpi: Any = None) -> None:
        """A figure is to be drawn as it is now."""
        self.say()
        self.pictures += 1
        if self.pictures > MOST_FIGURES:
            raise LimitError(f"the program draws more than {MOST_FIGURES} figures")
        record: dict[str, Any] = {"picture": number, "name": name_of(name, self.pictures)}
        if isinstance(dpi, (int, float)):
            record["dpi"] = float(dpi)
        self.note(record)
        self.open[number] = True

    def show(self) -> None:
        """What `plt.show()` does: the figures are seen, and closed."""
        for number, drawn in list(self.open.items()):
            if not drawn:
                self.picture(number)
        self.close_all()

    def close_all(self) -> None:
        if self.open:
            self.note({"call": "close", "args": ["all"]})
        self.open.clear()


SETTING = frozenset(  # calls that need no figure
    (*SHAPES, *"rc rcdefaults get_cmap set_cmap ion ioff isinteractive switch_backend".split())
)
CHANGING = frozenset("plot hist pie step loglog semilogx semilogy grid".split())


def name_of(given: str, number: int) -> str:
    """The name of a picture: the last part of a path, without what a folder could be named by.

    >>> name_of("out/loss.png", 1), name_of("/etc/passwd", 2), name_of("../..", 3), name_of("", 4)
    ('loss.png', 'passwd.png', 'figure-3.png', 'figure-4.png')
    """
    last = re.split(r"[/\\]", given)[-1]
    kept = re.sub(r"[^\w.\- ]", "_", last, flags=re.ASCII).strip(". ")[:100]
    stem, _, suffix = kept.rpartition(".")
    if f".{suffix.lower()}" in SUFFIXES and stem:
        return f"{stem}.{suffix.lower()}"
    if suffix.lower() in ("jpg", "jpeg", "eps", "tif", "tiff", "webp") and stem:
        kept = stem
    return f"{kept or f'figure-{number}'}.png"


def figures() -> Figures:
    """Those of the program that runs."""
    context = own()
    if context.figures is None:
        context.figures = Figures()
    found: Figures = context.figures
    return found


class Handle:
    """What stands for an object of matplotlib's.

    Attributes:
        number: it is known by.
        owner: the number of the figure that it is in.
    """

    __slots__ = ("figures", "number", "owner")
    kind = ""
    kinds: ClassVar[dict[str, type[Handle]]] = {}  # by kind

    def __init__(self, figures: Figures) -> None:
        self.figures = figures
        self.number = figures.number()
        self.owner = figures.now

    @staticmethod
    def of(kind: str, figures: Figures) -> Handle:
        return Handle.kinds.get(kind, Handle.kinds["Artist"])(figures)

    def __repr__(self) -> str:
        return f"<{self.kind}>"


def packed(value: Any) -> Any:
    """A value as plain data.

    Raises:
        TypeError: the program's own objects, and others that are no numbers, texts, arrays or handles.
        RuntimeError: a tensor that requires grad, as `numpy()` refuses it.
    """
    kind = type(value)
    if kind is float:
        return value if math.isfinite(value) else {"float": repr(value)}
    if value is None or kind is bool:
        return value
    if kind is int:
        return value if abs(value) < 1 << 63 else {"float": repr(float(value))}
    if kind is str:
        return value[:MOST_TEXT]
    if isinstance(value, Handle):
        return {"handle": value.number}
    if isinstance(value, Tensor):
        return packed(np.asarray(value))
    if isinstance(value, np.generic):
        return packed(value.item())
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in TYPES:
            return packed(value.tolist())
        data = base64.b64encode(np.ascontiguousarray(value).data).decode()
        return {"array": data, "dtype": value.dtype.str, "shape": list(value.shape)}
    if kind is dict:
        return {"dict": {k: packed(v) for k, v in value.items() if k in KEYWORDS}}
    if kind is tuple:
        return {"tuple": [packed(entry) for entry in value]}
    if kind in LISTS or kind is range:
        return [packed(entry) for entry in counted(value)]
    if isinstance(value, Handles):
        return [packed(entry) for entry in value.entries]
    raise TypeError(
        f"matplotlib takes numbers, texts, lists and arrays here, not '{kind.__name__}'"
    )


LISTS = frozenset((list, set, frozenset, type({}.keys()), type({}.values()), map, zip))


class Handles:
    """Several handles."""

    __slots__ = ("entries",)

    def __init__(self, entries: list[Handle]) -> None:
        self.entries = entries
