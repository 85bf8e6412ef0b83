"""The index of the vocabulary: which module declares each name. Tables import it when the name is looked up.

    python -m autodiff_cli.index      writes the index anew

Building the wheel writes it, as the parser's tables are written (`hatch_build.py`). A checkout whose
vocabulary has changed since imports everything at once instead, which takes half a second; the tests begin
by writing it.
"""

from __future__ import annotations

import os
import sys
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from types import FrameType

V = TypeVar("V")
PACKAGE = "autodiff_cli.vocabulary"
ROOT = os.path.dirname(os.path.dirname(__file__))
FOLDER = os.path.join(os.path.dirname(__file__), "vocabulary")
KINDS = "functions methods attributes names tensor_methods tensor_attributes tensor_setters".split()


class Table(dict[str, V]):
    """What names mean; the module that declares a name is imported when it is looked up.

    Args:
        kind: which names: one of KINDS.
    """

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind

    def __missing__(self, name: str) -> V:
        module = modules_of(self.kind).get(name)
        if module is None:
            raise KeyError(name)
        import_module(f"{PACKAGE}.{module}")
        return dict.__getitem__(self, name)

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or name in modules_of(self.kind)

    def declared(self, name: str) -> V | None:
        """The entry that is there already; nothing is imported for it."""
        return super().get(name)

    def get(self, name: str, default: Any = None) -> Any:
        try:
            return self[name]
        except KeyError:
            return default

    def names(self) -> list[str]:
        """Every name, of modules not imported yet too."""
        return list({**self, **modules_of(self.kind)})


def sources() -> list[str]:
    """The vocabulary's files that may declare names, within its folder."""
    found = []
    for folder, _, files in os.walk(FOLDER):
        room = os.path.relpath(folder, FOLDER)
        if room != "calls":
            paths = [os.path.normpath(os.path.join(room, file)) for file in files]
            found += [path for path in paths if path.endswith(".py")]
    return sorted(path for path in found if not path.endswith("__init__.py"))


def signature() -> int:
    """A number that changes with the sources: their names, sizes and times."""
    from binascii import crc32

    stamps = []
    for path in sources():
        status = os.stat(os.path.join(FOLDER, path))
        stamps.append(f"{path} {status.st_size} {status.st_mtime_ns}")
    return crc32("\n".join(stamps).encode())


@cache
def shipped() -> dict[str, dict[str, str]]:
    """The names that each module declares, by kind; {} if there is no index of these sources."""
    try:
        index: Any = import_module("autodiff_cli._index")
    except ImportError:
        return {}
    is_checkout = os.path.exists(os.path.join(ROOT, "pyproject.toml"))
    return {} if is_checkout and signature() != index.SIGNATURE else index.NAMES


@cache
def modules_of(kind: str) -> dict[str, str]:
    """The module of each name of a kind; {} where everything is imported, for want of an index."""
    families = shipped().get(kind, {})
    return {name: module for module, names in families.items() for name in names.split()}


def import_all() -> None:
    """Import whatever declares names."""
    for path in sources():
        import_module(f"{PACKAGE}.{path[:-3].replace(os.sep, '.')}")


def made() -> dict[str, dict[str, str]]:
    """The names that each module declares, by kind, in a process that has imported none of them."""
    found: dict[str, dict[str, list[str]]] = {kind: {} for kind in KINDS}
    store = Table.__setitem__

    def noted(self: Table[Any], name: str, value: object) -> None:
        if not dict.__contains__(self, name):
            found[self.kind].setdefault(_module(sys._getframe(1)), []).append(name)
        store(self, name, value)

    Table.__setitem__ = noted  # type: ignore[method-assign, assignment]
    try:
        import_all()
    finally:
        Table.__setitem__ = store  # type: ignore[method-assign]
    return {
        kind: {module: " ".join(sorted(names)) for module, names in sorted(families.items())}
        for kind, families in found.items()
    }


def _module(frame: FrameType | None) -> str:
    """The module of the vocabulary whose import runs in a frame or around it."""
    while frame is not None:
        name = str(frame.f_globals["__name__"])
        if frame.f_code.co_name == "<module>" and name.startswith(f"{PACKAGE}."):
            return name.removeprefix(f"{PACKAGE}.")
        frame = frame.f_back
    raise LookupError("a name is declared outside the vocabulary's modules")


def write() -> str:
    """Write the index, whole or not at all, and give its path."""
    text = (
        '"""The names that each module of the vocabulary declares, written by autodiff_cli/index.py."""\n\n'
        f"SIGNATURE: int = {signature()}\nNAMES: dict[str, dict[str, str]] = {made()!r}\n"
    )
    path = os.path.join(os.path.dirname(__file__), "_index.py")
    with open(f"{path}.{os.getpid()}", "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(file.name, path)
    return path


if __name__ == "__main__":
    print(import_module("autodiff_cli.index").write())  # whose tables the vocabulary fills
