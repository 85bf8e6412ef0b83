"""The words of the language as text, Markdown and JSON."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from textwrap import wrap

import orjson

from autodiff_cli.lexicon.entries import Entry, families
from autodiff_cli.lexicon.facts import Facts, facts
from autodiff_cli.lexicon.signatures import further, signatures

LABEL = 12  # columns of labels
SAID = 8  # of the words that mean the same, those that are shown
INTRODUCTION = """\
# The words of the language

Written by `autodiff functions --all -o docs/functions.md`, from the declarations; what examples print, the
function of the graph (`grad_fn`) and the derivative are found out by running them. `autodiff functions WORD`
shows one, and searches.

Signatures leave out parameters that have no effect here, such as `out` and `device`. Of the operands of a
function, the lines speak as a and b. *Domain* is where it is defined and has a derivative, if not everywhere.
A derivative by x is `d_x`, text of the language; that of a result that is no number is for a cotangent g."""


def overview(width: int) -> str:
    """The families, with the names of their words."""
    blocks = []
    for family, (title, members) in families().items():
        names = " ".join(entry.name for entry in members)
        blocks.append("\n".join([f"{family}: {title}", *_wrapped(names, width, "  ")]))
    return "\n\n".join(blocks)


def listed(entries: Sequence[Entry], width: int) -> str:
    """Words, each with how it is called and what it does."""
    blocks = []
    for entry in entries:
        lines = _wrapped(signatures(entry)[0], width, "", "    ")
        blocks.append("\n".join([*lines, *_wrapped(entry.summary, width, "    ")]))
    return "\n".join(blocks)


def described(entry: Entry, width: int) -> str:
    """Everything about a word."""
    known = facts(entry)
    lines: list[str] = []
    for signature in known.signatures:
        lines += _wrapped(signature, width, "", "    ")
    lines += ["", *_wrapped(_sentence(entry.summary), width, "  "), ""]
    for label, text in _about(entry, known):
        lines += _wrapped(text, width, f"  {label:{LABEL}}", " " * (LABEL + 2))
    if known.derivative:
        first, *rest = known.derivative
        lines.append(f"  {'derivative':{LABEL}}{first}")
        lines += [" " * (LABEL + 2) + line for line in rest]
        if known.where:
            lines += _wrapped(known.where, width, " " * (LABEL + 2) + "with ", " " * (LABEL + 2))
    lines += ["", *[f"  {line}".rstrip() for line in console(known).splitlines()]]
    return "\n".join(lines)


def console(known: Facts) -> str:
    """The example as a terminal shows it."""
    return f"$ {known.command.replace(chr(10), f'{chr(10)}> ')}\n{known.output}".rstrip("\n")


def page() -> str:
    """Everything about all words, as a page of Markdown."""
    made = families().values()
    contents = [f"- [{title}](#{_anchor(title)}), {len(members)}" for title, members in made]
    chapters = markdown([entry for _, members in made for entry in members])
    return "\n\n".join([INTRODUCTION, "\n".join(contents), chapters])


def markdown(entries: Iterable[Entry]) -> str:
    """Everything about words, a chapter for each family."""
    blocks: list[str] = []
    family = ""
    for entry in entries:
        if entry.family != family:
            family = entry.family
            blocks.append(f"## {families()[family][0]}")
        known = facts(entry)
        blocks.append(f"### `{entry.name}`")
        blocks.append("\n".join(["```python", *known.signatures, "```"]))
        about = [_sentence(entry.summary).replace("*", r"\*")]
        about += [f"- {label}: {_code(label, text)}" for label, text in _about(entry, known)[1:]]
        if known.derivative:
            where = f", with {known.where}" if known.where else ""
            about.append(f"- derivative{where}: `{'; '.join(known.derivative)}`")
        blocks.append("\n".join([about[0], "", *about[1:]]).rstrip())
        blocks.append(f"```console\n{console(known)}\n```")
    return "\n\n".join(blocks)


def json(entries: Iterable[Entry], *, full: bool) -> str:
    """Words as one object; with `full`, what running their examples shows, too."""
    found = []
    for entry in entries:
        record: dict[str, object] = {
            "name": entry.name,
            "family": entry.family,
            "summary": entry.summary,
            "signatures": signatures(entry),
            "also": further(entry),
            "search": entry.search,
            "domain": entry.domain or None,
        }
        if full:
            known = facts(entry)
            record |= {
                "grad_fn": known.grad_fn or None,
                "derivative": known.derivative or None,
                "where": known.where or None,
                "example": {"command": known.command, "output": known.output},
            }
        found.append(record)
    return orjson.dumps({"functions": found}).decode()


def _about(entry: Entry, known: Facts) -> list[tuple[str, str]]:
    """What is said of a word in a line each."""
    pairs = [
        ("family", entry.family),
        ("also", ", ".join(known.further)),
        ("means", ", ".join(entry.search[:SAID])),
        ("domain", entry.domain),
        ("grad_fn", known.grad_fn),
    ]
    return [(label, text) for label, text in pairs if text]


def _anchor(title: str) -> str:
    """A heading's anchor, as GitHub makes it.

    >>> _anchor("Functions of functions: torch.func")
    'functions-of-functions-torchfunc'
    """
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


def _code(label: str, text: str) -> str:
    """Text of a list's item, names of the language as code."""
    if label == "also":
        return ", ".join(f"`{name}`" for name in text.split(", "))
    return f"`{text}`" if label in ("grad_fn", "domain") else text


def _sentence(text: str) -> str:
    return (
        text[:1].upper() + text[1:] + "."
        if text[:1].islower() and text[1:2].isalpha()
        else f"{text}."
    )


def _wrapped(text: str, width: int, first: str, rest: str | None = None) -> list[str]:
    """Text in lines of so many columns; no word is broken."""
    return wrap(
        text,
        width,
        initial_indent=first,
        subsequent_indent=first if rest is None else rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
