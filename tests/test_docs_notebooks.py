"""docs/notebooks.md: its examples, executed in order in one folder."""

from __future__ import annotations

import re
from pathlib import Path

from console import ROOT, examples, executed

# a command of several lines goes on behind `>`, as at a prompt
TEXT = re.sub(r"\n> ?", "\r", (ROOT / "docs" / "notebooks.md").read_text())
EXAMPLES = examples(TEXT)


def test_examples(tmp_path: Path) -> None:
    assert len(EXAMPLES) > 4
    for example in EXAMPLES:
        command = example.command.replace("\r", "\n")
        assert executed(command, tmp_path) == (example.output, example.code), command
