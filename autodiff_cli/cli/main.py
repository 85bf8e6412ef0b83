"""The `autodiff` command.

Commands are imported when they are called. A first word that is no command begins an expression, which
`eval` evaluates: `autodiff 'x**2' x=3` is `autodiff eval 'x**2' x=3`.
"""

from __future__ import annotations

import errno
import gc
import os
import signal
import sys
from time import perf_counter
from typing import TYPE_CHECKING, Any

STARTED = perf_counter()
# Graphs have no cycles, so the collector finds nothing in them, and a tenth of the start-up would be
# its passes over freshly imported modules.
gc.set_threshold(100_000, 50, 100)

import click  # noqa: E402

from autodiff_cli.cli.version import VERSION_OPTION  # noqa: E402
from autodiff_cli.errors import AutodiffError, Ended, LimitError  # noqa: E402

if TYPE_CHECKING:
    from autodiff_cli.cli.help import Page

COMMANDS = {
    "batch": "autodiff_cli.cli.batch",
    "check": "autodiff_cli.cli.check",
    "completion": "autodiff_cli.cli.completion",
    "derive": "autodiff_cli.cli.derive",
    "eval": "autodiff_cli.cli.eval",
    "explain": "autodiff_cli.cli.explain",
    "functions": "autodiff_cli.cli.functions",
    "graph": "autodiff_cli.cli.graph",
    "plot": "autodiff_cli.cli.plot",
    "prompt": "autodiff_cli.cli.prompt",
    "run": "autodiff_cli.cli.run",
}
DEFAULT = "eval"
OUTPUT_FAILURES = (errno.EBADF, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EAGAIN)


HELP, VERSION = ("-h", "--help", "help"), ("-V", "--version", "version")
ALONE = {  # as the only word
    **dict.fromkeys(("-v", "-version", "--Version", "--VERSION", "Version"), "--version"),
    **dict.fromkeys(
        ("-help", "--Help", "--HELP", "--h", "-H", "-?", "?", "/?", "/help", "Help"), "--help"
    ),
}


class Interrupted(Exception):
    """Ctrl-C, on its way past click."""


def spoken(args: list[str]) -> list[str]:
    """The words with a command in front, and with --help and --version for what asks for them.

    `help`, `version`, `-h` and `-V` are names, too: one that a word binds is an expression's.

    >>> spoken(["help", "run"]), spoken(["x", "x=1", "-h"]), spoken(["-h", "h=1"])
    (['run', '--help'], ['eval', 'x', 'x=1', '--help'], ['eval', '-h', 'h=1'])
    """
    if len(args) < 2:
        args = [ALONE.get(word, word) for word in args] or [_without_words()]
    literal = args.index("--") if "--" in args else len(args)  # behind it, any word goes
    bound = {word.partition("=")[0].strip() for word in args if "=" in word}
    first, *rest = args
    asks = first.lstrip("-") not in bound
    if asks and first in HELP:
        if rest and rest[0] in COMMANDS:
            return [rest[0], "--help"]
        if not rest or first != "help" or rest[0] in HELP:
            return ["--help"]
        from autodiff_cli.cli.advice import no_such_topic

        raise no_such_topic(rest[0])
    if first in COMMANDS and len(rest) == 1 and rest[0] in (HELP[-1], VERSION[-1]):
        if first != "run" or not os.path.exists(rest[0]):  # which may be a program's name
            return [first, "--help"] if rest[0] in HELP else ["--version"]
    if "--version" in args[:literal] or (asks and first in VERSION and not rest):
        return ["--version"]
    command = first if first in COMMANDS else DEFAULT
    words = rest if first in COMMANDS else args
    place = literal - len(args) + len(words)
    free = set() if command == "run" else bound  # words of programs never begin with a minus
    if "-V" in words[:place] and "V" not in free:
        return ["--version"]
    short = "-h" if "h" not in free else ""
    return [command, *("--help" if w == short else w for w in words[:place]), *words[place:]]


def _without_words() -> str:
    """What the command alone means: the prompt on a terminal, else help."""
    streams = sys.stdin, sys.stdout
    return "prompt" if all(stream and stream.isatty() for stream in streams) else HELP[1]


class LazyGroup(click.Group):
    """A group whose commands are modules, and which has a default command."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        from importlib import import_module

        command = import_module(COMMANDS[cmd_name]).command
        assert isinstance(command, click.Command)
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, spoken(args))

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:  # click would print an empty line
            raise Interrupted from None

    def get_help(self, ctx: click.Context) -> str:
        from autodiff_cli.cli.help import text

        return text(self.page(ctx))

    def page(self, ctx: click.Context) -> Page:
        """The default command's help, and the list of commands."""
        from autodiff_cli.cli.help import page_of

        command, *_ = found = [
            self.get_command(ctx, n) for n in (DEFAULT, *self.list_commands(ctx))
        ]
        assert command is not None
        with click.Context(command, info_name=ctx.info_name) as inner:
            return page_of(inner, "autodiff", [other for other in found[1:] if other is not None])


@click.group(cls=LazyGroup, name="autodiff")
@click.option("--version", **VERSION_OPTION)
def group() -> None:
    """Differentiate an expression at a shell prompt."""


def main(args: list[str] | None = None) -> int:
    """Run the command line.

    The exit code is 0 done, 1 failed, 2 wrong usage, 3 a check disagrees, 130 interrupted.
    A closed pipe ends the process by SIGPIPE, as it does any filter (141 to a shell).
    """
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    given = sys.argv[1:] if args is None else args
    if (
        "_AUTODIFF_COMPLETE" in os.environ
    ):  # a shell asks, at a TAB: click answers with these classes
        import autodiff_cli.cli.completing  # noqa: F401
    try:
        result = group.main(args, prog_name="autodiff", standalone_mode=False)
        sys.stdout.flush()
        return result if isinstance(result, int) else 0
    except Ended as end:
        return end.code
    except (click.ClickException, AutodiffError) as error:
        return _fail(error, given)
    except (KeyboardInterrupt, Interrupted, click.Abort):
        click.echo("interrupted", err=True)
        return 130
    except BrokenPipeError:
        raise
    except OSError as error:
        return _fail(click.ClickException(_refused(error)), given)
    except MemoryError:
        from autodiff_cli.interpret.limits import out_of_memory

        return _fail(out_of_memory(), given)
    except RecursionError:
        return _fail(LimitError("lists or tuples are nested too deeply"), given)
    except Exception as error:
        # A defect of ours. Say so in a line; the whole story for who asks.
        if os.environ.get("AUTODIFF_TRACEBACK"):
            raise
        click.echo(
            f"internal error: {type(error).__name__}: {error}\n"
            "hint: this is a defect of autodiff; AUTODIFF_TRACEBACK=1 shows where",
            err=True,
        )
        return 1


def _refused(error: OSError) -> str:
    """What the system refused, in a line: a file by its name, and the output, which has none."""
    reason = error.strerror or str(error)
    if error.filename is not None:
        return f"'{error.filename}': {reason.lower()}"
    if error.errno in OUTPUT_FAILURES:
        return f"standard output can't be written: {reason}"
    return f"the system refused something: {reason}"


def _fail(error: click.ClickException | AutodiffError, given: list[str]) -> int:
    """Say on standard error what went wrong, as JSON if the results are; the exit code."""
    code = 2 if isinstance(error, click.UsageError) else 1
    if _wants_json(given[: given.index("--") if "--" in given else None]):
        from autodiff_cli.render.json_error import json_error

        if isinstance(error, click.ClickException):
            kind = "UsageError" if code == 2 else "OSError"
            line = json_error(error.format_message(), kind, exit_code=code)
        else:
            line = json_error(error, exit_code=code)
        click.echo(line.encode(), err=True)  # JSON is UTF-8, whatever the locale
    elif isinstance(error, click.UsageError):
        _show_usage(error)
    elif isinstance(error, click.ClickException):
        click.echo(error.message, err=True)
    else:
        from autodiff_cli.cli.color import painted_error, wanted

        mode = getattr(error, "color_mode", "auto")
        click.echo(painted_error(error.report(), wanted(mode, sys.stderr)), err=True, color=True)
    return code


def _wants_json(words: list[str]) -> bool:
    """Whether the results are JSON, by these words or by the environment.

    >>> _wants_json(["x", "--json"]), _wants_json(["x", "--to", "json"]), _wants_json(["x", "--to=csv"])
    (True, True, False)
    """
    pairs = zip(words, words[1:])
    if "--json" in words or "--to=json" in words or ("--to", "json") in pairs:
        return True
    if any(word.partition("=")[0] == "--to" for word in words):
        return False
    said = os.environ.get("AUTODIFF_JSON", "").strip().lower()
    return said in ("1", "true", "t", "yes", "y", "on") or os.environ.get("AUTODIFF_TO") == "json"


def _command_of(ctx: click.Context) -> str:
    """What to ask for help: the command, or the program where the command is the default one."""
    return (ctx.find_root() if ctx.info_name == DEFAULT else ctx).command_path


def _show_usage(error: click.UsageError) -> None:
    message = error.format_message()
    click.echo(f"Error: {message}", err=True)
    if error.ctx is not None and "--help" not in message:
        click.echo(f"Try '{_command_of(error.ctx)} --help' for help.", err=True)
