"""Standard streams that are closed, or of an encoding that can't show everything."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(os.name == "nt", reason="POSIX shells and locales")
ROWS = "x,y\n1,2\n3,4\n"
ANSWERS = "value,grad_x,grad_y\n2.0,2.0,1.0\n12.0,4.0,3.0\n"
EVAL = ["x**2", "x=3"]
BATCH = ["batch", "x*y", "t.csv"]
PROGRAM = ["run", "p.py"]
PRINTED = {
    "x**2": "value: tensor(9., grad_fn=<PowBackward0>)\nx.grad: tensor(6.)\n",
    "batch": ANSWERS,
    "run": "hi\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "t.csv").write_text(ROWS)
    (tmp_path / "bad.csv").write_text("x,y\n1,2\n3,oops\n")
    (tmp_path / "p.py").write_text("print('hi')\n")
    (tmp_path / "silent.py").write_text("x = 3\n")
    return tmp_path


def called(
    folder: Path, *words: str | bytes, closed: str = "", **variables: str
) -> tuple[int, str, str]:
    """Exit code, output and messages of the command, with streams closed by a shell."""
    module = [sys.executable, "-m", "autodiff_cli"]
    root = Path(__file__).parent.parent.parent
    done = subprocess.run(
        ["sh", "-c", f'exec "$0" "$@" {closed}', *module, *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(root), **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.mark.parametrize("words", [EVAL, BATCH, PROGRAM], ids=lambda words: words[0])
@pytest.mark.parametrize("closed", ["2>&-", "0<&-", "0<&- 2>&-"])
def test_what_a_call_doesnt_need_may_be_closed(folder: Path, words: list[str], closed: str) -> None:
    assert called(folder, *words, closed=closed) == (0, PRINTED[words[0]], "")


@pytest.mark.parametrize("words", [EVAL, BATCH, PROGRAM, ["--help"]], ids=lambda words: words[0])
def test_a_closed_output_is_an_error_for_who_writes_there(folder: Path, words: list[str]) -> None:
    code, _, err = called(folder, *words, closed="1>&-")
    assert code == 1
    assert err.removeprefix("InputError: ") == "standard output can't be written: it is closed\n"
    assert called(folder, *words, closed="1>&- 2>&-") == (1, "", "")


@pytest.mark.parametrize("closed", ["1>&-", "2>&-", "0<&- 1>&- 2>&-"])
def test_files_are_written_whatever_is_closed(folder: Path, closed: str) -> None:
    assert called(folder, *BATCH, "-o", "out.csv", closed=closed) == (0, "", "")
    assert (folder / "out.csv").read_text() == ANSWERS
    assert called(folder, "run", "silent.py", closed=closed) == (0, "", "")
    called(folder, *EVAL, "--save", "s.npz", closed=closed)
    assert (folder / "s.npz").exists()


def test_no_message_lands_in_a_file(folder: Path) -> None:
    words = ["batch", "x*y", "bad.csv", "--on-error", "skip", "-o", "out.csv"]
    assert called(folder, *words, closed="2>&-") == (0, "", "")
    assert (folder / "out.csv").read_text() == "".join(ANSWERS.splitlines(keepends=True)[:2])
    assert called(folder, "batch", "x*y", "bad.csv", "-o", "no.csv", closed="2>&-")[0] == 1
    assert not (folder / "no.csv").exists()
    opened = (
        "import os; from autodiff_cli.startup import settle_streams; settle_streams();"
        "file = open('opened', 'wb'); os.write(2, b'a message'); os._exit(file.fileno())"
    )
    done = subprocess.run(
        ["sh", "-c", 'exec "$0" "$@" 0<&- 1>&- 2>&-', sys.executable, "-c", opened],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent.parent)},
    )
    assert done.returncode == 3
    assert (folder / "opened").read_bytes() == b""


@pytest.mark.parametrize(
    "words", [["x", "x=@-"], ["batch", "x"], ["batch", "x", "-"], ["run", "-"], ["@-"]]
)
def test_a_closed_input_is_an_error_for_who_reads_there(folder: Path, words: list[str]) -> None:
    code, out, err = called(folder, *words, closed="0<&-")
    assert (code, out) == (1, "")
    assert err.startswith("InputError: nothing on standard input: it is closed\nhint: ")


# How a machine that knows ASCII alone says so, and programs that were told to.
ASCII = [{"LC_ALL": "C", "PYTHONUTF8": "0"}, {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}]


@pytest.mark.parametrize("variables", ASCII, ids=["locale", "streams"])
def test_names_files_and_columns_are_utf8_where_nothing_is_said(
    folder: Path, variables: dict[str, str]
) -> None:
    def says(*words: str) -> str:
        code, out, err = called(folder, *words, **variables)
        assert (code, err) == (0, "")
        return out

    (folder / "é.csv").write_text("é,σ\n1,2\n", encoding="utf-8")
    (folder / "é.py").write_text("σ = 3\nprint('σ =', σ)\n", encoding="utf-8")
    assert says("é**2", "é=3").endswith("\né.grad: tensor(6.)\n")
    assert says("é**2", "é=3", "--trace").startswith("é**2 []: tensor(9.")
    assert json.loads(says("σ**2", "σ=3", "--json"))["grads"] == {"σ": 6.0}
    assert says("batch", "é*σ", "é.csv") == "value,grad_é,grad_σ\n2.0,2.0,1.0\n"
    assert says("batch", "é*σ", "é.csv", "-o", "ö.csv") == ""
    assert (folder / "ö.csv").read_text(encoding="utf-8").startswith("value,grad_é")
    assert says("run", "é.py") == "σ = 3\n"
    code, _, err = called(folder, "é + q", "é=3", **variables)
    assert code == 1 and "\n  é + q\n      ^\n" in err
    assert "no such file: 'ñ.py'" in called(folder, "run", "ñ.py", **variables)[2]


def test_another_encoding_is_for_text_alone(folder: Path) -> None:
    """What it can't show is an escape; JSON is UTF-8."""
    said = {"PYTHONIOENCODING": "iso8859-7", "PYTHONUTF8": "0"}  # σ is one byte of it, é none
    module = [sys.executable, "-m", "autodiff_cli"]
    root = str(Path(__file__).parent.parent.parent)

    def says(*words: str) -> bytes:
        environment = {**os.environ, "PYTHONPATH": root, **said}
        return subprocess.run([*module, *words], env=environment, capture_output=True).stdout

    assert says("σ*é", "σ=3", "é=2").endswith(b"\n\xf3.grad: tensor(2.)\n\\xe9.grad: tensor(3.)\n")
    assert json.loads(says("σ*é", "σ=3", "é=2", "--json").decode())["grads"] == {"σ": 2.0, "é": 3.0}


def test_bytes_that_are_not_utf8(folder: Path) -> None:
    (folder / os.fsdecode(b"\xe9.csv")).write_text(ROWS)
    assert called(folder, "batch", "x*y", b"\xe9.csv") == (0, ANSWERS, "")
    code, out, err = called(folder, "run", b"\xe8.py")
    assert (code, out) == (1, "") and "no such file: '\\udce8.py'" in err
    code, out, err = called(folder, b"\xe9*x", "x=2")
    assert (code, out) == (1, "")
    assert err.startswith("SyntaxError: byte 0xe9 is not UTF-8\n") and "^" in err
    code, out, err = called(folder, b"['\xe9', '\\ud800']", "--json")
    assert (code, err) == (0, "") and json.loads(out)["value"] == ["\\udce9", "\\ud800"]
