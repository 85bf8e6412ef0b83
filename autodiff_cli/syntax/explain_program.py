"""What the grammar of programs refuses, in CPython's words. Imported only when there is an error.

CPython's parser first finds the token it can't go on with, then looks for a special message with rules
for wrong programs, then lets the lexer's complaints about the rest of the text come first. So does this.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from autodiff_cli.errors import SourceIndentationError, SourceSyntaxError
from autodiff_cli.source import Source, Span
from autodiff_cli.syntax import tree
from autodiff_cli.syntax.lalr import END, Token, UnexpectedToken
from autodiff_cli.syntax.lines import CLOSING
from autodiff_cli.syntax.targets import kind_of, unassignable

OPEN = ("LPAR", "LSQB", "LBRACE")
CLOSE = ("RPAR", "RSQB", "RBRACE")
ENDS_OPERAND = {"NAME", "INTEGER", "FLOAT", "STRING", "TRUE", "FALSE", "NONE", *CLOSE}
STARTS_OPERAND = {"NAME", "INTEGER", "FLOAT", "STRING", "TRUE", "FALSE", "NONE", "LBRACE", "LAMBDA",
                  "TILDE", "LPAR", "LSQB"}  # fmt: skip
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
BLOCKS = {"DEF": "function definition", "CLASS": "class definition"}
HEADS = ("IF", "ELIF", "ELSE", "WHILE", "FOR", "TRY", "EXCEPT", "FINALLY", "WITH", "DEF", "CLASS")
ALWAYS_COLON = ("DEF", "TRY", "ELSE", "FINALLY")
CONSTANTS = ("TRUE", "FALSE", "NONE")
HINTS = {
    "expected ':'": "the line that begins a block ends with ':'",
    "invalid syntax. Perhaps you forgot a comma?": "put an operator or a comma between the two",
    "invalid syntax. Maybe you meant '==' or ':=' instead of '='?": "compare with '=='",
    'expression cannot contain assignment, perhaps you meant "=="?': "only a name stands before '='",
    "expected 'else' after 'if' expression": "write a if condition else b",
    "Generator expression must be parenthesized": "put (...) around it",
    "expected 'except' or 'finally' block": "what is tried needs 'except ...:' or 'finally:' after it",
    "multiple exception types must be parenthesized": "write except (A, B):",
}
UNKNOWN_HINTS = {"?": "a choice is written a if condition else b", "!": "write 'not x', or '!='"}
Value = Callable[[int, int], tree.Expression]
Problem = tuple[str, Span]


def explain(
    error: UnexpectedToken,
    expected: frozenset[str],
    source: Source,
    terminals: Iterable[Token],
    value: Value,
) -> SourceSyntaxError:
    """The error to show for a token that the grammar doesn't allow.

    Args:
        error: what the parser met.
        expected: the terminals it could have gone on with.
        source: the program.
        terminals: those of the text that was parsed, from its beginning.
        value: gives the tree of the expression between two offsets.
    """
    tokens: list[Token] = []
    refused: SourceSyntaxError | None = None
    try:
        tokens.extend(terminals)
    except SourceSyntaxError as found:
        refused = found
    finder = _Finder(source, tokens, error.token, expected, value)
    result = finder.find()
    is_misplaced = result.message in ("unexpected indent", "unexpected unindent")
    if refused is not None and not is_misplaced and finder.is_overruled(refused):
        result = refused
    result.source = source
    return result


class _Finder:
    """A search for the message of one error."""

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
        self.at = next(n for n, t in enumerate(tokens) if t == token)
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

    def find(self) -> SourceSyntaxError:
        found = self._indentation()
        if found is not None:
            return found
        for search in (
            self._parameters, self._missing_else, self._comma, self._print, self._equal, self._walrus,
            self._dict, self._generator, self._starred, self._header, self._listing, self._assigned,
        ):  # fmt: skip
            problem = search()
            if problem is not None:
                message, span = problem
                return SourceSyntaxError(message, span=span, hint=HINTS.get(message))
        token = self.token
        return SourceSyntaxError(
            "invalid syntax",
            span=Span(token.start, max(token.end, token.start + 1)),
            hint=self._hint(),
        )

    # The lines

    def _first_of_line(self, at: int) -> int:
        """The first token of the logical line that holds a token."""
        while at > 0 and self.tokens[at - 1].kind not in ("_NEWLINE", "_INDENT", "_DEDENT"):
            at -= 1
        return at

    def _indentation(self) -> SourceSyntaxError | None:
        span = Span(self.token.start, max(self.token.end, self.token.start + 1))
        if self.expected == {"_INDENT"}:
            first = self._first_of_line(self.at - 1)
            while self.tokens[first].kind in ("_INDENT", "_DEDENT"):
                first += 1
            head = self.tokens[first]
            what = BLOCKS.get(head.kind, f"'{head.text}' statement")
            return SourceIndentationError(
                f"expected an indented block after {what} on line {self.line(head.start)}",
                span=span,
                hint="indent what belongs to it, or write 'pass'",
            )
        if self.token.kind == "_INDENT" and self.expected != {"EXCEPT", "FINALLY"}:
            return SourceIndentationError(
                "unexpected indent", span=span, hint="only a line that ends with ':' begins a block"
            )
        if self.token.kind == "_DEDENT" and self.expected != {"EXCEPT", "FINALLY"}:
            return SourceIndentationError("unexpected unindent", span=span)
        return None

    # Operands around the token

    def _start(self, at: int, before: set[str]) -> int:
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

    def _operand(self, first: int, last: int) -> tree.Expression | None:
        """The tree of the tokens from one to another, if they are an expression."""
        if first > last:
            return None
        try:
            return self.value(self.tokens[first].start, self.tokens[last].end)
        except (SourceSyntaxError, UnexpectedToken):
            return None

    def _following(self, first: int, before: set[str]) -> int | None:
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
            if self.depths[last] == depth and self._operand(first, last) is not None:
                self.reached = max(self.reached, last + 1)
                return last
            if last - first > 30:
                last = first + 30
        return None

    def _text(self, first: int, last: int) -> Span:
        return Span(self.tokens[first].start, self.tokens[last].end)

    # What is missing

    def _comma(self) -> Problem | None:
        previous, token = self.previous, self.token
        if previous is None or previous.kind not in ENDS_OPERAND:
            return None
        if token.kind not in STARTS_OPERAND or "COMMA" not in self.expected:
            return None
        first = self._start(self.at - 1, BEFORE_DISJUNCTION)
        a = self.tokens[first]
        if a.kind == "NAME":
            # CPython 3.11 takes every beginning of a soft keyword for one, such as m and c.
            is_soft = any(word.startswith(a.text) for word in ("match", "case", "_"))
            if is_soft or self.tokens[first + 1].kind == "STRING":
                return None
            if a.text in ("print", "exec") and first == self.at - 1:
                return None
        bracket = self._opened()
        if a.kind == "STAR":
            if not self._is_call(bracket):
                return None
            first += 1
        if bracket is not None and self._in_clause_or_parameters(bracket):
            return None
        last = self._following(self.at, BEFORE_DISJUNCTION - {"IF", "ELSE", "LAMBDA"})
        if last is None or self.depths[last] == 0 or self._operand(first, self.at - 1) is None:
            return None
        return "invalid syntax. Perhaps you forgot a comma?", self._text(first, last)

    def _in_clause_or_parameters(self, bracket: int) -> bool:
        """Whether an operand stands in a `for` of a comprehension, or among a function's parameters."""
        if bracket > 1 and self.tokens[bracket - 2].kind == "DEF":
            return True
        depth = self.depths[bracket]
        kinds = [
            self.tokens[n].kind for n in range(bracket + 1, self.at) if self.depths[n] == depth
        ]
        kinds.reverse()
        return "FOR" in kinds and "IN" in kinds[: kinds.index("FOR")]

    def _missing_else(self) -> Problem | None:
        if "ELSE" not in self.expected or self.token.kind in ("ELSE", "COLON"):
            return None
        end = self.at - 1
        middle = self._start(end, {"IF"}) - 1
        if middle < 1 or self.tokens[middle].kind != "IF":
            return None
        first = self._start(middle - 1, BEFORE_DISJUNCTION)
        if self._operand(first, middle - 1) is None or self._operand(middle + 1, end) is None:
            return None
        return "expected 'else' after 'if' expression", self._text(first, end)

    def _print(self) -> Problem | None:
        previous = self.previous
        if previous is None or previous.kind != "NAME" or previous.text not in ("print", "exec"):
            return None
        if self._start(self.at - 1, BEFORE_DISJUNCTION) != self.at - 1:
            return None
        last = self._following(self.at, BEFORE_DISJUNCTION - {"COMMA", "IF", "ELSE", "LAMBDA"})
        if last is None:
            return None
        name = previous.text
        message = f"Missing parentheses in call to '{name}'. Did you mean {name}(...)?"
        return message, self._text(self.at - 1, last)

    # What stands in the wrong place

    def _opened(self) -> int | None:
        """The innermost bracket around the token."""
        depth = self.depths[self.at] + (self.token.kind in CLOSE) - (self.token.kind in OPEN)
        for n in range(self.at - 1, -1, -1):
            if self.tokens[n].kind in OPEN and self.depths[n] == depth:
                return n
        return None

    def _is_call(self, bracket: int | None) -> bool:
        if bracket is None or self.tokens[bracket].kind != "LPAR" or bracket == 0:
            return False
        is_class = bracket > 1 and self.tokens[bracket - 2].kind == "CLASS"
        is_function = bracket > 1 and self.tokens[bracket - 2].kind == "DEF"
        return (self.tokens[bracket - 1].kind in ENDS_OPERAND and not is_function) or is_class

    def _takes_named(self) -> bool:
        """Whether `name := value` may stand where the token is."""
        if self._opened() is not None:
            return True
        return self.tokens[self._first_of_line(self.at)].kind in ("IF", "ELIF", "WHILE")

    def _equal(self) -> Problem | None:
        if self.token.kind != "EQUAL" or self.previous is None:
            return None
        if self.previous.kind == "YIELD" and self._opened() is None:
            span = Span(self.previous.start, self.previous.end)
            return "assignment to yield expression not possible", span
        first = self._start(self.at - 1, BEFORE_BITWISE)
        if self._is_call(self._opened()):
            whole = self._start(self.at - 1, BEFORE_DISJUNCTION - {"IF", "ELSE", "LAMBDA"})
            if self._operand(whole, self.at - 1) is None:
                return None
            span = self._text(whole, self.at)
            if whole == self.at - 1 and self.previous.kind in CONSTANTS:
                return f"cannot assign to {self.previous.text}", span
            return 'expression cannot contain assignment, perhaps you meant "=="?', span
        x = self._operand(first, self.at - 1)
        if x is None or not self._takes_named():
            return None
        last = self._following(self.at + 1, BEFORE_BITWISE) if self._goes_on() else None
        if (
            last is None
            or last + 1 >= len(self.tokens)
            or self.tokens[last + 1].text in ("=", ":=")
        ):
            return None
        if isinstance(x, tree.Name) and first == self.at - 1:
            return (
                "invalid syntax. Maybe you meant '==' or ':=' instead of '='?",
                self._text(first, last),
            )
        if isinstance(x, tree.Sequence) or self.tokens[first].kind in CONSTANTS:
            return None
        if isinstance(x, tree.Comprehension) and x.kind in ("generator", "list"):
            return None
        return (
            f"cannot assign to {kind_of(x)} here. Maybe you meant '==' instead of '='?",
            self._text(first, self.at - 1),
        )

    def _assigned(self) -> Problem | None:
        """A target before the token that can't be assigned to, whatever the token is."""
        first = self.at
        while first > 0 and self.tokens[first - 1].kind not in (
            "_NEWLINE", "_INDENT", "_DEDENT", "SEMICOLON"
        ):  # fmt: skip
            first -= 1
        for n in range(first, self.at + 1):
            if self.tokens[n].kind == "EQUAL" and self.depths[n] == 0:
                x = self._operand(first, n - 1)
                wrong = None if x is None else unassignable(x)
                if wrong is not None:
                    return f"cannot assign to {kind_of(wrong)}", wrong.span
                first = n + 1
        return None

    def _goes_on(self) -> bool:
        return self.at + 1 < len(self.tokens)

    def _walrus(self) -> Problem | None:
        if self.token.text != ":=" or not self._takes_named() or self._is_call(self._opened()):
            return None
        first = self._start(self.at - 1, BEFORE_DISJUNCTION)
        x = self._operand(first, self.at - 1)
        if x is None or isinstance(x, tree.Name):
            return None
        return f"cannot use assignment expressions with {kind_of(x)}", self._text(
            first, self.at - 1
        )

    def _dict(self) -> Problem | None:
        bracket = self._opened()
        if bracket is None or self.tokens[bracket].kind != "LBRACE" or self.previous is None:
            return None
        span = Span(self.previous.start, self.previous.end)
        if self.previous.kind == "COLON" and self.token.kind in ("COMMA", "RBRACE"):
            return "expression expected after dictionary key and ':'", span
        if self.previous.kind == "COLON" and self.token.kind == "STAR":
            last = self._following(self.at + 1, BEFORE_BITWISE)
            if last is not None:
                return "cannot use a starred expression in a dictionary value", self._text(
                    self.at, last
                )
        if "COLON" in self.expected and self.token.kind in ("COMMA", "RBRACE"):
            return "':' expected after dictionary key", span
        return None

    def _generator(self) -> Problem | None:
        bracket = self._opened()
        if bracket is None:
            return None
        if self.token.kind not in ("FOR", "COMMA"):
            return None
        message = "Generator expression must be parenthesized"
        if self.token.kind == "COMMA" and self._is_call(bracket):
            if not any(t.kind == "FOR" for t in self.tokens[bracket : self.at]):
                return None
            return message, self._text(bracket + 1, self.at - 1)
        if self.token.kind == "COMMA":
            return None
        first = self._start(self.at - 1, {"COMMA"})
        star = self.tokens[first]
        if star.kind == "STAR":
            return "iterable unpacking cannot be used in comprehension", Span(
                star.start, self.tokens[self.at - 1].end
            )
        if star.kind == "DOUBLESTAR":
            return "dict unpacking cannot be used in dict comprehension", Span(star.start, star.end)
        if self._is_call(bracket) and self.tokens[first + 1].kind == "EQUAL":
            message = "invalid syntax. Maybe you meant '==' or ':=' instead of '='?"
            return message, self._text(first, first + 1)
        if first == bracket + 1:
            return None
        if self._is_call(bracket):
            last = self.at
            while last + 1 < len(self.tokens) and self.depths[last + 1] >= self.depths[self.at]:
                if (
                    self.tokens[last + 1].kind == "COMMA"
                    and self.depths[last + 1] == self.depths[self.at]
                ):
                    break
                last += 1
            return message, self._text(first, last)
        if self.tokens[bracket].kind in ("LSQB", "LBRACE"):
            return "did you forget parentheses around the comprehension target?", self._text(
                bracket + 1, self.at - 1
            )
        return None

    def _starred(self) -> Problem | None:
        bracket = self._opened()
        if bracket is None or self.token.kind != "RPAR" or self._is_call(bracket):
            return None
        star = self.tokens[bracket + 1]
        if star.kind not in ("STAR", "DOUBLESTAR"):
            return None
        if self._operand(bracket + 2, self.at - 1) is None:
            return None
        what = "starred" if star.kind == "STAR" else "double starred"
        return f"cannot use {what} expression here", self._text(bracket + 1, self.at - 1)

    # Headers

    def _header(self) -> Problem | None:
        span = Span(self.token.start, max(self.token.end, self.token.start + 1))
        if self.expected == {"EXCEPT", "FINALLY"}:
            return "expected 'except' or 'finally' block", span
        if self.expected == {"LPAR"} and self.tokens[self.at - 2].kind == "DEF":
            return "expected '('", span
        if self._opened() is not None:
            return None
        first = self._first_of_line(self.at)
        head = self.tokens[first].kind
        if head == "DEF" and previous_text(self.previous) == "->" and self.previous is not None:
            return "expected ':'", Span(self.previous.start, self.previous.end)
        if "COLON" not in self.expected or head not in HEADS:
            return None
        if any(t.kind == "COLON" for t in self._flat(first)):
            return None
        if head == "EXCEPT" and self.token.kind == "COMMA":
            last = self._following(self.at + 1, BEFORE_DISJUNCTION - {"COMMA"})
            if last is not None:
                return "multiple exception types must be parenthesized", self._text(first + 1, last)
        if self.token.kind == "_NEWLINE" or head in ALWAYS_COLON:
            return "expected ':'", span
        return None

    def _flat(self, first: int) -> Iterator[Token]:
        """The tokens from one to the error's that stand in no bracket."""
        for n in range(first, self.at):
            if self.depths[n] == 0:
                yield self.tokens[n]

    def _parameters(self) -> Problem | None:
        bracket = self._opened()
        in_function = bracket is not None and bracket > 1 and self.tokens[bracket - 2].kind == "DEF"
        in_lambda = any(t.kind == "LAMBDA" for t in self.tokens[max(self.at - 12, 0) : self.at])
        if not (in_function or in_lambda):
            return None
        span = Span(self.token.start, self.token.end)
        if self.token.kind == "LPAR":
            last = self.at
            while last + 1 < len(self.tokens) and self.depths[last] >= self.depths[self.at]:
                last += 1
            if any(t.kind not in ("NAME", "COMMA") for t in self.tokens[self.at + 1 : last]):
                return None
            what = "Function" if in_function else "Lambda expression"
            return f"{what} parameters cannot be parenthesized", self._text(self.at, last)
        if self.token.kind == "EQUAL" and self.at > 1:
            star = self.tokens[self.at - 2].kind
            if star == "STAR":
                return "var-positional argument cannot have default value", span
            if star == "DOUBLESTAR":
                return "var-keyword argument cannot have default value", span
        if self.previous is not None and self.previous.kind == "EQUAL":
            if self.token.kind in ("RPAR", "COMMA"):
                return "expected default value expression", Span(
                    self.previous.start, self.previous.end
                )
        return None

    def _listing(self) -> Problem | None:
        if self.token.kind != "_NEWLINE" or self.previous is None or self.previous.kind != "COMMA":
            return None
        if self.tokens[self._first_of_line(self.at - 1)].kind != "FROM":
            return None
        span = Span(self.token.start, self.token.start + 1)
        return "trailing comma not allowed without surrounding parentheses", span

    def _hint(self) -> str | None:
        token, previous = self.token, self.previous
        if token.kind == "UNKNOWN":
            return UNKNOWN_HINTS.get(token.text)
        if token.text in ("async", "await"):
            return "there is nothing to wait for: leave it out"
        if token.text == previous_text(previous) and token.text in ("&", "|"):
            return f"write '{'and' if token.text == '&' else 'or'}'"
        if token.text == ">" and previous_text(previous) == "<":
            return "write '!='"
        if previous is not None and previous.text == "match":
            return "write if and elif"
        if token.kind == "_NEWLINE" and previous_text(previous) in ("+", "-"):
            if self.at > 1 and self.tokens[self.at - 2].text == previous_text(previous):
                return f"write {previous_text(previous)}= 1"
        if token.text in CLOSING:
            return "something is missing before it"
        return None


def previous_text(token: Token | None) -> str:
    return "" if token is None else token.text
