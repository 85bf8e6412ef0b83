"""What to type instead of words that make no sense. Imported only when there is an error to word."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from keyword import iskeyword
from shlex import quote

import click

from autodiff_cli.cli import wishes
from autodiff_cli.cli.words import NAME
from autodiff_cli.interpret.suggest import suggestion

COMMANDS = (
    "batch", "check", "completion", "derive", "eval", "explain", "functions", "graph", "plot", "prompt",
    "run",
)  # fmt: skip
PROGRAMS = (".py", ".ipynb")
TABLES = (".csv", ".tsv", ".jsonl", ".parquet", ".arrow", ".gz", ".zst")
VALUES = (".npy", ".npz", ".json", ".csv", ".tsv", ".txt")
FILE = re.compile(
    r"(?:~|\.{1,2})?/\S+|[\w./-]+\.(?:py|ipynb|txt|csv|tsv|jsonl?|npy|npz|parquet|arrow|gz|zst|xlsx?|expr)"
)
NEAR = 0.75  # how alike an option has to be


def no_such_topic(word: str) -> click.UsageError:
    """The error for `autodiff help WORD`."""
    command = _near_command(word)
    meant = (
        f"did you mean 'autodiff help {command}'?" if command else wishes.COMMANDS.get(word.lower())
    )
    meant = meant or f"the commands are {', '.join(COMMANDS)}: autodiff help run"
    return click.UsageError(f"there is no command '{word}'; {meant}")


# ---- options ------------------------------------------------------------------------------------


def no_such_option(word: str, given: Sequence[str], ctx: click.Context) -> click.UsageError:
    """The error for an option that doesn't exist, with the one that was probably meant.

    Args:
        word: as it was typed, perhaps with a value.
        given: all words.
        ctx: of the command.
    """
    option, _equals, value = word.partition("=")
    name = option.lstrip("-").lower().replace("_", "-")
    known = {
        spelled: list(map(str, getattr(param.type, "choices", ())))
        for param in ctx.command.get_params(ctx)
        for spelled in param.opts
        if spelled.startswith("-")
    }
    message = f"No such option '{option}'."
    meant = _wished(name, known) or _near_option(name, known)
    bare = option.lstrip("-")
    if meant is None and NAME.fullmatch(bare):
        after = list(given[given.index(word) + 1 :])[:1] if word in given else []
        number = value or "".join(a for a in after if re.fullmatch(r"[-+.\d][\w.]*", a))
        used = any(re.search(rf"\b{bare}\b", other) for other in given if other is not word)
        if after and re.match(r"[^\W\d]\w*=", after[0]):  # -D x=3
            meant = f"values are written {after[0]}"
        elif number or used or len(bare) == 1:
            meant = f"values are written {bare}={number or 1}"
    if meant is None:
        meant = f"{_command_path(ctx)} --help lists the options"
    if re.fullmatch(r"--[\w-]+(?: \w+)?", meant):
        return click.UsageError(f"{message} Did you mean '{meant}'?", ctx)
    return click.UsageError(f"{message[:-1]}; {meant}", ctx)


def _command_path(ctx: click.Context) -> str:
    return "autodiff" if ctx.info_name == "eval" else f"autodiff {ctx.info_name}"


def _wished(name: str, known: Mapping[str, Sequence[str]]) -> str | None:
    """What there is for an option that other tools have, from the command's options and their choices."""
    for meant in wishes.OPTIONS.get(name, "").split(" || "):
        option, _, value = meant.partition(" ")
        choices = known.get(option, ()) if value.isalpha() else ()
        if meant and (not meant.startswith("--") or option in known):
            if not choices or value in choices:
                return meant
    return None


def _near_option(name: str, known: Iterable[str]) -> str | None:
    """The option that is spelled nearly so, or begins so."""
    names = {spelled.lstrip("-"): spelled for spelled in known if spelled.startswith("--")}
    near = get_close_matches(name, names, n=1, cutoff=NEAR)
    begun = [spelled for spelled in names if len(name) > 2 and spelled.startswith(name)]
    found = near[0] if near else begun[0] if len(begun) == 1 else None
    return None if found is None else names[found]


def bad_choice(error: click.BadParameter, ctx: click.Context) -> click.UsageError:
    """The error for an option's value, with the one that was probably meant."""
    kind = getattr(error.param, "type", None)
    message = error.message.rstrip(".")
    number = re.match(r"'([-+]?\d+(?:\.\d*)?)\D.*' is not a valid", message)
    if number is not None:
        return click.BadParameter(f"{message}; write {number[1]}", ctx, error.param)
    found = re.match(r"'(.*?)' is not one of", message)
    if not isinstance(kind, click.Choice) or found is None:
        return error
    word = found[1].lower().strip()
    choices = [str(choice) for choice in kind.choices]
    meant = wishes.CHOICES.get(word)
    if meant not in choices:
        meant = next(iter(get_close_matches(word, choices, n=1, cutoff=0.6)), None)
    if meant is None:
        return error
    return click.BadParameter(f"{message}; did you mean '{meant}'?", ctx, error.param)


# ---- words behind the expression ----------------------------------------------------------------


def not_a_binding(word: str, words: Sequence[str], expression: str) -> click.UsageError:
    """The error for a word that is no NAME=VALUE.

    Args:
        word: which.
        words: all behind the expression.
        expression: the expression, or the file of `autodiff run`; empty for `autodiff batch`.
    """
    ctx = click.get_current_context(silent=True)
    command = "eval" if ctx is None else ctx.info_name or "eval"
    if command == "eval":
        instead = mistaken(expression, words)
        if instead is not None:
            return click.UsageError(instead, ctx)
    if re.fullmatch(r"-[A-Za-z]+", expression) and ctx is not None:  # -json, -e
        return no_such_option(expression, (expression, *words), ctx)
    if word.startswith("-") and len(word) > 1 and ctx is not None:
        return no_such_option(word, words, ctx)
    return click.UsageError(
        f"'{word}' is not NAME=VALUE; {_instead(word, words, expression, command)}", ctx
    )


def _instead(word: str, words: Sequence[str], expression: str, command: str) -> str:
    """What to type instead of a word that binds nothing."""
    after = words[words.index(word) + 1 :][:2]
    name, equals, value = word.partition("=")
    name = name.strip()
    if iskeyword(name):
        return f"a keyword of the language can't be a name: {name}_={value or 1}"
    if word in ("=", ":="):
        return "write NAME=VALUE without spaces, as in x=3"
    if NAME.fullmatch(word) and after and after[0].startswith(("=", ":=")):
        value = after[0].lstrip(":=") or (after[1] if len(after) > 1 else "3")
        return f"the next word is '{after[0]}': write {word}={value} without spaces"
    if NAME.fullmatch(word) and after and re.fullmatch(r"[-+.\d\[(@].*", after[0]):
        return f"write {word}={quote(after[0])}"
    if word.lower() in ("true", "false", "yes", "no", "on", "off"):
        return "options such as --json take no value: they are on where they stand"
    inside = re.fullmatch(r"[({](.+)[)}]", word)
    if inside is not None and re.match(r"\s*['\"]?[^\W\d]\w*['\"]?\s*[:=]", inside[1]):
        pairs = re.findall(r"([^\W\d]\w*)['\"]?\s*[:=]\s*([^,=:]+|\[[^\]]*\])\s*(?:,|$)", inside[1])
        return "write " + " ".join(f"{n}={quote(v.strip())}" for n, v in pairs)
    if re.fullmatch(r"[-+]?[.\d][\w.]*|\[.*\]", word):
        return f"values have names: x={quote(word)}"
    arrow = re.fullmatch(r"(\w+)\s*(?:=>|->|:=|:|<-|~)\s*(.+)", word)
    if arrow is not None and NAME.fullmatch(arrow[1]):
        return f"write {arrow[1]}={quote(arrow[2])}"
    if word == "-":
        return "standard input is written @-, as in x=@-"
    if word.startswith("@"):
        return f"name the input: x={word}"
    if command == "run":
        if word.endswith(PROGRAMS):
            return f"one program at a time: autodiff run {word}"
        return (
            f"give it a value, as in {word}=3" if NAME.fullmatch(word) else "values have names: x=3"
        )
    if (
        "=" in expression
        and NAME.fullmatch(expression.partition("=")[0].strip())
        and "==" not in expression
    ):
        return f"the expression comes first, quoted as one word: autodiff {quote(word)} {quote(expression)}"
    if NAME.fullmatch(word):
        return f"give it a value, as in {word}=3; --wrt takes names with commas: --wrt x,y"
    if word.endswith(PROGRAMS):
        return f"a program is run by autodiff run {word}"
    if FILE.fullmatch(word):
        batch = f"autodiff batch {quote(expression)} {word}"
        return f"a file is bound as an input: x=@{word}; rows of a table: {batch}"
    if equals and not name:
        return f"the name is missing: x{word}"
    if equals:
        return f"'{name}' can't be a name: letters, digits and _, as in x1={value or 3}"
    bound = [part for part in words if re.match(r"[^\W\d]\w*=(?!=)", part)]
    whole = " ".join(part for part in (expression, *words) if part not in bound)
    shown = " ".join(map(quote, (whole, *bound)))
    return f"the expression comes first, quoted as one word, and then NAME=VALUE: autodiff {shown}"


def no_value(word: str, words: Sequence[str]) -> click.UsageError:
    """The error for `x=`, `x=@` and `x=3,`."""
    name, _, value = word.partition("=")
    name = name.strip()
    if value.endswith(","):
        others = [other.rstrip(",") for other in words if "=" in other]
        return click.UsageError(
            f"'{word}' ends with a comma; write {' '.join(map(quote, others))}, "
            f"or {name}='[{value.rstrip(',')}]' for one element"
        )
    after = words[list(words).index(word) + 1 :][:1]
    if after and "=" not in after[0] and word.endswith("="):
        return click.UsageError(f"'{word}' has no value; write {name}={after[0]} without a space")
    return click.UsageError(f"'{word}' has no value, such as {name}='[1, 2]' or {name}=@x.csv")


def mistaken(expression: str, words: Sequence[str]) -> str | None:
    """What to say of a first word that was meant for a command or a file."""
    rest = " ".join(quote(word) if not FILE.fullmatch(word) else word for word in words)
    if expression.lower() in wishes.COMMANDS:
        return f"there is no command '{expression}'; {wishes.COMMANDS[expression.lower()]}"
    if expression.lower() not in COMMANDS and not NAME.fullmatch(expression.rstrip("-")):
        return _file_for_expression(expression, words)
    command = expression.lower() if expression.lower() in COMMANDS else _near_command(expression)
    if command is not None:
        meant = f"did you mean the command '{command}'? autodiff {command} {rest}".rstrip()
        return f"there is no command '{expression}'; {meant}"
    return _file_for_expression(expression, words)


def _near_command(word: str) -> str | None:
    """The command that is spelled nearly so: letters swapped, left out, doubled or wrong."""
    if len(word) < 3:
        return None
    letters = sorted(word.lower())
    same = [command for command in COMMANDS if sorted(command) == letters]
    return same[0] if same else suggestion(word.lower(), COMMANDS)


def _file_for_expression(expression: str, words: Sequence[str]) -> str | None:
    """What to say of a file's name in the place of the expression."""
    name = expression.strip()
    if not FILE.fullmatch(name) and not os.path.isfile(name):
        return None
    rest = "".join(f" {quote(word)}" for word in words)
    if name.endswith(PROGRAMS):
        return f"'{name}' is a program: autodiff run {name}{rest}"
    if name.endswith(TABLES) and not os.path.isdir(name):
        return f"'{name}' is a table: autodiff batch 'x*2' {name}; or an input: autodiff 'x*2' x=@{name}"
    if name.endswith(VALUES[:3]):
        return f"'{name}' holds values: autodiff 'sum(x)' x=@{name}"
    if os.path.isdir(name):
        return f"'{name}' is a folder; the expression comes first: autodiff 'x**2' x=3"
    if re.search(r"\.\w+$", name) or os.path.isfile(name):
        return f"'{name}' is a file: @{name} reads the expression from it: autodiff @{name}{rest}"
    return None
