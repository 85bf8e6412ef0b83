"""Record torch.promote_types for every pair of dtypes; run with an interpreter that has torch."""

from __future__ import annotations

import json
from pathlib import Path

import torch

NAMES = "bool uint8 int8 int16 int32 int64 float16 float32 float64".split()

table = {
    f"{a} {b}": str(torch.promote_types(getattr(torch, a), getattr(torch, b))).removeprefix(
        "torch."
    )
    for a in NAMES
    for b in NAMES
}
Path(__file__).with_name("promotion.json").write_text(json.dumps(table, indent=0) + "\n")
