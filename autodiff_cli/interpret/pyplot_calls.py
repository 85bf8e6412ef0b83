"""Calls of matplotlib that are more than a line to note: what they give, and which figures they are about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autodiff_cli.errors import LimitError
from autodiff_cli.interpret.figures import MOST_TEXT, Figures, Handle, Handles, packed
from autodiff_cli.interpret.pyplot_names import CYCLE, GIVES, KEYWORDS, RC, SUFFIXES
from autodiff_cli.tensors.tensor import Tensor
from autodiff_cli.vocabulary.calls.handles import PUBLIC


class Grid(Handles):
    """Axes in rows and columns, as `plt.subplots` gives them: what numpy's array of them offers."""

    __slots__ = ("shape",)

    def __init__(self, entries: list[Handle], shape: tuple[int, ...]) -> None:
        super().__init__(entries)
        self.shape = shape

    @property
    def flat(self) -> Iterator[Handle]:
        return iter(self.entries)

    @property
    def size(self) -> int:
        return len(self.entries)

    def flatten(self) -> Grid:
        return Grid(self.entries, (len(self.entries),))

    ravel = flatten

    def tolist(self) -> list[Any]:
        return [row.tolist() if isinstance(row, Grid) else row for row in self]

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: Any) -> Any:
        if type(index) not in (int, slice, tuple) or (
            type(index) is tuple and not all(type(part) in (int, slice) for part in index)
        ):
            raise IndexError("axes are found by whole numbers, as in axes[0, 1]")
        places = np.arange(len(self.entries)).reshape(self.shape)[index]
        if places.ndim:
            return Grid([self.entries[at] for at in places.reshape(-1).tolist()], places.shape)
        return self.entries[int(places)]

    def __iter__(self) -> Iterator[Any]:
        return iter([self[at] for at in range(len(self))])


PUBLIC[Grid] = frozenset(
    "shape flat size flatten ravel tolist __len__ __iter__ __getitem__".split()
)


class Inert:
    """A `with` block in which nothing else is so."""

    __slots__ = ()

    def __enter__(self) -> Inert:
        return self

    def __exit__(self, *_: object) -> None:
        pass


class Settings:
    """`plt.rcParams`: what it is set to, for those keys that say how figures look."""

    __slots__ = ("figures",)

    def __init__(self, figures: Figures) -> None:
        self.figures = figures

    def __setitem__(self, key: str, value: Any) -> None:
        if type(key) is str and key in RC:
            self.figures.note({"rc": key, "value": packed(value)})
            self.figures.held[key] = value

    def __getitem__(self, key: str) -> Any:
        if type(key) is not str:
            raise KeyError("a setting's name is a text")
        if key == "axes.prop_cycle":
            return Cycle()
        return self.figures.held.get(key, DEFAULTS.get(key))

    def update(self, values: Any = (), **named: Any) -> None:
        for key, value in (dict(values) | named).items():
            self[key] = value


DEFAULTS = {"figure.figsize": [6.4, 4.8], "figure.dpi": 100.0, "font.size": 10.0}
PUBLIC[Settings] = frozenset(("update", "__getitem__", "__setitem__"))


class Cycle:
    """The colours that lines get one after the other."""

    __slots__ = ()

    def by_key(self) -> dict[str, list[str]]:
        return {"color": list(CYCLE)}


PUBLIC[Cycle] = frozenset(("by_key",))


def _plotted(figures: Figures, target: Handle | None, name: str, args: Any, kwargs: Any) -> Any:
    """`plot` and its like: as many lines as there are pairs, and columns in them."""
    count, at = 0, 0
    while at < len(args):
        pair = [args[at]]
        at += 1
        while at < len(args) and len(pair) < 2 and not isinstance(args[at], str):
            pair.append(args[at])
            at += 1
        if at < len(args) and isinstance(args[at], str):
            at += 1
        shapes = [_shape(entry) for entry in pair]
        if len(shapes) == 2 and shapes[0][:1] != shapes[1][:1] and GIVES.get(name) is None:
            told = f"have shapes {shapes[0]} and {shapes[1]}"
            if target is None or "zlim" not in kwargs:
                raise ValueError(f"x and y must have same first dimension, but {told}")
        count += max([shape[1] if len(shape) > 1 else 1 for shape in shapes])
        if at < len(args) and figures_3d(target):
            break
    return figures.call(target, name, args, kwargs, count=max(count, 1))


def figures_3d(target: Handle | None) -> bool:
    return target is not None and getattr(target, "is_3d", False)


def _shape(value: Any) -> tuple[int, ...]:
    """As matplotlib sees it: a number is one point."""
    if isinstance(value, Tensor):
        shape = tuple(value.node.shape)
    elif isinstance(value, (np.ndarray, np.generic)):
        shape = value.shape
    elif isinstance(value, (list, tuple, range)):
        shape = np.shape(value) if not _nested(value) else (len(value),)
    else:
        shape = (len(value),) if hasattr(value, "__len__") else ()
    return shape or (1,)


def _nested(value: Any) -> bool:
    return any(isinstance(entry, (list, tuple, Tensor, np.ndarray)) for entry in value)


def _histogram(figures: Figures, target: Handle | None, args: Any, kwargs: Any) -> Any:
    """`hist`, with the counts and the edges that it gives."""
    given = dict(zip(("x", "bins", "range", "density", "weights"), args)) | kwargs
    figures.call(target, "hist", args, kwargs)
    bins, limits = given.get("bins"), given.get("range")
    values = np.asarray(given["x"]).reshape(-1)
    if isinstance(bins, int) and bins > MOST_TEXT:
        raise LimitError(f"a histogram of more than {MOST_TEXT:,} bins")
    edges = bins if isinstance(bins, (int, str)) else 10 if bins is None else np.asarray(bins)
    weights = given.get("weights")
    counts, edges = np.histogram(
        values, edges, limits, bool(given.get("density")), None if weights is None else np.asarray(weights)
    )  # fmt: skip
    if given.get("cumulative"):
        counts = np.cumsum(counts * np.diff(edges) if given.get("density") else counts)
    return counts.astype(float), edges, Handle.of("Artist", figures)


def _subplots(figures: Figures, target: Handle | None, args: Any, kwargs: Any) -> Any:
    """`subplots`: a figure, and its axes."""
    given = dict(zip(("nrows", "ncols"), args)) | {
        k: v for k, v in kwargs.items() if k in ("nrows", "ncols")
    }
    rows, columns = (int(given.get(name, 1)) for name in ("nrows", "ncols"))
    if not 0 < rows * columns <= 400:
        raise ValueError(f"subplots() takes from 1 to 400 axes, not {rows}x{columns}")
    whole = target
    if target is None:
        figures.now = int(kwargs.get("num") or max(figures.open, default=0) + 1)
        figures.open[figures.now] = False
        kwargs = kwargs | {"num": figures.now}
        whole = Handle.of("Figure", figures)
    assert whole is not None
    entries = [Handle.of("Axes", figures) for _ in range(rows * columns)]
    for entry in entries:
        entry.owner = whole.owner
    record = {
        "call": "subplots", "args": packed(list(args)), "to": [e.number for e in entries],
        "named": {k: packed(v) for k, v in kwargs.items() if k in KEYWORDS and k != "squeeze"},
    }  # fmt: skip
    record |= {"figure": whole.number} if target is None else {"of": target.number}
    figures.note(record)
    squeeze = kwargs.get("squeeze", True)
    shape = (rows, columns) if not squeeze else tuple(n for n in (rows, columns) if n > 1)
    axes = Grid(entries, shape) if shape else entries[0]
    return (whole, axes) if target is None else axes


def _saved(figures: Figures, target: Handle | None, args: Any, kwargs: Any) -> None:
    name = args[0] if args else kwargs.get("fname")
    if not isinstance(name, str):
        raise TypeError("savefig() takes a name, such as 'loss.png'")
    number = figures.present() if target is None else target.owner
    form = kwargs.get("format")
    if isinstance(form, str) and f".{form}" in SUFFIXES and not name.lower().endswith(f".{form}"):
        name = f"{name}.{form}"
    figures.picture(number, name, kwargs.get("dpi"))


def _shown(figures: Figures, target: Handle | None, args: Any, kwargs: Any) -> None:
    figures.say()
    if target is not None:
        figures.picture(target.owner)
    elif kwargs.get("block") is not False and args[:1] != (False,):
        figures.show()


def _closed(figures: Figures, target: Handle | None, args: Any, kwargs: Any) -> None:
    which = args[0] if args else figures.now
    if which == "all":
        figures.close_all()
        return
    number = which.owner if isinstance(which, Handle) else which
    if figures.open.pop(number, None) is not None:
        figures.note({"call": "close", "args": [number]})
        figures.now = max(figures.open, default=0)


def _bounds(name: str) -> Callable[..., Any]:
    """`xlim` and its like, which give what they are given; what there is isn't known before it is drawn."""

    def run(figures: Figures, target: Handle | None, args: Any, kwargs: Any) -> Any:
        if not args and not kwargs:
            return (0.0, 1.0)
        figures.call(target, name, args, kwargs)
        given = args[0] if len(args) == 1 and isinstance(args[0], (tuple, list)) else args
        known = len(given) == 2 and all(type(bound) in (int, float) for bound in given)
        return tuple(map(float, given)) if known else (0.0, 1.0)

    return run


def _settings(figures: Figures, target: Handle | None, args: Any, kwargs: Any) -> None:
    """`plt.rc("font", size=12)`."""
    group = args[0] if args and isinstance(args[0], str) else ""
    Settings(figures).update({f"{group}.{key}": value for key, value in kwargs.items()})


def _figure(figures: Figures, target: Handle | None, args: Any, kwargs: Any) -> Any:
    """`figure`: another one, or the one of a number."""
    number = args[0] if args else kwargs.get("num")
    if isinstance(number, Handle):
        number = number.owner
    if isinstance(number, str) or number is None:
        number = max(figures.open, default=0) + 1
    if type(number) is not int or not 0 < number < 10_000:
        raise ValueError("a figure's number is a whole one from 1 to 9,999")
    known = number in figures.open
    found = figures.call(None, "figure", (), kwargs | {"num": number})
    figures.open.setdefault(number, not known)
    found.owner = number
    return found


def _axes(name: str) -> Callable[..., Any]:
    """What gives axes, which may have three dimensions."""

    def run(figures: Figures, target: Handle | None, args: Any, kwargs: Any) -> Any:
        found = figures.call(target, name, args, kwargs)
        found.is_3d = kwargs.get("projection") == "3d"
        return found

    return run


def _nothing(figures: Figures, target: Handle | None, args: Any, kwargs: Any) -> None:
    return None


SPECIAL: dict[str, Callable[..., Any]] = {
    **{
        name: (lambda n: lambda f, t, a, k: _plotted(f, t, n, a, k))(name)
        for name in ("plot", "loglog", "semilogx", "semilogy", "step")
    },
    **{name: _bounds(name) for name in "xlim ylim set_xlim set_ylim set_zlim get_xlim get_ylim".split()},
    **{name: _axes(name) for name in "subplot add_subplot axes add_axes gca".split()},
    "hist": _histogram, "subplots": _subplots, "savefig": _saved, "show": _shown,
    "close": _closed, "rc": _settings,
    "figure": _figure, "rc_context": lambda f, t, a, k: Inert(), "isinteractive": lambda f, t, a, k: False,
    "ion": lambda f, t, a, k: Inert(), "ioff": lambda f, t, a, k: Inert(),
    "fignum_exists": lambda f, t, a, k: bool(a) and a[0] in f.open,
    "get_fignums": lambda f, t, a, k: sorted(f.open),
    "get_title": lambda f, t, a, k: "", "get_legend_handles_labels": lambda f, t, a, k: ([], []),
    "pause": _nothing, "draw": _nothing, "switch_backend": _nothing, "rcdefaults": _nothing,
    "draw_idle": _nothing, "flush_events": _nothing, "set_prop_cycle": _nothing,
}  # fmt: skip
