"""`autodiff completion`: what makes a shell complete words of this program."""

from __future__ import annotations

import click

from autodiff_cli.cli.commands import Command
from autodiff_cli.cli.options import Words, argument, command_of

EPILOG = """\b
Examples:
  eval "$(autodiff completion bash)"        in ~/.bashrc
  eval "$(autodiff completion zsh)"         in ~/.zshrc
  autodiff completion fish > ~/.config/fish/completions/autodiff.fish

\b
TAB then completes commands, options and their values, functions and methods within
the expression ('mean(si), names that it leaves free (x=), files behind @, columns
of tables. It starts this program, but neither numpy nor the functions' own code.
"""


class CompletionWords(Words):
    """The words of `autodiff completion`."""

    shell: str = argument("SHELL", type=click.Choice(["bash", "zsh", "fish"]))


class CompletionCommand(Command):
    """A command about a shell."""

    missing = "a SHELL is missing: autodiff completion bash, zsh or fish"


@command_of(CompletionWords, "completion", cls=CompletionCommand, epilog=EPILOG)
def command(words: CompletionWords) -> int:
    """Print the script that makes SHELL (bash, zsh or fish) complete words of autodiff."""
    from autodiff_cli.cli.completing import SHELLS, VARIABLE
    from autodiff_cli.cli.main import group

    script = SHELLS[words.shell](group, {}, "autodiff", VARIABLE).source()
    click.echo(script.encode(), nl=False)
    return 0
