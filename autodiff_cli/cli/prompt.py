"""`autodiff` alone on a terminal: expressions and programs, read one after the other."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Callable
from contextlib import ExitStack
from difflib import get_close_matches
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Protocol, TextIO

import click

from autodiff_cli import __version__
from autodiff_cli.cli import paths
from autodiff_cli.cli.color import LABEL, painted_error, painter, wanted
from autodiff_cli.cli.commands import Command, bindings_of
from autodiff_cli.cli.options import argument, color_option, command_of, quiet_option
from autodiff_cli.cli.prompt_history import History, place
from autodiff_cli.cli.prompt_text import is_word
from autodiff_cli.cli.prompt_words import (
    ASKING,
    WORDS,
    help_text,
    inputs,
    options_of,
    parted,
    split,
    without_point,
)
from autodiff_cli.cli.prompt_worker import Apart, Failed, Gone, Here
from autodiff_cli.cli.resources import Computing
from autodiff_cli.cli.words import home, value_of
from autodiff_cli.errors import AutodiffError, InputError
from autodiff_cli.record import Record
from autodiff_cli.settings import Settings

if TYPE_CHECKING:
    from autodiff_cli.inputs import Given

EPILOG = """\b
Examples:
  autodiff
  autodiff prompt x='[1,2,3]' A=@matrix.npy
  autodiff prompt --dtype float64 --manual-seed 0

\b
At the prompt .help says what there is. What is typed is kept for the next time;
pip install 'autodiff-cli[prompt]' brings colours and texts of several lines.
"""
SESSION = "# a session of autodiff: autodiff run {words}\n"
ENDS = ("exit", "quit", "exit()", "quit()", ".exit", ".quit")
WRITTEN = re.compile(r"[^\W\d]\w*=(?:tensor\()?[-+\[\], .\deinfa]*(?:, dtype=torch\.\w+\))?")
AROUND = 3.0  # how far a plot goes to each side of an input


class Kept(Record):
    """A statement of the session, or an input that comes from a file.

    Attributes:
        text: of the statement, or "".
        name: of the input.
        word: that binds it.
        value: what was read.
    """

    text: str
    name: str = ""
    word: str = ""
    value: Given | None = None


class Reader(Protocol):
    """Reads texts."""

    def read(self) -> str: ...


class PromptWords(Computing):
    """The words of `autodiff prompt`."""

    bindings: tuple[str, ...] = argument("[NAME=VALUE]...", nargs=-1)
    quiet: bool = quiet_option()
    color: str = color_option()


class PromptCommand(Command):
    """A command that needs no words."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, args or ["--"])


@command_of(PromptWords, "prompt", cls=PromptCommand, epilog=EPILOG)
def command(words: PromptWords) -> int:
    """Read expressions and programs at a prompt, as does autodiff alone on a terminal.

    A result that depends on inputs is shown with its gradients; NAME=VALUE binds an input.
    """
    if not (sys.stdin and sys.stdin.isatty() and sys.stdout.isatty()):
        raise click.UsageError(
            "the prompt needs a terminal; autodiff run - reads a program from standard input"
        )
    words.wall()  # says what is wrong with it
    return Prompt(words).run()


class Prompt:
    """A session at a terminal.

    Args:
        words: of the command.
    """

    def __init__(self, words: PromptWords) -> None:
        self.words = words
        paint = painter(LABEL, wanted(words.color, sys.stdout))
        self.worker: Here | Apart = (Apart if hasattr(os, "fork") else Here)(words, paint)
        self.history = History(place())
        self.session: list[Kept] = []
        self.reading = False
        self.coloured = wanted(words.color, sys.stderr)

    def run(self) -> int:
        """Read until the end; the exit code."""
        reader = self._reader()
        before = signal.signal(signal.SIGINT, self._interrupt)
        if hasattr(signal, "SIGPIPE"):  # what computes may end while it is asked
            signal.signal(signal.SIGPIPE, signal.SIG_IGN)
        try:
            if self.words.bindings:
                self._guarded(lambda: self._bind(list(self.words.bindings)))
            while True:
                text = self._read(reader)
                if text is None or text.strip() in ENDS:
                    return 0
                if text.strip():
                    self.history.add(text)
                    self._guarded(lambda text=text: self._do(text))  # type: ignore[misc]
        finally:
            signal.signal(signal.SIGINT, before)
            self.worker.end()

    def _read(self, reader: Reader) -> str | None:
        """What is typed; "" if Ctrl-C ended it, None at the end of the session."""
        try:
            self.reading = True
            return reader.read()
        except KeyboardInterrupt:
            self._out("\n" if self.is_plain else "")
            return ""
        except EOFError:
            self._out("\n" if self.is_plain else "")
            return None
        finally:
            self.reading = False

    def _interrupt(self, *_: object) -> None:
        """Ctrl-C: of what is typed, or of what runs."""
        if self.reading:
            self.reading = False
            raise KeyboardInterrupt
        self.worker.interrupt()

    def _reader(self) -> Reader:
        """What reads texts, and the first lines."""
        dumb = os.environ.get("TERM", "dumb") == "dumb"
        self.is_plain = dumb or find_spec("prompt_toolkit") is None
        if not self.words.quiet:
            self._out(f"autodiff {__version__}: type an expression; .help says more\n")
            if self.is_plain and self.history.is_new and not dumb:
                self._out(
                    "hint: pip install 'autodiff-cli[prompt]' brings colours and texts of several lines\n"
                )
            if self.history.failed:
                self._err(f"note: what is typed isn't kept: {self.history.failed}\n")
        if self.is_plain:
            from autodiff_cli.cli.prompt_lines import Lines

            return Lines(self.history, self._names)
        from autodiff_cli.cli.prompt_screen import Screen

        return Screen(self.history, self._names, wanted(self.words.color, sys.stdout))

    # ---- what is said -------------------------------------------------------------------------

    def _out(self, text: str) -> None:
        _write(sys.stdout, text)

    def _err(self, text: str) -> None:
        sys.stdout.flush()
        _write(sys.stderr, text)

    def _report(self, text: str) -> None:
        self._err(painted_error(text.rstrip("\n"), self.coloured) + "\n")

    def _guarded(self, work: Callable[[], None]) -> None:
        """Do something; what fails is said, and the session goes on."""
        try:
            work()
        except Failed as error:
            self._report(str(error))
        except click.ClickException as error:
            self._report(f"Error: {error.format_message()}")
        except AutodiffError as error:
            self._report(error.report())
        except OSError as error:
            self._report(f"Error: '{error.filename}': {(error.strerror or str(error)).lower()}")
        except KeyboardInterrupt:
            self._report("interrupted")
        except Gone as error:
            self._report(str(error))
            self._again()

    def _ask(self, kind: str, *args: Any) -> Any:
        complain = _nothing if self.words.quiet else self._err
        return self.worker.ask(kind, *args, write=self._out, complain=complain)

    def _names(self, begun: str) -> list[str]:
        try:
            return list(map(str, self.worker.ask("names", begun)))
        except (Failed, Gone):
            return []

    def _again(self) -> None:
        """Compute the session's variables again, in the process that was begun anew."""
        session, self.session = self.session, []
        if session:
            self._err("note: the statements of this session are run again, for their variables\n")
        try:
            for kept in session:
                if kept.name:
                    self.worker.ask("bind", kept.name, kept.value)
                else:
                    self.worker.ask("run", kept.text)
                self.session.append(kept)
        except (Failed, Gone, AutodiffError) as error:
            self._report(f"{error}")
            self._err(f"note: of {len(session)} statements, {len(self.session)} were run again\n")

    # ---- what is typed ------------------------------------------------------------------------

    def _do(self, text: str) -> None:
        if not is_word(text) and text.strip() != "help":
            if without_point(text):
                hint = f"type .{text.strip()}"
                raise InputError("the words of the prompt begin with a point", hint=hint)
            self._keep(lambda: self._ask("run", text))
            return
        text = text.strip()
        if text[0] == "?" or text[-1] == "?":
            self._explain(text.strip("? "))
            return
        word, _, rest = text.partition(" ")
        if word in (".help", "help"):
            self._out(f"{help_text()}\n")
        elif word == ".input":
            self._bind(inputs(rest))
        elif word == ".save":
            self._save(split(rest))
        elif word[1:] in ASKING:
            self._ask_command(word, rest)
        else:
            near = get_close_matches(word, WORDS, 1)
            meant = f"did you mean {near[0]}?" if near else ".help lists what there is"
            raise InputError(f"there is no {word}", hint=meant)

    def _explain(self, name: str) -> None:
        """Say what a variable holds, or what the language's words of that name or meaning are."""
        found = self._ask("about", name) if name else help_text()
        if found:
            self._out(f"{found}\n")
        else:
            run_command(["functions", name])

    def _keep(self, run: Callable[[], list[str]]) -> list[str]:
        """Run statements, and add those that end well to the session; these."""
        try:
            done = run()
        except Failed as error:
            self.session += [Kept(text) for text in error.done]
            raise
        self.session += [Kept(text) for text in done]
        return done

    def _bind(self, words: list[str]) -> None:
        """Make inputs, and show by which statements."""
        if not words:
            raise InputError("no input is named", hint=".input x=3 makes one, and .input A=@a.csv")
        for name, text in bindings_of(words).items():
            value = value_of(text, self.words.dtype)
            if isinstance(value, str):
                done = self._keep(lambda n=name, v=value: self._ask("bind", n, v))  # type: ignore[misc]
                self._out("".join(f"{statement}\n" for statement in done))
            else:
                self._ask("bind", name, value)
                self.session.append(Kept("", name, f"{name}={text}", value))
                self._out(f"{self._ask('about', name)}\n".partition("\n")[0] + "\n")

    def _save(self, words: list[str]) -> None:
        """Write the session as a program.

        Raises:
            InputError: no file is named, or it exists.
        """
        files = [word for word in words if word != "--force"]
        if len(files) != 1:
            raise InputError(".save takes the name of a file, as in .save session.py")
        path = home(files[0])
        if os.path.lexists(path) and "--force" not in words:
            raise InputError(
                f"'{path}' exists already", hint=f".save --force {files[0]} writes over it"
            )
        inputs = [kept.word for kept in self.session if kept.name]
        content = SESSION.format(words=" ".join([files[0], *inputs]))
        if self.words.dtype != Settings.dtype:
            content += f"torch.set_default_dtype(torch.{self.words.dtype})\n"
        if self.words.manual_seed is not None:
            content += f"_ = torch.manual_seed({self.words.manual_seed})\n"
        statements = [kept.text for kept in self.session if kept.text]
        content += "".join(f"{text}\n" for text in statements)
        from autodiff_cli.tables.outputs import check_writable

        check_writable(path)
        with ExitStack() as opened:
            file = paths.opened_output(path, opened)
            assert file is not None
            file.write(content.encode("utf-8", "surrogateescape"))
        count = f"{len(statements)} statement{'s' * (len(statements) != 1)}"
        self._out(f"{count} in {path}: autodiff run {' '.join([files[0], *inputs])}\n")

    def _ask_command(self, word: str, rest: str) -> None:
        """Do what a command does, about an expression and the variables that it depends on."""
        asked = parted(rest)
        text, bound, wrt = self._ask("question", asked.text)
        text, bound = str(text), list(map(str, bound))
        for binding in bound:
            if not WRITTEN.fullmatch(binding):  # no file is ever named by what computes
                raise InputError(f"an input can't be written out: {binding[:40]}")
        if word == ".plot" and "--heat" not in asked.options:
            bound = _ranged(bound, asked.bindings)
        typed = {binding.partition("=")[0] for binding in asked.bindings}
        bound = [binding for binding in bound if binding.partition("=")[0] not in typed]
        options, known = list(asked.options), options_of(word)
        if word != ".plot" and len(wrt) < len(bound) and wrt and "--wrt" not in options:
            options += ["--wrt", ",".join(map(str, wrt))]
        if word != ".plot" and "--dtype" in known and self.words.dtype != Settings.dtype:
            options += ["--dtype", self.words.dtype]
        first = f"\n{text}" if text.startswith("@") else text
        run_command([word[1:], first, *bound, *asked.bindings, *options])


def _ranged(bound: list[str], typed: tuple[str, ...]) -> list[str]:
    """Inputs for a plot: the first number runs over a range, if none is typed."""
    if any(":" in binding for binding in typed):
        return bound
    for number, binding in enumerate(bound):
        name, _, value = binding.partition("=")
        if re.fullmatch(r"[-+\d.e]+", value):
            middle = float(value)
            bound[number] = f"{name}={middle - AROUND:g}:{middle + AROUND:g}"
            break
    return bound


def run_command(words: list[str]) -> None:
    """Run a command of the command line, in a process of its own where that can be."""
    from autodiff_cli.cli.main import main

    if not hasattr(os, "fork"):
        main(words)
        return
    sys.stdout.flush()
    sys.stderr.flush()
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the command's
    try:
        child = os.fork()
        if not child:
            code = 1
            try:
                signal.signal(signal.SIGINT, signal.default_int_handler)
                code = main(words)
                sys.stdout.flush()
            finally:
                os._exit(code)
        os.waitpid(child, 0)
    finally:
        signal.signal(signal.SIGINT, before)


def _nothing(text: str) -> None:
    """What hears nothing."""


def _write(stream: TextIO, text: str) -> None:
    """Write a text, whatever characters it has."""
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
    stream.flush()
