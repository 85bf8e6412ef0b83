"""Writes the parser tables when the wheel is built, so that starting the program need not compute them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class TablesHook(BuildHookInterface):
    """Makes `autodiff_cli/syntax/_expression_tables.py` from `grammar/expression.lark`."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        sys.path.insert(0, str(root))
        try:
            from autodiff_cli.syntax.tables import module_text
        finally:
            sys.path.remove(str(root))
        path = root / "autodiff_cli" / "syntax" / "_expression_tables.py"
        path.write_text(module_text("expression"), encoding="utf-8")
        build_data["artifacts"].append(str(path.relative_to(root)))
