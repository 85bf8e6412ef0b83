"""Writes the parser tables and the index of names when the wheel is built, so that no start makes them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
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
        subprocess.run([sys.executable, "-m", "autodiff_cli.index"], cwd=root, check=True)
        build_data["artifacts"].append("autodiff_cli/_index.py")
        for name in ("expression", "program"):
            path = root / "autodiff_cli" / "syntax" / f"_{name}_tables.py"
            path.write_text(module_text(name), encoding="utf-8")
            build_data["artifacts"].append(str(path.relative_to(root)))
