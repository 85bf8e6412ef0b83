"""The place of a syntax error in a program: the tokens around it, and the operands they make up."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from autodiff_cli.errors import SourceIndentationError, SourceSyntaxError
from autodiff_cli.source import Source, Span
from autodiff_cli.syntax import tree
from autodiff_cli.syntax.lalr import END, Token, UnexpectedToken

OPEN = ("LPAR", "LSQB", "LBRACE")
CLOSE = ("RPAR", "RSQB", "RBRACE")
ENDS_OPERAND = {"NAME", "INTEGER", "FLOAT", "STRING", "TRUE", "FALSE", "NONE", *CLOSE}
# Where an operand can't go on to the left, at the same depth of brackets.
BEFORE_DISJUNCTION = {"COMMA", "COLON", "EQUAL", "IF", "ELSE", "ELIF", "WHILE", "LAMBDA", "FOR", "RETURN",
                      "ASSERT", "YIELD", "FROM", "AS", "WITH", "DOUBLESTAR", "_NEWLINE", "SEMICOLON",
                      "AUGMENTED", "_INDENT", "_DEDENT", "DEL", "RAISE", "EXCEPT", "IMPORT", "_VALUE",
                      ":="}  # fmt: skip
BEFORE_BITWISE = BEFORE_DISJUNCTION | {
    "AND",
    "OR",
    "NOT",
    "IN",
    "IS",
    "<",
    ">",
    "<=",
    ">=",
    "==",
    "!=",
}
Value = Callable[[int, int], tree.Expression]


class Place:
    """The tokens around the one that the grammar doesn't allow.

    Attributes:
        tokens: those of the whole text, as far as the lexer gets.
        token, at, previous: the wrong one, its number, and the one before it.
        expected: the terminals that could have stood there.
        depths: the number of open brackets, as each token is complete.
        reached: the last token that was looked at.
    """

    def __init__(
        self,
        source: Source,
        tokens: list[Token],
        token: Token,
        expected: frozenset[str],
        value: Value,
    ) -> None:
        self.source = source
        self.tokens = tokens
        self.value = value
        self.expected = expected
        self.token = token
        self.at = next(
            n for n, t in enumerate(tokens) if t.start == token.start and t.kind == token.kind
        )
        self.previous = tokens[self.at - 1] if self.at else None
        self.depths = self._depths(int(tokens[0].kind == "_VALUE"))  # as in parentheses
        self.reached = self.at  # the last token that was looked at

    def _depths(self, depth: int) -> list[int]:
        """The number of open brackets, as each token is complete."""
        depths = []
        for token in self.tokens:
            depth += (token.kind in OPEN) - (token.kind in CLOSE)
            depths.append(depth)
        return depths

    def line(self, offset: int) -> int:
        return self.source.line(offset)[0]

    def first_of_line(self, at: int) -> int:
        """The first token of the logical line that holds a token."""
        while at > 0 and self.tokens[at - 1].kind not in ("_NEWLINE", "_INDENT", "_DEDENT"):
            at -= 1
        return at

    def start(self, at: int, before: set[str]) -> int:
        """The first token of the operand that ends with a token."""
        depth = self.depths[at] + (self.tokens[at].kind in OPEN)
        first = at + 1
        while first > 0:
            token = self.tokens[first - 1]
            outer = self.depths[first - 1] - (token.kind in OPEN)
            if token.kind in OPEN and outer < depth:
                break
            if self.depths[first - 1] == depth and token.kind not in CLOSE:
                if token.kind in before or token.text in before:
                    break
            first -= 1
        return first

    def operand(self, first: int, last: int) -> tree.Expression | None:
        """The tree of the tokens from one to another, if they are an expression."""
        if first > last:
            return None
        try:
            return self.value(self.tokens[first].start, self.tokens[last].end)
        except (SourceSyntaxError, UnexpectedToken):
            return None

    def following(self, first: int, before: set[str]) -> int | None:
        """The last token of the longest expression that begins with a token."""
        depth = self.depths[first] - (self.tokens[first].kind in OPEN)
        last = first
        while last < len(self.tokens) and self.tokens[last].kind != END:
            token = self.tokens[last]
            if self.depths[last] < depth:
                break
            inside = self.depths[last] > depth or token.kind in CLOSE
            if not inside and last > first and (token.kind in before or token.text in before):
                break
            last += 1
        while last > first:
            last -= 1
            if self.depths[last] == depth and self.operand(first, last) is not None:
                self.reached = max(self.reached, last + 1)
                return last
            if last - first > 30:
                last = first + 30
        return None

    def text(self, first: int, last: int) -> Span:
        return Span(self.tokens[first].start, self.tokens[last].end)

    def opened(self) -> int | None:
        """The innermost bracket around the token."""
        depth = self.depths[self.at] + (self.token.kind in CLOSE) - (self.token.kind in OPEN)
        for n in range(self.at - 1, -1, -1):
            if self.tokens[n].kind in OPEN and self.depths[n] == depth:
                return n
        return None

    def is_call(self, bracket: int | None) -> bool:
        if bracket is None or self.tokens[bracket].kind != "LPAR" or bracket == 0:
            return False
        is_class = bracket > 1 and self.tokens[bracket - 2].kind == "CLASS"
        is_function = bracket > 1 and self.tokens[bracket - 2].kind == "DEF"
        return (self.tokens[bracket - 1].kind in ENDS_OPERAND and not is_function) or is_class

    def takes_named(self) -> bool:
        """Whether `name := value` may stand where the token is."""
        if self.opened() is not None:
            return True
        return self.tokens[self.first_of_line(self.at)].kind in ("IF", "ELIF", "WHILE")

    def flat(self, first: int) -> Iterator[Token]:
        """The tokens from one to the error's that stand in no bracket."""
        for n in range(first, self.at):
            if self.depths[n] == 0:
                yield self.tokens[n]

    def is_overruled(self, refused: SourceSyntaxError) -> bool:
        """Whether what the lexer refuses later comes first."""
        assert refused.span is not None
        if not refused.message.endswith("was never closed"):
            return (
                not isinstance(refused, SourceIndentationError)
                and "unexpected" not in refused.message
            )
        if self.reached >= len(self.tokens):
            return True
        return self.line(self.tokens[self.reached].start) > self.line(refused.span.start)

    def look_to_the_end(self) -> None:
        """Look through the bracket that the token opens; if it is never closed, that is the error."""
        try:
            self.value(self.token.start, len(self.source.text))
        except UnexpectedToken:
            pass
        except SourceSyntaxError as error:
            if error.message.endswith("was never closed"):
                self.reached = len(self.tokens)
