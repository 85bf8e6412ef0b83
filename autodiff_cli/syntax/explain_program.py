"""What is wrong with a program, in CPython's words. Imported only when something is."""

from __future__ import annotations

from autodiff_cli.errors import SourceIndentationError, SourceSyntaxError
from autodiff_cli.source import Source, Span
from autodiff_cli.syntax.lalr import Token, UnexpectedToken
from autodiff_cli.syntax.lines import ProgramParser


def refused(text: str, offset: int, opened: list[Token]) -> SourceSyntaxError:
    return SourceSyntaxError("invalid syntax", span=Span(offset, offset + 1))


def refused_indentation(offset: int, kind: str) -> SourceSyntaxError:
    return SourceIndentationError("unindent", span=Span(offset, offset + 1))


def wrong_escape(body: str, span: Span) -> SourceSyntaxError:
    return SourceSyntaxError("escape", span=span)


def explain(error: UnexpectedToken, source: Source, parser: ProgramParser) -> SourceSyntaxError:
    return SourceSyntaxError(
        "invalid syntax",
        span=Span(error.token.start, max(error.token.start + 1, error.token.end)),
        source=source,
    )


def explain_value(
    error: UnexpectedToken, source: Source, parser: ProgramParser, start: int, end: int
) -> SourceSyntaxError:
    return explain(error, source, parser)
