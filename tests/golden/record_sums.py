"""Record sums of the reference to the last bit; run with an interpreter that has torch 2.13.0."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch

SIZES = [2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 200, 1000, 3000]
SHAPES: list[tuple[tuple[int, ...], tuple[int, ...] | None]] = (
    [((n,), None) for n in (*SIZES, 20_000)]
    + [((5, n), (1,)) for n in SIZES]
    + [((n, 5), (0,)) for n in SIZES]
    + [((n, 43), (0,)) for n in SIZES if n * 43 < 32768]
    + [((3, n, 9), (1,)) for n in SIZES if n * 27 < 32768]
    + [((4, 5, n), (1, 2)) for n in SIZES if n * 20 < 32768]
    + [((7, 6, 5), None), ((7, 6, 5), (0, 1)), ((2, 3, 4, 5), (1, 2)), ((9, 1, 8), (0,))]
)


def numbers(shape: tuple[int, ...], dtype: str) -> np.ndarray:
    """The summands: a generator that tests can run too."""
    return np.random.default_rng(sum(shape)).normal(size=shape).astype(dtype)


def main() -> None:
    torch.set_num_threads(1)
    records = []
    for shape, axes in SHAPES:
        for dtype in ("float32", "float64"):
            x = torch.tensor(numbers(shape, dtype))
            total = x.sum() if axes is None else x.sum(axes)
            exact = [float(value).hex() for value in total.reshape(-1)]
            records.append({"shape": shape, "axes": axes, "dtype": dtype, "sum": exact})
    lines = ",\n".join(json.dumps(record) for record in records)
    Path(__file__).with_name("sums.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
