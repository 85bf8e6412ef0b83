"""The traceback of a program: its own frames, in Python's familiar form."""

from __future__ import annotations

from typing import Any

from autodiff_cli.errors import AutodiffError, LimitError, SourceSyntaxError
from autodiff_cli.interpret.allowed import PROGRAM_CLASSES
from autodiff_cli.interpret.classes import shown_class
from autodiff_cli.interpret.places import PROGRAM_FILE, places
from autodiff_cli.source import Source, Span

MOST_REPEATED = 3
MOST_CHAINED = 1000  # errors, each of which came while the one before was handled
HEADING = "Traceback (most recent call last):\n"
CAUSE = "\nThe above exception was the direct cause of the following exception:\n\n"
CONTEXT = "\nDuring handling of the above exception, another exception occurred:\n\n"


def traceback_text(error: BaseException) -> str:
    """What Python prints for an uncaught exception, with the program's frames alone."""
    if isinstance(error, SourceSyntaxError):
        return _syntax_error(error)
    pieces = []
    seen: set[int] = set()
    current: BaseException | None = error
    link = ""
    while current is not None and id(current) not in seen and len(seen) < MOST_CHAINED:
        seen.add(id(current))
        pieces.append(_one(current) + link)
        if current.__cause__ is not None:
            link, current = CAUSE, current.__cause__
        elif current.__context__ is not None and not current.__suppress_context__:
            if not places(current.__context__):
                break
            link, current = CONTEXT, current.__context__
        else:
            break
    return "".join(reversed(pieces))


def _one(error: BaseException) -> str:
    trace = places(error)
    if not trace:
        return final_line(error)
    lines = [HEADING]
    previous, repeated = "", 0
    for name, source, span in trace:
        entry = _entry(name, source, span)
        if entry != previous:
            lines.append(_repetition(repeated))
            previous, repeated = entry, 0
        repeated += 1
        if repeated <= MOST_REPEATED:
            lines.append(entry)
    lines.append(_repetition(repeated))
    return "".join(lines) + final_line(error)


def _repetition(times: int) -> str:
    """What stands for entries that were left out."""
    more = times - MOST_REPEATED
    plural = "s" if more > 1 else ""
    return f"  [Previous line repeated {more} more time{plural}]\n" if more > 0 else ""


def shown_name(source: Source) -> str:
    return source.name or "<expression>"


def _entry(name: str, source: Source, span: Span) -> str:
    number, column, text = source.line(span.start)
    stripped = text.strip()
    indent = len(text) - len(text.lstrip())
    width = max(1, min(span.end, span.start - column + len(text.rstrip())) - span.start)
    lines = f'  File "{shown_name(source)}", line {number}, in {name}\n    {stripped}\n'
    whole = column == indent and width >= len(stripped)
    return lines if whole else lines + "    " + " " * (column - indent) + "^" * width + "\n"


def final_line(error: BaseException) -> str:
    """`RuntimeError: …`, as Python prints it."""
    if isinstance(error, AutodiffError):
        name = f"{error.module}.{error.kind}" if error.module else error.kind
        text = error.message
    else:
        kind = shown_class(error)
        module = kind.__module__
        name = (
            kind.__qualname__
            if module in ("builtins", "__main__")
            else f"{module}.{kind.__qualname__}"
        )
        text = error_text(error)
    text += _meant(error)
    return (f"{name}: {text}" if text else name) + f"{_notes(error)}{_hint(error)}\n"


def _notes(error: BaseException) -> str:
    """What `add_note` said, a line each."""
    notes = error.__dict__.get("__notes__", ()) if hasattr(error, "__dict__") else ()
    return "".join(f"\n{note}" for note in notes if isinstance(note, str))


def noted(error: BaseException, name: str) -> Any:
    """What the library noted in an error; the attributes of a program's own classes are the program's."""
    return None if type(error) in PROGRAM_CLASSES else getattr(error, name, None)


def error_text(error: BaseException) -> str:
    """`str(error)`, which may be the program's own code, and fail."""
    try:
        return str(error)
    except LimitError:
        raise
    except Exception:
        return "<exception str() failed>"


def _hint(error: BaseException) -> str:
    """The hint, where it can't break the words of Python or the reference."""
    hint = noted(error, "hint")
    return f"\nhint: {hint}" if hint and noted(error, "is_ours") else ""


def _meant(error: BaseException) -> str:
    meant = noted(error, "meant")
    if meant is not None:
        from autodiff_cli.interpret.access import names_of

        value, name = meant
        reach: tuple[str, list[str]] | None = name, names_of(value)
    elif type(error) in (NameError, UnboundLocalError):
        reach = _names_in_reach(error)
    else:
        reach = None
    if reach is None:
        return ""
    from autodiff_cli.interpret.suggest import suggestion

    near = suggestion(*reach)
    return f". Did you mean: '{near}'?" if near else ""


def _names_in_reach(error: Any) -> tuple[str, list[str]] | None:
    """The name that wasn't there, and those that were."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None or error.name is None or trace.tb_frame.f_code.co_filename != PROGRAM_FILE:
        return None
    from autodiff_cli.interpret.builtins import BUILTINS

    frame = trace.tb_frame
    names = [*frame.f_locals, *frame.f_globals, *frame.f_builtins, *BUILTINS]
    return error.name, [n for n in names if isinstance(n, str) and n[:1] not in (".", "_")]


def _syntax_error(error: SourceSyntaxError) -> str:
    lines = ""
    if error.source is not None and error.span is not None:
        number, column, text = error.source.line(error.span.start)
        stripped = text.lstrip()
        indent = len(text) - len(stripped)
        end = max(error.span.end, error.span.start + 1)
        width = max(1, min(end - error.span.start, max(1, len(text) - column)))
        lines = (
            f'  File "{shown_name(error.source)}", line {number}\n    {stripped.rstrip()}\n'
            f"    {' ' * max(0, column - indent)}{'^' * width}\n"
        )
    return f"{lines}{error.kind}: {error.message}{_hint(error)}\n"
