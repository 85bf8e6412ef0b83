"""Record the reference's answers to cases.py: run with an interpreter that has torch 2.13.0.

    python tests/golden/record_expressions.py

Writes expressions.json beside this file. The tests read that, and don't need torch.
"""

from __future__ import annotations

import json
import math
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import torch
import torch.nn.functional as F

sys.path.insert(0, str(Path(__file__).parent))
from cases import ERRORS, all_cases

MANUAL_SEED = 7
BUILTINS = {"float": float, "int": int, "bool": bool, "len": len, "math": math}


def namespace() -> dict[str, object]:
    """The names an expression may use, with the precedence that the tool gives them."""
    names: dict[str, object] = {n: getattr(F, n) for n in dir(F) if not n.startswith("_")}
    names |= {n: getattr(torch, n) for n in dir(torch) if not n.startswith("_")}
    names |= BUILTINS | {"torch": torch, "F": F, "linalg": torch.linalg}
    names |= {"pi": math.pi, "e": math.e, "inf": math.inf, "nan": math.nan}
    for name, builtin in {
        "sum": sum,
        "max": max,
        "min": min,
        "abs": abs,
        "pow": pow,
        "round": round,
    }.items():
        names[name] = either(getattr(torch, name), builtin)
    return names


def either(of_torch: object, builtin: object) -> object:
    def call(*args: object, **kwargs: object) -> object:
        chosen = of_torch if args and isinstance(args[0], torch.Tensor) else builtin
        return chosen(*args, **kwargs)

    return call


def plain(value: object) -> object:
    """A tensor's elements as JSON: what JSON lacks is a string."""
    if isinstance(value, torch.Tensor):
        return plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [plain(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def leaves(inputs: dict[str, str], names: dict[str, object]) -> dict[str, object]:
    bound: dict[str, object] = {}
    for name, text in inputs.items():
        value = eval(text, dict(names))
        if isinstance(value, (int, float, list)):
            value = torch.tensor(value, dtype=torch.get_default_dtype())
        if value.is_floating_point():
            value = value.detach().clone().requires_grad_()
        bound[name] = value
    return bound


def seed_for(shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
    """The cotangent that the tests use too."""
    numel = math.prod(shape)
    return ((torch.arange(numel, dtype=torch.float64) % 5) / 4 + 0.5).reshape(shape).to(dtype)


def answer(expression: str, inputs: dict[str, str], dtype: torch.dtype) -> dict[str, object]:
    names = namespace()
    torch.set_default_dtype(dtype)
    torch.manual_seed(MANUAL_SEED)
    try:
        bound = leaves(inputs, names)
        value = eval(expression, {**names, **bound})
        if not isinstance(value, torch.Tensor):
            return {"python": repr(value)}
        record: dict[str, object] = {
            "value": plain(value.detach()),
            "shape": list(value.shape),
            "dtype": str(value.dtype).removeprefix("torch."),
            "grad_fn": type(value.grad_fn).__name__ if value.grad_fn is not None else None,
            "text": repr(value),
        }
        if value.grad_fn is not None:
            if record["grad_fn"] == "NotImplemented":
                record["grads"] = None
            else:
                value.backward(seed_for(value.shape, value.dtype))
                record["grads"] = {
                    name: None if leaf.grad is None else plain(leaf.grad)
                    for name, leaf in bound.items()
                    if leaf.is_floating_point()
                }
        return record
    except Exception as error:
        return {"error": type(error).__name__, "message": str(error)}
    finally:
        torch.set_default_dtype(torch.float32)


def answers() -> Iterator[dict[str, object]]:
    """The answer to every case, in both floating dtypes; errors in one."""
    for expression, inputs in all_cases():
        for name in ("float32", "float64"):
            record = answer(expression, inputs, getattr(torch, name))
            yield {"expression": expression, "inputs": inputs, "default": name, **record}
    for expression, inputs in ERRORS:
        record = answer(expression, inputs, torch.float32)
        if "error" not in record:
            raise SystemExit(f"expected an error: {expression}: {record}")
        yield {"expression": expression, "inputs": inputs, "default": "float32", **record}


def main() -> None:
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    records = list(answers())
    lines = ",\n".join(json.dumps(record) for record in records)
    Path(__file__).with_name("expressions.json").write_text(f"[\n{lines}\n]\n")
    errors = sum("error" in record for record in records)
    print(f"{len(records)} answers, {errors} of them errors, torch {torch.__version__}")


if __name__ == "__main__":
    main()
