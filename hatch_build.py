"""Writes what no start should make: the parser's tables, the index of names, pages for `man`, the commit."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class TablesHook(BuildHookInterface):
    """Makes `autodiff_cli/syntax/_NAME_tables.py` from `grammar/NAME.lark`, and `autodiff_cli/_index.py`."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        sys.path.insert(0, str(root))
        try:
            from autodiff_cli.syntax.tables import module_text
        finally:
            sys.path.remove(str(root))
        self._module("autodiff_cli.index")
        build_data["artifacts"].append("autodiff_cli/_index.py")
        for name in ("expression", "program"):
            path = root / "autodiff_cli" / "syntax" / f"_{name}_tables.py"
            path.write_text(module_text(name), encoding="utf-8")
            build_data["artifacts"].append(str(path.relative_to(root)))
        if self.target_name == "wheel":
            self.pages = mkdtemp()
            self._module("autodiff_cli.cli.manual", self.pages)
            build_data["shared_data"][self.pages] = "share/man/man1"
        self.commit = None
        if (root / ".git").exists():  # not that of a repository around an unpacked archive
            words = ["git", "describe", "--always", "--dirty=+", "--exclude=*"]
            found = subprocess.run(words, cwd=root, capture_output=True, text=True, check=False)
            if found.returncode == 0:
                self.commit = root / "autodiff_cli" / "_commit"
                self.commit.write_text(found.stdout, encoding="ascii")
        build_data["artifacts"].append("autodiff_cli/_commit")

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if self.target_name == "wheel":
            rmtree(self.pages)
        if self.commit is not None:  # a checkout moves on
            self.commit.unlink()

    def _module(self, *words: str) -> None:
        subprocess.run([sys.executable, "-m", *words], cwd=self.root, check=True)
