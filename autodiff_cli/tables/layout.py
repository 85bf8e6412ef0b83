"""What is read of a file: its columns, those that are parsed, and those that pass through."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal, NamedTuple, TypeAlias

from autodiff_cli.errors import InputError
from autodiff_cli.interpret.suggest import suggestion
from autodiff_cli.tables.dialect import Dialect

Keep: TypeAlias = Collection[str] | Literal["all"] | None  # the columns to pass on as they are


class ColumnLayout(NamedTuple):
    """file: as people write it; names: all columns, renamed; titles: as the file has them."""

    file: str
    dialect: Dialect  # of text with fields
    names: tuple[str, ...]
    titles: tuple[str, ...]
    wanted: tuple[str, ...]
    kept: tuple[str, ...]
    everything: bool  # kept are all columns, also those that later rows add
    closed: bool = False  # rows have no columns but those that are kept

    def title(self, name: str) -> str:
        """How the file calls a column."""
        return self.titles[self.names.index(name)] if name in self.names else name


class Naming(NamedTuple):
    """What `columns` say: names for a file without a header, or new names for some columns."""

    names: tuple[str, ...]
    renamed: dict[str, str]  # old to new

    def given(self, count: int, file: str) -> tuple[str, ...]:
        """The names for a file without a header.

        Raises:
            InputError: it has more or fewer columns, or a name stands twice.
        """
        if len(self.names) != count:
            raise InputError(f"{len(self.names)} columns are named, and {file} has {count}")
        once(self.names, file)
        return self.names

    def apply(self, titles: Sequence[str], file: str) -> tuple[str, ...]:
        """The columns' names, by those that the file has.

        Raises:
            InputError: a column to rename doesn't exist, or two columns come to one name.
        """
        renamed: dict[str, str] = {}
        for old, new in self.renamed.items():
            title = self._title(old, titles, file)
            if title in renamed:
                raise _two_names(title)
            renamed[title] = new
        names = tuple(renamed.get(title, title) for title in titles)
        for old, new in renamed.items():
            if new in titles and names.count(new) > 1:
                raise InputError(
                    f"{file}: --columns {new}={old} renames '{old}', and there is a column '{new}'",
                    hint=f"rename that one too: --columns {new}={old},old_{new}={new}",
                )
        once(names, file)
        return names

    @staticmethod
    def _title(old: str, titles: Sequence[str], file: str) -> str:
        """The column that is meant: spaces around its name count where the file has them."""
        for name in (old, old.strip()):
            if name in titles:
                return name
        raise no_column(old.strip(), titles, file)


def naming(columns: Sequence[str] | None) -> Naming:
    """Names and renamings apart.

    Raises:
        InputError: both are mixed, or one is empty or stands twice.

    >>> naming(["S=spot"])
    Naming(names=(), renamed={'spot': 'S'})
    """
    names: list[str] = []
    renamed: dict[str, str] = {}
    for word in columns or ():
        new, equals, old = word.partition("=")
        new = new.strip()
        if not new or (equals and not old.strip()):
            raise InputError(
                f"no column name in '{word}'", hint="--columns S,K or --columns S=spot"
            )
        if new in (*names, *renamed.values()):
            raise InputError(
                f"--columns gives two columns the name '{new}'", hint="each needs its own"
            )
        if old in renamed:
            raise _two_names(old)
        if equals:
            renamed[old] = new
        else:
            names.append(new)
    if names and renamed:
        raise InputError(
            "columns are named or renamed, not both",
            hint="--columns S,K,T names those of a file without a header; S=spot renames one",
        )
    return Naming(tuple(names), renamed)


def _two_names(old: str) -> InputError:
    return InputError(
        f"--columns gives the column '{old.strip()}' two names",
        hint="write the expression with one of them",
    )


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


class Choice(NamedTuple):
    """What is read of files.

    Attributes:
        naming: of the columns.
        wanted: the columns to parse; None for all.
        kept: the columns to pass on as they are.
        closed: whether there may be no others.
    """

    naming: Naming
    wanted: Collection[str] | None = None
    kept: Keep = None
    closed: bool = False

    def of(
        self, names: tuple[str, ...], file: str, fixed: bool = True
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The columns to parse and to keep, in the file's order.

        fixed: the file has no other columns than `names`.

        Raises:
            InputError: one of them doesn't exist.
        """
        keep = names if self.kept == "all" else tuple(self.kept or ())
        want = names if self.wanted is None else tuple(self.wanted)
        if fixed:
            if self.closed and set(names) != set(keep):
                raise InputError(
                    f"--keep: the columns of {file} are {', '.join(names)}, and those of the first file "
                    f"{', '.join(keep)}",
                    hint="only JSON Lines holds both: --to jsonl",
                )
            for name in (*want, *keep):
                if name not in names:
                    raise no_column(name, names, file)
            return tuple(n for n in names if n in want), tuple(n for n in names if n in keep)
        return want, keep
