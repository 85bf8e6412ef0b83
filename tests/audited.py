"""Run every door, and print what Python's audit events say was opened, run, compiled or imported."""

from __future__ import annotations

import io
import json
import sys

from doors import DOORS

from autodiff_cli.program import Settings, run_text
from autodiff_cli.source import Source

NOTED = ("open", "os.", "subprocess.", "exec", "compile", "ctypes.", "import", "socket.", "shutil.",
         "code.", "pickle.", "object.__setattr__", "sys._getframe", "marshal.")  # fmt: skip
OURS = {"/proc/self/statm"}  # which the limit of memory reads
seen: list[list[str]] = []
armed = False
door = ""


def note(event: str, arguments: tuple[object, ...]) -> None:
    if armed and event.startswith(NOTED) and not (event == "open" and arguments[0] in OURS):
        seen.append([door, event, repr(arguments)[:200]])


def run(text: str) -> None:
    out = io.StringIO()
    run_text(Source(text, "p.py"), Settings(max_steps=10**6), write=out.write, complain=out.write)


for text in DOORS.values():
    run(text)  # what our own code imports when it is first used
sys.addaudithook(note)
armed = True
for name, text in DOORS.items():
    door = name
    run(text)
armed = False
print(json.dumps(seen))
