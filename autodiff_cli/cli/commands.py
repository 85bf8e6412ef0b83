"""What commands have in common: how they take their words and say which were meant, and their notices."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import chain
from keyword import iskeyword
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from autodiff_cli.cli.words import NAME, NO_EXPRESSION, home
from autodiff_cli.errors import AutodiffError

if TYPE_CHECKING:
    from autodiff_cli.cli.resources import Resources


class Command(click.Command):
    """A command that says which option was meant."""

    missing = ""  # what to say if there are no words at all

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args and not ctx.resilient_parsing:
            raise click.UsageError(self.missing, ctx)
        given = list(args)
        try:
            rest = super().parse_args(ctx, args)
        except click.MissingParameter:
            raise click.UsageError(self.missing, ctx) from None
        except click.NoSuchOption as error:
            from autodiff_cli.cli.advice import no_such_option

            raise no_such_option(error.option_name, given, ctx) from None
        except click.BadParameter as error:
            from autodiff_cli.cli.advice import bad_choice

            raise bad_choice(error, ctx) from None
        _prefer_typed(ctx, "form", "as_json")
        return rest

    def get_help(self, ctx: click.Context) -> str:
        from autodiff_cli.cli.help import page_of, text

        return text(page_of(ctx, ctx.command_path))


def _prefer_typed(ctx: click.Context, *names: str) -> None:
    """Of options that are two ways to say one thing, one that is typed leaves no other of the environment."""
    typed = [ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE for name in names]
    for name, is_typed in zip(names, typed):
        if any(typed) and not is_typed and name in ctx.params:
            ctx.params[name] = False if isinstance(ctx.params[name], bool) else None


class ExpressionCommand(Command):
    """A command whose words may begin with a minus, as expressions do."""

    missing = NO_EXPRESSION
    ignore_unknown_options = True

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        given = list(args)
        rest = super().parse_args(ctx, shielded(args))
        ctx.params = {name: _unshielded(value) for name, value in ctx.params.items()}
        if "--" not in given:  # behind it, any word goes
            for word in (ctx.params.get("expression") or "", *ctx.params.get("bindings", ())):
                # a mistyped option must not pass for an expression
                if word[:2] == "--" and word[2:3].isidentifier():
                    from autodiff_cli.cli.advice import no_such_option

                    raise no_such_option(word, given, ctx)
        return rest


SHIELD = " "


def shielded(words: Sequence[str]) -> list[str]:
    """The words, so that click takes no expression for short options: `-cos(x)` has no `-o`.

    >>> shielded(["-cos(x)", "-o", "out.csv", "--json", "-x"])
    [' -cos(x)', '-o', 'out.csv', '--json', '-x']
    >>> shielded(["-o", "o=2"])
    [' -o', 'o=2']
    """
    pairs = zip(words, [*words[1:], ""])
    return [SHIELD + w if _is_negative(w, after) else w for w, after in pairs]


def _is_negative(word: str, after: str) -> bool:
    """Whether a word that begins with a minus is no option."""
    if word[:1] != "-" or word[1:2] == "-":
        return False
    return len(word) > 2 or (len(word) == 2 and after.startswith(f"{word[1:]}="))


def _unshielded(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_unshielded, value))
    return value[1:] if isinstance(value, str) and value.startswith(f"{SHIELD}-") else value


def bindings_of(words: Sequence[str], expression: str = "") -> dict[str, str]:
    """The values that words of the form NAME=VALUE give, by name.

    Args:
        words: behind the expression or the file.
        expression: the word before them, for the error.

    Raises:
        UsageError: a word is no such thing; says what to type.
    """
    values: dict[str, str] = {}
    for word in chain.from_iterable(_unpacked(word, expression) for word in words):
        name, equals, value = word.partition("=")
        name = name.strip()
        if not equals or not NAME.fullmatch(name) or iskeyword(name):
            from autodiff_cli.cli.advice import not_a_binding

            raise not_a_binding(word, words, expression)
        if not value.strip() or value.strip() == "@" or value.endswith(","):
            from autodiff_cli.cli.advice import no_value

            raise no_value(word, words)
        if name in values:
            raise click.UsageError(f"'{name}' is bound twice")
        values[name] = value
    return values


def _unpacked(word: str, expression: str) -> list[str]:
    """The words that @FILE.json and @FILE.npz stand for: NAME=@FILE:NAME of what the expression names."""
    path = word[1:].strip()
    if not word.startswith("@") or not path.lower().endswith((".json", ".npz")):
        return [word]
    from autodiff_cli.tables.files import keys_of

    keys = [key for key in keys_of(home(path)) if NAME.fullmatch(key) and not iskeyword(key)]
    named = keys
    if not expression.startswith("@"):  # whose text isn't known here, and may leave inputs unread
        text = set(re.findall(r"(?<![\w.])[^\W\d]\w*", expression))
        named = [key for key in keys if key in text]
    if not named:
        has = ", ".join(keys) or "no names"
        raise click.UsageError(f"'{path}' has {has}, and the expression none of them")
    return [f"{key}=@{path}:{key}" for key in named]


def vectors_of(option: str, words: tuple[str, ...]) -> dict[str, str]:
    """The values behind an option that is given as NAME=VALUE, by name."""
    values: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        name = name.strip()
        if not equals or not NAME.fullmatch(name) or value.strip() in ("", "@"):
            raise click.UsageError(
                f"{option} takes an input's name and a value, as in {option} x='[1, 0]', not '{word}'"
            )
        if name in values:
            raise click.UsageError(f"{option} names '{name}' twice")
        values[name] = value
    return values


def names_of(texts: tuple[str, ...], option: str = "--wrt") -> list[str] | None:
    """The names behind an option that takes some, with commas between, and may be repeated."""
    if not texts:
        return None
    names = [name.strip() for text in texts for name in text.split(",") if name.strip()]
    if not names:
        raise click.UsageError(f"{option} needs names, as in {option} w,b")
    return list(dict.fromkeys(names))


@contextmanager
def working(words: Resources, command: str, *, files: bool) -> Iterator[None]:
    """Do a command's work; its errors get the hint that words give.

    It has a process of its own, where there is something to end, or a file that is to get its name.

    Args:
        words: of the command.
        command: its name.
        files: whether it writes files, which get their names afterwards.
    """
    apart: AbstractContextManager[None] = nullcontext()
    if words.limits or files:
        from autodiff_cli.cli.apart import supervised

        apart = supervised(words.limits)
    try:
        with apart:
            yield
    except AutodiffError as error:
        from autodiff_cli.cli.failures import advised

        raise advised(error, words, command) from None


def show_notices(texts: Iterable[str], quiet: bool) -> None:
    """Write notices to standard error, unless they aren't wanted."""
    for text in texts:
        if not quiet:
            click.echo(f"note: {text}", err=True)


def progress(quiet: bool) -> AbstractContextManager[None]:
    """A bar that shows how far the execution inside is, if there is a terminal for it."""
    if quiet or not sys.stderr.isatty():
        return nullcontext()
    from autodiff_cli.cli.progress import shown

    return shown()
