"""Record gradients of the reference that are differentiated again; run with an interpreter that has torch.

    python tests/golden/record_twice.py

Writes twice.json beside this file.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import warnings
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parent))
from cases_twice import cases, program


def main() -> None:
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    records = []
    for expression, values in cases():
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            exec(compile(program(expression, values), "<case>", "exec"), {})
        records.append([expression, values, output.getvalue().splitlines()])
    lines = ",\n".join(json.dumps(record) for record in records)
    Path(__file__).with_name("twice.json").write_text(f"[\n{lines}\n]\n")
    print(f"{len(records)} answers, torch {torch.__version__}")


if __name__ == "__main__":
    main()
