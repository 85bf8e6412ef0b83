"""The terminals of a program: what `syntax/lalr.py` finds in a text, with Python's lines and indentation.

Blank lines and line ends inside brackets don't count. What Python's own lexer refuses is refused here,
before the grammar sees it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from autodiff_cli.errors import SourceSyntaxError
from autodiff_cli.syntax.lalr import END, OPENING, Parser, Token

CLOSING = {closing: opening for opening, closing in OPENING.items()}
UNUSED_KEYWORDS = {
    "async": "ASYNC",
    "await": "AWAIT",
}  # reserved, though the grammar has no use for them
CONTINUED = r"[ \t\f]*(?:\\(?:\r\n?|\n)[ \t\f]*)*"
BLANK_LINES = re.compile(rf"(?:{CONTINUED}(?:#[^\r\n]*(?:\r\n?|\n|\Z)|\r\n?|\n)|[ \t\f]*\Z)+")
INDENTATION = re.compile(r"([ \t\f]*)((?:\\(?:\r\n?|\n)[ \t\f]*)*)")
UNKNOWN = "$?!`"  # which the grammar refuses, not the lexer
WORD = re.compile(r"\w")
MAY_FOLLOW_NUMBER = re.compile(r"and|else|for|i[fns]|or|not")
TAB = 8


class ProgramParser(Parser):
    """A parser whose terminals are those of programs."""

    def tokens(self, text: str) -> Iterator[Token]:
        """The terminals of a program.

        Raises:
            SourceSyntaxError: this is no terminal, bracket or indentation of Python's.
        """
        start = 1 if text.startswith("\ufeff") else 0
        return self.lines(text, start, len(text), is_program=True)

    def lines(self, text: str, start: int, end: int, is_program: bool) -> Iterator[Token]:
        """The terminals between two offsets; unless it is a program, line ends don't count."""
        match = self.pattern.match
        literals = self.tables.literals
        keywords = self.tables.keywords | UNUSED_KEYWORDS
        opened: list[Token] = []
        indents = [(0, 0)]
        offset = start
        begins = is_program  # at the beginning of a line
        kind: str | None = None
        while offset < end:
            if begins:
                blank = BLANK_LINES.match(text, offset)
                if blank is not None:
                    offset = blank.end()
                indentation = INDENTATION.match(text, offset)
                assert indentation is not None
                offset = indentation.end()
                if offset >= end:
                    if indentation[2]:
                        raise _refused(text, indentation.start(2), [])
                    break
                begins = False
                yield from _changes(indents, columns(*indentation.groups()), offset)
            found = match(text, offset, end)
            if found is None:
                if text[offset] not in UNKNOWN:
                    raise _refused(text, offset, opened)
                yield Token("UNKNOWN", text[offset], offset, offset + 1)
                kind, offset = "UNKNOWN", offset + 1
                continue
            kind = found.lastgroup
            assert kind is not None
            word = found[kind]
            first, offset = offset, found.end()
            if kind == "skip":
                if offset == end and word[0] == "\\":
                    raise _refused(text, first, [])
                continue
            if kind == "literal":
                kind = literals[word]
                if word in OPENING:
                    opened.append(Token(kind, word, first, offset))
                elif word in CLOSING:
                    if not opened or opened[-1].text != CLOSING[word]:
                        raise _refused(text, first, opened)
                    opened.pop()
            elif kind == "NAME":
                if not word.isascii():
                    word = _normal(text, word, first)
                kind = keywords.get(word, kind)
            elif kind == "_NEWLINE":
                if opened or not is_program:
                    continue
                begins = True
            elif kind in ("INTEGER", "FLOAT"):
                _check_number(text, word, first, offset)
            yield Token(kind, word, first, offset)
        if opened:
            raise _refused(text, end, opened)
        if is_program:
            if kind is not None and not begins:
                yield Token("_NEWLINE", "", end, end)
            yield from _changes(indents, (0, 0), end)
        yield Token(END, "", end, end)

    def _with_end(self, text: str) -> Iterator[Token]:
        return self.tokens(text)


def columns(first: str, continued: str) -> tuple[int, int]:
    r"""The width of an indentation with tabs to multiples of 8, and with tabs of 1.

    Where a backslash continues it on a next line, its first line counts, unless that is empty.

    >>> columns(" \t", "")
    (8, 2)
    """
    blanks = first or continued
    if blanks.count(" ") == len(blanks):
        return len(blanks), len(blanks)
    wide = narrow = 0
    for blank in blanks:
        if blank == " ":
            wide, narrow = wide + 1, narrow + 1
        elif blank == "\t":
            wide, narrow = (wide // TAB + 1) * TAB, narrow + 1
        elif blank == "\f":
            wide = narrow = 0
    return wide, narrow


def _changes(
    indents: list[tuple[int, int]], column: tuple[int, int], offset: int
) -> Iterator[Token]:
    """_INDENT and _DEDENT before a line; two widths of tabs must agree on what they are."""
    if column == indents[-1]:
        return
    if column[0] > indents[-1][0] and column[1] > indents[-1][1]:
        indents.append(column)
        yield Token("_INDENT", "", offset, offset)
        return
    if column[0] >= indents[-1][0]:
        raise _refused_indentation(offset, "TabError")
    while column[0] < indents[-1][0]:
        indents.pop()
        if column[0] > indents[-1][0]:
            raise _refused_indentation(offset, "IndentationError")
        yield Token("_DEDENT", "", offset, offset)
    if column != indents[-1]:
        raise _refused_indentation(offset, "TabError")


def _normal(text: str, word: str, offset: int) -> str:
    """The name that a name with letters beyond ASCII stands for."""
    from unicodedata import normalize

    for position in range(1, len(word) + 1):
        if not word[:position].isidentifier():
            raise _refused(text, offset + position - 1, [])
    return normalize("NFKC", word)


def _check_number(text: str, word: str, start: int, end: int) -> None:
    if not word.isascii():
        position = next(n for n, character in enumerate(word) if not character.isascii())
        raise _refused(text, start + position, [])
    goes_on = WORD.match(text, end) and not MAY_FOLLOW_NUMBER.match(text, end)
    goes_on = goes_on or (word == "0" and text.startswith("o", end))  # 0or begins an octal number
    has_zeros = word[0] == "0" and word.strip("0_") and word.replace("_", "").isdigit()
    if goes_on or has_zeros:
        from autodiff_cli.syntax import refused

        raise refused.number(text, start)


def _refused(text: str, offset: int, opened: list[Token]) -> SourceSyntaxError:
    from autodiff_cli.syntax import refused

    return refused.character(text, offset, opened)


def _refused_indentation(offset: int, kind: str) -> SourceSyntaxError:
    from autodiff_cli.syntax import refused

    return refused.indentation(offset, kind)
