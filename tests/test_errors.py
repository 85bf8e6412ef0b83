"""Errors: the caret, the report, and the tree drawn in the docstring."""

from __future__ import annotations

import pytest

from autodiff_cli import errors
from autodiff_cli.errors import AutodiffError, Fault, RuntimeFault, fault_of
from autodiff_cli.source import MARGIN, Source, Span


def test_caret_stands_under_a_span_of_a_later_line() -> None:
    source = Source("y = x\ny.men()")
    assert source.caret(Span(8, 11)) == "line 2: y.men()\n          ^^^"


@pytest.mark.parametrize("at", [0, 5, 5000, 9990])
def test_caret_of_a_long_line_fits_a_terminal(at: int) -> None:
    text = "+".join(f"x{n}" for n in range(3000))[:10_000]
    line, carets = Source(text).caret(Span(at, at + 3)).split("\n")
    assert len(line) <= MARGIN
    marked = line[carets.index("^") : carets.index("^") + 3]
    assert marked == text[at : at + 3]


def test_span_at_the_end_of_the_text_still_shows_a_caret() -> None:
    assert Source("x+").caret(Span(2, 3)) == "x+\n  ^"


def test_report_has_kind_message_place_and_hint() -> None:
    error = RuntimeFault("no", hint="yes").at(Span(0, 1), Source("x", "the value of w"))
    assert error.report() == "RuntimeError: no\n  in the value of w:\n  x\n  ^\nhint: yes"


def test_an_inner_place_is_kept() -> None:
    inner, outer = Source("a"), Source("b")
    error = RuntimeFault("no").at(Span(0, 1), inner).at(Span(0, 1), outer)
    assert error.source is inner


def test_the_tree_in_the_docstring_is_true() -> None:
    classes = [
        c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, AutodiffError)
    ]
    drawn = errors.__doc__ or ""
    for c in classes:
        assert c.__name__ in drawn
        if issubclass(c, Fault) and c is not Fault:
            assert f"{c.__name__}" in drawn and c.kind in drawn


@pytest.mark.parametrize("kind", [ValueError, ZeroDivisionError, KeyError, OverflowError])
def test_pythons_exceptions_become_faults(kind: type[Exception]) -> None:
    assert fault_of(kind("why")).kind == kind.__name__
