"""The words of the prompt: what each says of itself, and how its text is parted."""

from __future__ import annotations

import re
import shlex
from importlib import import_module

from autodiff_cli.errors import InputError
from autodiff_cli.record import Record

ASKING = ("check", "derive", "explain", "graph", "plot")
WORDS = {
    ".input": ".input x=3 X=@data.csv  inputs, as on the command line",
    ".explain": ".explain [TEXT]         why its gradient is what it is",
    ".derive": ".derive [TEXT]          its derivative as a formula",
    ".check": ".check [TEXT]           whether its gradient is right",
    ".graph": ".graph [TEXT]           what is computed from what",
    ".plot": ".plot [TEXT] [x=-3:3]   it and its derivative, drawn",
    ".save": ".save FILE              the session as a program: autodiff run FILE",
    ".help": ".help                   this",
    ".exit": ".exit                   the end; so does Ctrl-D",
}
HELP = """\
Type an expression, an assignment, or a program; a block goes on until an
empty line. A result that depends on inputs is shown with its gradients.

  x = tensor(3., requires_grad=True)    an input; .input x=3 writes this
  x**2                                  its value, and its gradient by x
  _ + 1                                 _ is the last value
  ?relu                                 how it is called; what a name holds

{words}

TEXT is an expression; without one, they speak of the last result. They take
the options of the commands: .derive --to latex, .graph -o graph.svg.
Tab completes names, methods and files. Ctrl-C ends a line, or what runs;
Ctrl-D the session."""
POINTLESS = re.compile(r"(\w+)\s+(?!(?:in|if|is|and|or|not)\b)[\w'\"@(]")
NAMED = re.compile(r"(?:^|\s)([^\W\d]\w*)\s*=(?!=)\s*")
BINDING = re.compile(r"""(?:^|\s)([^\W\d]\w*)=(?!=)(?:'([^']*)'|"([^"]*)"|(\S+))\s*$""")


class Asked(Record):
    """What stands behind a word.

    Attributes:
        text: an expression, or "".
        bindings: words such as x=-3:3.
        options: words from the first that begins with a minus on.
    """

    text: str
    bindings: tuple[str, ...]
    options: tuple[str, ...]


def without_point(text: str) -> bool:
    """Whether a text is a word of the prompt whose point was forgotten, with what stands behind it.

    >>> without_point("derive x**2"), without_point("plot = 3"), without_point("save in x")
    (True, False, False)
    """
    found = POINTLESS.match(text.strip())
    return found is not None and f".{found[1]}" in WORDS


def help_text() -> str:
    """What `.help` says."""
    return HELP.format(words="\n".join(f"  {line}" for line in WORDS.values()))


def parted(rest: str) -> Asked:
    """The text behind a word that asks, its bindings and its options.

    Raises:
        InputError: a quote isn't closed.

    >>> parted("x**2 - y  x=-3:3 --to latex")
    Asked(text='x**2 - y', bindings=('x=-3:3',), options=('--to', 'latex'))
    >>> parted("sum(x, dim=0) A='[1, 2]'")
    Asked(text='sum(x, dim=0)', bindings=('A=[1, 2]',), options=())
    """
    option = re.search(r"(?:^|\s)(?:--[a-z]|-o\s)", rest)
    text, tail = (rest, "") if option is None else (rest[: option.start()], rest[option.start() :])
    bindings: list[str] = []
    while (found := BINDING.search(text)) and _is_closed(text[: found.start()]):
        bindings.insert(0, f"{found[1]}={found[2] or found[3] or found[4]}")
        text = text[: found.start()]
    return Asked(text.strip(), tuple(bindings), tuple(split(tail)))


def _is_closed(text: str) -> bool:
    return all(text.count(a) == text.count(b) for a, b in ("()", "[]", "{}"))


def inputs(text: str) -> list[str]:
    """The words NAME=VALUE of a text, in which no quotes are needed.

    >>> inputs("x = 3 A=[1, 2] B='ones(2, dtype=float64)' X=@a b.csv")
    ['x=3', 'A=[1, 2]', 'B=ones(2, dtype=float64)', 'X=@a b.csv']
    >>> inputs("x")
    ['x']
    """
    starts = [found for found in NAMED.finditer(text) if _is_closed(text[: found.start()])]
    if not starts:
        return text.split()
    words = text[: starts[0].start()].split()
    for found, end in zip(starts, [*(after.start() for after in starts[1:]), len(text)]):
        value = text[found.end() : end].strip()
        if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
            value = value[1:-1]
        words.append(f"{found[1]}={value}")
    return words


def split(text: str) -> list[str]:
    """Words as a shell parts them.

    Raises:
        InputError: a quote isn't closed.
    """
    try:
        return shlex.split(text)
    except ValueError as error:
        raise InputError(f"{str(error).lower()}: {text}") from None


def options_of(word: str) -> list[str]:
    """The options that a word takes, as its command does."""
    if word == ".save":
        return ["--force"]
    if word[1:] not in ASKING:
        return []
    command = import_module(f"autodiff_cli.cli.{word[1:]}").command
    return sorted(option for param in command.params for option in param.opts if option[0] == "-")
