"""What a syntax error means, in words, and what to type instead. Imported only when there is one."""

from __future__ import annotations

import re

from autodiff_cli.errors import SourceSyntaxError
from autodiff_cli.source import Source, Span
from autodiff_cli.syntax.lalr import (
    END,
    OPENING,
    Parser,
    Token,
    UnexpectedCharacter,
    UnexpectedToken,
)
from autodiff_cli.syntax.rewrite import (
    DEFINITION,
    GRADIENTS,
    NOTES,
    QUOTES,
    derivative,
    instead_of,
    rewritten,
)

CLOSING = {closing: opening for opening, closing in OPENING.items()}
STARTS_OPERAND = {"NAME", "INTEGER", "FLOAT", "STRING", "LPAR", "TRUE", "FALSE", "NONE"}
ENDS_OPERAND = STARTS_OPERAND - {"LPAR"} | {"RPAR", "RSQB"}
REPLACED = re.compile(
    "write [^']*$|something is missing|remove it"
)  # hints that an example says better
STATEMENTS = ("import", "from", "for", "while", "def", "class", "print", "return", "with", "del")


def explain(
    error: UnexpectedCharacter | UnexpectedToken | SourceSyntaxError, source: Source, parser: Parser
) -> SourceSyntaxError:
    """The error to show for what the parser met, with what to write instead."""
    if isinstance(error, SourceSyntaxError):
        message, hint, span = error.message, error.hint, error.span
    elif isinstance(error, UnexpectedCharacter):
        message, hint, span = _character(source.text, error.offset)
    else:
        message, hint, span = _token(error, source.text, parser)
    hint = derivative(source.text) or _with_example(hint, source.text, parser)
    return SourceSyntaxError(message, hint=hint, span=span, source=source)


def _with_example(hint: str | None, text: str, parser: Parser) -> str | None:
    """The hint, with the whole text as it is written here if that can be told."""
    better = rewritten(text, parser.accepts)
    if hint is None or (better and REPLACED.match(hint)):
        return better and f"write {better}"
    if better and hint == NOTES["^"] and "**" not in better:  # tan^-1, A^T
        return f"write {better}"
    if better:
        reason = hint.partition(": ")[0]
        return f"{reason}: {better}" if reason.startswith("write") else f"{reason}: write {better}"
    return f"{hint}: x**2" if hint == NOTES["^"] else hint


def _character(text: str, offset: int) -> tuple[str, str | None, Span]:
    character = text[offset]
    span = Span(offset, offset + 1)
    if "\udc80" <= character <= "\udcff":  # how Python keeps a byte that it couldn't decode
        return f"byte 0x{ord(character) - 0xDC00:02x} is not UTF-8", "type it in UTF-8", span
    if character in "'\"":
        end = text.find("\n", offset)
        hint = f"add a closing {character}"
        if text[offset:].lstrip("'").startswith("("):  # f'(x)
            hint = GRADIENTS
        elif _is_operand_before(text, offset):
            hint += "; the transpose of A is A.T"
        return (
            "unterminated string",
            hint,
            Span(offset, end if end > 0 else len(text)),
        )
    note = instead_of(character)
    after = text[offset + 1 :].lstrip()[:1]
    if character == "!" and _is_operand_before(text, offset) and not after.isalnum():
        note = "a factorial is exp(lgamma(x + 1))"
    if character == "^":
        return "'^' is not an operator here", note, span
    if not character.isprintable():
        return f"unexpected character U+{ord(character):04X}", "write a space", span
    shown = character if character in QUOTES else f"'{character}'"
    return f"unexpected {shown}", note, span


def _is_operand_before(text: str, offset: int) -> bool:
    before = text[:offset].rstrip()[-1:]
    return before.isalnum() or before in (")", "]")


def _token(error: UnexpectedToken, text: str, parser: Parser) -> tuple[str, str | None, Span]:
    token, previous = error.token, error.previous
    span = Span(token.start, max(token.end, token.start + 1))
    if token.kind == END and (previous is None or previous.kind == "_SEP"):
        return "the expression is empty", "type an expression, such as 'mean(3*(x+2)**2)'", span
    unclosed, unopened = _brackets(parser, text)
    if "ELSE" in error.expected and END not in error.expected and previous is not None:
        return "'else' is missing", "write a if c else b", Span(previous.start, previous.end)
    if previous is not None and previous.text == "lambda":
        return (
            "lambda is not part of expressions",
            "write what it returns; a name may be assigned before: y = x+1; y*y",
            Span(previous.start, previous.end),
        )
    if token.kind == END:
        if unclosed is not None:
            opening = Span(unclosed.start, unclosed.end)
            return f"'{unclosed.text}' was never closed", f"add '{OPENING[unclosed.text]}'", opening
        assert previous is not None
        place = Span(previous.start, previous.end)
        hint = NOTES["%"] if previous.text == "%" else "something must follow it"
        return f"the expression ends after '{previous.text}'", hint, place
    if unopened is not None and unopened.start == token.start:
        return _mismatch(token, unclosed)
    word = _shown(token)
    if (previous is not None and previous.text in STATEMENTS) or token.text in STATEMENTS:
        return _statement(token, previous, text)
    if previous is not None and previous.kind == "_SEP":
        return (
            f"unexpected {word}: the expression is complete on the left of it",
            "only the last part is an expression; name the others: y = ...",
            span,
        )
    if token.kind == "EQUAL":
        return _equal(error, text, span)
    if previous is not None and previous.text == token.text and token.text in ("&", "|"):
        return f"unexpected {word}", f"write '{'and' if token.text == '&' else 'or'}'", span
    if token.kind == "PIPE" and previous is None:
        return "unexpected '|'", "write abs(x)", span
    if previous is not None and previous.kind in ENDS_OPERAND and token.kind in STARTS_OPERAND:
        if previous.kind in ("INTEGER", "FLOAT") and token.text in ("j", "J"):
            return "complex numbers do not exist here", "every number is real", span
        if previous.kind in ("INTEGER", "FLOAT") and token.text in ("e", "E"):
            return "the exponent is missing", f"write {previous.text}e-3", span
        if previous.kind == "NAME" and token.kind in ("NAME", "INTEGER", "FLOAT"):
            hint = f"write {previous.text}({token.text}) to call it, {previous.text}*{token.text} to multiply"
            return f"an operator or a comma is missing before {word}", hint, span
        if previous.kind in ("INTEGER", "FLOAT") and token.kind in ("NAME", "LPAR"):
            return (
                f"an operator is missing before {word}",
                f"write {previous.text}*{token.text if token.kind == 'NAME' else '('}",
                span,
            )
        return f"an operator or a comma is missing before {word}", None, span
    if previous is None:
        choice = "write a if c else b" if token.text == "if" else "something is missing before it"
        return f"an expression can't begin with {word}", choice, span
    if token.kind == "MORETHAN" and previous.kind in ("LESSTHAN",):
        return "'<>' is not an operator here", "write '!='", span
    if token.kind == "COLON" and text[token.end : token.end + 1] == "=":
        return "unexpected ':='", f"write {previous.text} = …; {previous.text}", span
    return f"unexpected {word} after {_shown(previous)}", "something is missing between them", span


def _shown(token: Token) -> str:
    line_end = token.kind == "_SEP" and token.text != ";"
    return "the end of the line" if line_end else f"'{token.text}'"


def _statement(token: Token, previous: Token | None, text: str) -> tuple[str, str | None, Span]:
    keyword = token if token.text in STATEMENTS or previous is None else previous
    span = Span(keyword.start, keyword.end)
    before = text[: keyword.start]
    inside = sum(map(before.count, OPENING)) > sum(map(before.count, CLOSING))
    if keyword.text == "for" and inside:
        return "comprehensions are not part of expressions", "write the operation on tensors", span
    hint = "only assignments may stand before the expression, separated by ';'"
    if keyword.text == "for" and keyword is token:
        hint = "a comprehension stands in brackets: [… for i in range(3)]"
    return "an expression is expected, not a statement", hint, span


def _equal(error: UnexpectedToken, text: str, span: Span) -> tuple[str, str | None, Span]:
    before = text[: span.start]
    if DEFINITION.fullmatch(text):
        return "unexpected '='", "the function is written alone", span
    if before[-1:] in "+-*/%@&|" and before[-1:]:
        name = before.rstrip("+-*/%@&| ").rpartition(";")[2].strip() or "x"
        return (
            "augmented assignment is not part of expressions",
            f"write {name} = {name} {before[-1]} …",
            span,
        )
    if text[: span.start].count("(") > text[: span.start].count(")"):
        return "unexpected '='", "compare with '=='; keyword arguments are written name=value", span
    return (
        "unexpected '='",
        "compare with '=='; one name at a time can be assigned to: y = ...",
        span,
    )


def _mismatch(token: Token, unclosed: Token | None) -> tuple[str, str | None, Span]:
    span = Span(token.start, token.end)
    if unclosed is None:
        return (
            f"unmatched '{token.text}'",
            f"remove it, or add '{CLOSING[token.text]}' before",
            span,
        )
    return (
        f"'{token.text}' does not match '{unclosed.text}'",
        f"close with '{OPENING[unclosed.text]}'",
        span,
    )


def _brackets(parser: Parser, text: str) -> tuple[Token | None, Token | None]:
    """The innermost bracket left open, and the first closing one that doesn't fit."""
    opened: list[Token] = []
    try:
        for token in parser.tokens(text):
            if token.text in OPENING:
                opened.append(token)
            elif token.text in CLOSING:
                if not opened or opened[-1].text != CLOSING[token.text]:
                    return (opened[-1] if opened else None), token
                opened.pop()
    except UnexpectedCharacter:
        pass  # the text up to here decides
    return (opened[-1] if opened else None), None
