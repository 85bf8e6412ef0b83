"""What a batch job would do, and its first row, as a person reads it."""

from __future__ import annotations

from autodiff_cli.evaluation.report import Paint, labelled
from autodiff_cli.ir import dtypes
from autodiff_cli.ir.node import Array
from autodiff_cli.rows.sample import Sample
from autodiff_cli.vocabulary.tensor_str import tensor_text


def sample_text(sample: Sample, paint: Paint = str) -> str:
    """The expression, what its names are bound to, and the first row's answers.

    Args:
        sample: what was found.
        paint: wraps labels, for colour.
    """
    lines = [labelled("expression", "\n".join(sample.statements), paint)]
    lines.append(labelled("columns", ", ".join(sample.inputs), paint))
    if sample.others:
        lines.append(labelled("columns of options", ", ".join(sample.others), paint))
    if sample.fixed:
        fixed = ", ".join(f"{name}={given}" for name, given in sample.fixed.items())
        lines.append(labelled("the same for every row", fixed, paint))
    if sample.idle:
        lines.append(labelled("columns not read", ", ".join(sample.idle), paint))
    if sample.place is None:
        lines.append(labelled("first row", "there is none", paint))
        return "\n".join(lines)
    if sample.singly:
        lines.append(labelled("computed", "a row at a time", paint))
    lines.append(labelled("first row", sample.place, paint))
    lines += [
        labelled(f"  {name}", _text(cell, sample), paint) for name, cell in sample.cells.items()
    ]
    if sample.error is not None:
        if sample.fault is None:
            lines.append(labelled("error", sample.error, paint))
        return "\n".join(lines)
    lines += [
        labelled(name, "None" if array is None else _text(array, sample), paint)
        for name, array in sample.answers.items()
    ]
    return "\n".join(lines)


def _text(array: Array, sample: Sample) -> str:
    dtype = dtypes.BY_NUMPY[array.dtype].name
    return tensor_text(array, dtype, default_dtype=sample.dtype)
