"""The prompt: at a terminal, with prompt_toolkit and without it; and its parts."""

from __future__ import annotations

import os
import re
import select
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from console import ROOT

from autodiff_cli.cli.prompt import WRITTEN, _ranged
from autodiff_cli.cli.prompt_history import History, escaped, place, unescaped
from autodiff_cli.cli.prompt_text import coloured, completions, is_whole, is_word
from autodiff_cli.cli.prompt_words import ASKING, WORDS, help_text, options_of, parted

PATIENCE = 30.0  # seconds for what takes one
ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[A-Za-z]|[=>])|\x07")
WITHOUT = "import sys; sys.modules['prompt_toolkit'] = None; sys.argv[0] = 'autodiff'; "
RUN = "from autodiff_cli.__main__ import run; run()"


class Terminal:
    """A session at a pseudo terminal of 80 columns."""

    def __init__(self, folder: Path, code: str, *words: str) -> None:
        import fcntl
        import pty
        import struct
        import termios

        self.end, other = pty.openpty()
        fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))

        def lead() -> None:
            os.setsid()
            fcntl.ioctl(other, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(
            [sys.executable, "-c", code, *words],
            stdin=other,
            stdout=other,
            stderr=other,
            close_fds=True,
            preexec_fn=lead,
            cwd=folder,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join(
                    filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])
                ),
                "XDG_STATE_HOME": str(folder / "state"),
                "TERM": "xterm",
                "PROMPT_TOOLKIT_NO_CPR": "1",
                "NO_COLOR": "1",
            },
        )
        os.close(other)
        self.text = ""
        self.first = self.until(">>>")

    def until(self, pattern: str) -> str:
        """Wait until something is on the screen that wasn't looked at yet; what was shown up to its end."""
        late = monotonic() + PATIENCE
        while (found := re.search(pattern, ESCAPES.sub("", self.text).replace("\r", ""))) is None:
            if not select.select([self.end], [], [], max(0.0, late - monotonic()))[0]:
                raise AssertionError(f"no {pattern!r} in {self.text!r}")
            try:
                part = os.read(self.end, 1 << 16).decode(errors="replace")
            except OSError:  # it has ended
                part = ""
            if not part:
                raise AssertionError(f"ended before {pattern!r}: {self.text!r}")
            self.text += part
        plain = ESCAPES.sub("", self.text).replace("\r", "")
        self.text = plain[found.end() :]
        return plain[: found.end()]

    def send(self, text: str) -> None:
        os.write(self.end, text.encode())

    def type(self, text: str, pattern: str) -> str:
        """Type lines, and wait for what they give."""
        self.send(text.replace("\n", "\r") + "\r")
        found = self.until(pattern)
        self.until(">>>")  # which is there before it
        return found

    def ended(self) -> int:
        """The exit code."""
        late = monotonic() + PATIENCE
        while self.process.poll() is None and monotonic() < late:
            if select.select([self.end], [], [], 0.05)[0]:
                try:
                    self.text += os.read(self.end, 1 << 16).decode(errors="replace")
                except OSError:
                    break
        return self.process.wait(PATIENCE)


@pytest.fixture(
    params=[pytest.param("", id="toolkit", marks=pytest.mark.needs("prompt_toolkit")), "plain"]
)
def code(request: pytest.FixtureRequest) -> str:
    """What starts the prompt, with prompt_toolkit and without it."""
    return (WITHOUT if request.param else "") + RUN


@pytest.fixture
def terminal(code: str, tmp_path: Path) -> Iterator[Terminal]:
    found = Terminal(tmp_path, code)
    yield found
    if found.process.poll() is None:
        found.process.kill()
        found.process.wait()
    os.close(found.end)


pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="it has pseudo terminals")


def test_a_session_is_a_program(terminal: Terminal, tmp_path: Path) -> None:
    terminal.type(".input x=3", r"x = tensor\(3\., requires_grad=True\)")
    terminal.type("x**2", r"value: tensor\(9\., grad_fn=<PowBackward0>\)\nx\.grad: tensor\(6\.\)")
    terminal.type("_ * 2", r"x\.grad: tensor\(12\.\)")
    terminal.type("men(x)", r"\^\^\^\nhint: did you mean 'mean'\?")
    terminal.type("for k in range(2):\n  print(x.item() + k)\n", r"3\.0\n4\.0")
    terminal.type(".save session.py", r"4 statements in session\.py: autodiff run session\.py")
    terminal.type(".save session.py", r"'session\.py' exists already\nhint: \.save --force")
    terminal.send("\x04")
    assert terminal.ended() == 0
    ran = subprocess.run(
        [sys.executable, "-m", "autodiff_cli", "run", str(tmp_path / "session.py")],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert ran.stdout == (
        "value: tensor(9., grad_fn=<PowBackward0>)\nx.grad: tensor(6.)\n"
        "value: tensor(18., grad_fn=<MulBackward0>)\nx.grad: tensor(12.)\n3.0\n4.0\n"
    )
    history = tmp_path / "state" / "autodiff" / "history"
    assert stat.S_IMODE(history.stat().st_mode) == 0o600
    assert ".input x=3\nx**2\n_ * 2\n" in history.read_text()


def test_the_commands_speak_of_the_last_result(terminal: Terminal) -> None:
    terminal.type(".input x=2", "requires_grad=True")
    terminal.type("y = 3*x; y*x*x", r"x\.grad: tensor\(36\.\)")
    terminal.type(".derive x**3", r"checked: equal at \d points\n3\*x\*\*2")
    terminal.type(".derive x**3 --to latex", r"3 ?x\^\{?2")
    terminal.type(".explain", r"chain rule[^>]*= 36")
    terminal.type(".check", r"the gradient is right|ok")
    terminal.type(".graph x+1", r"AddBackward0")
    terminal.type(".derive 2x", r"hint: write 2\*x")
    terminal.type(".nothing", r"there is no \.nothing")
    terminal.type("?sigmoid", r"sigmoid\(")
    terminal.type("?x", r"x: a tensor of shape \[\], float32, an input")


def test_interrupts_end_what_runs_and_what_is_typed(terminal: Terminal) -> None:
    terminal.type("x = 5; print('do' + 'ne')", "done")
    terminal.send("while True: print('be' + 'gun')\r\r")
    terminal.until("begun")
    terminal.send("\x03")
    terminal.until("interrupted")
    terminal.until(">>>")
    terminal.send("1 + ")
    terminal.until(r"1 \+")
    terminal.send("\x03")
    terminal.until(">>>")
    terminal.type("x + 37", "42")
    terminal.send("\x04")
    assert terminal.ended() == 0


@pytest.mark.needs("ps")
def test_a_process_that_ends_is_begun_again(terminal: Terminal) -> None:
    terminal.type("x = 20; x + 1", "21")
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(terminal.process.pid)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    os.kill(int(listed.stdout.split()[0]), signal.SIGKILL)
    terminal.type("x + 2", r"killed[^>]*run again")
    terminal.type("x + 3", "23")


def test_names_are_completed(terminal: Terminal) -> None:
    terminal.type("long_name = 41; print('do' + 'ne')", "done")
    terminal.send("long_na\t")
    terminal.until("long_name")
    terminal.type(" + 1", "42")


def test_the_wall_stands_at_the_prompt(code: str, tmp_path: Path) -> None:
    terminal = Terminal(
        tmp_path, code, "prompt", "--require-wall", "--max-steps", "1000", "x=[1,2]"
    )
    assert "x = tensor([1.,2.], requires_grad=True)" in terminal.first
    terminal.type("while True: pass\n", "1,000 steps, which is the limit")
    terminal.type("import subprocess", "No module named 'subprocess'|isn't|cannot|can't")
    terminal.send("exit\r")
    assert terminal.ended() == 0
    os.close(terminal.end)


def test_an_input_may_be_a_file(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("1\n2\n")
    terminal.type(".input A=@data.csv", r"A: a tensor of shape \[2\], float32, an input")
    terminal.type("sum(A*A)", r"A\.grad: tensor\(\[2\., 4\.\]\)")
    terminal.type(".save s.py", r"1 statement in s\.py: autodiff run s\.py A=@data\.csv")


def test_without_a_terminal_there_is_help(run: Any) -> None:
    assert run() == run("--help")
    code, _, error = run("prompt")
    assert code == 2 and "needs a terminal" in error


def test_nothing_of_it_is_imported_by_a_one_liner() -> None:
    code = (
        "import sys; from autodiff_cli.cli.main import main; main(['x**2', 'x=1']); "
        "print([m for m in sys.modules if 'prompt' in m or m in ('readline', 'codeop', 'json')])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "[]"


# ---- its parts --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "x", "x = 1", "2x", "x y", "def f(): return 1\n", "if x:\n  y\n", "if x:\n  y\n  ", "f(1,\n  2)",
        "'''a\nb'''", ".derive f(", "?x", "x = 1; y = 2", "x = 1\nif x:\n  y\n", "@f\ndef g(): pass\n",
        "\x00",
    ],
)  # fmt: skip
def test_whole_texts(text: str) -> None:
    assert is_whole(text)


@pytest.mark.parametrize(
    "text",
    ["x = [", "f(1,", "'''a", "if x:", "if x:\n  y", "for i in x: y", "x = 1\nfor i in x:\n  y", "@f",
     "x + \\", "class A:\n  def f(self):\n    pass"],
)  # fmt: skip
def test_texts_that_go_on(text: str) -> None:
    assert not is_whole(text)


def test_words_begin_with_a_point_and_a_letter() -> None:
    assert is_word(".derive") and is_word("?x") and is_word("x?")
    assert not is_word(".5*x") and not is_word("x.sum()")


def test_a_file_is_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data.csv").touch()
    (tmp_path / "dates").mkdir()
    monkeypatch.chdir(tmp_path)

    def none(begun: str) -> list[str]:
        raise AssertionError(begun)

    assert completions(".input x=@da", none) == (2, ["data.csv", "dates/"])
    assert completions(".save dat", none) == (3, ["data.csv", "dates/"])
    assert completions(".derive x --to", none) == (4, ["--to"])
    assert completions(".inp", none) == (4, [".input"])


def test_colours_lose_no_character() -> None:
    for text in ("if x: # a\n  y = 'b' + $", ".derive x**2", "'open", "é = 1\t+ 2.5e3"):
        assert "".join(word for _, word in coloured(text)) == text
    assert ("call", "relu") in list(coloured(".derive relu(x)"))


def test_what_stands_behind_a_word() -> None:
    asked = parted(" a - b  x=-3:3 y=2 -o f.svg --digits 3")
    assert (asked.text, asked.bindings) == ("a - b", ("x=-3:3", "y=2"))
    assert asked.options == ("-o", "f.svg", "--digits", "3")
    assert parted("x == y").text == "x == y"
    assert parted("").text == "" == parted("--to latex").text


def test_a_plot_has_a_range() -> None:
    assert _ranged(["A=[1.0]", "x=2.0"], ()) == ["A=[1.0]", "x=-1:5"]
    assert _ranged(["x=2.0", "y=1.0"], ("y=0:1",)) == ["x=2.0", "y=1.0"]


@pytest.mark.parametrize("word", ["x=@/etc/passwd", "x=open(1)", "--no-wall=1", "x=f", "x=1;y"])
def test_what_computes_names_no_file(word: str) -> None:
    assert WRITTEN.fullmatch(word) is None or word == "x=f"


def test_every_word_is_explained() -> None:
    for word in WORDS:
        assert f"\n  {word}" in help_text()
    assert {f".{name}" for name in ASKING} < set(WORDS)
    assert max(map(len, help_text().splitlines())) <= 80
    assert "--to" in options_of(".derive") and options_of(".help") == []


def test_history_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    history = History(place())
    assert history.is_new and history.texts == []
    for text in ("x = 1", "x = 1", " secret", "if x:\n  print('\\n')", "  "):
        history.add(text)
    again = History(place())
    assert not again.is_new
    assert again.texts == history.texts == ["x = 1", "if x:\n  print('\\n')"]
    assert [unescaped(escaped(text)) for text in again.texts] == again.texts


def test_history_that_cannot_be_kept_is_said(tmp_path: Path) -> None:
    (tmp_path / "autodiff").write_text("")
    history = History(str(tmp_path / "autodiff" / "history"))
    history.add("x")
    assert "history'" in history.failed and history.texts == ["x"]
