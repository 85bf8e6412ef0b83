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
from typing import Any

STARTED = perf_counter()
# Graphs have no cycles, so the collector finds nothing in them, and a tenth of the start-up would be
# its passes over freshly imported modules.
gc.set_threshold(100_000, 50, 100)

import click  # noqa: E402

from autodiff_cli import __version__  # noqa: E402

COMMANDS = {
    "batch": "autodiff_cli.cli.batch",
    "eval": "autodiff_cli.cli.eval",
    "run": "autodiff_cli.cli.run",
}
DEFAULT = "eval"
OUTPUT_FAILURES = (errno.EBADF, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EAGAIN)


class Interrupted(Exception):
    """Ctrl-C, on its way past click."""


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
        if args == ["-h"]:
            args = ["--help"]
        first = args[0] if args else "--help"
        if first not in COMMANDS and first not in ("--help", "--version"):
            args = [DEFAULT, *args]
        return super().parse_args(ctx, args or ["--help"])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:  # click would print an empty line
            raise Interrupted from None

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The default command's help, and the list of commands."""
        command = self.get_command(ctx, DEFAULT)
        assert command is not None
        with click.Context(command, info_name=ctx.info_name) as inner:
            command.format_help(inner, formatter)
        self.format_commands(ctx, formatter)


@click.group(cls=LazyGroup, name="autodiff")
@click.version_option(__version__, prog_name="autodiff", message="%(prog)s %(version)s")
def group() -> None:
    """Differentiate an expression at a shell prompt."""


def main(args: list[str] | None = None) -> int:
    """Run the command line; the exit code is 0 done, 1 failed, 2 wrong usage, 130 interrupted.

    A closed pipe ends the process by SIGPIPE, as it does any filter (141 to a shell).
    """
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    from autodiff_cli.errors import AutodiffError

    try:
        result = group.main(args, prog_name="autodiff", standalone_mode=False)
        sys.stdout.flush()
        return result if isinstance(result, int) else 0
    except click.UsageError as error:
        _show_usage(error)
        return 2
    except click.ClickException as error:
        error.show()
        return 1
    except AutodiffError as error:
        from autodiff_cli.cli.color import painted_error, wanted

        mode = getattr(error, "color_mode", "auto")
        click.echo(painted_error(error.report(), wanted(mode, sys.stderr)), err=True, color=True)
        return 1
    except (KeyboardInterrupt, Interrupted, click.Abort):
        click.echo("interrupted", err=True)
        return 130
    except BrokenPipeError:
        raise
    except OSError as error:
        click.echo(_refused(error), err=True)
        return 1
    except RecursionError:
        click.echo("LimitError: lists or tuples are nested too deeply", err=True)
        return 1
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


def _command_of(ctx: click.Context) -> str:
    """What to ask for help: the command, or the program where the command is the default one."""
    return (ctx.find_root() if ctx.info_name == DEFAULT else ctx).command_path


def _show_usage(error: click.UsageError) -> None:
    hint = ""
    if error.ctx is not None:
        hint = f"Try '{_command_of(error.ctx)} --help' for help."
    click.echo(f"Error: {error.format_message()}", err=True)
    if hint:
        click.echo(hint, err=True)
