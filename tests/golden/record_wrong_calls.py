"""Record what the reference says to wrong calls.

The calls are drawn from this package's declarations, by an interpreter that has it, and those of
written_calls.txt; torch 2.13.0 answers them; then those are marked whose answer is another here. In that
order:

    python tests/golden/record_wrong_calls.py draw
    /path/to/python/with/torch tests/golden/record_wrong_calls.py answer
    python tests/golden/record_wrong_calls.py compare

Each line of wrong_calls.jsonl is a call, the class of its error, its message, and whether the answers
agree. Calls that the reference doesn't refuse are left out; so are those that end its process.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import warnings
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
from drawn_calls import FOLLOW, drawn, program

TARGET = Path(__file__).with_name("wrong_calls.jsonl")
WRITTEN = Path(__file__).with_name("written_calls.txt")
EACH = 12  # calls of a function
SEED = 2026
SECONDS = 20
LONGEST = 2_000  # characters of a message


def read() -> list[list[Any]]:
    return [json.loads(line) for line in TARGET.read_text().splitlines()]


def write(records: list[list[Any]]) -> None:
    TARGET.write_text("".join(f"{json.dumps(record)}\n" for record in records))


def answers(calls: list[str]) -> list[tuple[str, str] | None]:
    """The reference's errors; a process that a call ends is followed by another one."""
    found: list[tuple[str, str] | None] = []
    while len(found) < len(calls):
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            with os.fdopen(writing, "w") as pipe:
                for call in calls[len(found) :]:
                    signal.alarm(SECONDS)
                    print(json.dumps(answer(call)), file=pipe, flush=True)
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            found += [json.loads(line) for line in pipe]
        os.waitpid(child, 0)
        if len(found) < len(calls):
            found.append(None)
    return found


def answer(call: str) -> tuple[str, str] | None:
    import torch

    names: dict[str, Any] = {"torch": torch}
    exec(FOLLOW, names)
    torch.manual_seed(0)
    try:
        exec(program(call), names)
    except Exception as error:
        message = re.sub(r"\nException raised from .*", "", str(error), flags=re.DOTALL)
        if "INTERNAL ASSERT" in message or "0x" in message or "alloc" in message:
            return None
        return type(error).__name__, message
    return None


def main(step: str) -> None:
    if step == "draw":
        calls = [*drawn(EACH, SEED), *WRITTEN.read_text().splitlines()]
        write([[call] for call in dict.fromkeys(calls)])
    elif step == "answer":
        warnings.simplefilter("ignore")
        import torch

        torch.set_num_threads(1)
        calls = [record[0] for record in read()]
        write(
            [
                [call, *said]
                for call, said in zip(calls, answers(calls))
                if said is not None and len(said[1]) < LONGEST
            ]
        )
    else:
        sys.path.insert(0, str(Path(__file__).parents[1] / "vocabulary"))
        from test_wrong_calls import Calls, said

        with Calls() as run:
            write(
                [[*record[:3], said(run(record[0])) == (record[1], record[2])] for record in read()]
            )


if __name__ == "__main__":
    main(sys.argv[1])
