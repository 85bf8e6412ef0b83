"""What programs show on a screen besides printing: `tqdm`'s progress, and `IPython.display`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from time import monotonic
from typing import Any

from autodiff_cli.interpret.figures import Handle
from autodiff_cli.interpret.torch_names import Namespace
from autodiff_cli.ir.context import current
from autodiff_cli.vocabulary.calls.handles import PUBLIC

INTERVAL = 0.1  # seconds between two drawings
WIDTH = 20
ERASE = "\r\x1b[K"


class Progress:
    """`tqdm(iterable)`: its items, with a bar on standard error if that is a terminal."""

    __slots__ = ("done", "iterable", "next", "postfix", "shown", "title", "total")

    def __init__(
        self, iterable: Any = None, desc: Any = None, total: Any = None, **options: Any
    ) -> None:
        if total is None and hasattr(iterable, "__len__"):
            total = len(iterable)
        self.iterable = iterable
        self.title = str(desc) if desc else ""
        self.total = total if isinstance(total, (int, float)) else None
        self.done = 0
        self.postfix = ""
        self.next = monotonic() + INTERVAL
        self.shown = (
            not options.get("disable", False) and sys.stderr is not None and sys.stderr.isatty()
        )

    def __iter__(self) -> Iterator[Any]:
        for item in self.iterable:
            yield item
            self.update()
        self.close()

    def __len__(self) -> int:
        return len(self.iterable)

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def update(self, n: Any = 1) -> None:
        self.done += n
        if self.shown and monotonic() >= self.next:
            self.next = monotonic() + INTERVAL
            self._draw()

    def _draw(self) -> None:
        title = f"{self.title}: " if self.title else ""
        if self.total:
            full = min(int(WIDTH * self.done / self.total), WIDTH)
            bar = f"[{'#' * full}{'.' * (WIDTH - full)}] {self.done}/{self.total}"
        else:
            bar = str(self.done)
        sys.stderr.write(f"{ERASE}{title}{bar}{self.postfix}")
        sys.stderr.flush()

    def close(self) -> None:
        if self.shown:
            self.shown = False
            sys.stderr.write(ERASE)
            sys.stderr.flush()

    def set_description(self, desc: Any = "", refresh: Any = True) -> None:
        self.title = str(desc)

    def set_postfix(self, ordered_dict: Any = None, refresh: Any = True, **values: Any) -> None:
        shown = {**(ordered_dict or {}), **values}
        self.postfix = "".join([f", {name}={value}" for name, value in shown.items()])

    def set_postfix_str(self, s: Any = "", refresh: Any = True) -> None:
        self.postfix = f", {s}" if s else ""

    def refresh(self) -> None:
        pass

    def reset(self, total: Any = None) -> None:
        self.done = 0

    def write(self, s: Any, **options: Any) -> None:
        written(s)


PUBLIC[Progress] = frozenset(
    """update close set_description set_postfix set_postfix_str refresh reset write total __iter__ __len__
    __enter__ __exit__""".split()
)


def written(s: Any, **options: Any) -> None:
    """`tqdm.write`: a line of output."""
    current().write(f"{s}\n")


class Maker:
    """`tqdm` itself."""

    __slots__ = ()

    def __call__(self, *args: Any, **kwargs: Any) -> Progress:
        return Progress(*args[:3], **kwargs)

    def write(self, s: Any, **options: Any) -> None:
        written(s)


PUBLIC[Maker] = frozenset(("write",))


def trange(*args: Any, **kwargs: Any) -> Progress:
    """`tqdm(range(…))`."""
    return Progress(range(*args), **kwargs)


# ---- IPython --------------------------------------------------------------------------------------


class Text:
    """`HTML(text)`, `Markdown(text)` and their like: a text."""

    __slots__ = ("data",)

    def __init__(self, data: Any = "", *args: Any, **kwargs: Any) -> None:
        if not isinstance(data, str):
            raise TypeError("a text is shown here, not a file and not a page")
        self.data = data

    def __repr__(self) -> str:
        return self.data


PUBLIC[Text] = frozenset(("data",))


def display(*values: Any, **options: Any) -> None:
    """Print values as a notebook without pictures does; figures are shown when they are done."""
    for value in values:
        if not isinstance(value, Handle):
            current().write(f"{value!r}\n")


def _quiet(*args: Any, **kwargs: Any) -> None:
    return None


def _text(*args: Any, **kwargs: Any) -> Text:
    return Text(*args, **kwargs)


PROGRESS: dict[str, Any] = {"tqdm": Maker(), "trange": trange}
DISPLAY: dict[str, Any] = {
    "display": display,
    "clear_output": _quiet,
    **dict.fromkeys(("HTML", "Markdown", "Latex", "Math", "Pretty"), _text),
}


def _found(module: str, names: dict[str, Any]) -> Callable[[str], Any]:
    def find(name: str) -> Any:
        if name in names:
            return names[name]
        raise AttributeError(f"module '{module}' has no attribute '{name}'")

    return find


def _module(name: str, names: dict[str, Any]) -> Namespace:
    return Namespace(name, _found(name, names), lambda: names)


def module(name: str) -> Namespace | None:
    """A module by its dotted name; None if there is none."""
    if name in ("tqdm", "tqdm.auto", "tqdm.notebook", "tqdm.std"):
        parts = ("auto", "notebook") if name == "tqdm" else ()
        return _module(name, PROGRESS | {part: _module(f"tqdm.{part}", PROGRESS) for part in parts})
    if name in ("IPython.display", "IPython.core.display"):
        return _module(name, DISPLAY)
    if name == "IPython":
        inner = _module("IPython.display", DISPLAY)
        return _module(name, {"display": inner, "get_ipython": _quiet})
    return None


MODULES = ("tqdm", "tqdm.auto", "tqdm.notebook", "IPython", "IPython.display")
