"""What may stand at the cursor of a command line: for the shells' completion. Imports no numpy.

Names of the vocabulary come from its index, what they do from the lexicon; both are there without it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence

import click
from click.shell_completion import CompletionItem

from autodiff_cli import index
from autodiff_cli.cli.header import columns_of
from autodiff_cli.cli.help import summary_of
from autodiff_cli.cli.words import home
from autodiff_cli.errors import AutodiffError
from autodiff_cli.lexicon.entries import TENSOR, entries, families
from autodiff_cli.source import Source

Item = CompletionItem[str]
FRAGMENT = re.compile(r"(?:[^\W\d][\w.]*)?\Z")
BINDING = re.compile(r"\s*([^\W\d]\w*)\s*=(?!=)(.*)", re.DOTALL)
NAMED = re.compile(r"(?<![\w.])[^\W\d]\w*(?!\w|\s*\()")
ASSIGNED = re.compile(r"(?<![\w.])([^\W\d]\w*)\s*=(?!=)")
QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|#.*")
MODULES = ("torch.", "nn.", "F.", "optim.", "linalg.", "special.", "math.", "np.")
ROOMS = {"torch.nn.functional.": "F.", "nn.functional.": "F.", "torch.": ""}
PREFIXED = ("--jvp", "--hvp", "--propagate")  # whose values begin with NAME=
NAMES = ("--wrt", "--also", "--columns")  # whose values are names, with commas between
TABLES = ("batch",)  # commands whose inputs are columns
WORDS = ("help", "version")


def candidates(group: click.Command, words: Sequence[str], word: str) -> list[Item]:
    """What may stand in the place of a word.

    Args:
        group: the program.
        words: those before it, behind the program's name.
        word: as far as it is typed.
    """
    assert isinstance(group, click.Group)
    with click.Context(group, info_name="autodiff", resilient_parsing=True) as ctx:
        commands = group.list_commands(ctx)
        if words and words[0] == "help":
            return _beginning(word, [(name, "") for name in commands]) if len(words) == 1 else []
        name = words[0] if words and words[0] in commands else "eval"
        behind = list(words[1:] if words and words[0] == name else words)
        command = group.get_command(ctx, name)
        assert command is not None
        found = _Place(command, behind, word).items(ctx)
        if not words and word[:1] not in ("-", "@"):
            called = {other: group.get_command(ctx, other) for other in commands}
            said = {other: summary_of(command) for other, command in called.items() if command}
            first = _beginning(word, [*said.items(), *((other, "") for other in WORDS)])
            return first + (found if word else [])
        return found


class _Place:
    """A place behind a command.

    Attributes:
        command: the command.
        given: its arguments before the place.
        option: the option whose value stands there, or None.
        word: what is typed of it.
    """

    def __init__(self, command: click.Command, words: list[str], word: str) -> None:
        self.command = command
        self.word = word
        self.given: list[str] = []
        self.option: click.Option | None = None
        self.options = {
            flag: param
            for param in command.params
            if isinstance(param, click.Option)
            for flag in param.opts
        }
        self.literal = False  # behind --
        for typed in words:
            if self.option is not None:
                self.option = None
            elif typed == "--" and not self.literal:
                self.literal = True
            elif not self.literal and typed in self.options:
                option = self.options[typed]
                self.option = None if option.is_flag else option
            elif self.literal or not typed.startswith("--"):
                self.given.append(typed)

    def items(self, ctx: click.Context) -> list[Item]:
        word = self.word
        if self.option is not None:
            return self._values(ctx, self.option, word)
        flag, equals, value = word.partition("=")
        if equals and flag in self.options and not self.literal:
            found = self._values(ctx, self.options[flag], value)
            return [Item(f"{flag}={item.value}", item.type, item.help) for item in found]
        if word.startswith("-") and not self.literal and not _is_expression(word):
            listed = [(flag, param.help or "") for flag, param in self.options.items()]
            return _beginning(word, [*listed, ("--help", "Show this message and exit.")])
        return self._arguments(ctx, word)

    def _arguments(self, ctx: click.Context, word: str) -> list[Item]:
        """Arguments: an expression or a file, then inputs."""
        arguments = [param for param in self.command.params if isinstance(param, click.Argument)]
        if not arguments:
            return []
        first = arguments[0]
        kind = first.metavar or ""
        is_first = not self.given and not kind.startswith("[NAME")  # of a prompt, inputs are all
        if isinstance(first.type, click.Choice):
            return first.type.shell_complete(ctx, first, word) if is_first else []
        if kind == "[WORD]...":
            return _words(word)
        if is_first and kind.startswith("FILE"):
            return [Item(word, "file")]
        if is_first:
            return _files(word, "@") if word.startswith("@") else _expression(word, self._columns())
        binding = BINDING.fullmatch(word)
        if binding:
            return self._value(binding[1], binding[2], word)
        if word.startswith("@"):
            return _files(word, "@")
        names = [name for name in self._free() if name.startswith(word)]
        bound = {match[1] for given in self.given[1:] if (match := BINDING.match(given))}
        items = [Item(f"{name}=", "part") for name in names if name not in bound]
        if self.command.name in TABLES and (not word or not items):
            return [Item(word, "file")]
        return items

    def _value(self, name: str, value: str, word: str) -> list[Item]:
        """An input's value: a file, its key or column, or an expression."""
        before = word[: len(word) - len(value)]
        if not value.startswith("@"):
            return [Item(before + i.value, i.type, i.help) for i in _expression(value, [])]
        path, colon, key = value[1:].rpartition(":")
        if colon and os.path.isfile(home(path)):
            keys = [(f"{before}@{path}:{column}", "") for column in columns_of(path)]
            return _beginning(f"{before}@{path}:{key}", keys)
        return _files(word, f"{before}@")

    def _values(self, ctx: click.Context, option: click.Option, value: str) -> list[Item]:
        """An option's values."""
        flag = next(flag for flag in option.opts if flag.startswith("--"))
        if isinstance(option.type, click.Choice):
            return option.type.shell_complete(ctx, option, value)
        if getattr(option.type, "name", "") == "path":
            return [Item(value, "file")]
        if value.startswith("@") and flag == "--seed" and self.command.name in TABLES:
            return _beginning(value, [(f"@{column}", "") for column in self._columns()])
        if flag in NAMES:
            return self._names(value, "")
        return self._names(value, "=") if flag in PREFIXED and "=" not in value else []

    def _names(self, value: str, behind: str) -> list[Item]:
        """Names of inputs, behind those that stand before a comma."""
        before, comma, name = value.rpartition(",")
        taken = before.split(",")
        names = dict.fromkeys([*self._free(), *self._columns()])
        return [
            Item(f"{before}{comma}{found}{behind}", "part" if behind else "plain")
            for found in names
            if found.startswith(name) and found not in taken
        ]

    def _free(self) -> list[str]:
        return free_names(self.given[0]) if self.given else []

    def _columns(self) -> list[str]:
        """The columns of the tables that are named before the place."""
        if self.command.name not in TABLES:
            return []
        found: list[str] = []
        for path in self.given[1:]:
            found += columns_of(path) if os.path.isfile(home(path)) else []
        return list(dict.fromkeys(found))


def _is_expression(word: str) -> bool:
    """Whether a word that begins with a minus is no option: -cos(x)."""
    return len(word) > 2 and word[1] != "-"


def _beginning(word: str, pairs: Iterable[tuple[str, str]], kind: str = "plain") -> list[Item]:
    """Those of some words with what is said of them that begin as what is typed."""
    return [Item(text, kind, said or None) for text, said in pairs if text.startswith(word)]


# ---- expressions ----------------------------------------------------------------------------------


def free_names(text: str) -> list[str]:
    """The names that an expression, or the file that it is in, needs values for, in order.

    >>> free_names("mean(3*(x+2)**2) + w"), free_names("y = x*a; y.sum(dim=0) + pi")
    (['x', 'w'], ['x', 'a'])
    """
    if text.startswith("@"):
        try:
            with open(home(text[1:]), encoding="utf-8") as file:
                text = file.read(1 << 16)
        except (OSError, UnicodeDecodeError):
            return []
    known = {module[:-1] for module in MODULES} | {
        "True",
        "False",
        "None",
        "and",
        "or",
        "not",
        "if",
        "else",
        "in",
    }
    known |= {name for name in _bare() if len(name) > 1}  # e and t are inputs, too
    plain = QUOTED.sub(" ", text)
    names = dict.fromkeys(NAMED.findall(plain))
    read = _read(text)
    if read is not None:
        names = dict.fromkeys(name for name in names if name in read)
    else:
        assigned = set(ASSIGNED.findall(plain))
        names = dict.fromkeys(name for name in names if name not in assigned)
    return [name for name in names if name not in known]


def _read(text: str) -> set[str] | None:
    """The names that a text reads before it assigns them; None if it isn't finished."""
    from autodiff_cli.interpret.liveness import of_program
    from autodiff_cli.syntax import parse_expression

    try:
        return set(of_program(parse_expression(Source(text))).names)
    except AutodiffError:
        return None


def _expression(text: str, columns: Sequence[str]) -> list[Item]:
    """An expression with the name at its end completed."""
    match = FRAGMENT.search(text)
    assert match is not None
    fragment = match.group()
    before = text[: match.start()]
    if re.search(r"[\w\])'\"]\s*\Z", before) and not re.search(
        r"\b(?:and|or|not|if|else|in)\s+\Z", before
    ):
        return []  # an operator is missing
    names = {**dict.fromkeys(columns, "a column"), **_names_behind(fragment)}
    return [
        Item(before + name, "part", said or None)
        for name, said in names.items()
        if name.startswith(fragment)
    ]


def _names_behind(fragment: str) -> dict[str, str]:
    """Names that may begin so, up to their next point, and what is said of them."""
    if "." not in fragment:
        return {**_bare(), **dict.fromkeys(MODULES, "a module")}
    for spelled, stands in ROOMS.items():
        if fragment.startswith(spelled):
            found = _dotted(stands + fragment.removeprefix(spelled))
            return {spelled + name.removeprefix(stands): said for name, said in found.items()}
    if fragment.startswith(MODULES):
        return _dotted(fragment)
    owner = fragment.rpartition(".")[0]
    return {f"{owner}.{name}": said for name, said in _of_tensors().items()}


def _dotted(fragment: str) -> dict[str, str]:
    """Names that begin so, each up to its next point."""
    said = _said()
    found: dict[str, str] = {}
    for name in (*_listed("functions"), *_listed("names"), "nn.functional."):
        if name.startswith(fragment) and "._" not in name:
            part, point, _ = name[len(fragment) :].partition(".")
            found[fragment + part + point] = "" if point else said.get(name, "")
    return dict(sorted(found.items()))


def _bare() -> dict[str, str]:
    """Functions and constants that expressions name without a module."""
    said = _said()
    names = [name for name in _listed("functions") if name[-1] != "_"]
    bare = {name.removeprefix("F."): said.get(name, "") for name in reversed(names)}
    constants = {name: said.get(name, "") for name in ("pi", "e", "tau", "inf", "nan")}
    return dict(sorted({n: s for n, s in {**bare, **constants}.items() if "." not in n}.items()))


def _of_tensors() -> dict[str, str]:
    said = _said()
    kinds = ("methods", "attributes", "tensor_methods", "tensor_attributes")
    names = sorted({name for kind in kinds for name in _listed(kind) if name[0] != "_"})
    return {name: said.get(TENSOR + name) or said.get(name, "") for name in names}


def _listed(kind: str) -> list[str]:
    """Names of the index; those of the lexicon where a checkout has none that is fresh."""
    names = list(index.modules_of(kind))
    if names:
        return names
    spelled = [name for entry in entries() for name in entry.names]
    if kind in ("functions", "names"):
        return [name for name in spelled if not name.startswith(TENSOR)]
    return [
        name.rpartition(".")[2] for name in spelled if "." not in name or name.startswith(TENSOR)
    ]


def _said() -> dict[str, str]:
    return {name: entry.summary for entry in entries() for name in entry.names}


def _words(word: str) -> list[Item]:
    """What `autodiff functions` takes."""
    titles = {family: title for family, (title, _) in families().items()}
    names = {entry.name.removeprefix(TENSOR): entry.summary for entry in entries()}
    return _beginning(word, {**names, **titles}.items())


# ---- files ------------------------------------------------------------------------------------------


def _files(word: str, before: str) -> list[Item]:
    """Files behind a sign that shells don't know, such as x=@."""
    typed = word.removeprefix(before)
    folder, slash, name = typed.rpartition("/")
    if typed.startswith("~") and not slash:
        return []
    try:
        with os.scandir(home(folder + slash) or ".") as scan:
            found = sorted((entry.name, entry.is_dir()) for entry in scan)
    except OSError:
        return []
    shown = [(n, is_dir) for n, is_dir in found if n.startswith(name) and (name or n[0] != ".")]
    return [
        Item(f"{before}{folder}{slash}{n}{'/' if is_dir else ''}", "part" if is_dir else "plain")
        for n, is_dir in shown
    ]
