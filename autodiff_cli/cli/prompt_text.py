"""Texts at the prompt: whether one is whole, what is completed, how its words are coloured."""

from __future__ import annotations

import codeop
import os
import re
import warnings
from collections.abc import Callable, Iterator
from functools import cache

from autodiff_cli.cli.prompt_words import WORDS, options_of
from autodiff_cli.syntax.tables import load

PATH = re.compile(r"(?:@|^\.save\s+(?:--force\s+)?)((?:[^\s'\"]|\\ )*)$")
NAME = re.compile(r"[^\W\d][\w.]*$")
STYLES = {"STRING": "string", "FLOAT": "number", "INTEGER": "number", "skip": "comment"}


def is_whole(text: str) -> bool:
    r"""Whether a text can be run as it is, or never; a block goes on until an empty line.

    >>> is_whole("x = [1,"), is_whole("for i in x:\n    i"), is_whole("for i in x:\n    i\n")
    (False, False, True)
    >>> is_whole("x**2"), is_whole("2x"), is_whole("x = 1\ny = 2"), is_whole("f(1,\n  2)")
    (True, True, True, True)
    """
    if is_word(text):
        return True
    before, newline, last = text.rpartition("\n")
    text = before + newline + last.rstrip()  # blanks make no line
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what Python advises is said when it is run, or not
        for kind in ("single", "exec"):
            try:
                code = codeop.compile_command(text, symbol=kind)
            except (SyntaxError, ValueError, OverflowError):
                continue
            if code is None:
                return False
            return kind == "single" or not last.strip() or last[0] not in " \t"
    return True


def is_word(text: str) -> bool:
    """Whether a text is for the prompt itself: `.help`, `?x`; `.5*x` is an expression."""
    text = text.strip()
    return text.startswith("?") or text.endswith("?") or bool(re.match(r"\.[A-Za-z]", text))


def completions(before: str, names: Callable[[str], list[str]]) -> tuple[int, list[str]]:
    """What may stand at the cursor: how much of what is typed it replaces, and the words.

    Args:
        before: the text in front of the cursor.
        names: what a name may become, of which the beginning is given.

    >>> completions(".he", lambda begun: [])
    (3, ['.help'])
    >>> completions("mean(x) + ta", lambda begun: ["tan", "tanh"])
    (2, ['tan', 'tanh'])
    """
    line = before.rpartition("\n")[2]
    command, space, _ = before.lstrip().partition(" ")
    if command.startswith(".") and not space and is_word(command + "x"):
        return len(command), [word for word in WORDS if word.startswith(command)]
    path = PATH.search(line)
    if path is not None:
        return len(path[1]), list(_files(path[1]))
    option = re.search(r"(?<=\s)--?[\w-]*$", line)
    if option is not None and command in WORDS:
        return len(option[0]), [o for o in options_of(command) if o.startswith(option[0])]
    result = re.search(r"[)\]]\.(\w*)$", line)
    if result is not None:  # most results are tensors
        return len(result[1]), [name[1:] for name in names(f".{result[1]}")]
    name = NAME.search(line)
    return (0, []) if name is None else (len(name[0]), names(name[0]))


def _files(begun: str) -> Iterator[str]:
    folder, name = os.path.split(begun)
    try:
        found = sorted(os.listdir(os.path.expanduser(folder) or "."))
    except OSError:
        return
    for entry in found:
        if entry.startswith(name) and (name or not entry.startswith(".")):
            path = os.path.join(folder, entry)
            yield path + "/" if os.path.isdir(os.path.expanduser(path)) else path


@cache
def _pattern() -> tuple[re.Pattern[str], dict[str, str]]:
    tables = load("program")
    return re.compile(tables.pattern), tables.keywords


def coloured(text: str) -> Iterator[tuple[str, str]]:
    """The pieces of a text, each with what it is: "keyword", "number", "string", "call", "comment", "".

    >>> [piece for piece in coloured("if sin(2.): # x") if piece[0]]
    [('keyword', 'if'), ('call', 'sin'), ('number', '2.'), ('comment', '# x')]
    """
    if is_word(text):
        first, space, text = text.partition(" ")
        yield "word", first + space
    pattern, keywords = _pattern()
    offset = 0
    while offset < len(text):
        found = pattern.match(text, offset)
        if found is None:
            yield "", text[offset]
            offset += 1
            continue
        word, kind = found[0], found.lastgroup or ""
        style = STYLES.get(kind, "")
        if kind == "skip" and word[0] != "#":
            style = ""
        elif kind == "NAME":
            called = text[found.end() :].lstrip(" ")[:1] == "("
            style = "keyword" if word in keywords else "call" if called else ""
        yield style, word
        offset = found.end()
