"""What is asked of a text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from autodiff_cli.evaluation.leaves import leaves_of
from autodiff_cli.evaluation.notices import Notices
from autodiff_cli.inputs import Given
from autodiff_cli.interpret.code import Compiled
from autodiff_cli.ir.node import Node
from autodiff_cli.record import Record
from autodiff_cli.source import Source


class Asked(Record):
    """What is asked of a text besides its value.

    Attributes:
        wrt: names of the leaves to differentiate by; all of them if None.
        seeds: cotangents of the output's shape, as expressions or arrays.
        grad: whether to compute gradients.
        jacobian: whether to compute that of the output by each leaf.
        hessian: whether to compute that of a scalar output by each pair of leaves.
        jvp: tangents by input, for the output's tangent; those of other inputs are zero. Empty: not asked.
        hvp: vectors by input, for the Hessian's product with them; likewise.
        trace: whether to keep every intermediate tensor.
        also: names that the text assigns, whose values and gradients are wanted too.
    """

    wrt: Sequence[str] | None = None
    seeds: Sequence[Given] = ()
    grad: bool = True
    jacobian: bool = False
    hessian: bool = False
    jvp: Mapping[str, Given] = {}
    hvp: Mapping[str, Given] = {}
    trace: bool = False
    also: Sequence[str] = ()

    @property
    def further(self) -> str:
        """What is asked for besides gradients, or the first of it: "jacobian", …; "" for nothing."""
        kinds = ("jacobian", "hessian", "jvp", "hvp")
        return next((kind for kind in kinds if getattr(self, kind)), "")


class Request(Record):
    """A text with its inputs, and what is asked of it.

    Attributes:
        text: the text, compiled; `source`: as it is written.
        bound: the inputs' values.
        asked: what is asked besides the value.
        notices: takes what a person should know.
        write: called with what a program prints; standard output if None.
    """

    text: Compiled
    source: Source
    bound: Mapping[str, Any]
    asked: Asked
    notices: Notices
    write: Callable[[str], object] | None

    def leaves(self, bound: Mapping[str, Any]) -> dict[str, Node]:
        """Those of the inputs to differentiate by; none if nothing is differentiated.

        Args:
            bound: the inputs as nodes, and other values.
        """
        asked = self.asked
        return leaves_of(bound, asked.wrt) if asked.grad or asked.further else {}

    @property
    def scalars_only(self) -> bool:
        """Whether a result without seeds that is no scalar is an error, or has no gradients."""
        return not self.asked.further

    @property
    def expects_gradients(self) -> bool:
        return self.asked.grad and (self.asked.wrt is None or bool(self.asked.wrt))
