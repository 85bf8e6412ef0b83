"""A result as strict JSON: one object a line, the shortest digits that read back to the same float.

What JSON can't write is the strings "NaN", "Infinity" and "-Infinity".
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import orjson

from autodiff_cli.evaluation import Gradients, Result, Tensor
from autodiff_cli.ir.dtypes import DType
from autodiff_cli.vocabulary.calls.parameters import type_name
from autodiff_cli.vocabulary.calls.values import NO_VALUE, ReturnType

OPTIONS = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_PASSTHROUGH_SUBCLASS


def json_lines(result: Result) -> str:
    """One line for each seed; the last without its line end.

    What doesn't depend on the seed, except for the value, stands in the first.
    """
    several = len(result.gradients) > 1
    lines = []
    for number, gradients in enumerate(result.gradients or (None,)):
        record: dict[str, Any] = {"seed": number} if several else {}
        record |= _described(result.value)
        record["grads"] = _grads(gradients)
        if not number:
            record |= _derivatives(result)
        if result.trace and not number:
            record["trace"] = [
                {"source": plain_json(step.text), **_described(step.value)} for step in result.trace
            ]
        lines.append(orjson.dumps(record, default=plain_json, option=OPTIONS).decode())
    return "\n".join(lines)


def _described(value: Any) -> dict[str, Any]:
    if isinstance(value, Tensor):
        return {
            "value": _numbers(value),
            "shape": list(value.shape),
            "dtype": value.dtype,
            "grad_fn": value.grad_fn,
        }
    kind = value.name if isinstance(value, ReturnType) else type_name(value)
    if value is NO_VALUE:
        kind = "NoneType"
    return {"value": plain_json(value), "shape": None, "dtype": kind, "grad_fn": None}


def _grads(gradients: Gradients | None) -> dict[str, Any]:
    if gradients is None:
        return {}
    return {
        name: None if grad is None else _numbers(grad) for name, grad in gradients.by_input.items()
    }


def _derivatives(result: Result) -> dict[str, Any]:
    """The further derivatives, nested by input: {"hessian": {"x": {"y": ...}}}."""
    record: dict[str, Any] = {}
    for name, tensor in result.derivatives().items():
        *places, last = name.split(".")
        place = record
        for key in places:
            place = place.setdefault(key, {})
        place[last] = _numbers(tensor)
    return record


def _numbers(tensor: Tensor) -> Any:
    array = tensor.array
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        return _spelled(array)
    # orjson takes arrays of at least one dimension, in C order and of some dtypes only
    if not array.ndim:
        return _scalar(array)
    if array.dtype == np.float16 or array.size == 0:
        return array.tolist()
    return np.ascontiguousarray(array)


def _scalar(array: Any) -> Any:
    """A number that orjson writes with the digits of its dtype: a numpy scalar for float32."""
    return array[()] if array.dtype == np.float32 else array.item()


def _spelled(array: Any) -> Any:
    if array.ndim:
        return [_spelled(row) for row in array]
    number = array.item()
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    return _scalar(np.asarray(array))


def plain_json(value: Any) -> Any:
    """Python values that are not JSON's."""
    if isinstance(value, Tensor):
        return _numbers(value)
    if isinstance(value, ReturnType):
        return {name: plain_json(entry) for name, entry in zip(value.fields, value, strict=True)}
    if isinstance(value, (list, tuple)):
        return [plain_json(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, DType):
        return repr(value)
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return str(value) if value.bit_length() <= 10_000 else hex(value)
    if value is NO_VALUE:
        return None
    if isinstance(value, str):  # bytes that weren't UTF-8, and other halves of characters, escaped
        return value.encode("utf-8", "backslashreplace").decode()
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return repr(value)
