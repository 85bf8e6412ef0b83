"""Commands: a record of each one's words, with what click has to know of a word beside its field.

    class EvalWords(Computing):
        expression: str = argument("EXPRESSION")
        trace: bool = option("--trace", is_flag=True, help="Print every intermediate result first.")

    @command_of(EvalWords, "eval", cls=ExpressionCommand, epilog=EPILOG)
    def command(words: EvalWords) -> int:

What several commands have stands here and in `resources.py`, once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

import click
from click.core import ParameterSource

from autodiff_cli.cli.words import PATH
from autodiff_cli.record import Record

FORMS = ("text", "markdown", "html", "latex", "json")
SUFFIXES = {".html": "html", ".htm": "html", ".md": "markdown", ".tex": "latex", ".json": "json"}
MOST_DIGITS = 17


class Setting(click.Option):
    """An option that the environment may set; of one that repeats, `;` stands between the values."""

    def value_from_envvar(self, ctx: click.Context) -> Any:
        text = self.resolve_envvar_value(ctx)
        if text is None or not self.multiple:
            return text
        return tuple(value.strip() for value in text.split(";") if value.strip())

    def get_error_hint(self, ctx: click.Context | None) -> str:
        hint = super().get_error_hint(ctx)
        said = ctx is not None and ctx.get_parameter_source(self.name or "")
        return f"{hint} (from {self.envvar})" if said is ParameterSource.ENVIRONMENT else hint


def variable_of(flags: Sequence[str]) -> str:
    """The variable that sets an option.

    >>> variable_of(["-o", "--output"]), variable_of(["--max-memory", "--max-bytes"])
    ('AUTODIFF_OUTPUT', 'AUTODIFF_MAX_MEMORY')
    """
    name = next(flag for flag in flags if flag.startswith("--"))
    return "AUTODIFF_" + name[2:].replace("-", "_").upper()


class _Declared:
    """What click has to know of a field; its name is the parameter's."""

    __slots__ = ("attributes", "flags", "kind")

    def __init__(self, kind: type[click.Parameter], flags: tuple[str, ...], **attributes: Any):
        self.kind = kind
        self.flags = flags
        self.attributes = attributes

    def made(self, name: str) -> click.Parameter:
        return self.kind([*self.flags, name], **self.attributes)


def option(*flags: str, **attributes: Any) -> Any:
    """An option, as `click.option` declares it, for a field of a record.

    A variable may set it (`variable_of`), unless `envvar=None` says that none does.
    """
    return _Declared(Setting, flags, **{"envvar": variable_of(flags), **attributes})


def argument(metavar: str, **attributes: Any) -> Any:
    """An argument, as `click.argument` declares it, for a field of a record."""
    return _Declared(click.Argument, (), metavar=metavar, **attributes)


class Words(Record):
    """The words of a command; a field for each.

    A command that has no such word keeps what stands here.

    Attributes:
        declared: what click has to know of each field: a command's own first.
        expression, file: what is evaluated; where it stands.
        bindings: the words behind that, such as NAME=VALUE.
        wrt: names of inputs to differentiate by, with commas between.
        seed, seeds: cotangents.
        output: the file that is written.
        color: when there is colour.
    """

    declared: ClassVar[dict[str, _Declared]] = {}
    expression: str = ""
    file: str = ""
    bindings: tuple[str, ...] = ()
    wrt: tuple[str, ...] = ()
    seed: str | None = None
    seeds: tuple[str, ...] = ()
    output: str | None = None
    color: str = "auto"

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        own = {name: word for name, word in vars(cls).items() if isinstance(word, _Declared)}
        cls.declared = own | {n: word for n, word in cls.declared.items() if n not in own}
        for name in own:
            delattr(cls, name)


Said = TypeVar("Said", bound=Words)


def command_of(
    words: type[Said], name: str, *, cls: type[click.Command], **attributes: Any
) -> Callable[[Callable[[Said], int]], click.Command]:
    """Make a command of a function of its words."""

    def made(function: Callable[[Said], int]) -> click.Command:
        return cls(
            name,
            params=[word.made(field) for field, word in words.declared.items()],
            callback=lambda **given: function(words(**given)),
            help=function.__doc__,
            options_metavar="[OPTIONS]",
            **attributes,
        )

    return made


# ---- words that several commands have ------------------------------------------------------------


def color_option() -> Any:
    """`--color`."""
    return option(
        "--color",
        type=click.Choice(["auto", "always", "never"]),
        default="auto",
        show_default=True,
        help="Colour, as in --color never; auto respects NO_COLOR, FORCE_COLOR and TERM=dumb.",
    )


def wrt_option(example: str) -> Any:
    """`--wrt`, with names for its help."""
    return option(
        "--wrt",
        multiple=True,
        metavar="NAMES",
        help=f"Inputs to differentiate by, as in --wrt {example}.  [all floating ones]",
    )


def quiet_option(*short: str) -> Any:
    """`--quiet`."""
    return option(
        "--quiet", *short, is_flag=True, help="No progress bar and no notices: … --quiet."
    )


def form_option(forms: Sequence[str] = FORMS, example: str = "html") -> Any:
    """`--to`."""
    return option(
        "--to",
        type=click.Choice(forms),
        help=f"What to write it as, as in --to {example}.  [text, or what the suffix of -o says]",
    )


def json_option() -> Any:
    """`--json`."""
    return option("--json", is_flag=True, help="The same as --to json: … --json.")


def digits_option(default: int | None = 4, otherwise: str = "") -> Any:
    """`--digits`, with what they are where it isn't given."""
    return option(
        "--digits",
        type=click.IntRange(min=1, max=MOST_DIGITS),
        default=default,
        show_default=default is not None,
        metavar="N",
        help=f"Digits of numbers, as in --digits 8.{otherwise}",
    )


def output_option(example: str) -> Any:
    """`--output`."""
    return option(
        "-o",
        "--output",
        type=PATH,
        metavar="FILE",
        help=f"Write there, whole or not at all, as in -o {example}.",
    )


def form_of(
    form: str | None, as_json: bool, output: str | None, suffixes: Mapping[str, str] = SUFFIXES
) -> str:
    """The form that an answer is written in.

    Args:
        form: behind --to.
        as_json: whether --json was said.
        output: behind -o.
        suffixes: the forms that names of files ask for; text if none of them.

    Raises:
        UsageError: two were asked for.
    """
    if as_json and form not in (None, "json"):
        raise click.UsageError(f"--json and --to {form} are two forms: ask for one")
    if form or as_json:
        return form or "json"
    suffix = f".{output.rpartition('.')[2].lower()}" if output else ""
    return suffixes.get(suffix, "text")
