"""The words of the language with what a person asks of them. Imports neither numpy nor the vocabulary.

A file of `families/` is a family: its title, then a line for each word.

    names | one line | search words, with commas between | domain | example [where NAME=VALUE ...]

The first name is the word's own, the others are other names of it. `NAME_`, which writes into its tensor,
and `x.NAME()` go without saying. The domain is where it is defined and has a derivative, if not everywhere.
Of the operands of a function, the lines speak as a and b. Tests hold the names against what the vocabulary
declares, and run every example.
"""

from __future__ import annotations

import re
from functools import cache
from pkgutil import get_data

from autodiff_cli.record import Record

FAMILIES = (
    "arithmetic powers trigonometry rounding special comparison reductions linalg creation shape indexing "
    "random constants activations losses layers modules parameters optimizers distributions data autograd "
    "func tensors settings"
).split()
TENSOR = "Tensor."


class Entry(Record):
    """A word.

    Attributes:
        names: its own first, as torch spells it behind its module; `Tensor.view` is a method or an attribute.
        summary: one line.
        search: what else people call it.
        domain: where it is defined, if not everywhere.
        text: of the example; lines with breaks between.
        inputs: of the example, by name.
        family: its family's name.
    """

    names: tuple[str, ...]
    summary: str
    search: tuple[str, ...]
    domain: str
    text: str
    inputs: dict[str, str]
    family: str

    @property
    def name(self) -> str:
        return self.names[0]


@cache
def families() -> dict[str, tuple[str, tuple[Entry, ...]]]:
    """The title and the words of each family, by its name."""
    found = {}
    for family in FAMILIES:
        data = get_data(__package__, f"families/{family}.txt")  # within a zip file, too
        assert data is not None
        title, *lines = data.decode().splitlines()
        found[family] = title, tuple([_entry(line, family) for line in lines])
    return found


def entries() -> list[Entry]:
    """Every word."""
    return [entry for _, members in families().values() for entry in members]


def last_part(name: str) -> str:
    """A name without its modules.

    >>> last_part("F.relu"), last_part("Tensor.view"), last_part("exp")
    ('relu', 'view', 'exp')
    """
    return name.rpartition(".")[2]


def _entry(line: str, family: str) -> Entry:
    names, summary, search, domain, example = re.split(r"\s\|(?=\s)", line, maxsplit=4)
    text, _, inputs = example.strip().partition(" where ")
    return Entry(
        tuple(names.split()),
        summary.strip(),
        tuple([word.strip() for word in search.split(",") if word.strip()]),
        domain.strip(),
        text.replace("\\n", "\n"),
        dict([pair.split("=", 1) for pair in inputs.split()]),
        family,
    )
