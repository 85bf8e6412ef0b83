"""Where text is cut: at the ends of rows, whatever the size of the pieces."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autodiff_cli.tables import plain_csv
from autodiff_cli.tables.dialect import USUAL
from autodiff_cli.tables.pieces import count, cut, pieces

TEXT = st.text(st.sampled_from('a1",\n "'), max_size=60)


def rows_of(data: bytes, size: int) -> list[list[str]]:
    found = []
    for piece in pieces(io.BytesIO(data), size, USUAL, "x"):
        records = plain_csv.records(piece, USUAL)
        found += list(zip(records.lines, records.rows))
    return found


@settings(max_examples=300)
@given(TEXT, st.integers(1, 20))
def test_the_size_of_pieces_changes_nothing(text: str, size: int) -> None:
    assert rows_of(text.encode(), size) == rows_of(text.encode(), 10_000)


@settings(max_examples=300)
@given(TEXT, st.integers(1, 20))
def test_pieces_are_the_whole(text: str, size: int) -> None:
    found = list(pieces(io.BytesIO(text.encode()), size, USUAL, "x"))
    assert b"".join(piece.data for piece in found) == text.encode()
    line = 1
    for piece in found:
        assert piece.line == line
        assert piece.lines == piece.data.count(b"\n")
        line += piece.lines


@settings(max_examples=300)
@given(TEXT)
def test_rows_are_those_of_the_standard_library(text: str) -> None:
    whole = list(pieces(io.BytesIO(text.encode()), 999, USUAL, "x"))
    if not any(plain_csv.records(piece, USUAL).unclosed for piece in whole):  # else it is a bad row
        expected = [row for row in csv.reader(io.StringIO(text, newline="")) if row]
        assert [row for _, row in rows_of(text.encode(), 7)] == expected


@given(st.binary(max_size=100), st.integers(0, 255))
def test_count(data: bytes, byte: int) -> None:
    assert count(data, byte) == data.count(byte)


@pytest.mark.parametrize(
    ("data", "end", "kind"),
    [
        (b"1,2\n3", 4, "none"),
        (b'"a\n', 0, "clean"),
        (b'1,"a\nb"\n2,"c\n', 8, "clean"),
        (b'6",1\n7",2\n8', 10, "odd"),
        (b'"a""\n",1\n2', 9, "clean"),
    ],
)
def test_cut(data: bytes, end: int, kind: str) -> None:
    assert cut(data, USUAL) == (end, kind)
