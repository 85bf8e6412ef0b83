"""The order of the layers: a module imports only from a higher line, or from its own folder."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "autodiff_cli"
LAYERS = (
    "__init__ startup record wall source errors syntax ir threads random ops transform execute autograd "
    "vocabulary interpret tables program inputs evaluate batch render cli __main__"
).split()
# Which third parties a layer may see, besides numpy.
ALLOWED = {
    "syntax": {"lark"},
    "ops": {"scipy"},
    "tables": {"orjson", "polars", "zstandard"},
    "render": {"orjson"},
    "batch": {"dask", "distributed", "orjson"},
    "cli": {"click", "orjson"},
}
NO_NUMPY = set("startup record wall source errors syntax cli transform __main__ __init__".split())


def layer(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> list[tuple[str, bool]]:
    """(module, whether at the top level) of each import."""
    tree = ast.parse(path.read_text())
    top = set(map(id, tree.body))
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, id(node) in top) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            if node.module == "autodiff_cli":
                found += [(f"autodiff_cli.{alias.name}", id(node) in top) for alias in node.names]
            else:
                found.append((node.module or "", id(node) in top))
    return found


FILES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_upwards(path: Path) -> None:
    own = layer(path)
    for module, _ in imports(path):
        parts = module.split(".")
        if parts[0] != "autodiff_cli":
            continue
        other = parts[1] if len(parts) > 1 and parts[1] in LAYERS else "__init__"
        assert LAYERS.index(other) <= LAYERS.index(own), f"{own} imports {module}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_third_parties(path: Path) -> None:
    import sys

    own = layer(path)
    allowed = ALLOWED.get(own, set()) | (set() if own in NO_NUMPY else {"numpy"})
    for module, _ in imports(path):
        name = module.split(".")[0]
        if name == "autodiff_cli" or name in sys.stdlib_module_names:
            continue
        assert name in allowed, f"{own} imports {name}"


def test_every_folder_is_a_layer() -> None:
    assert {layer(path) for path in FILES} == set(LAYERS)


def test_light_start() -> None:
    """What a plain evaluation must not import."""
    import subprocess
    import sys

    code = (
        "import sys; from autodiff_cli.cli.main import main; main(['mean(x)', 'x=[1,2]']); "
        "print(*(m for m in ('lark', 'rich', 'scipy', 'orjson', 'numpy.random', 'pathlib', 'json', "
        "'difflib', 'tempfile') if m in sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = run.stdout.splitlines()[-1].split()
    from autodiff_cli.syntax.tables import shipped

    assert set(loaded) <= (set() if shipped("expression") else {"lark", "pathlib", "tempfile"})
