"""Write random.json: what the CPU generator of PyTorch draws, and how it refuses.

Run with a Python that has torch 2.13.0 (CPU) on a processor with AVX2, from anywhere:

    python tests/golden/record_random.py

A call is a list: a method of `autodiff_cli.random.generator.Generator`, its arguments (see
`arguments`), then what came of it.  A stream is a dict: "seed" and the "calls" that follow it in
order, each ending in `summary` of its draw.  The errors end in a type and a text.  Only
`reference_draw` needs torch.
"""

from __future__ import annotations

import json
import math
import zlib
from pathlib import Path
from typing import Any

import numpy as np

TARGET = Path(__file__).with_name("random.json")
REFERENCE = "2.13.0"

SEEDS = [0, 1, 42, 123456789, 2**32 + 5, -1]
SIZES = [*range(1, 41), 100, 1000]
FLOATS = ["float16", "float32", "float64"]
INTEGERS = ["uint8", "int8", "int16", "int32", "int64"]
WIDE = ["uint16", "uint32", "uint64"]

Call = list[Any]


def weights(shape: list[int], dtype: str, zeros: bool = False) -> dict[str, Any]:
    return {"weights": shape, "dtype": dtype, "zeros": zeros}


def values(items: float | list[float], dtype: str) -> dict[str, Any]:
    return {"values": items, "dtype": dtype}


def arguments(recorded: dict[str, Any]) -> dict[str, Any]:
    """Return the keyword arguments of a call: shapes as tuples, arrays made from their recipe.

    Weights are multiples of 1/128 below 1 in no order, exact in every float type.
    """
    decoded: dict[str, Any] = {}
    for name, value in recorded.items():
        if isinstance(value, list):
            decoded[name] = tuple(value)
        elif isinstance(value, dict) and "weights" in value:
            numbers = np.arange(math.prod(value["weights"])) * 37 % 101 + (not value["zeros"])
            decoded[name] = (numbers / 128).reshape(value["weights"]).astype(value["dtype"])
        elif isinstance(value, dict):
            decoded[name] = np.array(value["values"], value["dtype"])
        else:
            decoded[name] = value
    return decoded


def checksum(array: np.ndarray) -> int:
    return zlib.crc32(f"{array.dtype} {array.shape} ".encode() + array.tobytes())


def summary(array: np.ndarray) -> list[Any]:
    """Return the first values of `array` and its checksums: of all bits, of the bits of a single.

    An ulp of a double does not show in the second, but for one value in about 2**29.
    """
    single = array.astype(np.float32) if array.dtype == np.float64 else array
    return [array.ravel()[:3].tolist(), checksum(array), checksum(single)]


def libm_checksum() -> int:
    """Tell apart the mathematical functions of platforms that differ in an ulp."""
    points = np.arange(1, 5003) / 5003
    found = [list(map(function, points.tolist())) for function in (math.log, math.log1p)]
    return checksum(np.array([*found, np.sin(7 * points), np.cos(7 * points)]))


def streams() -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []

    def add(name: str, seed: int, calls: list[Call]) -> None:
        made.append({"name": f"{name} {seed}", "seed": seed, "calls": calls})

    for seed in SEEDS:
        for method in ("uniform", "standard_normal"):
            for dtype in FLOATS[1:]:
                calls = [[method, {"shape": [n], "dtype": dtype}] for n in SIZES]
                add(f"{method} {dtype}", seed, calls)
        add("mixed", seed, mixed())
    for seed in SEEDS[:2]:
        for dtype in FLOATS:
            add(f"floats {dtype}", seed, floats(dtype))
        add("integers", seed, integers())
        add("permutations", seed, permutations())
        add("bernoulli", seed, bernoulli())
        add("multinomial", seed, multinomial())
    return made


def mixed() -> list[Call]:
    calls: list[Call] = []
    for dtype in ("float32", "float64", "float16"):
        for method, n in (
            *(("standard_normal", 3), ("standard_normal", 3), ("uniform", 2)),
            *(("standard_normal", 20), ("standard_normal", 5), ("exponential", 1)),
            *(("standard_normal", 16), ("standard_normal", 15), ("uniform", 7)),
        ):
            calls.append([method, {"shape": [n], "dtype": dtype}])
        calls.append(["randint", {"low": 0, "high": 10, "shape": [3]}])
        calls.append(["randperm", {"n": 5}])
    calls.append(["standard_normal", {"shape": [2, 3, 5], "dtype": "float32"}])
    calls.append(["standard_normal", {"shape": [], "dtype": "float32"}])
    calls.append(["standard_normal", {"shape": [0, 4], "dtype": "float64"}])
    return calls


def floats(dtype: str) -> list[Call]:
    calls: list[Call] = []
    for n in (1, 7, 15, 16, 17, 33, 1000):
        of = {"shape": [n], "dtype": dtype}
        calls += [
            ["normal", {"mean": -1.3, "std": 0.9, **of}],
            ["normal", {"mean": 4.0, "std": 0.0, **of}],
            ["normal", {"mean": 0.0, "std": 3.7, **of}],
            ["uniform", {"low": -1.3, "high": 0.9, **of}],
            ["uniform", {"low": 2.0, "high": 2.0, **of}],
            ["exponential", of],
            ["exponential", {"lambd": 1.7, **of}],
            ["normal_arrays", {"mean": weights([n], dtype), "std": weights([n], dtype)}],
            ["normal_arrays", {"mean": weights([n], dtype), "std": 0.7}],
            ["normal_arrays", {"mean": -0.7, "std": weights([n], dtype)}],
            ["random_", of],
            ["standard_normal", of],
        ]
    tall, wide = weights([5, 1], dtype), weights([4], "float32", zeros=True)
    calls.append(["normal_arrays", {"mean": tall, "std": wide}])
    calls += [["normal_arrays", {"mean": tall, "std": values(0.3, "float64")}]] * 5
    return calls


def integers() -> list[Call]:
    ranges = [(0, 1), (0, 2), (-5, 5), (0, 2**28 - 1), (0, 2**28), (7, 2**31 + 7), (0, 2**32)]
    ranges += [(-3, 2**32 + 7), (2**40, 2**41), (0, 2**63 - 1), (-(2**63), 2**63 - 1)]
    calls: list[Call] = [
        ["randint", {"low": low, "high": high, "shape": [n]}]
        for low, high in ranges
        for n in (3, 50)
    ]
    for dtype in ["bool", *INTEGERS, *WIDE, *FLOATS]:
        calls.append(["randint", {"low": 0, "high": 2, "shape": [20], "dtype": dtype}])
        if dtype not in WIDE:
            calls.append(["random_", {"shape": [20], "dtype": dtype}])
    for dtype, low, high in (
        *(("int8", -128, 128), ("uint8", 0, 256), ("int32", -(2**31), 2**31)),
        *(("float16", -5000, 5000), ("float16", 2049, 2060), ("float32", 2**24 + 1, 2**26 + 3)),
        *(("float32", 0, 2**63 - 1), ("float64", -(2**63), 2**62 + 1)),
    ):
        calls.append(["randint", {"low": low, "high": high, "shape": [4, 5], "dtype": dtype}])
    calls += [["random_uint64", {"n": n}] for n in (1, 5, 700)]
    return calls


def permutations() -> list[Call]:
    sizes = (0, 1, 2, 3, 10, 100, 1000, 65537)
    calls: list[Call] = [["randperm", {"n": n}] for n in sizes]
    calls += [["randperm", {"n": 128, "dtype": dtype}] for dtype in (*INTEGERS, *FLOATS)]
    return calls


def bernoulli() -> list[Call]:
    # 800 is the grain of the parallel kernel that the build leaves out.
    calls: list[Call] = [
        ["bernoulli", {"p": 0.3, "shape": [n]}] for n in (0, 1, 15, 16, 799, 800, 801, 20000)
    ]
    for dtype in ("bool", *INTEGERS, *FLOATS):
        calls.append(["bernoulli", {"p": 0.6, "shape": [2, 9], "dtype": dtype}])
    calls += [["bernoulli", {"p": p, "shape": [5]}] for p in (0, 1, 1e-9)]
    calls.append(["bernoulli", {"p": values(0.5, "float64")}])
    for dtype in FLOATS:
        p = weights([5, 30], dtype, zeros=True)
        calls.append(["bernoulli", {"p": p}])
        calls.append(["bernoulli", {"p": p, "shape": [3, 5, 30], "dtype": "int64"}])
    return calls


def multinomial() -> list[Call]:
    calls: list[Call] = []
    for dtype in FLOATS:
        for shape in ([1], [5], [300], [1, 4], [6, 50]):
            for n in {1, shape[-1] // 2 + 1, min(shape[-1], 40)} - {0}:
                # In half precision quotients are often equal: see Generator.multinomial.
                few = dtype != "float16" or shape[-1] <= 5
                probs = weights(shape, dtype)
                calls.append(["multinomial", {"probs": probs, "num_samples": n if few else 1}])
            probs = weights(shape, dtype, zeros=shape[-1] > 1)
            for n in (1, 9, 200):
                given = {"probs": probs, "num_samples": n, "replacement": True}
                calls.append(["multinomial", given])
    zeros = weights([60], "float32", zeros=True)
    calls.append(["multinomial", {"probs": zeros, "num_samples": 59}])
    return calls


def errors() -> list[Call]:
    nan, inf = math.nan, math.inf
    two = {"shape": [2], "dtype": "float32"}
    calls: list[Call] = [
        ["manual_seed", {"seed": seed}] for seed in (2**64, -(2**63) - 1, 1.5, "a", True, None)
    ]
    for low, high in ((2, 1), (0, 1e39), (nan, 1), (0, inf), (-3e38, 3e38), (2.5, -1e-7)):
        calls.append(["uniform", {"low": low, "high": high, **two}])
    calls.append(["uniform", {"low": 0, "high": 70000, "shape": [2], "dtype": "float16"}])
    calls.append(["uniform", {"low": -1.7e308, "high": 1.7e308, "shape": [2], "dtype": "float64"}])
    for method in ("uniform", "standard_normal", "exponential"):
        calls.append([method, {"shape": [-1], "dtype": "float32"}])
        calls += [[method, {"shape": [2], "dtype": t}] for t in ("int64", "bool")]
    calls.append(["exponential", {"shape": [2], "dtype": "complex64"}])
    calls += [["normal", {"mean": 0, "std": std, **two}] for std in (-1, nan, -1e-30)]
    for std in ([1.0, -1.0], [1.0, nan]):
        calls.append(["normal_arrays", {"mean": 0.0, "std": values(std, "float32")}])
    calls.append(["normal_arrays", {"mean": values([0.0], "float32"), "std": -1.0}])
    calls.append(["normal_arrays", {"mean": values([0.0], "int64"), "std": 1.0}])
    calls += [["exponential", {"lambd": lambd, **two}] for lambd in (0, -1.5, nan)]
    for low, high in ((5, 5), (5, -3), (0, 2**63), (-(2**63) - 1, 5)):
        calls.append(["randint", {"low": low, "high": high, "shape": [2]}])
    for dtype in ("bool", *INTEGERS[:-1], *WIDE, "float16", "complex64"):
        for low, high in ((-(2**40), 1), (0, 2**40)):
            given = {"low": low, "high": high, "shape": [2], "dtype": dtype}
            if (dtype, low) != ("uint64", 0):
                calls.append(["randint", given])
    calls += [["random_", {"shape": [2], "dtype": dtype}] for dtype in (*WIDE, "complex128")]
    calls.append(["randperm", {"n": -1}])
    for dtype in ("bool", "uint16", "complex64"):
        calls.append(["randperm", {"n": 5, "dtype": dtype}])
    for n, dtype in ((257, "uint8"), (129, "int8"), (2**15 + 1, "int16"), (2050, "float16")):
        calls.append(["randperm", {"n": n, "dtype": dtype}])
    calls.append(["randperm", {"n": 2**24 + 2, "dtype": "float32"}])
    calls += [["bernoulli", {"p": p, "shape": [2]}] for p in (1.5, -0.1, nan)]
    calls += [["bernoulli", {"p": 0.5, "shape": [2], "dtype": t}] for t in ("uint16", "complex64")]
    for p in ([0.5, 1.5], [0.5, nan]):
        calls.append(["bernoulli", {"p": values(p, "float32")}])
    calls.append(["bernoulli", {"p": values([1, 0], "int64")}])
    for weight in ([1.0, -1.0], [1.0, nan], [inf, -1.0], [-1.0, inf], [0.0, 0.0], []):
        for n, replacement in ((1, False), (2, True)):
            given = {"probs": values(weight, "float32"), "num_samples": n}
            calls.append(["multinomial", {**given, "replacement": replacement}])
    for shape, dtype, n in (
        *(([3], "float32", 4), ([3], "float32", 0), ([3], "float32", -1)),
        *(([3], "int64", 2), ([2, 2, 2], "float32", 1), ([], "float32", 1)),
    ):
        calls.append(["multinomial", {"probs": weights(shape, dtype), "num_samples": n}])
    return calls


def reference_draw(generator: Any, method: str, recorded: dict[str, Any]) -> Any:
    """Do with a `torch.Generator` what `method` does with ours, and return an array."""
    import torch

    given = arguments(recorded)
    shape = given.get("shape", ())
    dtype = getattr(torch, given["dtype"]) if "dtype" in given else None
    given = {k: torch.from_numpy(v) if isinstance(v, np.ndarray) else v for k, v in given.items()}

    def empty() -> Any:
        return torch.empty(shape, dtype=dtype)

    match method:
        case "manual_seed":
            return generator.manual_seed(given["seed"])
        case "uniform":
            bounds = (given.get("low", 0.0), given.get("high", 1.0))
            drawn = empty().uniform_(*bounds, generator=generator)
        case "standard_normal":
            drawn = torch.randn(shape, dtype=dtype, generator=generator)
        case "normal":
            drawn = empty().normal_(given["mean"], given["std"], generator=generator)
        case "normal_arrays":
            drawn = torch.normal(given["mean"], given["std"], generator=generator)
        case "exponential":
            drawn = empty().exponential_(given.get("lambd", 1.0), generator=generator)
        case "randint":
            bounds = (given["low"], given["high"])
            drawn = torch.randint(*bounds, shape, dtype=dtype, generator=generator)
        case "random_":
            drawn = empty().random_(generator=generator)
        case "random_uint64":
            words = torch.empty(given["n"], dtype=torch.int64)
            return words.random_(-(2**63), None, generator=generator).numpy().view(np.uint64)
        case "randperm":
            drawn = torch.randperm(given["n"], dtype=dtype or torch.int64, generator=generator)
        case "bernoulli" if isinstance(given["p"], torch.Tensor):
            p = given["p"]
            if shape:
                drawn = empty().bernoulli_(p, generator=generator)
            else:
                drawn = p.bernoulli(generator=generator)
        case "bernoulli":
            drawn = empty().bernoulli_(given["p"], generator=generator)
        case "multinomial":
            probs, n = given["probs"], given["num_samples"]
            replacement = given.get("replacement", False)
            drawn = torch.multinomial(probs, n, replacement, generator=generator)
        case _:
            raise AssertionError(method)
    return drawn.numpy()


def reference_error(call: Call) -> tuple[str, str]:
    """Return the type and the first line of what the reference raises for a call."""
    import torch

    try:
        reference_draw(torch.Generator(), *call)
    except (RuntimeError, ValueError) as error:
        return type(error).__name__, str(error).split("\n")[0]
    raise AssertionError(call)


def main() -> None:
    import torch

    assert torch.__version__.split("+")[0] == REFERENCE
    assert torch.backends.cpu.get_cpu_capability() in ("AVX2", "AVX512")
    lines = []
    for stream in streams():
        generator = torch.Generator().manual_seed(stream["seed"])
        stream["calls"] = [
            [*call, summary(reference_draw(generator, *call))] for call in stream["calls"]
        ]
        lines.append(json.dumps(stream, separators=(",", ":")))
    refused = [json.dumps([*call, *reference_error(call)]) for call in errors()]
    text = (
        f'{{\n"reference": "{REFERENCE}",\n"libm": {libm_checksum()},\n'
        + '"streams": [\n' + ",\n".join(lines) + "\n],\n"
        + '"errors": [\n' + ",\n".join(refused) + "\n]\n}\n"
    )  # fmt: skip
    json.loads(text)
    TARGET.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
