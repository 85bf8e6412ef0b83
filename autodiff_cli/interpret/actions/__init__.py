"""What the instructions of a program's code do; one file a kind."""

from autodiff_cli.interpret.actions import displays, failures, flow, operations, stack
from autodiff_cli.interpret.actions.table import link

__all__ = ["displays", "failures", "flow", "link", "operations", "stack"]
