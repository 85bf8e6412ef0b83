"""Text to trees with spans. The only place that knows the grammar."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autodiff_cli.syntax.parse import parse_expression

if TYPE_CHECKING:
    from autodiff_cli.source import Source
    from autodiff_cli.syntax.tree import Program


def parse_program(source: Source) -> Program:
    """The tree of a program; see `syntax/program.py`, which expressions need not load."""
    from autodiff_cli.syntax import program

    return program.parse_program(source)


__all__ = ["parse_expression", "parse_program"]
