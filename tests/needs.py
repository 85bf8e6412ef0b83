"""What some tests need that not every machine has: `@pytest.mark.needs("mlr")`.

A test that lacks something is skipped for the reason "needs ...", and the end of a run says how many were.
"""

from __future__ import annotations

import os
import re
import shutil
from collections import Counter
from collections.abc import Iterable
from functools import cache
from importlib.util import find_spec

# By the name that `needs` takes, what a person calls it. Paths of files are names, too.
PROGRAMS = {
    "bash": "bash", "chromium": "Chromium", "dot": "Graphviz", "duckdb": "DuckDB", "fish": "fish", "jq": "jq",
    "make": "make", "man": "man", "mlr": "Miller", "parallel": "GNU parallel", "ps": "ps", "zsh": "zsh",
}  # fmt: skip
MODULES = {
    "IPython": "IPython", "distributed": "Dask", "jax": "JAX", "matplotlib": "matplotlib",
    "plotext": "plotext", "polars": "polars", "prompt_toolkit": "prompt_toolkit", "zstandard": "zstandard",
}  # fmt: skip
REFERENCE = "the reference (--reference, with torch 2.13.0)"


@cache
def lacking(name: str) -> str | None:
    """What a person calls the program, module or file, if this machine doesn't have it."""
    if name in PROGRAMS:
        return None if shutil.which(name) else PROGRAMS[name]
    if name in MODULES:
        return None if find_spec(name) else MODULES[name]
    return None if os.path.exists(name) else name


def left_out(reasons: Iterable[str]) -> str:
    """One line about the tests that were skipped, from why they were.

    >>> left_out(["needs Miller", "needs Miller", "could not import 'polars': no module", "it is Monday"])
    'left out: 2 tests that need Miller, 1 test that needs polars, 1 test (it is Monday)'
    """
    parts = []
    for reason, count in Counter(map(_plain, reasons)).most_common():
        tests = "1 test" if count == 1 else f"{count} tests"
        if reason.startswith("needs "):
            verb = "needs" if count == 1 else "need"
            parts.append(f"{tests} that {verb} {reason.removeprefix('needs ')}")
        else:
            parts.append(f"{tests} ({reason})")
    return f"left out: {', '.join(parts)}"


def _plain(reason: str) -> str:
    """The reason of a skip, in the words of this file."""
    module = re.match(r"could not import '(\w+)", reason)
    return f"needs {MODULES.get(module[1], module[1])}" if module else reason
