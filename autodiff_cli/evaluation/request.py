"""What is asked of a text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from autodiff_cli.evaluation.leaves import leaves_of
from autodiff_cli.evaluation.notices import Notices
from autodiff_cli.interpret.code import Compiled
from autodiff_cli.ir.node import Array, Node
from autodiff_cli.record import Record
from autodiff_cli.source import Source

if TYPE_CHECKING:
    from autodiff_cli.evaluation.derivatives import Asked


class Request(Record):
    """A text with its inputs, and what is asked of it.

    Attributes:
        text: the text, compiled; `source`: as it is written.
        bound: the inputs' values.
        wrt, seeds, grad: as `evaluate` takes them.
        asked: the derivatives to give besides gradients.
        notices: takes what a person should know.
    """

    text: Compiled
    source: Source
    bound: Mapping[str, Any]
    wrt: Sequence[str] | None
    seeds: Sequence[str | Array]
    grad: bool
    asked: Asked | None
    notices: Notices

    def leaves(self, bound: Mapping[str, Any]) -> dict[str, Node]:
        """Those of the inputs to differentiate by; none if nothing is differentiated.

        Args:
            bound: the inputs as nodes, and other values.
        """
        return leaves_of(bound, self.wrt) if self.grad or self.asked else {}

    @property
    def scalars_only(self) -> bool:
        """Whether a result without seeds that is no scalar is an error, or has no gradients."""
        return self.asked is None

    @property
    def expects_gradients(self) -> bool:
        return self.grad and (self.wrt is None or bool(self.wrt))
