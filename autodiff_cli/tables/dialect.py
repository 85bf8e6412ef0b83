"""How a text table is written, where it isn't as usual: what `--delimiter`, `--decimal` and others say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from shlex import quote as shell
from typing import NamedTuple

from autodiff_cli.errors import InputError
from autodiff_cli.tables.bad import no_number, shown
from autodiff_cli.tables.compressed import Stream

BOM = b"\xef\xbb\xbf"
SPELLED = {"\\t": "\t", "tab": "\t", "blank": " ", "space": " ", "comma": ",", "semicolon": ";"}
DELIMITERS = {"csv": ",", "tsv": "\t"}
BLANKS = re.compile(rb'("(?:[^"]|"")*")|[ \t]+')
NO_NUMBER = "_"  # stands for a sign that a number may not have
GROUPED = re.compile(r"[-+]?\d{1,3}(,\d{3})+(\.\d*)?|[-+]?\d{1,3}(,\d{3}){2,}")
COMMA = re.compile(r"[-+]?\d*,\d+([eE][-+]?\d+)?")
MISSING = frozenset(("na", "n/a", "#n/a", "null", "none", "nil", "-", "--", ".", "?", "missing"))
LONGEST_LINE = 64 << 20  # bytes
KINDS = ("bool", "date")
TRUTHS = {"true": 1.0, "yes": 1.0, "false": 0.0, "no": 0.0}
DATE = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d.*)?", re.ASCII)
DAY = 86_400.0  # seconds


class Dialect(NamedTuple):
    """What stands between fields, around them, and in numbers.

    Attributes:
        delimiter: a character; a blank stands for any number of blanks and tabs.
        quote: around fields that hold delimiters, quotes and line ends; "" for none.
        decimal, thousands: within numbers; "" for no thousands.
        na: what stands in the place of a number that is missing.
        comment: what lines begin with that are none; "" for nothing.
        skip: how many lines stand before the header.
        kinds: what counts as a number besides numbers, of KINDS.
    """

    delimiter: str = ","
    quote: str = '"'
    decimal: str = "."
    thousands: str = ""
    na: tuple[str, ...] = ()
    comment: str = ""
    skip: int = 0
    kinds: frozenset[str] = frozenset()

    @property
    def numbers(self) -> bool:
        """Whether numbers are written in another way than Python's."""
        return self.decimal != "." or bool(self.thousands) or bool(self.na)

    @property
    def edits(self) -> bool:
        """Whether lines are changed before they are read."""
        return bool(self.comment or self.skip) or self.delimiter == " "

    @property
    def grouped(self) -> str:
        """A pattern of numbers with thousands, in groups of three digits."""
        mark, point = re.escape(self.thousands), re.escape(self.decimal)
        return rf"^\s*[-+]?\d{{1,3}}(?:{mark}\d{{2,3}})*{mark}\d{{3}}(?:{point}|[eE]|\s*$)"

    def plain_all(self, texts: Sequence[str]) -> Sequence[str]:
        """Numbers as Python writes them."""
        return [self.plain(text) for text in texts] if self.numbers else texts

    def numbers_all(self, texts: Sequence[str]) -> Sequence[str]:
        """Fields as numbers that Python reads, with those of its kinds."""
        plain = self.plain_all(texts)
        if not self.kinds:
            return plain
        return [repr(number) if (number := self.number_of(t)) is not None else t for t in plain]

    def number_of(self, text: str) -> float | None:
        """What a word of its kinds counts as: true or yes 1, a date its days since 1970-01-01.

        >>> Dialect(kinds=frozenset(KINDS)).number_of("1970-01-02T12:00")
        1.5
        """
        if "bool" in self.kinds and (truth := TRUTHS.get(text.strip().lower())) is not None:
            return truth
        return days_of(text.strip()) if "date" in self.kinds else None

    def kept_all(self, texts: Sequence[str]) -> Sequence[str]:
        """Cells that pass through: those that are numbers as other formats write them."""
        if not self.numbers:
            return texts
        plain = self.plain_all(texts)
        return [new if _is_number(new) else text for text, new in zip(texts, plain)]

    def no_number(self, text: str) -> str:
        """That a field is no number."""
        if text.strip() and not self.plain(text).strip():
            return f"missing ({shown(text)})"
        return no_number(text)

    def hint(self, text: str) -> str | None:
        """What to say of the table where a field is no number as it is."""
        text = text.strip()
        if GROUPED.fullmatch(text) and not self.thousands:
            return "--thousands , reads groups of thousands"
        if COMMA.fullmatch(text) and self.decimal == ".":
            return "--decimal , reads decimal commas"
        if text.lower() in MISSING and text not in self.na:
            return (
                f"--na {shell(text)} says that it is missing; --on-error skip leaves such rows out"
            )
        return word_hint(text)

    def plain(self, text: str) -> str:
        """A number as Python writes it; empty where it is missing.

        >>> Dialect(";", decimal=",", thousands=".").plain("1.234,5")
        '1234.5'
        """
        if text.strip() in self.na:
            return ""
        if self.thousands and self.thousands in text:
            if not re.match(self.grouped, text):
                return NO_NUMBER
            text = text.replace(self.thousands, "")
        if self.decimal != ".":
            text = text.replace(".", NO_NUMBER).replace(self.decimal, ".")
        return text


USUAL = Dialect()


def word_hint(text: str) -> str | None:
    """How a word could count as a number."""
    if text.lower() in TRUTHS:
        return "--as-numbers bool takes true and yes for 1, false and no for 0"
    if days_of(text) is not None:
        return "--as-numbers date takes a date for its days since 1970-01-01"
    return None


@lru_cache(maxsize=1 << 16)
def days_of(text: str) -> float | None:
    """The days since 1970-01-01 of an ISO date, with a time or without; UTC where it says no zone."""
    if not DATE.fullmatch(text):
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() / DAY


def _is_number(text: str) -> bool:
    if NO_NUMBER in text:
        return False
    try:
        float(text)
    except ValueError:
        return not text
    return True


def dialect_of(
    *,
    delimiter: str | None = None,
    quote: str | None = None,
    decimal: str | None = None,
    thousands: str | None = None,
    na: Sequence[str] = (),
    comment: str | None = None,
    skip: int = 0,
    kinds: Sequence[str] = (),
) -> Dialect | None:
    """What options say; None if they say nothing. The delimiter is "" where it is the format's.

    Raises:
        InputError: a value makes no sense, or two of them none beside each other.
    """
    given = Dialect(
        SPELLED.get(delimiter or "", delimiter or ""),
        {"none": "", None: '"'}.get(quote, quote or ""),
        decimal or ".",
        {"none": "", "blank": " ", "space": " "}.get(thousands or "", thousands or ""),
        tuple(na),
        comment or "",
        skip,
        frozenset(kinds),
    )
    unknown = next((kind for kind in kinds if kind not in KINDS), None)
    if unknown is not None:
        raise InputError(
            f"--as-numbers takes {' and '.join(KINDS)}, not '{unknown}'",
            hint=f"--as-numbers {','.join(KINDS)}",
        )
    if delimiter is not None:
        _one("--delimiter", delimiter, given.delimiter, "';', '|', tab or blank")
    if quote not in (None, "none"):
        _one("--quote", quote or "", given.quote, '"\'", or none')
    if given.decimal not in (".", ","):
        raise InputError(f"--decimal is a point or a comma, not '{decimal}'", hint="--decimal ,")
    if len(given.thousands) > 1 or given.thousands.isalnum():
        raise InputError(
            f"--thousands is one sign, such as a comma, a point or a blank, not '{thousands}'",
            hint="--thousands ,",
        )
    if given.thousands == given.decimal:
        what = "point" if given.decimal == "." else "comma"
        raise InputError(
            f"--thousands and --decimal are both a {what}",
            hint="--thousands . --decimal ,"
            if what == "point"
            else "--thousands . with --decimal ,",
        )
    signs = {"--quote": given.quote, "--decimal": "" if given.decimal == "." else given.decimal}
    for option, sign in signs.items():
        if sign and sign == given.delimiter and not (option == "--decimal" and given.quote):
            raise InputError(f"{option} and --delimiter are both '{sign}'")
    if "\n" in given.comment or (comment is not None and not comment):
        raise InputError("--comment is what lines begin with", hint="--comment '#'")
    return None if given == Dialect("") else given


def _one(option: str, typed: str, sign: str, such: str) -> None:
    """Refuse what isn't one character that a field can't be made of."""
    if len(sign) == 1 and sign.isascii() and sign not in "\r\n\0" and not sign.isalnum():
        return
    what = "one ASCII character that is no letter and no digit"
    raise InputError(f"{option} is {what}, not '{typed}'", hint=f"such as {such}")


class Edited:
    """A stream of lines without those that are none: they are blank, so that lines keep their numbers."""

    def __init__(self, stream: Stream, dialect: Dialect) -> None:
        self.stream = stream
        self.comment = dialect.comment.encode()
        self.skip = dialect.skip
        self.blanks = dialect.delimiter == " "
        self.rest = b""
        self.begun = False

    def read(self, size: int, /) -> bytes:
        while True:
            data = self.stream.read(size)
            whole = self.rest + data
            if not self.begun and data and BOM.startswith(whole[:3]) and len(whole) < len(BOM):
                self.rest = whole
                continue
            end = whole.rfind(b"\n") + 1
            if not data or len(whole) > LONGEST_LINE:
                end = len(whole)
            self.rest = whole[end:]
            if end or not data:
                return self._edited(whole[:end])

    def _edited(self, data: bytes) -> bytes:
        if not self.begun and data:
            self.begun = True
            data = data.removeprefix(BOM)
        if not (self.skip or self.blanks or self.comment in data):
            return data
        lines = data.split(b"\n")
        last = len(lines) - 1  # behind the last line end
        for at, line in enumerate(lines):
            if self.skip and at < last:
                self.skip -= 1
                lines[at] = b""
            elif self.comment and line.startswith(self.comment):
                lines[at] = b""
            elif self.blanks:
                lines[at] = BLANKS.sub(lambda found: found[1] or b" ", line.strip(b" \t\r"))
        return b"\n".join(lines)

    def close(self) -> None:
        self.stream.close()
