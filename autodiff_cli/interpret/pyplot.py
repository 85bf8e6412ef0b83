"""`import matplotlib.pyplot as plt`: names from tables; what is called is noted (`figures.py`).

Nobody opens a file here: `savefig("a/b.png")` is a name for a picture, of which the last part is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff_cli.interpret.figures import Handle, figures, packed
from autodiff_cli.interpret.pyplot_calls import SPECIAL, Inert, Settings
from autodiff_cli.interpret.pyplot_names import (
    ATTRIBUTES,
    COLORMAPS,
    METHODS,
    PYPLOT,
    SHAPES,
    SIDES,
    STYLES,
)
from autodiff_cli.interpret.torch_names import Namespace
from autodiff_cli.vocabulary.calls.handles import PUBLIC


def _method(name: str) -> Callable[..., Any]:
    special = SPECIAL.get(name)

    def run(self: Handle, *args: Any, **kwargs: Any) -> Any:
        if special is not None:
            return special(self.figures, self, args, kwargs)
        return self.figures.call(self, name, args, kwargs)

    run.__name__ = run.__qualname__ = name
    return run


def _attribute(name: str, kind: str) -> property:
    def read(self: Handle) -> Handle:
        found = Handle.of(kind, self.figures)
        found.owner = self.owner
        self.figures.note({"get": name, "of": self.number, "to": found.number})
        return found

    return property(read)


class Spines(Handle):
    """The sides of axes, by name."""

    __slots__ = ()
    kind = "Spines"

    def __getitem__(self, side: Any) -> Any:
        if type(side) in (list, tuple):
            return Several([self[one] for one in side])
        if side not in SIDES:
            raise KeyError(side)
        found = Handle.of("Spine", self.figures)
        found.owner = self.owner
        self.figures.note({"item": side, "of": self.number, "to": found.number})
        return found

    def values(self) -> list[Any]:
        return [self[side] for side in SIDES]


PUBLIC[Spines] = frozenset(("values", "__getitem__"))


class Several:
    """Some sides of axes at once."""

    __slots__ = ("entries",)

    def __init__(self, entries: list[Any]) -> None:
        self.entries = entries

    def set_visible(self, visible: Any) -> None:
        for entry in self.entries:
            entry.set_visible(visible)


PUBLIC[Several] = frozenset(("set_visible",))


class Colormap(Handle):
    """What gives colours for numbers from 0 to 1."""

    __slots__ = ()
    kind = "Colormap"

    def __call__(self, values: Any) -> Any:
        shape = np.shape(np.asarray(values))
        if len(shape) > 1:
            raise TypeError("a colormap takes a number or a list of them here")
        count = shape[0] if shape else 0
        found = [Handle.of("Color", self.figures) for _ in range(count or 1)]
        self.figures.note(
            {"colors": packed(values), "of": self.number, "to": [one.number for one in found]}
        )
        return found if shape else found[0]


PUBLIC[Colormap] = frozenset()


def _made(kind: str, names: frozenset[str]) -> type[Handle]:
    body: dict[str, Any] = {name: _method(name) for name in names}
    body |= {name: _attribute(name, behind) for name, behind in ATTRIBUTES.get(kind, {}).items()}
    slots = ("is_3d",) if kind == "Axes" else ()
    return type(kind, (Handle,), {"__slots__": slots, "kind": kind, "__module__": __name__, **body})


Handle.kinds |= {kind: _made(kind, names) for kind, names in METHODS.items()}
Handle.kinds |= {kind: _made(kind, frozenset()) for kind in ("Transform", "Color")}
for _kind, _class in Handle.kinds.items():
    PUBLIC[_class] = METHODS.get(_kind, frozenset()) | ATTRIBUTES.get(_kind, {}).keys()
Handle.kinds |= {"Spines": Spines, "Colormap": Colormap}


# ---- modules ---------------------------------------------------------------------------------------


def _function(name: str) -> Callable[..., Any]:
    special = SPECIAL.get(name)

    def run(*args: Any, **kwargs: Any) -> Any:
        made = figures()
        if special is not None:
            return special(made, None, args, kwargs)
        return made.call(None, name, args, kwargs)

    run.__name__ = run.__qualname__ = name
    return run


def _use_style(style: Any) -> None:
    names = style if isinstance(style, (list, tuple)) else [style]
    for name in names:
        if not isinstance(name, str) or name not in STYLES:
            raise OSError(
                f"{name!r} is not a valid package style, path of style file, URL of style file, or "
                "library style name (library styles are listed in `style.available`)"
            )
        figures().note({"style": name})


def _ignored(*args: Any, **kwargs: Any) -> None:
    return None


def _colormap(name: str) -> Any:
    return figures().call(None, "get_cmap", (name,), {})


def pyplot(name: str) -> Any:
    """A name behind `matplotlib.pyplot`."""
    if name in PYPLOT:
        return _function(name)
    if name == "rcParams":
        return Settings(figures())
    if name in ("style", "cm"):
        return MODULES[f"matplotlib.{name}"]()
    return _missing("matplotlib.pyplot", name)


def _missing(module: str, name: str) -> Any:
    raise AttributeError(f"module '{module}' has no attribute '{name}'")


def _style(name: str) -> Any:
    if name == "use":
        return _use_style
    if name == "available":
        return sorted(STYLES - {"default"})
    if name == "context":
        return lambda style, after_reset=False: Inert()
    return _missing("matplotlib.style", name)


def _cm(name: str) -> Any:
    if name in COLORMAPS:
        return _colormap(name)
    if name == "get_cmap":
        return _function("get_cmap")
    return _missing("matplotlib.cm", name)


def _whole(name: str) -> Any:
    if name == "use":
        return _ignored
    if name == "rc":
        return _function("rc")
    if name in ("rcParams", "style", "cm"):
        return pyplot(name)
    if name == "__version__":
        return "3.10.0"
    found = MODULES.get(f"matplotlib.{name}")
    return found() if found is not None else _missing("matplotlib", name)


def _patches(name: str) -> Any:
    return _function(name) if name in SHAPES else _missing("matplotlib.patches", name)


def _three(name: str) -> Any:
    return _ignored if name == "Axes3D" else _missing("mpl_toolkits.mplot3d", name)


def _inline(name: str) -> Any:
    if name == "set_matplotlib_formats":
        return _ignored
    return _missing("matplotlib_inline.backend_inline", name)


def _packages(inner: str) -> Callable[[str], Any]:
    first, _, last = inner.rpartition(".")
    return lambda name: MODULES[inner]() if name == last else _missing(first, name)


def _module(name: str, find: Callable[[str], Any], names: Any = ()) -> Callable[[], Namespace]:
    return lambda: Namespace(name, find, lambda: names)


BACKEND = "matplotlib_inline.backend_inline"
WHOLE = ("pyplot", "use", "rc", "rcParams", "style", "cm", "patches")
MODULES: dict[str, Callable[[], Namespace]] = {
    "matplotlib": _module("matplotlib", _whole, WHOLE),
    "matplotlib.pyplot": _module("matplotlib.pyplot", pyplot, PYPLOT | {"rcParams", "style", "cm"}),
    "matplotlib.style": _module("matplotlib.style", _style, ("use", "available", "context")),
    "matplotlib.cm": _module("matplotlib.cm", _cm, COLORMAPS | {"get_cmap"}),
    "matplotlib.patches": _module("matplotlib.patches", _patches, SHAPES),
    "mpl_toolkits": _module("mpl_toolkits", _packages("mpl_toolkits.mplot3d")),
    "mpl_toolkits.mplot3d": _module("mpl_toolkits.mplot3d", _three, ("Axes3D",)),
    "matplotlib_inline": _module("matplotlib_inline", _packages(BACKEND)),
    BACKEND: _module(BACKEND, _inline, ("set_matplotlib_formats",)),
}
