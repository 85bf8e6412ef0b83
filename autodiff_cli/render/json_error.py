"""An error as strict JSON, in one line."""

from __future__ import annotations

from typing import Any

import orjson

from autodiff_cli.errors import AutodiffError


def json_error(error: AutodiffError | str, kind: str = "", *, exit_code: int) -> str:
    """The line for standard error.

    Args:
        error: what went wrong, or the message alone.
        kind: the error's class, where `error` is a message.
        exit_code: of the process.

    >>> json_error("an EXPRESSION is missing", "UsageError", exit_code=2)
    '{"error":{"type":"UsageError","message":"an EXPRESSION is missing"},"exit_code":2}'
    """
    record: dict[str, Any] = {"type": kind, "message": str(error)}
    if isinstance(error, AutodiffError):
        record = _described(error)
    return orjson.dumps({"error": record, "exit_code": exit_code}).decode()


def _described(error: AutodiffError) -> dict[str, Any]:
    cause = getattr(error, "error", None)
    if isinstance(cause, BaseException):  # a program's, whose text is its traceback
        kind = cause.kind if isinstance(cause, AutodiffError) else type(cause).__name__
        message = cause.message if isinstance(cause, AutodiffError) else str(cause)
        return {"type": kind, "message": message, "traceback": error.message.rstrip("\n")}
    record: dict[str, Any] = {"type": error.kind, "message": error.message.rstrip()}
    if error.hint:
        record["hint"] = error.hint
    if error.span is not None and error.source is not None:
        line, column, text = error.source.line(error.span.start)
        place = {"line": line, "column": column + 1, "length": error.span.end - error.span.start}
        record |= {"source": error.source.name or None, **place, "text": text}
    return record
