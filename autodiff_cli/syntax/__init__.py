"""Text to trees with spans. The only place that knows the grammar."""

from autodiff_cli.syntax.parse import parse_expression, parse_program

__all__ = ["parse_expression", "parse_program"]
