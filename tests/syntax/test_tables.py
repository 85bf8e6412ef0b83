"""The parser tables: reproducible, and those of the grammar."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import autodiff_cli
from autodiff_cli.syntax import tables

GRAMMARS = pytest.mark.parametrize("name", ["expression", "program"])


@GRAMMARS
def test_shipped_module_gives_the_computed_tables(name: str) -> None:
    scope: dict[str, object] = {}
    exec(tables.module_text(name), scope)
    given = scope["TABLES"]
    assert isinstance(given, tuple)
    assert vars(tables.Tables(*given)) == vars(tables.compute(name))


@GRAMMARS
def test_tables_are_reproducible(name: str) -> None:
    assert tables.module_text(name) == tables.module_text(name)


def test_the_grammar_of_programs_has_no_conflicts(caplog: pytest.LogCaptureFixture) -> None:
    """Lark would settle a conflict in favour of shifting, with a note in its log."""
    from lark import Lark, logger

    level = logger.level
    logger.setLevel("DEBUG")
    logger.addHandler(caplog.handler)
    try:
        text = tables.grammar_text("program")
        Lark(text, parser="lalr", import_paths=[tables.imported], debug=True)
    finally:
        logger.setLevel(level)
        logger.removeHandler(caplog.handler)
    assert "onflict" not in caplog.text


def test_stale_tables_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    text = tables.grammar_text("expression")
    monkeypatch.setattr(tables, "grammar_text", lambda name: text + "\n// changed\n")
    assert tables.shipped("expression") is None
    assert tables.load("expression").states


def zipped(folder: Path, *grammars: str) -> Path:
    """The package as a zip file, with some of its grammars."""
    package = Path(autodiff_cli.__file__).parent
    path = folder / "autodiff.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in package.rglob("*.py"):
            if not file.name.endswith("_tables.py"):
                archive.write(file, file.relative_to(package.parent).as_posix())
        for name in grammars:
            archive.writestr(f"autodiff_cli/grammar/{name}.lark", tables.grammar_text(name))
        archive.writestr("__main__.py", "from autodiff_cli.__main__ import run\nrun()\n")
    return path


def typed(path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(path), *words]
    return subprocess.run(command, cwd=path.parent, capture_output=True, text=True, timeout=120)


def test_a_zip_file_runs(tmp_path: Path) -> None:
    path = zipped(tmp_path, "expression", "program")
    assert typed(path, "x**2", "x=3", "--no-grad").stdout.startswith("value: tensor(9.")
    program = path.with_name("p.py")
    program.write_text("import torch\nprint(torch.ones(2))\n")
    assert typed(path, "run", "p.py").stdout == "tensor([1., 1.])\n"


def test_a_zip_file_without_a_grammar_says_what_is_missing(tmp_path: Path) -> None:
    done = typed(zipped(tmp_path), "x**2", "x=3")
    first, hint = done.stderr.splitlines()
    assert done.returncode == 1 and done.stdout == ""
    assert first.startswith("error: grammar/expression.lark is missing: it is neither in ")
    assert hint == "hint: install the package, or run the wheel that `pip wheel .` makes"


def names_built(name: str) -> tuple[set[str], set[str]]:
    """The names of what rules build; of those that may pass a child on instead."""
    built = [(build, single) for _, _, build, single, _ in tables.compute(name).rules]
    return {build for build, _ in built if build}, {build for build, single in built if single}


def test_every_rule_has_a_builder() -> None:
    from autodiff_cli.syntax.builders import BUILDERS

    built, passed_on = names_built("expression")
    assert built - passed_on <= set(BUILDERS) <= built


def test_every_rule_of_programs_has_a_builder() -> None:
    from autodiff_cli.syntax import builders, program

    built, passed_on = names_built("program")
    own = set(program.BUILDERS) - set(builders.BUILDERS)
    assert built - passed_on <= set(program.BUILDERS) | {"assign"}
    assert own <= built
