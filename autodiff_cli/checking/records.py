"""What a check finds."""

from __future__ import annotations

from autodiff_cli.explanation.records import Index
from autodiff_cli.ir.node import Array
from autodiff_cli.record import Record

OK, DIFFERS, KINK, NOT_FINITE, UNSURE = "ok", "differs", "kink", "not finite", "can't tell"
WORST = (NOT_FINITE, DIFFERS, KINK, UNSURE, OK)  # from the worst on


class Row(Record):
    """The gradient of an input.

    Attributes:
        name: of the input.
        elements: how many it has.
        directions: along how many it was compared, where elements are too many to take each; else 0.
        at: the worst element's index; None of what was compared along directions and agrees.
        analytic: by reverse mode.
        numeric: by differences.
        estimate: how far those may be off, by their own account.
        difference: between the two, relative to the larger.
        forward: between forward and reverse mode, relative; None where no tangent flows.
        digits: how many decimal digits the asked dtype keeps; None if that can't be said.
        verdict: one of `WORST`.
    """

    name: str
    elements: int
    directions: int
    at: Index | None
    analytic: float
    numeric: float
    estimate: float
    difference: float
    forward: float | None
    digits: float | None
    verdict: str


class Kink(Record):
    """An element at which the slopes from the two sides differ.

    Attributes:
        name, at: the input, and the element's index.
        left, right: the slopes.
        taken: what reverse mode says.
    """

    name: str
    at: Index
    left: float
    right: float
    taken: float


class Loss(Record):
    """A sum whose terms cancel, or a logarithm near 1.

    Attributes:
        phase: "forward" or "backward".
        text: its source.
        terms: at the element where most is lost; the one number that a logarithm is of.
        result: what is left of them.
        digits: how many decimal digits are lost.
    """

    phase: str
    text: str
    terms: tuple[float, ...]
    result: float
    digits: float


class NonFinite(Record):
    """The first number that isn't finite.

    Attributes:
        phase: "forward" or "backward".
        text: the source of the operation that made it.
        value: the number.
        at: its index.
        operand: the source of the operand that it was made of, and that operand's number there.
        number: that.
        gradient: the gradient that arrived at the operation there; None in the forward pass.
    """

    phase: str
    text: str
    value: float
    at: Index
    operand: str
    number: float
    gradient: float | None


class Check(Record):
    """What a check found.

    Attributes:
        rows: of each input.
        kinks, losses, non_finite: why.
        hints: what to write instead.
        dtype: that was asked for.
        digits: of the value that it keeps; None if that can't be said.
        weights: the cotangent of a result that is no number, if nobody gave one; else None.
        notes: what else a person should know.
    """

    rows: tuple[Row, ...]
    kinks: tuple[Kink, ...]
    losses: tuple[Loss, ...]
    non_finite: tuple[NonFinite, ...]
    hints: tuple[str, ...]
    dtype: str
    digits: float | None
    weights: Array | None
    notes: tuple[str, ...]

    @property
    def verdict(self) -> str:
        """The worst of the rows'."""
        found = {row.verdict for row in self.rows}
        return next((verdict for verdict in WORST if verdict in found), OK)
