"""The layers and the rooms: what may import what, and how large a file may be."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

PACKAGE = Path(__file__).parent.parent / "autodiff_cli"
LATE = Path(__file__).with_name("late_imports.txt")
LAYERS = (
    "__init__ startup record index settings wall source errors syntax ir threads random ops transform "
    "execute tensors vocabulary interpret formula tables program books inputs evaluation explanation "
    "checking lexicon rows render cli __main__"
).split()
# Which third parties a layer may see, besides numpy.
ALLOWED = {
    "syntax": {"lark"},
    "ops": {"scipy"},
    "books": {"orjson"},
    "tables": {"orjson", "polars", "zstandard"},
    "render": {"matplotlib", "orjson", "plotext", "rich"},
    "rows": {"dask", "distributed", "orjson"},
    "cli": {"click", "orjson", "prompt_toolkit"},
}
NO_NUMPY = set(
    "startup record index settings wall source errors syntax formula lexicon cli transform __main__ "
    "__init__".split()
)


MOST_LINES = 450


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")


FILES = sorted(path for path in PACKAGE.rglob("*.py") if path.name != "_index.py")
TREES = {path: ast.parse(path.read_text()) for path in FILES}
MODULES = {name_of(path): path for path in FILES}


class Import(NamedTuple):
    """One name of an import statement.

    module: of this package, without the package's name; "" for others.
    foreign: the other package.
    late: inside a function.
    typing: for type checkers alone.
    """

    module: str
    foreign: str
    late: bool
    typing: bool


def imports(path: Path) -> Iterator[Import]:
    """What a file imports, wherever it does."""
    tree = TREES[path]
    top, typing = set(map(id, tree.body)), set[int]()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            typing |= set(map(id, ast.walk(node)))
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            package, _, module = name.partition(".")
            if package != "autodiff_cli":
                module = ""
            elif module not in MODULES:
                module = module.rpartition(".")[0] or "__init__"
            foreign = "" if module else package
            yield Import(module, foreign, id(node) not in top, id(node) in typing)


def layer(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def needed(path: Path) -> set[str]:
    """The package's modules that a file imports while it runs."""
    return {found.module for found in imports(path) if not found.typing} - {""}


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_upwards(path: Path) -> None:
    own = layer(path)
    for found in imports(path):
        if found.module:
            other = layer(MODULES[found.module])
            assert LAYERS.index(other) <= LAYERS.index(own), f"{own} imports {found.module}"


def test_no_file_imports_one_that_imports_it() -> None:
    edges = {name: needed(path) - {name} for name, path in MODULES.items()}
    reached = {name: _reached(name, edges) for name in edges}
    circles = {
        frozenset(other for other in within if name in reached[other])
        for name, within in reached.items()
        if name in within
    }
    assert circles == set()


def _reached(name: str, edges: dict[str, set[str]]) -> set[str]:
    """What a module imports, and what that imports."""
    found, waiting = set[str](), [name]
    while waiting:
        fresh = edges[waiting.pop()] - found
        found |= fresh
        waiting += fresh
    return found


def test_late_imports_are_those_of_the_list() -> None:
    """Elsewhere than at the top of a file stands only what a start doesn't need, or what has an order."""
    lines = [line.split() for line in LATE.read_text().splitlines() if line and line[0] != "#"]
    listed = [(importer, module) for importer, *modules in lines for module in modules]
    found = {
        (name, late.module)
        for name, path in MODULES.items()
        for late in imports(path)
        if late.module and late.late and not late.typing
    }
    assert sorted(found - set(listed)) == [], f"not in {LATE.name}, which says why"
    assert sorted(set(listed) - found) == [], f"no longer so: remove it from {LATE.name}"
    assert len(listed) == len(set(listed)), "listed twice"


def test_files_are_short() -> None:
    lines = {name: path.read_text().count("\n") for name, path in MODULES.items()}
    assert {name: count for name, count in lines.items() if count > MOST_LINES} == {}


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_third_parties(path: Path) -> None:
    own = layer(path)
    allowed = ALLOWED.get(own, set()) | (set() if own in NO_NUMPY else {"numpy"})
    for found in imports(path):
        if found.foreign and found.foreign not in sys.stdlib_module_names:
            assert found.foreign in allowed, f"{own} imports {found.foreign}"


def test_every_folder_is_a_layer() -> None:
    assert {layer(path) for path in FILES} == set(LAYERS)


def test_light_start() -> None:
    """What a plain evaluation must not import."""
    code = (
        "import sys; from autodiff_cli.cli.main import main; main(['mean(x)', 'x=[1,2]']); "
        "print(*(m for m in ('lark', 'rich', 'scipy', 'orjson', 'numpy.random', 'pathlib', 'json', "
        "'difflib', 'tempfile', 'fractions', 'autodiff_cli.formula') if m in sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = run.stdout.splitlines()[-1].split()
    from autodiff_cli.syntax.tables import shipped

    assert set(loaded) <= (set() if shipped("expression") else {"lark", "pathlib", "tempfile"})
