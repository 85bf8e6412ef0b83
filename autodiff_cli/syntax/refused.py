"""What the lexer of programs refuses, in CPython's words. Imported only when it refuses something."""

from __future__ import annotations

import re
import warnings

from autodiff_cli.errors import SourceIndentationError, SourceSyntaxError, SourceTabError
from autodiff_cli.source import Span
from autodiff_cli.syntax.lalr import OPENING, Token
from autodiff_cli.syntax.rewrite import instead_of

NUMBER = re.compile(
    r"0[xX][\da-fA-F_]*|0[oO][\d_]*|0[bB][\d_]*|[\d_]*\.?[\d_]*(?:[eE][+-]?[\d_]*)?"
)
DIGITS = {"x": "0123456789abcdef_", "o": "01234567_", "b": "01_"}
BASES = {"x": "hexadecimal", "o": "octal", "b": "binary"}


def character(text: str, offset: int, opened: list[Token]) -> SourceSyntaxError:
    """The error for a character that begins no terminal, or a bracket that doesn't fit."""
    span = Span(offset, offset + 1)
    if offset >= len(text):
        return never_closed(opened[-1])
    found = text[offset]
    if found in ")]}":
        return _closing(text, offset, opened)
    if found in "'\"":
        return _string(text, offset)
    if found == "\\":
        if not text[offset + 1 :].strip("\r\n"):
            return SourceSyntaxError("unexpected EOF while parsing", span=span)
        return SourceSyntaxError(
            "unexpected character after line continuation character",
            hint="the backslash must be the last character of its line",
            span=Span(offset + 1, offset + 2),
        )
    if not found.isprintable():
        return SourceSyntaxError(
            f"invalid non-printable character U+{ord(found):04X}",
            hint="write a space",
            span=span,
        )
    return SourceSyntaxError(
        f"invalid character '{found}' (U+{ord(found):04X})", hint=instead_of(found), span=span
    )


def never_closed(bracket: Token) -> SourceSyntaxError:
    return SourceSyntaxError(
        f"'{bracket.text}' was never closed",
        hint=f"add '{OPENING[bracket.text]}'",
        span=Span(bracket.start, bracket.end),
    )


def number(text: str, start: int) -> SourceSyntaxError:
    """The error for a number that has leading zeros, or goes on as no number does."""
    found = NUMBER.match(text, start)
    assert found is not None
    word, end = found[0], found.end()
    base = word[1:2].lower() if word[0] == "0" else ""
    following = text[end : end + 1]
    if base in BASES:
        for position, digit in enumerate(word[2:], start + 2):
            if digit.lower() not in DIGITS[base]:
                return SourceSyntaxError(
                    f"invalid digit '{digit}' in {BASES[base]} literal",
                    span=Span(position, position + 1),
                )
        return SourceSyntaxError(f"invalid {BASES[base]} literal", span=Span(start, end))
    digits = word.replace("_", "")
    if following in ("j", "J") and not (text[end + 1 : end + 2].isalnum()):
        return SourceSyntaxError(
            "complex literals are not supported",
            hint="every number is real",
            span=Span(start, end + 1),
        )
    is_whole = digits.isdigit() and "__" not in word and word[-1] != "_"
    if is_whole and digits[0] == "0" and digits.strip("0") and not following.isalnum():
        return SourceSyntaxError(
            "leading zeros in decimal integer literals are not permitted; "
            "use an 0o prefix for octal integers",
            hint=f"write {digits.lstrip('0')}",
            span=Span(start, end),
        )
    return SourceSyntaxError("invalid decimal literal", span=Span(start, max(end, start + 1)))


def _closing(text: str, offset: int, opened: list[Token]) -> SourceSyntaxError:
    closing, span = text[offset], Span(offset, offset + 1)
    if not opened:
        return SourceSyntaxError(f"unmatched '{closing}'", hint="remove it", span=span)
    bracket = opened[-1]
    lines = text.count("\n", 0, bracket.start) + 1, text.count("\n", 0, offset) + 1
    where = f" on line {lines[0]}" if lines[0] != lines[1] else ""
    return SourceSyntaxError(
        f"closing parenthesis '{closing}' does not match opening parenthesis '{bracket.text}'{where}",
        hint=f"close with '{OPENING[bracket.text]}'",
        span=span,
    )


def _string(text: str, offset: int) -> SourceSyntaxError:
    quote = text[offset]
    if text.startswith(quote * 3, offset):
        lines = text.count("\n") + (not text.endswith("\n"))
        return SourceSyntaxError(
            f"unterminated triple-quoted string literal (detected at line {lines})",
            hint=f"add {quote * 3}",
            span=Span(offset, offset + 3),
        )
    end = offset
    while 0 <= end < len(text):
        line_end = text.find("\n", end + 1)
        end = len(text) if line_end < 0 else line_end
        if not text[offset:end].rstrip("\r").endswith("\\"):
            break
    line = text.count("\n", 0, min(end, len(text.rstrip("\n")))) + 1
    return SourceSyntaxError(
        f"unterminated string literal (detected at line {line})",
        hint=f"add a closing {quote}",
        span=Span(offset, max(offset + 1, end)),
    )


def indentation(offset: int, kind: str) -> SourceSyntaxError:
    """The error for a line in the wrong column; the kind is Python's exception."""
    span = Span(offset, offset + 1)
    if kind == "TabError":
        return SourceTabError(
            "inconsistent use of tabs and spaces in indentation", hint="use spaces", span=span
        )
    return SourceIndentationError(
        "unindent does not match any outer indentation level",
        hint="begin the line in the column of the block it belongs to",
        span=span,
    )


def escape(body: str, span: Span) -> SourceSyntaxError:
    """The error for an escape that is incomplete or names no character."""

    def ascii_only(found: re.Match[str]) -> str:
        backslash, other = found.groups()
        return "\\u005c" + f"\\U{ord(other):08x}" if backslash else f"\\U{ord(other):08x}"

    plain = re.sub(r"(\\(?=[^\x00-\x7f]))?([^\x00-\x7f])", ascii_only, body)
    try:
        with warnings.catch_warnings(action="ignore"):
            plain.encode("ascii").decode("unicode_escape")
    except UnicodeDecodeError as error:
        return SourceSyntaxError(
            f"(unicode error) {error}", hint="a backslash is written \\\\", span=span
        )
    return SourceSyntaxError("invalid escape", span=span)
