"""What is read of a text file: its columns, those that are parsed, and those that pass through."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal, NamedTuple

from autodiff_cli.errors import InputError
from autodiff_cli.interpret.suggest import suggestion


class Layout(NamedTuple):
    """file: as people write it; names: all columns, renamed; titles: as the file has them."""

    file: str
    separator: str
    names: tuple[str, ...]
    titles: tuple[str, ...]
    wanted: tuple[str, ...]
    kept: tuple[str, ...]
    everything: bool  # kept are all columns, also those that later rows add

    def title(self, name: str) -> str:
        """How the file calls a column."""
        return self.titles[self.names.index(name)] if name in self.names else name


class Naming(NamedTuple):
    """What `columns` say: names for a file without a header, or new names for some columns."""

    names: tuple[str, ...]
    renamed: dict[str, str]  # old to new

    def apply(self, titles: Sequence[str], file: str) -> tuple[str, ...]:
        """The columns' names.

        Raises:
            InputError: a column to rename doesn't exist, or two columns come to one name.
        """
        for old in self.renamed:
            if old not in titles:
                raise no_column(old, titles, file)
        names = tuple(self.renamed.get(title, title) for title in titles)
        for old, new in self.renamed.items():
            if new in titles and names.count(new) > 1:
                raise InputError(
                    f"{file}: --columns {new}={old} renames '{old}', and there is a column '{new}'",
                    hint=f"rename that one too: --columns {new}={old},old_{new}={new}",
                )
        once(names, file)
        return names


def naming(columns: Sequence[str] | None) -> Naming:
    """Names and renamings apart.

    Raises:
        InputError: both are mixed, or one is empty.

    >>> naming(["S=spot"])
    Naming(names=(), renamed={'spot': 'S'})
    """
    names, renamed = [], {}
    for word in columns or ():
        new, equals, old = word.partition("=")
        if not new or (equals and not old):
            raise InputError(
                f"no column name in '{word}'", hint="--columns S,K or --columns S=spot"
            )
        if equals:
            renamed[old] = new
        else:
            names.append(word)
    if names and renamed:
        raise InputError(
            "columns are named or renamed, not both",
            hint="--columns S,K,T names those of a file without a header; S=spot renames one",
        )
    return Naming(tuple(names), renamed)


def once(names: Sequence[str], file: str) -> None:
    """Raise InputError if a name stands twice."""
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(
            f"{file}: the column '{twice}' stands twice in the header",
            hint="a file without a header: name its columns with --columns",
        )


def no_column(name: str, names: Sequence[str], file: str) -> InputError:
    """That a name is none of a file's columns, with the nearest."""
    near = suggestion(name, names)
    return InputError(
        f"{file} has no column '{name}'; it has {', '.join(names) or 'none'}",
        hint=f"did you mean '{near}'? --columns {name}={near} renames it" if near else None,
    )


def chosen(
    names: tuple[str, ...],
    wanted: Collection[str] | None,
    kept: Collection[str] | Literal["all"] | None,
    file: str,
    fixed: bool = True,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The columns to parse and to keep, in the file's order.

    fixed: the file has no other columns than `names`.

    Raises:
        InputError: one of them doesn't exist.
    """
    keep = names if kept == "all" else tuple(kept or ())
    want = names if wanted is None else tuple(wanted)
    if fixed:
        for name in (*want, *keep):
            if name not in names:
                raise no_column(name, names, file)
        return tuple(n for n in names if n in want), tuple(n for n in names if n in keep)
    return want, keep
