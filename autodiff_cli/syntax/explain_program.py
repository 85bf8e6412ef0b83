"""What the grammar of programs refuses, in CPython's words. Imported only when there is an error.

CPython's parser first finds the token it can't go on with, then looks for a special message with rules
for wrong programs, then lets the lexer's complaints about the rest of the text come first. So does this.
"""

from __future__ import annotations

from collections.abc import Iterable

from autodiff_cli.errors import SourceIndentationError, SourceSyntaxError
from autodiff_cli.source import Source, Span
from autodiff_cli.syntax import tree
from autodiff_cli.syntax.lalr import Token, UnexpectedToken
from autodiff_cli.syntax.lines import CLOSING
from autodiff_cli.syntax.place import (
    BEFORE_BITWISE,
    BEFORE_DISJUNCTION,
    ENDS_OPERAND,
    Place,
    Value,
)
from autodiff_cli.syntax.targets import kind_of, unassignable

STARTS_OPERAND = {"NAME", "INTEGER", "FLOAT", "STRING", "TRUE", "FALSE", "NONE", "LBRACE", "LAMBDA",
                  "TILDE", "LPAR", "LSQB"}  # fmt: skip
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
NOT_HERE = "match isn't part of the language here: write if and elif"
UNKNOWN_HINTS = {"?": "a choice is written a if condition else b", "!": "write 'not x', or '!='"}
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
    place = Place(source, tokens, error.token, expected, value)
    result = _find(place)
    is_misplaced = result.message in ("unexpected indent", "unexpected unindent")
    if refused is not None and not is_misplaced and place.is_overruled(refused):
        result = refused
    result.source = source
    return result


def _find(p: Place) -> SourceSyntaxError:
    found = _indentation(p)
    if found is not None:
        return found
    for search in SEARCHES:
        problem = search(p)
        if problem is not None:
            message, span = problem
            return SourceSyntaxError(message, span=span, hint=HINTS.get(message))
    token = p.token
    error = SourceSyntaxError(
        "invalid syntax",
        span=Span(token.start, max(token.end, token.start + 1)),
        hint=_hint(p),
    )
    error.is_ours = error.hint == NOT_HERE
    return error


def _indentation(p: Place) -> SourceSyntaxError | None:
    span = Span(p.token.start, max(p.token.end, p.token.start + 1))
    if p.expected == {"_INDENT"}:
        first = p.first_of_line(p.at - 1)
        while p.tokens[first].kind in ("_INDENT", "_DEDENT"):
            first += 1
        head = p.tokens[first]
        what = BLOCKS.get(head.kind, f"'{head.text}' statement")
        return SourceIndentationError(
            f"expected an indented block after {what} on line {p.line(head.start)}",
            span=span,
            hint="indent what belongs to it, or write 'pass'",
        )
    if p.token.kind == "_INDENT" and p.expected != {"EXCEPT", "FINALLY"}:
        return SourceIndentationError(
            "unexpected indent", span=span, hint="only a line that ends with ':' begins a block"
        )
    if p.token.kind == "_DEDENT" and p.expected != {"EXCEPT", "FINALLY"}:
        return SourceIndentationError("unexpected unindent", span=span)
    return None


def _comma(p: Place) -> Problem | None:
    previous, token = p.previous, p.token
    if previous is None or previous.kind not in ENDS_OPERAND:
        return None
    if token.kind not in STARTS_OPERAND or "COMMA" not in p.expected:
        return None
    first = p.start(p.at - 1, BEFORE_DISJUNCTION)
    a = p.tokens[first]
    if a.kind == "NAME":
        # CPython 3.11 takes every beginning of a soft keyword for one, such as m and c.
        is_soft = any(word.startswith(a.text) for word in ("match", "case", "_"))
        if is_soft or p.tokens[first + 1].kind == "STRING":
            return None
        if a.text in ("print", "exec") and first == p.at - 1:
            return None
    bracket = p.opened()
    if a.kind == "STAR":
        if not p.is_call(bracket):
            return None
        first += 1
    if bracket is not None and _in_clause_or_parameters(p, bracket):
        return None
    last = p.following(p.at, BEFORE_DISJUNCTION - {"IF", "ELSE", "LAMBDA"})
    if token.kind == "LBRACE" and last is None:
        p.look_to_the_end()
    if last is None or p.depths[last] == 0 or p.operand(first, p.at - 1) is None:
        return None
    return "invalid syntax. Perhaps you forgot a comma?", p.text(first, last)


def _in_clause_or_parameters(p: Place, bracket: int) -> bool:
    """Whether an operand stands in a `for` of a comprehension, or among a function's parameters."""
    if bracket > 1 and p.tokens[bracket - 2].kind == "DEF":
        return True
    depth = p.depths[bracket]
    kinds = [p.tokens[n].kind for n in range(bracket + 1, p.at) if p.depths[n] == depth]
    kinds.reverse()
    return "FOR" in kinds and "IN" in kinds[: kinds.index("FOR")]


def _missing_else(p: Place) -> Problem | None:
    if "ELSE" not in p.expected or p.token.kind in ("ELSE", "COLON"):
        return None
    end = p.at - 1
    middle = p.start(end, {"IF"}) - 1
    if middle < 1 or p.tokens[middle].kind != "IF":
        return None
    first = p.start(middle - 1, BEFORE_DISJUNCTION)
    if p.operand(first, middle - 1) is None or p.operand(middle + 1, end) is None:
        return None
    return "expected 'else' after 'if' expression", p.text(first, end)


def _print(p: Place) -> Problem | None:
    previous = p.previous
    if previous is None or previous.kind != "NAME" or previous.text not in ("print", "exec"):
        return None
    if p.start(p.at - 1, BEFORE_DISJUNCTION) != p.at - 1:
        return None
    last = p.following(p.at, BEFORE_DISJUNCTION - {"COMMA", "IF", "ELSE", "LAMBDA"})
    if last is None:
        return None
    name = previous.text
    message = f"Missing parentheses in call to '{name}'. Did you mean {name}(...)?"
    return message, p.text(p.at - 1, last)


def _equal(p: Place) -> Problem | None:
    if p.token.kind != "EQUAL" or p.previous is None:
        return None
    if p.previous.kind == "YIELD" and p.opened() is None:
        span = Span(p.previous.start, p.previous.end)
        return "assignment to yield expression not possible", span
    first = p.start(p.at - 1, BEFORE_BITWISE)
    if p.is_call(p.opened()):
        whole = p.start(p.at - 1, BEFORE_DISJUNCTION - {"IF", "ELSE", "LAMBDA"})
        if p.operand(whole, p.at - 1) is None:
            return None
        span = p.text(whole, p.at)
        if whole == p.at - 1 and p.previous.kind in CONSTANTS:
            return f"cannot assign to {p.previous.text}", span
        return 'expression cannot contain assignment, perhaps you meant "=="?', span
    x = p.operand(first, p.at - 1)
    if x is None or not p.takes_named():
        return None
    last = p.following(p.at + 1, BEFORE_BITWISE) if p.at + 1 < len(p.tokens) else None
    if last is None or last + 1 >= len(p.tokens) or p.tokens[last + 1].text in ("=", ":="):
        return None
    if isinstance(x, tree.Name) and first == p.at - 1:
        return (
            "invalid syntax. Maybe you meant '==' or ':=' instead of '='?",
            p.text(first, last),
        )
    if isinstance(x, tree.Sequence) or p.tokens[first].kind in CONSTANTS:
        return None
    if isinstance(x, tree.Comprehension) and x.kind in ("generator", "list"):
        return None
    return (
        f"cannot assign to {kind_of(x)} here. Maybe you meant '==' instead of '='?",
        p.text(first, p.at - 1),
    )


def _assigned(p: Place) -> Problem | None:
    """A target before the token that can't be assigned to, whatever the token is."""
    first = p.at
    while first > 0 and p.tokens[first - 1].kind not in (
        "_NEWLINE", "_INDENT", "_DEDENT", "SEMICOLON"
    ):  # fmt: skip
        first -= 1
    for n in range(first, p.at + 1):
        if p.tokens[n].kind == "EQUAL" and p.depths[n] == 0:
            x = p.operand(first, n - 1)
            wrong = None if x is None else unassignable(x)
            if wrong is not None:
                return f"cannot assign to {kind_of(wrong)}", wrong.span
            first = n + 1
    return None


def _walrus(p: Place) -> Problem | None:
    if p.token.text != ":=" or not p.takes_named() or p.is_call(p.opened()):
        return None
    first = p.start(p.at - 1, BEFORE_DISJUNCTION)
    x = p.operand(first, p.at - 1)
    if x is None or isinstance(x, tree.Name):
        return None
    return f"cannot use assignment expressions with {kind_of(x)}", p.text(first, p.at - 1)


def _dict(p: Place) -> Problem | None:
    bracket = p.opened()
    if bracket is None or p.tokens[bracket].kind != "LBRACE" or p.previous is None:
        return None
    span = Span(p.previous.start, p.previous.end)
    if p.previous.kind == "COLON" and p.token.kind in ("COMMA", "RBRACE"):
        return "expression expected after dictionary key and ':'", span
    if p.previous.kind == "COLON" and p.token.kind == "STAR":
        last = p.following(p.at + 1, BEFORE_BITWISE)
        if last is not None:
            return "cannot use a starred expression in a dictionary value", p.text(p.at, last)
    if "COLON" in p.expected and p.token.kind in ("COMMA", "RBRACE"):
        return "':' expected after dictionary key", span
    return None


def _generator(p: Place) -> Problem | None:
    bracket = p.opened()
    if bracket is None:
        return None
    if p.token.kind not in ("FOR", "COMMA"):
        return None
    message = "Generator expression must be parenthesized"
    if p.token.kind == "COMMA" and p.is_call(bracket):
        if not any(t.kind == "FOR" for t in p.tokens[bracket : p.at]):
            return None
        return message, p.text(bracket + 1, p.at - 1)
    if p.token.kind == "COMMA":
        return None
    first = p.start(p.at - 1, {"COMMA"})
    star = p.tokens[first]
    if star.kind == "STAR":
        return "iterable unpacking cannot be used in comprehension", Span(
            star.start, p.tokens[p.at - 1].end
        )
    if star.kind == "DOUBLESTAR":
        return "dict unpacking cannot be used in dict comprehension", Span(star.start, star.end)
    if p.is_call(bracket) and p.tokens[first + 1].kind == "EQUAL":
        message = "invalid syntax. Maybe you meant '==' or ':=' instead of '='?"
        return message, p.text(first, first + 1)
    if first == bracket + 1:
        return None
    if p.is_call(bracket):
        last = p.at
        while last + 1 < len(p.tokens) and p.depths[last + 1] >= p.depths[p.at]:
            if p.tokens[last + 1].kind == "COMMA" and p.depths[last + 1] == p.depths[p.at]:
                break
            last += 1
        return message, p.text(first, last)
    if p.tokens[bracket].kind in ("LSQB", "LBRACE"):
        return "did you forget parentheses around the comprehension target?", p.text(
            bracket + 1, p.at - 1
        )
    return None


def _starred(p: Place) -> Problem | None:
    bracket = p.opened()
    if bracket is None or p.token.kind != "RPAR" or p.is_call(bracket):
        return None
    star = p.tokens[bracket + 1]
    if star.kind not in ("STAR", "DOUBLESTAR"):
        return None
    if p.operand(bracket + 2, p.at - 1) is None:
        return None
    what = "starred" if star.kind == "STAR" else "double starred"
    return f"cannot use {what} expression here", p.text(bracket + 1, p.at - 1)


def _header(p: Place) -> Problem | None:
    span = Span(p.token.start, max(p.token.end, p.token.start + 1))
    if p.expected == {"EXCEPT", "FINALLY"}:
        return "expected 'except' or 'finally' block", span
    if p.expected == {"LPAR"} and p.tokens[p.at - 2].kind == "DEF":
        return "expected '('", span
    if p.opened() is not None:
        return None
    first = p.first_of_line(p.at)
    head = p.tokens[first].kind
    if head == "DEF" and previous_text(p.previous) == "->" and p.previous is not None:
        return "expected ':'", Span(p.previous.start, p.previous.end)
    if "COLON" not in p.expected or head not in HEADS:
        return None
    if any(t.kind == "COLON" for t in p.flat(first)):
        return None
    if head == "EXCEPT" and p.token.kind == "COMMA":
        last = p.following(p.at + 1, BEFORE_DISJUNCTION - {"COMMA"})
        if last is not None:
            return "multiple exception types must be parenthesized", p.text(first + 1, last)
    if p.token.kind == "_NEWLINE" or head in ALWAYS_COLON:
        return "expected ':'", span
    return None


def _parameters(p: Place) -> Problem | None:
    bracket = p.opened()
    in_function = bracket is not None and bracket > 1 and p.tokens[bracket - 2].kind == "DEF"
    in_lambda = any(t.kind == "LAMBDA" for t in p.tokens[max(p.at - 12, 0) : p.at])
    if not (in_function or in_lambda):
        return None
    span = Span(p.token.start, p.token.end)
    if p.token.kind == "LPAR":
        last = p.at
        while last + 1 < len(p.tokens) and p.depths[last] >= p.depths[p.at]:
            last += 1
        if any(t.kind not in ("NAME", "COMMA") for t in p.tokens[p.at + 1 : last]):
            return None
        what = "Function" if in_function else "Lambda expression"
        return f"{what} parameters cannot be parenthesized", p.text(p.at, last)
    if p.token.kind == "EQUAL" and p.at > 1:
        star = p.tokens[p.at - 2].kind
        if star == "STAR":
            return "var-positional argument cannot have default value", span
        if star == "DOUBLESTAR":
            return "var-keyword argument cannot have default value", span
    if p.previous is not None and p.previous.kind == "EQUAL":
        if p.token.kind in ("RPAR", "COMMA"):
            return "expected default value expression", Span(p.previous.start, p.previous.end)
    return None


def _listing(p: Place) -> Problem | None:
    if p.token.kind != "_NEWLINE" or p.previous is None or p.previous.kind != "COMMA":
        return None
    if p.tokens[p.first_of_line(p.at - 1)].kind != "FROM":
        return None
    span = Span(p.token.start, p.token.start + 1)
    return "trailing comma not allowed without surrounding parentheses", span


def _hint(p: Place) -> str | None:
    token, previous = p.token, p.previous
    if token.kind == "UNKNOWN":
        return UNKNOWN_HINTS.get(token.text)
    if token.text in ("async", "await"):
        return "there is nothing to wait for: leave it out"
    if token.text == previous_text(previous) and token.text in ("&", "|"):
        return f"write '{'and' if token.text == '&' else 'or'}'"
    if token.text == ">" and previous_text(previous) == "<":
        return "write '!='"
    if p.tokens[p.first_of_line(p.at)].text == "match":
        return NOT_HERE
    if token.kind == "_NEWLINE" and previous_text(previous) in ("+", "-"):
        if p.at > 1 and p.tokens[p.at - 2].text == previous_text(previous):
            return f"write {previous_text(previous)}= 1"
    if token.text in CLOSING:
        return "something is missing before it"
    return None


def previous_text(token: Token | None) -> str:
    return "" if token is None else token.text


SEARCHES = (
    _parameters, _missing_else, _comma, _print, _equal, _walrus, _dict, _generator, _starred, _header,
    _listing, _assigned,
)  # fmt: skip
