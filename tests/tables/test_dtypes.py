"""Formats that store values: a column's dtype is that of all its rows, however cut, and no value changes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from reading import read

from autodiff_cli.errors import InputError
from autodiff_cli.ir.node import Array
from autodiff_cli.tables.rows import Column, TextColumn
from autodiff_cli.tables.writers import open_writer

FORMATS = ["npz", "npy", "parquet", "arrow"]
NULLS = {"none": [0] * 6, "first": [1, 1, 1, 0, 0, 0], "last": [0, 0, 0, 1, 1, 1],
         "some": [0, 1, 0, 0, 1, 0], "all": [1] * 6}  # fmt: skip
BIG = 2**53 + 1


def stored(to: str, *columns: Column | TextColumn) -> tuple[str, list[object]]:
    """The dtype and the values of a column that is written in parts; null is None."""
    if to in ("parquet", "arrow"):
        pytest.importorskip("polars")
    writer = open_writer(f"o.{to}")
    try:
        for column in columns:
            writer.write({"v": column})
    except InputError:
        writer.abort()
        raise
    writer.close()
    if to in ("npz", "npy"):
        found = np.load(f"o.{to}")
        values: Array = found["v"] if to == "npz" else found
        return str(values.dtype), [None if value != value else value for value in values.tolist()]
    import polars

    series = (polars.read_parquet if to == "parquet" else polars.read_ipc)(f"o.{to}")["v"]
    return str(series.dtype), series.to_list()


@pytest.mark.parametrize("nulls", NULLS)
@pytest.mark.parametrize("dtype", ["bool", "int8", "int32", "int64", "float32", "float64"])
@pytest.mark.parametrize("to", FORMATS)
def test_the_dtype_does_not_depend_on_how_rows_are_cut(
    here: Path, to: str, dtype: str, nulls: str
) -> None:
    null = np.array(NULLS[nulls], bool)
    column = Column(np.array([0, 1, 1, 0, 1, 1], dtype), nulls=null if null.any() else None)
    whole = stored(to, column)
    for size in (1, 2, 3, 4):
        parts = [column.part(start, min(start + size, 6)) for start in range(0, 6, size)]
        assert stored(to, *parts) == whole
        assert stored(to, column.part(0, 0), *parts) == whole
    assert whole[1] == [None if no else value for no, value in zip(null, column.values.tolist())]


@pytest.mark.parametrize("to", FORMATS)
def test_columns_of_lists_too(here: Path, to: str) -> None:
    column = Column(np.arange(8).reshape(4, 2), nulls=np.array([True, False, False, True]))
    whole = stored(to, column)
    assert [column.part(n, n + 1).values.shape for n in range(4)] == [(1, 2)] * 4
    assert str(stored(to, *(column.part(n, n + 1) for n in range(4)))) == str(whole)


@pytest.mark.parametrize("to", FORMATS)
def test_another_file_s_dtype_changes_no_value(here: Path, to: str) -> None:
    """One dtype holds both, or it is an error."""
    whole, halves = Column(np.array([1, 2])), Column(np.array([0.5, 1.5]))
    if to in ("npz", "npy"):
        assert stored(to, whole, halves) == ("float64", [1.0, 2.0, 0.5, 1.5])
        assert stored(to, Column(np.array([1], np.int8)), Column(np.array([300]))) == (
            "int64",
            [1, 300],
        )
        return
    with pytest.raises(InputError, match="the columns change from"):
        stored(to, whole, halves)
    assert stored(to, whole, Column(np.array([3.0])))[1] == [1, 2, 3]
    assert stored(to, halves, whole)[1] == [0.5, 1.5, 1.0, 2.0]
    with pytest.raises(InputError, match="the columns change from"):
        stored(to, halves, Column(np.array([BIG])))


@pytest.mark.parametrize("to", ["npz", "npy"])
def test_whole_numbers_that_no_float_holds_are_not_rounded(here: Path, to: str) -> None:
    big, null = Column(np.array([BIG, -BIG])), Column(np.array([0]), nulls=np.array([True]))
    for columns in ([big, null], [null, big], [big, Column(np.array([0.5]))]):
        with pytest.raises(InputError, match=r"whole numbers beyond 2\*\*53") as caught:
            stored(to, *columns)
        assert caught.value.hint == "--to parquet or jsonl"
    assert stored(to, big) == ("int64", [BIG, -BIG])
    small = Column(np.array([2**53, -(2**53)]))
    assert stored(to, small, null) == ("float64", [2.0**53, -(2.0**53), None])


@pytest.mark.parametrize("rows", [None, 1, 2])
@pytest.mark.parametrize("source", ["x.csv", "x.jsonl"])
@pytest.mark.parametrize("to", ["npz", "npy"])
def test_kept_numbers_that_no_float_holds_stay_text_beside_nulls(
    here: Path, to: str, source: str, rows: int | None
) -> None:
    cells = [BIG, None, 3]
    Path("x.csv").write_text("k,x\n" + "".join(f"{'' if n is None else n},1\n" for n in cells))
    Path("x.jsonl").write_text("".join(json.dumps({"k": n, "x": 1}) + "\n" for n in cells))
    writer = open_writer(f"o.{to}")
    for chunk in read([source], wanted=["x"], kept="all", chunk_rows=rows):
        writer.write({"value": chunk.columns["x"]}, chunk.kept, chunk.count)
    writer.close()
    assert np.load(f"o.{to}")["k"].tolist() == [str(BIG), "", "3"]


@pytest.mark.parametrize("to", ["parquet", "arrow"])
def test_text_and_nulls_in_any_order(here: Path, to: str) -> None:
    text, null = TextColumn(["a", None]), Column(np.zeros(1), nulls=np.array([True]))
    assert stored(to, text, null) == ("String", ["a", None, None])


def test_lists_of_whole_numbers_beside_nulls_are_read(here: Path) -> None:
    polars = pytest.importorskip("polars")
    polars.DataFrame({"k": [[1], None, [3]]}).write_parquet("k.parquet")
    (chunk,) = read(["k.parquet"], columns=["k"])
    column = chunk.columns["k"]
    assert column.values.dtype == np.int64
    assert column.values.tolist() == [[1], [0], [3]]
    assert column.bad.tolist() == [1]
