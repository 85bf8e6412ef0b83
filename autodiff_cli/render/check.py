"""Checks as documents."""

from __future__ import annotations

import math
from collections.abc import Sequence

from autodiff_cli.checking.records import (
    DIFFERS,
    KINK,
    NOT_FINITE,
    OK,
    UNSURE,
    Check,
    Kink,
    Loss,
    NonFinite,
)
from autodiff_cli.explanation import compact
from autodiff_cli.render.document import Block, Cell, Code, Table, Words, indexed
from autodiff_cli.rows.checked import RowCheck

VERDICTS = {
    OK: "gradient agrees",
    DIFFERS: "gradient differs",
    KINK: "there is no derivative here",
    NOT_FINITE: "gradient isn't finite",
    UNSURE: "can't tell: differences have too few digits here, or aren't finite",
}
MODES = 1e-9  # relative difference of the two modes from where on it is said
FEW = 4.0  # digits of the value from where on nothing is said
PRECISE = 7  # digits of what is compared


def document(check: Check, digits: int = 4) -> list[Block]:
    """The blocks of a check.

    Args:
        check: what was found.
        digits: of what isn't compared.
    """
    blocks: list[Block] = [_table(check)]
    lines = []
    if check.weights is not None:
        lines.append(
            f"the result has {check.weights.size} elements: weighted with a cotangent without order "
            "(--seed gives another)"
        )
    along = [row.name for row in check.rows if row.directions]
    if along:
        count = max(row.directions for row in check.rows)
        lines.append(f"{', '.join(along)}: compared along {count} directions without order")
    lines += [
        f"{row.name}: forward mode differs from reverse mode by {row.forward:.1g}, relative"
        for row in check.rows
        if row.forward is not None and row.forward > MODES
    ]
    if check.digits is not None and check.digits < FEW:
        lines.append(f"the value itself has {check.digits:.1f} digits in {check.dtype}")
    lines += [_kink(kink, digits) for kink in check.kinks]
    if lines:
        blocks.append(Words(tuple(lines)))
    if check.non_finite:
        rows = [_non_finite(entry, digits) for entry in check.non_finite]
        blocks.append(Table("not finite", ("",) * 4, tuple(rows)))
    if check.losses:
        rows = [_loss(loss) for loss in check.losses]
        blocks.append(Table("digits are lost", ("",) * 4, tuple(rows)))
    end = [f"hint: {hint}" for hint in check.hints]
    blocks.append(Words((*end, VERDICTS[check.verdict])))
    return blocks


def _table(check: Check) -> Table:
    counted = any(row.digits is not None for row in check.rows)
    digits = [f"{check.dtype} digits"] if counted else []
    header = ("", "of", "worst", "reverse", "differences", "±", "off", *digits, "")
    rows = []
    for row in check.rows:
        cells: list[Cell] = [
            Code(row.name),
            Code(str(row.elements)),
            Code("" if row.at is None else indexed(row.at)),
            _number(row.analytic),
            _number(row.numeric),
            _number(row.estimate, 1),
            _number(row.difference, 1),
        ]
        if counted:
            cells.append(Code("" if row.digits is None else f"{row.digits:.1f}"))
        rows.append((*cells, row.verdict))
    return Table("", header, tuple(rows))


def _number(value: float, digits: int = PRECISE) -> Code:
    if not math.isfinite(value):
        return Code(compact.number(value))
    return Code(f"{value:.{digits}g}" if digits > 1 else f"{value:.1e}" if value else "0")


def _kink(kink: Kink, digits: int) -> str:
    left, right, taken = (compact.number(n, digits) for n in (kink.left, kink.right, kink.taken))
    return (
        f"{kink.name}{indexed(kink.at)}: the slope is {left} from the left and {right} from the right: no "
        f"derivative there; the reference takes {taken}"
    )


def _non_finite(entry: NonFinite, digits: int) -> tuple[Cell, ...]:
    """What made it, and of what."""
    value = compact.number(entry.value, digits)
    operand = f"{entry.operand}{indexed(entry.at)} = {compact.number(entry.number, digits)}"
    phase = f"first {value} {entry.phase}"
    if entry.gradient is None:
        return phase, Code(entry.text), "of", Code(operand)
    return (
        phase,
        Code(entry.text),
        f"of gradient {compact.number(entry.gradient, digits)}, at",
        Code(operand),
    )


def _loss(loss: Loss) -> tuple[Cell, ...]:
    terms = [compact.number(term, PRECISE + 2) for term in loss.terms[:3]]
    more = " + …" if len(loss.terms) > 3 else ""
    if len(loss.terms) == 1:
        terms = [f"log({terms[0]})"]
    summed = " + ".join(terms).replace("+ -", "- ")
    shown = f"{summed}{more} = {compact.number(loss.result, 2)}"
    return loss.phase, Code(loss.text), Code(shown), f"{loss.digits:.1f} digits"


# ---- rows of tables -----------------------------------------------------------------------------


def agrees(rows: Sequence[RowCheck]) -> bool:
    """Whether nothing is wrong with the rows that were checked."""
    return all(row.found is not None and row.found.verdict == OK for row in rows)


def rows_document(rows: Sequence[RowCheck], total: int) -> list[Block]:
    """The blocks of checks of rows.

    Args:
        rows: that were checked.
        total: how many there are.
    """
    lines: list[tuple[Cell, ...]] = []
    hints: list[str] = []
    for row in rows:
        if row.found is None:
            lines.append((Code(row.place), "", "", "", "", row.error))
            continue
        for one in row.found.rows:
            if one.verdict == OK and len(row.found.rows) > 1 and row.found.verdict != OK:
                continue
            name = Code(f"{one.name}{'' if one.at is None else indexed(one.at)}")
            numbers = (_number(one.analytic), _number(one.numeric), _number(one.difference, 1))
            lines.append((Code(row.place), name, *numbers, one.verdict))
        hints += row.found.hints
    header = ("row", "input", "reverse", "differences", "off", "")
    blocks: list[Block] = [Table("", header, tuple(lines))] if lines else []
    right = sum(row.found is not None and row.found.verdict == OK for row in rows)
    end = [f"hint: {hint}" for hint in dict.fromkeys(hints)]
    end.append(f"{right} of {len(rows)} rows agree, sampled from {total:,}")
    return [*blocks, Words(tuple(end))]
