"""Files as a shell names them: pipes of every kind are read whole and once, and no output is an input."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from console import executed

ROWS = 100_000
SUM = f'{{"value":{ROWS * (ROWS + 1) / 2}}}\n'
BATCH = "autodiff batch x --values-only --reduce sum --to jsonl"
CSV, LINES = f"(echo x; seq {ROWS})", f"seq {ROWS} | sed 's/.*/{{\"x\":&}}/'"


@pytest.mark.parametrize("rows", [CSV, LINES], ids=["csv", "jsonl"])
@pytest.mark.parametrize(
    "command",
    [
        f"{BATCH} <(ROWS)",
        f"ROWS | {BATCH}",
        f"ROWS | {BATCH} -",
        f"ROWS | {BATCH} /dev/stdin",
        f"ROWS | {BATCH} /dev/fd/0",
        f"ROWS | {BATCH} /proc/self/fd/0",
        f"ROWS > t; {BATCH} < t",
        f"ROWS > t; {BATCH} /dev/stdin < t",
        f"ROWS > t; {BATCH} /dev/fd/3 3< t",
        f"{BATCH} /dev/fd/3 3< <(ROWS)",
        f"mkfifo p; ROWS > p & {BATCH} p",
        f"mkfifo p; ROWS > p & {BATCH} < p",
        f"ROWS | gzip | {BATCH} /dev/stdin --format FORMAT",
        f"{{ head -c 9; sleep 0.2; cat; }} < <(ROWS) | {BATCH} -",
    ],
)  # fmt: skip
def test_every_door_of_a_shell(tmp_path: Path, command: str, rows: str) -> None:
    command = command.replace("ROWS", rows).replace("FORMAT", "csv" if rows == CSV else "jsonl")
    assert executed(command, tmp_path) == (SUM, 0)


def test_files_and_pipes_together(tmp_path: Path) -> None:
    twice = SUM.replace(str(ROWS * (ROWS + 1) / 2), str(float(ROWS * (ROWS + 1))))
    for files in (f"<{CSV} <{CSV}", "t.csv t.csv", f"t.csv <{CSV}", f"<{CSV} 't*.csv'"):
        command = f"{CSV} > t.csv; {BATCH} --dtype float64 --format csv {files}"
        assert executed(command, tmp_path) == (twice, 0)


@pytest.mark.parametrize("files", [f"<{CSV}", f"/dev/stdin < <{CSV}", f"- < <{CSV}"])
def test_a_look_at_a_pipe(tmp_path: Path, files: str) -> None:
    shown, code = executed(f"autodiff batch 'x*x' --dry-run {files}", tmp_path)
    assert code == 0
    cells = [line.split() for line in shown.splitlines()[-3:]]
    assert cells == [
        ["x", "float32", "1.", "2.", "3."],
        ["value", "float32", "1.", "4.", "9."],
        ["grad_x", "float32", "2.", "4.", "6."],
    ]
    rows = executed(f"autodiff batch 'x*x' --values-only --limit 3 {files}", tmp_path)
    assert rows == ("value\n1.0\n4.0\n9.0\n", 0)


def test_an_endless_pipe_is_read_as_far_as_asked(tmp_path: Path) -> None:
    command = "autodiff batch x --values-only --limit 2 --columns x --format csv <(yes 7)"
    assert executed(command, tmp_path) == ("value\n7.0\n7.0\n", 0)


@pytest.mark.parametrize(
    ("command", "value"),
    [
        ("autodiff 'sum(x)' x=@<(seq 4) --no-grad", "10."),
        ("seq 4 | autodiff 'sum(x)' x=@/dev/stdin --no-grad", "10."),
        ("seq 4 | autodiff 'sum(x)' x=@/dev/fd/0 --no-grad", "10."),
        ("autodiff 'sum(x)' x=@/dev/fd/7 7< <(seq 4) --no-grad", "10."),
        ("autodiff 'sum(x*y)' x=@<(seq 4) y=@<(seq 4) --no-grad", "30."),
        ("seq 4 > v.csv; autodiff 'sum(x*y)' x=@v.csv y=@v.csv --no-grad", "30."),
        ("autodiff @<(echo 'x**2') x=3 --no-grad", "9."),
        ("echo 'x**2' | autodiff @/dev/stdin x=3 --no-grad", "9."),
        ("autodiff run <(echo 'print(x.sum().item())') x=@<(seq 4)", "10.0"),
        ("echo 'print(x.sum().item())' | autodiff run /dev/stdin x=@<(seq 4)", "10.0"),
        ("autodiff 'sum(x)' x=@<(cat a.npz):k --no-grad", "6."),
        ("autodiff 'sum(x*y)' x=@a.npz:k y=@a.npz:j --no-grad", "18."),
        ("mkfifo p; cat a.npz > p & autodiff 'sum(x)' x=@p:j --no-grad", "9."),
    ],
)
def test_values_and_texts_from_pipes(tmp_path: Path, command: str, value: str) -> None:
    np.savez(tmp_path / "a.npz", k=np.full(3, 2.0), j=np.full(3, 3.0))
    text, code = executed(command, tmp_path)
    assert code == 0
    assert value in text


@pytest.mark.parametrize(
    "command",
    [
        "autodiff 'sum(x*y)' x=@- y=@/dev/stdin",
        "autodiff 'sum(x*y)' x=@- y=@/dev/fd/0",
        "autodiff @- x=@/dev/stdin",
        "autodiff 'x*y' x=1 y=2 --seed @- --jvp x=@-",
        "autodiff run - x=@/dev/stdin",
        "autodiff run /dev/stdin x=@-",
        "autodiff batch 'x*w' - w=@/dev/stdin",
        "autodiff batch 'x*w' w=@-",
        "autodiff batch @- -",
    ],
)
def test_standard_input_is_read_once(tmp_path: Path, command: str) -> None:
    text, code = executed(f"seq 3 | {command}", tmp_path)
    assert code == 2
    assert text.startswith("Error: standard input can be read once only")


@pytest.mark.parametrize(
    "command",
    [
        "autodiff 'sum(x)' x=@a.npz:k --save a.npz",
        "autodiff 'sum(x)' x=@a.npz:k --save-grads ./a.npz",
        "autodiff 'sum(x)' x=@a.npz:k --save link.npz",
        "autodiff 'sum(x)' x=@- --save a.npz < a.npz",
        "autodiff 'sum(x)' x=@a.npz:k >> a.npz",
        "autodiff 'sum(x)' x=@- >> a.npz < a.npz",
        "autodiff 'sum(x)' x=2 --jvp x=@a.npz:k --save a.npz",
        "autodiff @a.npz x=2 --save hard.npz",
        "autodiff run a.npz >> a.npz",
        "autodiff run - >> a.npz < a.npz",
        "autodiff batch k a.npz -o a.npz",
        "autodiff batch k a.npz -o link.npz",
        "autodiff batch k hard.npz -o a.npz",
        "autodiff batch k '*.npz' -o hard.npz",
        "autodiff batch k - -o a.npz < a.npz",
        "autodiff batch k a.npz --to csv >> a.npz",
        "autodiff batch k a.npz --to csv -o /dev/stdout >> a.npz",
        "autodiff batch k a.npz --to csv -o /dev/fd/5 5>> a.npz",
        "autodiff batch 'x*sum(w)' t.csv w=@a.npz:k -o a.npz",
        "autodiff batch @a.npz t.csv -o a.npz",
        "autodiff batch k a.npz -o a.npz --dry-run",
        "autodiff batch k a.npz -o a.npz --limit 1",
        "autodiff batch k a.npz --engine dask -o .",
        "autodiff batch k a.npz --engine dask -o a.npz",
        "cd sub; autodiff batch k ../a.npz -o ../a.npz",
    ],
)
def test_nothing_is_written_over_an_input(tmp_path: Path, command: str) -> None:
    np.savez(tmp_path / "a.npz", k=np.full(3, 2.0))
    (tmp_path / "link.npz").symlink_to("a.npz")
    (tmp_path / "hard.npz").hardlink_to(tmp_path / "a.npz")
    (tmp_path / "t.csv").write_text("x\n1\n")
    (tmp_path / "sub").mkdir()
    before = (tmp_path / "a.npz").read_bytes()
    present = sorted(tmp_path.rglob("*"))
    text, code = executed(command, tmp_path)
    assert code == 2
    assert "input" in text or "which is also read" in text
    assert (tmp_path / "a.npz").read_bytes() == before
    assert {path for path in tmp_path.rglob("*") if ".bin" not in path.parts} == set(present)


@pytest.mark.parametrize("output", ["/dev/null", "/dev/stdout", "-", "other.csv", "old.csv"])
def test_other_outputs_are_written(tmp_path: Path, output: str) -> None:
    (tmp_path / "t.csv").write_text("x\n1\n")
    (tmp_path / "old.csv").write_text("before")
    command = f"autodiff batch x t.csv --values-only -o {output}"
    shown, code = executed(command, tmp_path)
    assert code == 0
    if output in ("-", "/dev/stdout"):
        assert shown == "value\n1.0\n"
    elif output != "/dev/null":
        assert (shown, (tmp_path / output).read_text()) == ("", "value\n1.0\n")
    redirected = f"autodiff batch x t.csv --values-only -o {output} > r.csv < /dev/null"
    assert executed(redirected, tmp_path)[1] == 0
