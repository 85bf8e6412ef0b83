"""docs/reliability.md: each fault is made, and its row of the table says what happens then.

`python tests/test_reliability.py` prints the table as it should be.
"""

from __future__ import annotations

import bz2
import gzip
import io
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from console import ROOT, executed, needed

PAGE = ROOT / "docs" / "reliability.md"
MOUNT = "unshare --map-root-user --mount bash -c"
ROWS = b"x,y\n1,2\n3,4\n5,6\n7,8\n"


class Case(NamedTuple):
    """A fault, and a command that meets it.

    Attributes:
        fault: what goes wrong.
        data: of t.csv, or of the files named.
        command: what is typed; `out.csv` holds "before" beforehand.
        script: how the test runs it, if that takes more; `{}` is the command.
    """

    fault: str
    data: bytes | dict[str, bytes]
    command: str
    script: str = "{}"


def cut_gzip() -> bytes:
    rows = b"x,y\n" + b"".join(b"%d,%d\n" % (n, n * n % 1009) for n in range(200_000))
    data = gzip.compress(rows, mtime=0)
    return data[: len(data) // 2]


def npy(rows: list[object]) -> bytes:
    data = io.BytesIO()
    np.save(data, np.array(rows))
    return data.getvalue()


OVER = "autodiff batch 'x*y' out.csv"
PLAIN = "autodiff batch 'x*y' t.csv --values-only"
LINES = "autodiff batch 'x*2' t.jsonl --values-only"
LATE = b'{"x":1}\n' * 120 + b'{"x":1,"k":5}\n'
LACK = b'{"x":1,"k":5}\n{"x":1}\n'
GZIP = "autodiff batch 'x*y' t.csv.gz --values-only"
FILE = f"{PLAIN} --output out.csv"
PROPAGATE = "autodiff batch 'x**2' --propagate x=@s --values-only"
RAISING = 'y = x.sqrt(); assert x > 0, "below 0"; y'
WAITING = "{{ printf 'x\\n1\\n2\\n'; sleep 4; }} | {} & "
FULL = f'mkdir full; {MOUNT} "mount -t tmpfs -o size=256k none full && {{}}; s=\\$?; ls -A full; exit \\$s"'
SEEN = "for _ in $(seq 300); do ls -A | grep -q '^\\.out.csv\\.' && break; sleep 0.1; done; sleep 0.5; "

CASES = [
    Case("a truncated gzip", {"t.csv.gz": cut_gzip()}, GZIP),
    Case("a truncated gzip, to a file", {"t.csv.gz": cut_gzip()}, f"{GZIP} --output out.csv"),
    Case("not gzip at all", {"t.csv.gz": ROWS}, GZIP),
    Case("a NUL byte", b"x,y\n1,2\n3\0,4\n5,6\n", PLAIN),
    Case("a field of 10 MB", b"x,y\n1,2\n" + b"9" * 10_000_000 + b"z,4\n5,6\n", PLAIN),
    Case("CRLF line ends and a byte order mark", b"\xef\xbb\xbfx,y\r\n1,2\r\n3,4\r\n", PLAIN),
    Case("too few fields", b"x,y\n1,2\n3\n5,6\n", PLAIN),
    Case("too many fields", b"x,y\n1,2\n3,4,5\n5,6\n", PLAIN),
    Case("too many fields, skipped", b"x,y\n1,2\n3,4,5\n5,6\n", f"{PLAIN} --on-error skip"),
    Case("a header twice", b"x,y,x\n1,2,3\n", PLAIN),
    Case("no header", b"1,2\n3,4\n", PLAIN),
    Case("semicolons between the fields", b"x;y\n1,5;2\n", PLAIN),
    Case("tabs between the fields", b"x\ty\n1\t2\n", PLAIN),
    Case("blanks between the fields", b"x y\n1 2\n", PLAIN),
    Case("another delimiter than the option says", ROWS, f"{PLAIN} --delimiter ';'"),
    Case("a delimiter that is none", ROWS, f"{PLAIN} --delimiter ';;'"),
    Case("a title before the header", b"Measured\n\nx,y\n1,2\n", PLAIN),
    Case("a spreadsheet's empty columns", b"x,y,,\n1,2,,\n", PLAIN),
    Case("a header without names", b",,\nx,y,z\n1,2,3\n", PLAIN),
    Case("a decimal comma", b'x,y\n"1,5",2\n', PLAIN),
    Case("a missing number", b"x,y\n1,2\nNA,4\n", PLAIN),
    Case("a missing number, as told", b"x,y\n1,2\nNA,4\n", f"{PLAIN} --na NA --on-error skip"),
    Case("gzip without its suffix", {"t.csv": gzip.compress(ROWS)}, PLAIN),
    Case("bzip2, cut off", {"t.csv.bz2": bz2.compress(ROWS)[:-9]}, PLAIN.replace("csv", "csv.bz2")),
    Case("a workbook", {"t.xlsx": b"PK\x03\x04"}, PLAIN.replace("csv", "xlsx")),
    Case("a workbook that is called CSV", b"PK\x03\x04", PLAIN),
    Case("a key that comes late", {"t.jsonl": LATE}, f"{LINES} --keep --to csv"),
    Case(
        "a key that comes late, skipped",
        {"t.jsonl": LATE},
        f"{LINES} --keep --to csv --on-error skip",
    ),
    Case("keys that some rows lack", {"t.jsonl": LACK}, f"{LINES} --keep --to csv"),
    Case("another column's name", b"a,y\n1,2\n", PLAIN),
    Case("Latin-1 in a field that isn't read", b"x,y,n\n1,2,caf\xe9\n3,4,b\n", PLAIN),
    Case("Latin-1 in a field that is", b"x,y\n1,2\n3\xe9,4\n", PLAIN),
    Case("UTF-16", ROWS.decode().encode("utf-16"), PLAIN),
    Case("an empty file", b"", PLAIN),
    Case("no such file", {}, PLAIN),
    Case("no such file, behind another", ROWS, f"{PLAIN} none.csv"),
    Case("a link to nothing", {}, PLAIN, "ln -s none.csv t.csv; {}"),
    Case("a folder", {}, "autodiff batch 'x*y' ."),
    Case("a name of --wrt behind a space", ROWS, "autodiff batch 'x*y' t.csv --wrt x y"),
    Case(
        "another column, in a second file",
        {"t.csv": ROWS, "u.csv": b"x,z\n1,2\n"},
        f"{PLAIN} u.csv",
    ),
    Case("no header, in a second file", {"t.csv": ROWS, "u.csv": b"1,2\n3,4\n"}, f"{PLAIN} u.csv"),
    Case(
        "text in a column of values, in a second file",
        {"t.csv": ROWS, "u.npy": npy(["a", "b"])},
        "autodiff batch 'x' t.csv u.npy --values-only",
    ),
    Case(
        "other columns to keep, in a second file",
        {"t.csv": ROWS, "u.csv": b"x,y,z\n1,2,3\n"},
        f"{PLAIN} u.csv --keep",
    ),
    Case(
        "other columns to keep, in a second pipe",
        {"t.csv": ROWS, "u.csv": b"x,y,z\n1,2,3\n"},
        "autodiff batch 'x*y' <(cat t.csv) <(cat u.csv) --format csv --keep --output out.npz",
    ),
    Case("a seed of no column", ROWS, "autodiff batch 'x*y' t.csv --seed @z"),
    Case("a deviation of no input", ROWS, "autodiff batch 'x*y' t.csv --propagate z=0.1"),
    Case("a column with two names", ROWS, "autodiff batch 'q*w' t.csv --columns q=x,w=x"),
    Case("an empty pipe", {}, "autodiff batch 'x*y' <(true) --values-only"),
    Case("a pipe, with --resume", ROWS, "autodiff batch 'x*y' - --output out.csv --resume"),
    Case("standard input twice", ROWS, "autodiff batch 'x*y' - /dev/stdin < t.csv"),
    Case("a pipe twice", {}, "autodiff batch 'x*y' p ./p --format csv", "mkfifo p; {}"),
    Case(
        "standard input as rows and as a value",
        ROWS,
        "autodiff batch 'x*w' /dev/stdin w=@- < t.csv",
    ),
    Case("an output that is the input", {}, f"{OVER} --output out.csv"),
    Case(
        "an output that is a link to the input",
        {},
        f"{OVER} --output link",
        "ln -s out.csv link; {}",
    ),
    Case(
        "an output that is the input by another name", {}, f"{OVER} --output b", "ln out.csv b; {}"
    ),
    Case("an output that a pattern matches", ROWS, "autodiff batch 'x*y' '*.csv' --output out.csv"),
    Case(
        "an output that is on standard input", {}, "autodiff batch 'x*y' --output out.csv < out.csv"
    ),
    Case("standard output that is the input", {}, f"{OVER} >> out.csv"),
    Case(
        "an output that is a value", ROWS, "autodiff batch 'x*w' t.csv w=@out.csv --output out.csv"
    ),
    Case(
        "an output whose unfinished file is the input",
        {"out.csv.partial": ROWS},
        "autodiff batch 'x*y' out.csv.partial --format csv --output out.csv",
    ),
    Case(
        "a folder of parts that holds the input",
        ROWS,
        "autodiff batch 'x*y' parts/t.csv --engine dask --output parts",
        "mkdir parts; cp t.csv parts; {}",
    ),
    Case(
        "saved over an input",
        {"v.npz": npy([1.0, 2.0])},
        "autodiff 'sum(x)' x=@v.npz --save v.npz",
    ),
    Case("a program's output over the program", {}, "autodiff run out.csv >> out.csv"),
    Case(
        "invalid JSON",
        {"t.jsonl": b'{"x":1,"y":2}\n{"x":3,"y":\n{"x":5,"y":6}\n'},
        "autodiff batch 'x*y' t.jsonl --values-only",
    ),
    Case(
        "a row that can't be computed", b"x\n2\n0\n4\n", "autodiff batch 'x*(8 // x.long())' t.csv"
    ),
    Case(
        "rows of a shape that doesn't fit",
        {"t.jsonl": b'{"v":[1,2],"w":[3,4]}\n{"v":[1,2,3],"w":[3,4]}\n{"v":[5,6],"w":[7,8]}\n'},
        "autodiff batch 'sum(v*w)' t.jsonl --values-only",
    ),
    Case(
        "a singular matrix, skipped",
        {"t.jsonl": b'{"A":[[2,0],[0,4]]}\n{"A":[[1,2],[2,4]]}\n{"A":[[1,0],[0,1]]}\n'},
        "autodiff batch 'linalg.inv(A).sum()' t.jsonl --values-only --on-error skip",
    ),
    Case(
        "a program that raises",
        b"x\n4\n-1\n9\n",
        f"autodiff batch '{RAISING}' t.csv --values-only --quiet",
    ),
    Case(
        "a program that raises, with null",
        b"x\n4\n-1\n9\n",
        f"autodiff batch '{RAISING}' t.csv --values-only --quiet --on-error null",
    ),
    *(
        Case(f"a deviation that is {what}", data, f"{PROPAGATE} {file}")
        for what, file, data in (
            ("negative", "t.csv", b"x,s\n1,2\n3,-1\n5,6\n"),
            ("nan", "t.csv", b"x,s\n1,2\n3,nan\n5,6\n"),
            ("text", "t.csv", b"x,s\n1,2\n3,abc\n5,6\n"),
            ("empty", "t.csv", b"x,s\n1,2\n3,\n5,6\n"),
            ("null", "t.jsonl", {"t.jsonl": b'{"x":1,"s":2}\n{"x":3,"s":null}\n'}),
            ("missing", "t.jsonl", {"t.jsonl": b'{"x":1,"s":2}\n{"x":3}\n'}),
            (
                "a list of another length",
                "t.jsonl",
                {"t.jsonl": b'{"x":1,"s":2}\n{"x":3,"s":[1,2]}\n'},
            ),
        )
    ),
    Case(
        "bad rows of every kind, skipped",
        b"x,s\n1,2\nabc,2\n3,-1\n3\n0,1\n5,6\n",
        "autodiff batch 'x*(8 // x.long())' t.csv --propagate x=@s --values-only --on-error skip",
    ),
    Case("a full disk (standard output)", ROWS, f"{PLAIN} > /dev/full"),
    Case(
        "a full disk (a file)",
        b"x,y\n" + b"1.25,3.5\n" * 50_000,
        "autodiff batch 'x*y' t.csv --output full/out.csv",
        FULL,
    ),
    Case(
        "a full disk (a file), while rows wait for the first that shows the columns",
        b"x\n" + b"-\n" * 2_000_000 + b"1\n",
        "autodiff batch 'x' t.csv --output full/out.csv --on-error null",
        FULL,
    ),
    Case(
        "a full disk (a file that is made of others)",
        b"x,y\n" + b"1.25,3.5\n" * 50_000,
        "autodiff batch 'x*y' t.csv --output full/out.npz",
        FULL,
    ),
    *(
        Case(
            f"a disk with room for {number} files, where more are needed",
            b"x,y\n" + b"1.25,3.5\n" * 300_000,  # a column is more than is kept in memory
            "autodiff batch 'x*y' t.csv --output full/out.npz",
            FULL.replace("size=256k", f"nr_inodes={number + 1}"),
        )
        for number in (0, 2)
    ),
    Case(
        "a limit on the size of files",
        b"x,y\n" + b"1.25,3.5\n" * 50_000,
        FILE,
        "ulimit -f 100; {}",
    ),
    Case(
        "a read-only output",
        ROWS,
        "autodiff batch 'x*y' t.csv --output ro/out.csv",
        f'mkdir ro; {MOUNT} "mount -t tmpfs -o ro none ro && {{}}"',
    ),
    Case("an output in no folder", ROWS, f"{PLAIN} --output none/out.csv"),
    Case("a closed standard output", ROWS, f"{PLAIN} >&-"),
    Case("a closed pipe", ROWS, f"{PLAIN} | true", "set -o pipefail; {}"),
    Case(
        "Ctrl-C",
        {},
        "autodiff batch 'x*x' --format csv --output out.csv",
        WAITING.replace("{} &", "env --default-signal=INT {} &") + f"{SEEN}kill -INT $!; wait $!",
    ),
    Case(
        "terminated (SIGTERM)",
        {},
        "autodiff batch 'x*x' --format csv --output out.csv",
        f"{WAITING}{SEEN}kill -TERM $!; wait $!",
    ),
    Case(
        "killed (SIGKILL)",
        {},
        "autodiff batch 'x*x' --format csv --output out.csv",
        f"{WAITING}{SEEN}kill -KILL $!; wait $! 2>/dev/null",
    ),
    Case(
        "a bad row, with --resume",
        b"x,y\n1,2\n3,4\noops,6\n7,8\n",
        f"{FILE} --resume",
    ),
    Case(
        "a killed worker of a cluster",
        b"x,y\n" + b"".join(b"%d,%d\n" % (n, n * n % 7) for n in range(4000)),
        "autodiff batch 'x if x > y else y' t.csv --engine dask --part-size 2K --output parts --quiet",
        "{} --workers 2 & until ls parts/part-* > /dev/null 2>&1; do sleep 0.02; done; "
        "kill -KILL $(grep -l spawn_main $(sed 's,\\([0-9]*\\) ,/proc/\\1/cmdline ,g' "
        "/proc/$!/task/*/children) | head -n 1 | cut -d / -f 3); wait $!",
    ),
]


def can_mount() -> bool:
    done = subprocess.run(
        ["bash", "-c", f"{MOUNT} 'mount -t tmpfs none /mnt'"], capture_output=True, check=False
    )
    return done.returncode == 0


def made(case: Case, folder: Path) -> str:
    """The case's row of the table, by doing it."""
    files = case.data if isinstance(case.data, dict) else {"t.csv": case.data}
    for name, data in files.items():
        (folder / name).write_bytes(data)
    (folder / "out.csv").write_text("before")
    quoted = case.command.replace("'", "'\\''") if "bash -c" in case.script else case.command
    script = case.script.replace("{}", quoted) if "bash -c" not in case.script else _nested(case)
    text, code = executed(f"({script.replace('{{', '{').replace('}}', '}')}) 2>.errors", folder)
    errors = (folder / ".errors").read_text().strip()
    written = text.count("\n")
    rows = f"{written} line{'s' * (written != 1)}" if written else "nothing"
    if written > 1000:  # how many depends on the compressor
        rows = "the rows before"
    message = " ⏎ ".join(line.strip() for line in errors.splitlines()) or "–"
    message = message.replace(str(folder), ".").replace("|", "\\|")
    shown = case.command.replace("|", "\\|")
    return f"| {case.fault} | `{shown}` | {code} | {message} | {rows} | {_disk(case, folder)} |"


def _nested(case: Case) -> str:
    return case.script.replace("{}", case.command.replace('"', '\\"'))


def _disk(case: Case, folder: Path) -> str:
    """What the folder holds that wasn't there before."""
    files = case.data if isinstance(case.data, dict) else {"t.csv": case.data}
    known = {*files, "out.csv", ".errors", ".bin", "ro", "full"}
    found = sorted(name for name in os.listdir(folder) if name not in known)
    found = [re.sub(r"^(\.out\.csv\.)(?!partial).*", r"\1…", name) for name in found]
    parts = sorted(folder.glob("parts/part-*"))
    if parts:
        rows = sum(path.read_bytes().count(b"\n") - 1 for path in parts)
        others = {path.name for path in (folder / "parts").iterdir()} - {p.name for p in parts}
        found = [f"`parts`: {len(parts)} parts of {rows:,} rows", *sorted(others)]
    before = (folder / "out.csv").read_text() == "before"
    return ", ".join(["`out.csv` as before" if before else "`out.csv` changed", *found])


@pytest.mark.parametrize(
    "case",
    [pytest.param(c, id=c.fault, marks=pytest.mark.needs(*needed(c.command))) for c in CASES],
)
def test_fault(case: Case, tmp_path: Path) -> None:
    if "mount" in case.script and not can_mount():
        pytest.skip("needs the right to mount")
    assert made(case, tmp_path) in PAGE.read_text().splitlines()


def test_the_table_has_no_other_rows() -> None:
    rows = re.findall(r"^\| (.*?) \| `autodiff", PAGE.read_text(), re.MULTILINE)
    assert sorted(rows) == sorted(case.fault for case in CASES)


def printed(make: Callable[[Case, Path], str] = made) -> None:
    """Print the table."""
    for case in CASES:
        folder = Path(tempfile.mkdtemp())
        print(make(case, folder), flush=True)
        shutil.rmtree(folder)


if __name__ == "__main__":
    printed()
