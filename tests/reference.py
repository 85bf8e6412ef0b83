"""Comparing an answer of ours with one of the reference's, recorded or live."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff_cli.errors import AutodiffError
from autodiff_cli.evaluation import Result, Tensor, evaluate
from autodiff_cli.evaluation.report import text

MANUAL_SEED = 7
# float32 results go through other libm's and summation orders; float64 shows the formula
TOLERANCE = {"float16": 1e-3, "float32": 1e-5, "float64": 1e-10}


def seed_for(shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """The cotangent that the recordings were made with."""
    return ((np.arange(math.prod(shape), dtype=np.float64) % 5) / 4 + 0.5).reshape(shape)


def ours(expression: str, inputs: dict[str, str], default: str) -> Result | AutodiffError:
    """Our answer: with gradients where the output has them."""
    try:
        plain = evaluate(expression, inputs, grad=False, dtype=default, manual_seed=MANUAL_SEED)
        value = plain.value
        if not isinstance(value, Tensor) or not value.requires_grad:
            return plain
        if value.grad_fn == "NotImplemented":
            return plain
        seeds = [seed_for(value.shape)]
        return evaluate(expression, inputs, seeds=seeds, dtype=default, manual_seed=MANUAL_SEED)
    except AutodiffError as error:
        return error


def differences(record: dict[str, Any], condition: float = 0.0) -> list[str]:
    """What differs between our answer and a record of the reference's; empty if nothing does.

    Args:
        condition: of the matrix that is factored, by which kernels' last digits grow: see `distance`.
    """
    answer = ours(record["expression"], record["inputs"], record["default"])
    if "error" in record:
        if not isinstance(answer, AutodiffError):
            return [f"no error, where the reference raises {record['error']}: {record['message']}"]
        return unequal(
            ("error", (answer.kind, answer.message), (record["error"], record["message"]))
        )
    if isinstance(answer, AutodiffError):
        return [f"{answer.kind}: {answer.message}"]
    if "python" in record:
        return unequal(("value", text(answer.value, answer), record["python"]))
    value = answer.value
    if not isinstance(value, Tensor):
        return [f"not a tensor: {value!r}"]
    found = unequal(
        ("shape", list(value.shape), record["shape"]),
        ("dtype", value.dtype, record["dtype"]),
        ("grad_fn", value.grad_fn, record["grad_fn"]),
    )
    found += distance("value", value.array, record["value"], value.dtype)
    if not found and "text" in record:
        mine, theirs = text(value, answer), record["text"]
        if not same_bits(value.array, record["value"]):
            mine, theirs = text_numbers_aside(mine), text_numbers_aside(theirs)
        found += unequal(("text", mine, theirs))
    for name, grad in (record.get("grads") or {}).items():
        mine = answer.gradients[0].by_input[name] if answer.gradients else None
        if grad is None or mine is None:
            found += unequal((f"{name}.grad", mine, grad))
        else:
            # what inverts a matrix has a derivative that does so twice
            found += distance(f"{name}.grad", mine.array, grad, mine.dtype, condition**2)
    return found


def unequal(*pairs: tuple[str, object, object]) -> list[str]:
    return [
        f"{what}: {mine!r}, reference {theirs!r}" for what, mine, theirs in pairs if mine != theirs
    ]


def same_bits(mine: Any, theirs: Any) -> bool:
    """Whether an array is the recorded one to the last bit, so that its text must be, too."""
    wanted = np.array(theirs, dtype=np.float64).reshape(np.shape(mine))
    return np.array_equal(np.asarray(mine, np.float64), wanted, equal_nan=True)


def distance(what: str, mine: Any, theirs: Any, dtype: str, condition: float = 0.0) -> list[str]:
    """What differs between two arrays, beyond the digits that are another kernel's.

    Args:
        condition: how many roundings of the largest element an element may differ by; inf: whether what
            isn't finite is inf or nan is the kernel's too, one multiplying by zeros that another passes over.
    """
    wanted = np.array(theirs, dtype=np.float64)
    if wanted.size and wanted.shape != np.shape(mine):  # lists don't tell the shapes of nothing
        return [f"{what}: shape {np.shape(mine)}, reference {wanted.shape}"]
    wanted = wanted.reshape(np.shape(mine))
    tolerance = TOLERANCE.get(dtype, 0.0)
    got = np.asarray(mine, np.float64)
    if condition == np.inf:
        got, wanted = (np.where(np.isfinite(array), array, np.nan) for array in (got, wanted))
        condition = 0.0
    # relative to the element, or to the terms that may have cancelled in it
    scale = np.max(np.abs(wanted), initial=0.0, where=np.isfinite(wanted))
    floor = tolerance * max(min(scale, 1.0) * 0.1, 0.01)
    if condition and tolerance:
        floor = max(floor, condition * scale * float(np.finfo(dtype).eps))
    close = np.isclose(got, wanted, rtol=tolerance, atol=floor, equal_nan=True)
    if close.all():
        return []
    return [f"{what}: {got.tolist()}, reference {wanted.tolist()}"]


def text_numbers_aside(shown: str) -> str:
    """The printed form with the last digits of scientific and fixed numbers masked.

    A result that is within tolerance may still round to another last digit.
    """
    import re

    return re.sub(r"(\d)(e[+-]\d+)?(?=[,\]\)])", r"#\2", shown)
