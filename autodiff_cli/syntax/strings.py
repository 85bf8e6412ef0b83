r"""The strings of programs: all prefixes and escapes, and f-strings.

An f-string is one terminal, as in Python 3.11; its expressions are parsed where they stand, so that
their spans are those of the whole text.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from autodiff_cli.errors import SourceSyntaxError
from autodiff_cli.source import Span
from autodiff_cli.syntax import tree
from autodiff_cli.syntax.lalr import OPENING, Token

PREFIX = re.compile(r"[a-zA-Z]*")
ESCAPE = re.compile(
    r"\\(?:([0-7]{1,3})|x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|N\{([^}]+)\}"
    r"|(\r\n|[\s\S]))"
)
SIMPLE = {
    "\n": "", "\r": "", "\r\n": "", "\\": "\\", "'": "'", '"': '"', "a": "\a", "b": "\b",
    "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v",
}  # fmt: skip
NEWLINE = re.compile(r"\r\n?")
DEEPEST = 2  # levels of replacement fields: one in the text, one in its format
Parse = Callable[[int, int], tree.Expression]


def literal(
    span: Span, tokens: list[Token], text: str, parse: Parse
) -> tree.Literal | tree.FString:
    """The value of adjacent string literals.

    Args:
        span: of all of them.
        tokens: the literals.
        text: the whole text.
        parse: gives the tree of the expression between two offsets of the text.

    Raises:
        SourceSyntaxError: an escape or a replacement field is wrong, or the literal is of bytes.
    """
    parts: list[str | tree.FormattedValue] = []
    is_formatted = False
    for token in tokens:
        prefix = PREFIX.match(token.text)
        assert prefix is not None
        letters = prefix[0].lower()
        quotes = (
            3 if token.text.endswith(('"""', "'''")) and len(token.text) >= 6 + prefix.end() else 1
        )
        start, end = token.start + prefix.end() + quotes, token.end - quotes
        if "b" in letters:
            raise wrong(
                "bytes literals are not supported",
                Span(token.start, token.end),
                "leave out the b: text is all there is",
            )
        if "f" in letters:
            is_formatted = True
            parts += _Format(text, "r" in letters, parse).fields(start, end)
        else:
            parts.append(unescaped(text, start, end, "r" in letters))
    if not is_formatted:
        return tree.Literal(span, "".join(map(str, parts)))
    return tree.FString(span, joined(parts))


def joined(parts: list[str | tree.FormattedValue]) -> tuple[str | tree.FormattedValue, ...]:
    """The parts of an f-string with neighbouring texts made one, and none empty."""
    result: list[str | tree.FormattedValue] = []
    texts: list[str] = []
    for part in [*parts, None]:
        if isinstance(part, str):
            texts.append(part)
            continue
        if any(texts):
            result.append("".join(texts))
        texts.clear()
        if part is not None:
            result.append(part)
    return tuple(result)


def unescaped(text: str, start: int, end: int, is_raw: bool) -> str:
    r"""What the text between two offsets stands for inside a string literal.

    >>> unescaped(r"a\x41\N{DIGIT ONE}\q", 0, 20, is_raw=False)
    'aA1\\q'
    """
    body = text[start:end]
    if "\r" in body:
        body = NEWLINE.sub("\n", body)
    if is_raw or "\\" not in body:
        return body

    def character(found: re.Match[str]) -> str:
        octal, two, four, eight, name, simple = found.groups()
        if simple is not None:
            if simple in "xuUN":
                raise ValueError
            return SIMPLE.get(simple, found[0])
        if name is not None:
            from unicodedata import lookup

            return lookup(name)
        return chr(int(octal, 8) if octal else int(two or four or eight, 16))

    try:
        return ESCAPE.sub(character, body)
    except (ValueError, KeyError, OverflowError):  # KeyError: no character has this name
        from autodiff_cli.syntax.refused import escape

        raise escape(body, Span(start, end)) from None


class _Format:
    """A scan of one f-string.

    Args:
        text: the whole text.
        is_raw: whether a backslash is a character like others.
        parse: gives the tree of the expression between two offsets.
    """

    def __init__(self, text: str, is_raw: bool, parse: Parse) -> None:
        self.text = text
        self.is_raw = is_raw
        self.parse = parse

    def fields(self, start: int, end: int) -> list[str | tree.FormattedValue]:
        """The parts between two offsets."""
        parts: list[str | tree.FormattedValue] = []
        offset = start
        while offset < end:
            offset = self._text(parts, offset, end, depth=0)
            if offset < end:
                offset = self._field(parts, offset, end, depth=1)
        return parts

    def _text(
        self, parts: list[str | tree.FormattedValue], start: int, end: int, depth: int
    ) -> int:
        """Take text up to a `{`, or in a format up to its `}`; the offset of that."""
        text = self.text
        pieces: list[str] = []
        offset = first = start
        while offset < end:
            character = text[offset]
            if character == "\\" and not self.is_raw:
                if text.startswith("\\N{", offset):
                    offset = text.find("}", offset, end) + 1 or end
                else:
                    offset += 1 if text[offset + 1 : offset + 2] in ("{", "}") else 2
                continue
            if character in "{}":
                if depth == 0 and text.startswith(character * 2, offset) and offset + 1 < end:
                    pieces.append(unescaped(text, first, offset + 1, self.is_raw))
                    offset = first = offset + 2
                    continue
                if character == "}" and depth == 0:
                    raise self._wrong("single '}' is not allowed", offset, "write }} for a brace")
                break
            offset += 1
        pieces.append(unescaped(text, first, offset, self.is_raw))
        parts.append("".join(pieces))
        return offset

    def _field(
        self, parts: list[str | tree.FormattedValue], start: int, end: int, depth: int
    ) -> int:
        """Take `{value=!conversion:format}`; the offset behind it."""
        text = self.text
        if depth > DEEPEST:
            raise self._wrong("expressions nested too deeply", start)
        stop = self._expression_end(start + 1, end)
        if not text[start + 1 : stop].strip():
            following = text[stop]
            if following in "!:=":
                raise self._wrong(f"expression required before '{following}'", stop)
            raise self._wrong("empty expression not allowed", start, "write {{ for a brace")
        value = self.parse(start + 1, stop)
        offset, conversion, shown = stop, "", False
        if text.startswith("=", offset, end):
            offset += 1
            while offset < end and text[offset] in " \t\n\r\f\v":
                offset += 1
            parts.append(NEWLINE.sub("\n", text[start + 1 : offset]))
            shown = True
        if text.startswith("!", offset, end):
            conversion = text[offset + 1 : min(offset + 2, end)]
            offset += 2
            if offset > end:
                raise self._wrong("expecting '}'", end - 1)
            if conversion not in ("s", "r", "a"):
                raise self._wrong(
                    "invalid conversion character: expected 's', 'r', or 'a'", offset - 1
                )
        spec: tree.FString | None = None
        if text.startswith(":", offset, end):
            inner: list[str | tree.FormattedValue] = []
            first = offset = offset + 1
            while offset < end and text[offset] != "}":
                offset = self._text(inner, offset, end, depth)
                if offset < end and text[offset] == "{":
                    offset = self._field(inner, offset, end, depth + 1)
            spec = tree.FString(Span(first, offset), joined(inner))
        if not text.startswith("}", offset, end):
            raise self._wrong("expecting '}'", min(offset, end - 1))
        if shown and not conversion and spec is None:
            conversion = "r"
        parts.append(tree.FormattedValue(Span(start, offset + 1), value, conversion, spec))
        return offset + 1

    def _expression_end(self, start: int, end: int) -> int:
        """Where the expression that begins at `start` ends: before `}`, `!`, `:` or `=`."""
        text = self.text
        opened: list[str] = []
        offset = start
        while offset < end:
            character = text[offset]
            if character == "\\":
                raise wrong(
                    "f-string expression part cannot include a backslash",
                    Span(offset, offset + 1),
                    "give what needs it a name before the string",
                )
            if character == "#":
                raise wrong(
                    "f-string expression part cannot include '#'", Span(offset, offset + 1), None
                )
            if character in "'\"":
                offset = self._string_end(offset, end)
                continue
            if character in OPENING:
                opened.append(character)
            elif not opened and character in "}:!=<>":
                following = text[offset + 1 : min(offset + 2, end)]
                if following == "=" and character in "!=<>":
                    offset += 2
                    continue
                if character not in "<>":
                    return offset
            elif character in ")]}":
                if not opened:
                    raise self._wrong(f"unmatched '{character}'", offset)
                if OPENING[opened[-1]] != character:
                    raise self._wrong(
                        f"closing parenthesis '{character}' does not match opening parenthesis "
                        f"'{opened[-1]}'",
                        offset,
                    )
                opened.pop()
            offset += 1
        if opened:
            raise self._wrong(f"unmatched '{opened[-1]}'", end - 1)
        raise self._wrong("expecting '}'", max(start - 1, end - 1))

    def _string_end(self, start: int, end: int) -> int:
        """Where the string that begins inside an expression ends."""
        text = self.text
        quote = text[start] * 3 if text.startswith(text[start] * 3, start, end) else text[start]
        close = text.find(quote, start + len(quote), end)
        backslash = text.find("\\", start, end if close < 0 else close)
        if backslash >= 0:
            raise wrong(
                "f-string expression part cannot include a backslash",
                Span(backslash, backslash + 1),
                "give what needs it a name before the string",
            )
        if close < 0:
            raise self._wrong("unterminated string", start)
        return close + len(quote)

    def _wrong(self, message: str, offset: int, hint: str | None = None) -> SourceSyntaxError:
        return wrong(f"f-string: {message}", Span(offset, offset + 1), hint)


def wrong(message: str, span: Span, hint: str | None) -> SourceSyntaxError:
    """An error at a place of a text that is known later."""
    return SourceSyntaxError(message, hint=hint, span=span)
