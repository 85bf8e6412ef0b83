"""Write printing.json: what PyTorch prints for some 380 arrays.

Run with a Python that has torch 2.13.0 (CPU), from anywhere:

    python tests/golden/record_printing.py

A case is a dict: the recipe of its array (see `build`), the arguments of `torch.set_printoptions`
("options"), "default_dtype", "requires_grad", "grad_fn", and in the recording "text". Only
`reference_text` needs torch.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

TARGET = Path(__file__).with_name("printing.json")
REFERENCE = "2.13.0"

FLOATS = ["float16", "float32", "float64"]
INTEGERS = ["int8", "int16", "int32", "int64", "uint8"]
COMPLEXES = ["complex64", "complex128"]
DTYPES = [*FLOATS, *INTEGERS, "bool", *COMPLEXES]

nan, inf = math.nan, math.inf


def build(case: dict[str, Any]) -> np.ndarray:
    """Return the array of a case, the same on every platform and with every NumPy.

    Either its "values" are listed (complex ones as pairs), or they are drawn with a "seed":
    "kind" is "uniform" or "whole" (up to the absolute value "scale"), or "spread" (powers of two
    up to "scale" and down to minus "scale"); "special" is the share of zeros and non-finite ones.
    """
    dtype, shape = np.dtype(case["dtype"]), case["shape"]
    if "values" in case:
        if dtype.kind == "c":
            pairs = np.array(case["values"], dtype=np.float64).reshape(-1, 2)
            return pairs.view(np.complex128).astype(dtype).reshape(shape)
        return np.array(case["values"], dtype=dtype).reshape(shape)

    # The stream of RandomState is frozen (NEP 19); only draws of exact arithmetic are used.
    rng = np.random.RandomState(case["seed"])
    size, scale = math.prod(shape), case["scale"]

    def draw() -> np.ndarray:
        if case["kind"] == "uniform":
            values = rng.uniform(-scale, scale, size)
        elif case["kind"] == "whole":
            values = rng.randint(-scale, scale + 1, size, dtype=np.int64)
        else:
            values = np.ldexp(rng.uniform(-1, 1, size), rng.randint(-scale, scale + 1, size))
        if case.get("special"):
            chosen = rng.uniform(size=size) < case["special"]
            values = np.where(chosen, rng.choice([nan, inf, -inf, 0.0, -0.0], size), values)
        return values

    with np.errstate(over="ignore"):
        if dtype.kind != "c":
            return draw().astype(dtype).reshape(shape)
        pairs = np.stack([draw(), draw()], axis=-1).astype(np.float64)
        return pairs.view(np.complex128).astype(dtype).reshape(shape)


def reference_text(case: dict[str, Any]) -> str:
    """Return what PyTorch prints for a case."""
    import torch

    def named(name: str) -> Any:
        """Return a function that changes nothing, whose node in the graph has this name."""
        builtin = {
            "CloneBackward0": torch.clone,
            "ViewBackward0": lambda x: x.view(x.shape),
            "MulBackward0": lambda x: x * 1,
        }
        if name in builtin:
            return builtin[name]
        steps = {
            "forward": staticmethod(lambda ctx, x: x.clone()),
            "backward": staticmethod(lambda ctx, grad: grad),
        }
        return type(name.removesuffix("Backward"), (torch.autograd.Function,), steps).apply

    tensor = torch.from_numpy(np.array(build(case)))
    if case.get("requires_grad") or case.get("grad_fn"):
        tensor.requires_grad_()
    if case.get("grad_fn"):
        tensor = named(case["grad_fn"])(tensor)
    usual = torch.get_default_dtype()
    try:
        torch.set_default_dtype(getattr(torch, case.get("default_dtype", "float32")))
        torch.set_printoptions(**case.get("options", {}))
        return repr(tensor)
    finally:
        torch.set_default_dtype(usual)
        torch.set_printoptions(profile="default")


def random_case(seed: int) -> dict[str, Any]:
    """Return a varied case: dtypes, dimensions 0 to 5, sizes around the threshold, options."""
    rng = np.random.RandomState(seed)

    def pick(*choices: Any) -> Any:
        return choices[rng.randint(len(choices))]

    dtype = pick(*DTYPES, *FLOATS, *COMPLEXES)
    inexact = dtype in FLOATS + COMPLEXES
    longest = pick(3, 8, 40, 400, 1500)
    while True:
        shape = [int(n) for n in rng.randint(1, longest + 1, pick(0, 1, 1, 2, 2, 3, 3, 4, 5))]
        if math.prod(shape) <= 2000:
            break
        longest = max(2, longest // 2)
    if shape and rng.rand() < 0.04:
        shape[rng.randint(len(shape))] = 0
    kind = pick("uniform", "whole", "spread") if inexact else "whole"
    scales: dict[str, list[Any]] = {
        "uniform": [1e-6, 1e-4, 1e-3, 0.1, 1.0, 1.0, 10.0, 1e3, 1e5, 1e9, 1e30, 1e300],
        "whole": [1, 3, 9, 100, 10**4, 10**8, 10**9, 2**53, 2**62],
        "spread": [1, 2, 4, 6, 10, 14, 40, 120, 300, 1000],
    }
    case = {
        "dtype": dtype,
        "shape": shape,
        "seed": seed,
        "kind": kind,
        "scale": pick(*scales[kind]),
    }
    if inexact and rng.rand() < 0.4:
        case["special"] = pick(0.05, 0.3, 0.9, 1.0)
    options: dict[str, Any] = {}
    if rng.rand() < 0.5:
        choices = {
            "profile": ["default", "short", "full"],
            "precision": [0, 1, 2, 3, 6, 8, 12, 20],
            "threshold": [0, 1, 5, 30, 200, 999, 10**9],
            "edgeitems": [0, 1, 2, 4, 5, 10],
            "linewidth": [1, 7, 10, 20, 33, 40, 60, 79, 81, 100, 200],
            "sci_mode": [True, False],
        }
        for name, values in choices.items():
            if rng.rand() < 0.35:
                options[name] = pick(*values)
    if options:
        case["options"] = options
    if rng.rand() < 0.2:
        case["default_dtype"] = pick(*FLOATS)
    if inexact and rng.rand() < 0.3:
        case["requires_grad"] = True
    if inexact and rng.rand() < 0.3:
        long = "N" * rng.randint(1, 80) + "Backward"
        case["grad_fn"] = pick("CloneBackward0", "ViewBackward0", long)
    return case


def chosen_cases() -> list[dict[str, Any]]:
    """Return the cases that each show one rule."""
    cases: list[dict[str, Any]] = []

    def listed(dtype: str, values: list[Any], shape: list[int] | None = None, **more: Any) -> None:
        shape = [len(values)] if shape is None else shape
        cases.append({"dtype": dtype, "shape": shape, "values": values, **more})

    def drawn(dtype: str, shape: list[int], kind: str, scale: float, **more: Any) -> None:
        seed = len(cases)
        case = {"dtype": dtype, "shape": shape, "seed": seed, "kind": kind, "scale": scale}
        cases.append({**case, **more})

    # Scalars and short vectors: each of the formats, and the edges between them.
    for value in [
        0.0, -0.0, 1.0, -1.0, 1.5, nan, inf, -inf, 1e8, 100000008.0, 99999999.0, 1e-4, 9.9e-5,
        0.00010001, 123456.789, 2.0**24, -1e-30, 0.99999, 0.99995,
    ]:  # fmt: skip
        listed("float32", [value], [])
        listed("float64", [value])
    for values in [
        [0.0, -0.0], [1.0, -0.0], [0.5, -0.0], [0.5, 0.0, nan], [2.0, nan, inf, -inf], [0.5, -inf],
        [nan, nan, 0.0], [-inf, 0.0, -0.0, nan], [1e9, 0.0, -0.0, nan, inf, -inf], [1.0, 1000.0],
        [1.0, 1001.0], [0.5, 500.0], [0.5, 500.5], [1.0, 2.0, 3.5], [-9.99996, 9.0],
        [1e5, 1e4, 101.5], [99999.99999, 100.0], [0.1, 0.2, 0.3], [1e-4, 1e-2], [9.99e-5, 1e-2],
        [-1.0, 10.0, -100.0], [0.0001, 0.00005], [1.00001, 0.99999], [3.0, -12.0, 0.25, nan],
    ]:  # fmt: skip
        listed("float32", values)
        listed("complex64", [[a, b] for a, b in zip(values, reversed(values), strict=True)])
    listed("float64", [1e-308, 1e308, -5e-324])
    listed("float64", [1e-100, 1.0])
    listed("float64", [9.99999e99, -1.0, 1.0])
    listed("float64", [9.99999e-100, -1.0])
    listed("float32", [1e-45, 3.4028234663852886e38])
    listed("float32", [1e-45])
    listed("float16", [65504.0, 0.5])
    listed("float16", [6e-8, 1.0, -2.0])
    listed("float16", [0.1, 0.2, -0.3])
    listed("complex128", [[1.0, 2.5], [1e-9, -0.0], [nan, -inf], [-0.0, nan]], [2, 2])
    listed("complex64", [[0.5, -1.0]], [])
    listed("complex64", [[1.0, 0.0]], [])

    # Integers and booleans, up to the ends of their ranges.
    for dtype in INTEGERS:
        ends = np.iinfo(dtype)
        listed(dtype, [int(ends.min), 0, int(ends.max)])
        listed(dtype, [7], [])
        drawn(dtype, [3, 4], "whole", 200)
    listed("bool", [True], [])
    listed("bool", [False])
    listed("bool", [True, True])
    listed("bool", [True, False, False, True], [2, 2])

    # Empty tensors, with and without the size and the dtype.
    for dtype in ["float32", "float64", "int64", "bool", "complex64", "complex128"]:
        for shape in [[0], [0, 3], [2, 0], [3, 0, 0, 5]]:
            listed(dtype, [], shape)
    listed("float64", [], [0], default_dtype="float64", requires_grad=True)
    listed("float32", [], [0, 3], default_dtype="float64", grad_fn="CloneBackward0")
    listed("complex128", [], [0], default_dtype="float64", options={"edgeitems": 0})

    # The default dtype makes its own suffix and that of its complex twin disappear.
    for default in FLOATS:
        for dtype in [*FLOATS, *COMPLEXES, "int64", "int32"]:
            drawn(dtype, [2], "whole", 9, default_dtype=default)

    # Dimensions, blank lines between them, wrapping.
    for shape in [
        [1],
        [11],
        [40],
        [1, 1],
        [4, 9],
        [3, 20],
        [2, 3, 2],
        [2, 1, 2, 2],
        [1, 2, 1, 2, 3],
    ]:
        drawn("float32", shape, "uniform", 1.0)
        drawn("int64", shape, "whole", 1000)
        drawn("complex64", shape, "uniform", 1.0)
    drawn("bool", [30], "whole", 1)
    drawn("float64", [23], "spread", 300, special=0.2)

    # On both sides of the threshold; a dimension that is short enough is shown whole.
    for shape in [[1000], [1001], [20, 50], [7, 143], [6, 167], [167, 6], [501, 2], [11, 10, 10],
                  [2, 3, 200], [6, 6, 6, 6], [7, 7, 7, 7], [2, 2, 300, 1, 2]]:  # fmt: skip
        drawn("int64" if math.prod(shape) <= 1000 else "float32", shape, "whole", 9)
    drawn("float32", [1200], "uniform", 1.0, grad_fn="CloneBackward0")
    drawn("float32", [30, 40], "spread", 20, requires_grad=True)
    drawn("complex64", [40, 40], "uniform", 100.0)
    drawn("bool", [2000], "whole", 1)
    drawn("float64", [10000], "uniform", 1e12)

    # Suffixes that fill the line, and those that go to the next one.
    for length in [7, 19, 20, 21, 22, 23, 70, 90]:
        drawn("float32", [6], "whole", 9, grad_fn="N" * length + "Backward")
        drawn("float64", [2, 5], "uniform", 1.0, grad_fn="N" * length + "Backward")
    for size in range(3, 9):
        drawn("float32", [size], "uniform", 1.0, requires_grad=True)
        drawn("float64", [size], "uniform", 1.0, grad_fn="MulBackward0", requires_grad=True)

    # Print options.
    drawn("float64", [40, 40], "uniform", 1.0, options={"profile": "short"})
    drawn("float32", [1001], "whole", 4, options={"profile": "full"})
    drawn("float32", [3, 3], "uniform", 1.0, options={"profile": "short", "precision": 6})
    for precision in [0, 1, 8, 15]:
        for scale in [1.0, 1e9]:
            drawn("float32", [2, 3], "uniform", scale, options={"precision": precision})
    for mode in [True, False]:
        for kind, scale in [("uniform", 1.0), ("uniform", 1e12), ("whole", 5), ("spread", 30)]:
            drawn("float32", [4], kind, scale, options={"sci_mode": mode})
        listed("float32", [0.0, nan, inf], options={"sci_mode": mode})
        drawn("complex64", [3], "whole", 5, options={"sci_mode": mode})
    for edge in [0, 1, 2]:
        for shape in [[], [1], [3], [12], [4, 4], [2, 3, 4]]:
            options = {"edgeitems": edge, "threshold": 5}
            drawn("float32", shape, "whole", 9, options=options)
    for width in [1, 12, 40, 120]:
        drawn("int32", [4, 12], "whole", 50, options={"linewidth": width})
        drawn("float32", [12], "uniform", 1.0, options={"linewidth": width}, requires_grad=True)
    return cases


def main() -> None:
    """Record the chosen cases, and those of the random ones which are short enough to read."""
    import torch

    if not torch.__version__.startswith(REFERENCE):
        raise SystemExit(f"the recordings are made with torch {REFERENCE}")
    lines = []

    def record(case: dict[str, Any], text: str) -> None:
        lines.append(json.dumps({**case, "text": text}))

    for case in chosen_cases():
        record(case, reference_text(case))
    for seed in range(10_000, 10_120):
        case = random_case(seed)
        text = reference_text(case)
        if len(text) < 1500:
            record(case, text)
    TARGET.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")
    print(f"{len(lines)} cases, {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
