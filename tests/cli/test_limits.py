"""Limits, crashes and signals, in processes of their own: what ends, how, and what is kept.

`python tests/cli/test_limits.py` prints the table of limits of docs/reliability.md, measured anew.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes of their own need fork")
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the system's own limit is Linux's")
COMMAND = [sys.executable, "-m", "autodiff_cli"]
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"}
LIMIT = 300 << 20
MARGIN = 200 << 20  # the interpreter with its libraries, and what is beyond the limit


# A small process between tests and command: Linux counts the memory of whoever starts a process as its own.
MEASURED = """
import os, sys
child = os.fork()
if not child:
    os.execv(sys.argv[2], sys.argv[2:])
_, status, usage = os.wait4(child, 0)
with open(sys.argv[1], "w") as file:
    file.write(str(usage.ru_maxrss))
code = os.waitstatus_to_exitcode(status)
sys.exit(code if code >= 0 else 128 - code)
"""


class Done(NamedTuple):
    """How a command ended.

    Attributes:
        peak: the most memory that any of its processes had, in bytes.
    """

    code: int
    out: str
    err: str
    peak: int


def run(folder: Path, *args: str, program: str | None = None) -> Done:
    """Run a command to its end; no process of it is left afterwards."""
    if program is not None:
        (folder / "p.py").write_text(program)
        args = ("run", "p.py", *args)
    out, err, peak = folder / "stdout", folder / "stderr", folder.with_suffix(".peak")
    measuring = [sys.executable, "-I", "-S", "-c", MEASURED, str(peak)]
    with out.open("wb") as stdout, err.open("wb") as stderr:
        process = subprocess.Popen(
            [*measuring, *COMMAND, *args], stdout=stdout, stderr=stderr, cwd=folder, env=ENVIRONMENT,
            start_new_session=True,
        )  # fmt: skip
        process.wait()
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
    return Done(
        process.returncode, out.read_text(), err.read_text(),
        int(peak.read_text()) * (1 if sys.platform == "darwin" else 1024),
    )  # fmt: skip


TIME = "LimitError: the program has run for 1 seconds, which is the limit"
ANY = "LimitError: "  # where an estimate may come before
BY_TIME, BY_MEMORY = ("--timeout", "1"), ("--max-memory", "300M")

# What Python can't interrupt: for minutes in numpy, and in the linear algebra library.
IN_C = "import numpy as np\nnp.convolve(np.ones(10**6), np.ones(10**6))\n"
IN_LIBRARY = "linalg.svdvals(rand(4000, 4000)).sum()*x"

# A program, what limits it, and what it says.
PROGRAMS = {
    "a loop": ("while True:\n    x = 1\n", BY_TIME, TIME),
    "a loop in C": (IN_C, BY_TIME, TIME),
    "a sum of a range": ("sum(range(10**12))\n", BY_TIME, ANY),
    "a product of matrices": (
        "import torch\nx = torch.ones(2000, 2000, dtype=torch.float64)\nwhile True:\n    x @ x\n",
        BY_TIME, TIME,
    ),
    "a list of a range": ("l = list(range(10**9))\n", BY_MEMORY, ANY),
    "a list that grows by a range": ("l = []\nl += range(10**9)\n", BY_MEMORY, ANY),
    "a list of a type": ("list[int](range(10**9))\n", BY_MEMORY, ANY),
    "a product of a string": ("'a'.__mul__(3*10**9)\n", BY_MEMORY, ANY),
    "a width": ("'%*d' % (10**9, 5)\n", BY_MEMORY, ANY),
    "arguments": ("print(*range(10**9))\n", BY_MEMORY, ANY),
    "a tensor of a range": ("import torch\ntorch.tensor(range(10**9))\n", BY_MEMORY, ANY),
    "an expanded tensor": ("import torch\ntorch.ones(1).expand(10**9).tolist()\n", BY_MEMORY, ANY),
    "a diagonal": ("import numpy as np\nnp.diag(np.ones(50_000))\n", BY_MEMORY, ANY),
    "tensors that are kept": (
        "import torch\nkept = []\nwhile True:\n    kept.append(torch.ones(1_000_000))\n",
        BY_MEMORY, ANY,
    ),
    "strings that are kept": (
        "kept = {}\nn = 0\nwhile True:\n    n += 1\n    kept[n] = 'x' * 1000 + str(n)\n", BY_MEMORY, ANY,
    ),
}  # fmt: skip
# Expressions, which are refused by an estimate where there is one.
EXPRESSIONS = [
    "combinations(arange(3000), 3)",
    "randperm(10**9)",
    "bincount(tensor([10**9]))",
    "tril_indices(60000, 60000)",
    "one_hot(tensor([10**9]))",
    "histc(ones(3), 10**9)",
    "ones(30000, 30000)",
]


def check_limited(done: Done, message: str) -> None:
    assert done.code == 1 and re.search(message, done.err), done
    assert "internal error" not in done.err
    if re.search(
        r"seconds, which|MiB|--max-", done.err
    ):  # an option's limit, not the language's own
        assert "hint: --" in done.err
    assert done.peak < LIMIT + MARGIN


@LINUX
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_is_ended_and_its_output_kept(tmp_path: Path, name: str) -> None:
    program, limit, message = PROGRAMS[name]
    done = run(tmp_path, *limit, program=f"print('first')\nprint('second', end='')\n{program}")
    check_limited(done, message)
    assert done.out == "first\nsecond"


@LINUX
@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_is_refused_or_ended(tmp_path: Path, expression: str) -> None:
    done = run(tmp_path, expression, "--no-grad", *BY_MEMORY)
    check_limited(done, ANY)
    assert done.out == ""


def test_time_of_an_expression(tmp_path: Path) -> None:
    check_limited(run(tmp_path, IN_LIBRARY, "x=2.", *BY_TIME), TIME)


def test_what_is_below_the_limits_is_not_touched(tmp_path: Path) -> None:
    program = "import torch\nx = torch.ones(10**7)\nprint((x + x).sum())\n"
    done = run(tmp_path, *BY_MEMORY, "--timeout", "100", program=program)
    assert done[:3] == (0, "tensor(20000000.)\n", "")
    done = run(tmp_path, "linalg.inv(x)", "x=eye(3)*2", "--no-grad", "--max-memory", "1M")
    assert (done.code, done.err) == (0, "")


def test_a_limit_tells_where_the_program_was(tmp_path: Path) -> None:
    done = run(tmp_path, *BY_TIME, program="def f():\n    while True:\n        x = 1\nf()\n")
    assert 'File "p.py", line 4, in <module>' in done.err and ", in f" in done.err


# ---- rows ------------------------------------------------------------------------------------------

ROWS = "x\n" + "1.5\n" * 20_000


@LINUX
@pytest.mark.parametrize("output", ["o.csv", "o.npz", "o.parquet"])
def test_a_limited_batch_leaves_the_old_output(tmp_path: Path, output: str) -> None:
    (tmp_path / "t.csv").write_text(ROWS)
    (tmp_path / output).write_text("before")
    done = run(tmp_path, "batch", IN_LIBRARY, "t.csv", "-o", output, *BY_TIME)
    check_limited(done, TIME)
    assert (tmp_path / output).read_text() == "before"
    assert sorted(os.listdir(tmp_path)) == sorted([output, "stderr", "stdout", "t.csv"])


@LINUX
def test_a_limited_batch_keeps_rows_that_are_finished(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("x\n" + "1\n" * 20 + "2\n")
    text = "y = x\nwhile x > 1.5:\n    y = y + 1\ny\n"
    args = ("batch", text, "t.csv", "--values-only", "--chunk-rows", "5", "--quiet")
    done = run(tmp_path, *args, "--timeout", "4")
    assert done.code == 1 and done.out == "value\n" + "1.0\n" * 20
    done = run(tmp_path, *args, "--timeout", "4", "-o", "o.csv", "--resume")
    assert done.code == 1 and (tmp_path / "o.csv.partial").read_text() == "value\n" + "1.0\n" * 20
    (tmp_path / "t.csv").write_text("x\n" + "1\n" * 20 + "0\n")
    done = run(tmp_path, *args, "-o", "o.csv", "--resume")
    assert (done.code, done.err) == (0, "")
    assert (tmp_path / "o.csv").read_text() == "value\n" + "1.0\n" * 20 + "0.0\n"
    assert not any(name.startswith("o.csv.") for name in os.listdir(tmp_path))


@LINUX
def test_memory_of_a_batch(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("x\n1\n")
    text = "k = []\nwhile x > 0:\n    k.append('k' * 1_000_000)\nx"
    check_limited(run(tmp_path, "batch", text, "t.csv", "--values-only", *BY_MEMORY), ANY)


@pytest.mark.parametrize("output", ["o.csv", "o.npy", "o.npz", "o.csv.gz"])
def test_every_format_is_written_behind_the_wall(tmp_path: Path, output: str) -> None:
    (tmp_path / "t.csv").write_text("x\n1\n2\n")
    done = run(tmp_path, "batch", "x*2", "t.csv", "--values-only", "-o", output, "--quiet")
    assert (done.code, done.err) == (0, "")
    assert sorted(os.listdir(tmp_path)) == sorted([output, "stderr", "stdout", "t.csv"])
    names = ("--columns", "value") if output.endswith(".npy") else ()
    again = run(tmp_path, "batch", "value*2", output, "--values-only", "--to", "csv", *names)
    assert (again.code, again.out) == (0, "value\n4.0\n8.0\n")


@pytest.mark.parametrize("output", ["o.parquet", "o.arrow"])
def test_polars_formats_are_written_behind_the_wall(tmp_path: Path, output: str) -> None:
    pytest.importorskip("polars")
    test_every_format_is_written_behind_the_wall(tmp_path, output)


def test_a_wall_is_not_required_of_workers(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("x\n1\n")
    done = run(tmp_path, "batch", "x", "t.csv", "--engine", "dask", "-o", "o", "--require-wall")
    assert done.code == 2 and "workers of a cluster are behind no wall" in done.err


# ---- crashes and exit codes ------------------------------------------------------------------------


def child_of(process: subprocess.Popen[bytes]) -> int:
    """The process that computes."""
    found = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    assert len(found) == 1
    return int(found[0])


def started(folder: Path, last: str, **options: bool) -> subprocess.Popen[bytes]:
    """A program that has printed two lines, one of them not flushed, and doesn't end."""
    (folder / "p.py").write_text(f"print('ready', flush=True)\nprint('kept')\n{last}\n")
    process = subprocess.Popen(
        [*COMMAND, "run", "p.py"], cwd=folder, env=ENVIRONMENT, bufsize=0,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    time.sleep(0.2)  # until it is in what doesn't end
    return process


LOOPS = ["while True: pass", IN_C]


@LINUX
@pytest.mark.parametrize(
    ("number", "name"),
    [(signal.SIGSEGV, "SIGSEGV"), (signal.SIGABRT, "SIGABRT"), (signal.SIGKILL, "SIGKILL")],
)
def test_a_crash_is_told(tmp_path: Path, number: int, name: str) -> None:
    with started(tmp_path, LOOPS[1]) as process:
        os.kill(child_of(process), number)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (1, b"kept\n")
    assert err.startswith(b"Crash: the process that computes") and name.encode() in err


@LINUX
@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize(
    ("number", "code", "said"),
    [
        (signal.SIGINT, 130, b"interrupted\n"),
        (signal.SIGTERM, -signal.SIGTERM, b""),
        (signal.SIGHUP, -signal.SIGHUP, b""),
        (signal.SIGKILL, -signal.SIGKILL, b""),
    ],
)
@pytest.mark.parametrize("group", [False, True], ids=["to the parent", "to both"])
def test_signals_end_both(
    tmp_path: Path, loop: str, number: int, code: int, said: bytes, group: bool
) -> None:
    with started(tmp_path, loop, start_new_session=True) as process:
        (os.killpg if group else os.kill)(process.pid, number)
        try:
            out, err = process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        assert (process.returncode, err) == (code, said)
        assert out == b"kept\n" or number == signal.SIGKILL
        for _ in range(100):  # none is left
            try:
                os.killpg(process.pid, 0)
            except ProcessLookupError:
                break
            time.sleep(0.05)
        else:
            pytest.fail("a process is left")


@LINUX
def test_a_second_interrupt_ends_what_the_first_cannot() -> None:
    """An expression without limits has no parent."""
    text = f"print('ready', flush=True)\n{IN_C}"
    with subprocess.Popen(
        [*COMMAND, text], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None and process.stdout.readline() == b"ready\n"
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == -signal.SIGINT


@LINUX
def test_both_stop_and_go_on(tmp_path: Path) -> None:
    def states() -> str:
        return "".join(
            Path(f"/proc/{number}/stat").read_text().rsplit(")", 1)[1].split()[0]
            for number in (process.pid, child_of(process))
        )

    with started(tmp_path, LOOPS[1], start_new_session=True) as process:
        # a session's leader has nobody who could let it go on: the terminal's signal doesn't stop it
        os.killpg(process.pid, signal.SIGSTOP)
        time.sleep(0.2)
        assert states() == "TT"
        os.killpg(process.pid, signal.SIGCONT)
        time.sleep(0.2)
        assert "T" not in states()
        os.killpg(process.pid, signal.SIGINT)
        assert process.communicate(timeout=30) == (b"kept\n", b"interrupted\n")


@pytest.mark.parametrize("code", [0, 1, 7, 130, 255])
def test_exit_codes_pass_through(tmp_path: Path, code: int) -> None:
    done = run(tmp_path, program=f"import sys\nprint('x')\nsys.exit({code})\n")
    assert done[:3] == (code, "x\n", "")


@pytest.mark.parametrize("size", [10, 4096, 65536, 65537, 1_000_000])
def test_output_of_any_size(tmp_path: Path, size: int) -> None:
    done = run(tmp_path, program=f"for n in range(3):\n    print('ü' * {size}, n)\n")
    assert done[:3] == (0, "".join(f"{'ü' * size} {n}\n" for n in range(3)), "")


def test_output_to_a_full_disk(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    (tmp_path / "p.py").write_text("print('x')\n")
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [*COMMAND, "run", "p.py"], cwd=tmp_path, stdout=full, stderr=subprocess.PIPE,
            check=False, text=True,
        )  # fmt: skip
    assert done.returncode == 1 and "output can't be written: No space left" in done.stderr


# ---- files -----------------------------------------------------------------------------------------


def test_a_saved_file_takes_its_name_when_the_result_is_there(tmp_path: Path) -> None:
    done = run(tmp_path, "x*x", "x=[1,2]", "--no-grad", "--save", "o.npz", "--timeout", "100")
    assert (done.code, done.err) == (0, "")
    assert np.load(tmp_path / "o.npz")["value"].tolist() == [1, 4]
    mask = os.umask(0)
    os.umask(mask)
    assert (tmp_path / "o.npz").stat().st_mode & 0o777 == 0o666 & ~mask


@pytest.mark.parametrize("args", [("1/0",), (IN_LIBRARY, "x=2.", *BY_TIME), ("x*", "x=1")])
def test_what_fails_leaves_the_old_file_and_no_other(tmp_path: Path, args: tuple[str, ...]) -> None:
    (tmp_path / "o.npz").write_text("before")
    done = run(tmp_path, *args, "--save", "o.npz", "--save-grads", "g.npz")
    assert done.code == 1
    assert (tmp_path / "o.npz").read_text() == "before"
    assert sorted(os.listdir(tmp_path)) == ["o.npz", "stderr", "stdout"]


# ---- the wall from the command line ------------------------------------------------------------------


def test_require_and_no_wall(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from autodiff_cli.wall import available

    for args in (("x*2", "x=3"), ("run", "p.py")):
        (tmp_path / "p.py").write_text("print(6)\n")
        done = run(tmp_path, *args, "--require-wall")
        assert done.code == (0 if available().is_whole() else 1), done.err
        done = run(tmp_path, *args, "--no-wall")
        assert (done.code, done.err.count("note: --no-wall: the interpreter alone")) == (0, 1)
        assert run(tmp_path, *args, "--no-wall", "--require-wall").code == 2
        monkeypatch.setitem(ENVIRONMENT, "AUTODIFF_WALL", "sometimes")
        done = run(tmp_path, *args)
        assert done.code == 2 and "AUTODIFF_WALL is 'no' or 'require'" in done.err
        monkeypatch.setitem(ENVIRONMENT, "AUTODIFF_WALL", "")


def test_somebody_elses_process_is_not_restricted(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom autodiff_cli.cli.main import main\nfrom autodiff_cli.evaluation import evaluate\n"
        "evaluate('x*2', {'x': 3})\nassert main(['x*2', 'x=3', '--timeout', '100']) == 0\n"
        "assert main(['x*2', 'x=3', '--require-wall']) == 1\nopen(sys.argv[1], 'w').close()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "made")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "the process isn't the command's own" in done.stderr and (tmp_path / "made").exists()


# ---- the table of docs/reliability.md ----------------------------------------------------------------

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
HEADING = "| input | limit | peak memory | time to the end | message |\n|---|---|---|---|---|\n"


def inputs() -> dict[str, tuple[str, tuple[str, str]]]:
    """What is typed, and its limit."""
    programs = {text: limit for text, limit, _ in PROGRAMS.values()}
    return {
        **{text.replace("\n", "⏎").strip("⏎"): (text, limit) for text, limit in programs.items()},
        **dict.fromkeys(EXPRESSIONS, ("", BY_MEMORY)),
    }


def test_the_table_has_each_case() -> None:
    table = PAGE.read_text().split(HEADING)[1].split("\n\n")[0]
    rows = [line.split(" | ")[:2] for line in table.splitlines()]
    assert rows == [
        [f"| `{text}`", f"`{' '.join(limit)}`"] for text, (_, limit) in inputs().items()
    ]


def measured(folder: Path) -> str:
    """The table, as this machine gives it."""
    lines = []
    for text, (program, limit) in inputs().items():
        started = time.perf_counter()
        done = (
            run(folder, *limit, program=program)
            if program
            else run(folder, text, "--no-grad", *limit)
        )
        seconds = time.perf_counter() - started
        message = next(line for line in done.err.splitlines() if line.startswith("LimitError: "))
        lines.append(
            f"| `{text}` | `{' '.join(limit)}` | {done.peak >> 20} MiB | {seconds:.1f} s | {message} |\n"
        )
    return HEADING + "".join(lines)


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        print(measured(Path(folder)), end="")
