"""Kept columns beside results: lists, other orders, whole numbers, text that isn't UTF-8."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import numpy as np
import pytest
from reading import header, read

from autodiff_cli.errors import InputError
from autodiff_cli.tables.rows import Column
from autodiff_cli.tables.writers import open_writer
from autodiff_cli.tables.writing import no_rows


def passed_on(
    sources: list[str], name: str, wanted: str, engine: str = "auto", rows: int | None = None
) -> None:
    """All columns of some files and an answer, to a file."""
    writer = open_writer(name, engine=engine)  # type: ignore[arg-type]
    try:
        for chunk in read(sources, engine=engine, wanted=[wanted], kept="all", chunk_rows=rows):  # type: ignore[arg-type]
            writer.write({"value": chunk.columns[wanted]}, chunk.kept, chunk.count)
    except BaseException:
        writer.abort()
        raise
    writer.close()


@pytest.mark.parametrize("source", ["a.npz", "a.npy", "a.parquet"])
def test_a_list_is_an_element_a_column(here: Path, engine: str, source: str) -> None:
    if source.endswith("parquet"):
        pytest.importorskip("polars")
    columns = {"x": np.arange(6.0).reshape(3, 2), "y": np.array([7.0, 8, 9])}
    writer = open_writer(source)
    writer.write({name: Column(values) for name, values in columns.items()})
    writer.close()
    passed_on([source], "o.csv", "y", engine, rows=2)
    header, *rows = csv.reader(Path("o.csv").read_text().splitlines())
    assert header == ["x_0", "x_1", "y", "value"]
    assert rows == [
        ["0.0", "1.0", "7.0", "7.0"],
        ["2.0", "3.0", "8.0", "8.0"],
        ["4.0", "5.0", "9.0", "9.0"],
    ]


def test_kept_lists_of_several_lengths(here: Path, engine: str) -> None:
    polars = pytest.importorskip("polars")
    polars.DataFrame({"x": [[1.0], [2.0, 3.0]], "y": [1.0, 2.0]}).write_parquet("a.parquet")
    for rows in (None, 1):
        with pytest.raises(InputError, match=r"'x' has the shape \(1,\) in one row and \(2,\)"):
            passed_on(["a.parquet"], "o.csv", "y", engine, rows)


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_another_file_has_another_order(here: Path, engine: str, suffix: str) -> None:
    Path("a.csv").write_text("x,y\n1,2\n")
    Path("b.csv").write_text("y,x\n20,10\n")
    Path("a.jsonl").write_text('{"x":1,"y":2}\n')
    Path("b.jsonl").write_text('{"y":20,"x":10}\n')
    passed_on([f"a.{suffix}", f"b.{suffix}"], "o.csv", "x", engine)
    assert Path("o.csv").read_text() == "x,y,value\n1,2,1.0\n10,20,10.0\n"


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet", "npz"])
def test_kept_text_that_is_not_utf_8(here: Path, engine: str, suffix: str) -> None:
    if suffix == "parquet":
        pytest.importorskip("polars")
    Path("x.csv").write_bytes(b"x,n\n1,caf\xe9\n2,b\n")
    passed_on(["x.csv"], f"o.{suffix}", "x", engine)
    if suffix == "csv":
        assert Path("o.csv").read_bytes() == b"x,n,value\n1,caf\xe9,nan\n2,b,2.0\n"


@pytest.mark.parametrize("name", ["o.csv", "o.jsonl", "o.parquet", "o.npz"])
def test_a_table_without_rows_has_names(here: Path, engine: str, name: str) -> None:
    if name == "o.parquet":
        pytest.importorskip("polars")
    writer = open_writer(name, engine=engine)  # type: ignore[arg-type]
    writer.write(no_rows(["value", "grad_x"]))
    writer.close()
    if name == "o.csv":
        assert Path(name).read_text() == "value,grad_x\n"
    elif name == "o.jsonl":
        assert Path(name).read_text() == ""
    else:
        assert header([name]) == ("value", "grad_x")


BIG = 2**53 + 1


@pytest.mark.parametrize("rows", [None, 1, 2])
@pytest.mark.parametrize("source", ["x.csv", "x.jsonl"])
@pytest.mark.parametrize("name", ["o.parquet", "o.arrow", "o.npz", "o.npy"])
def test_the_kind_of_kept_columns_is_that_of_all_rows(
    here: Path, name: str, source: str, rows: int | None
) -> None:
    """Whole numbers keep all digits; what a later row says counts for the rows before it."""
    columns: dict[str, list[object]] = {
        "x": [1, 2, 3, 4],
        "big": [BIG, -BIG, 0, 2**63 - 1],
        "mixed": [1, 2, 2.5, 3],
        "text": [10, 20.5, 30, "a"],
        "large": [2**63, 1, 2, 3],
        "empty": [None, None, 7, 8],
    }
    lines = list(zip(*columns.values(), strict=True))
    Path("x.jsonl").write_text(
        "".join(json.dumps(dict(zip(columns, line))) + "\n" for line in lines)
    )
    with Path("x.csv").open("w", newline="") as file:
        csv.writer(file).writerows([list(columns), *lines])
    kinds: dict[str, type]
    if name in ("o.npz", "o.npy"):
        passed_on([source], name, "x", rows=rows)
        loaded = np.load(name)
        found = {title: loaded[title].tolist() for title in columns}
        columns["empty"][:2] = [None, None]
        found["empty"] = [None if number != number else int(number) for number in found["empty"]]
    else:
        polars = pytest.importorskip("polars")
        passed_on([source], name, "x", rows=rows)
        frame = (polars.read_parquet if name == "o.parquet" else polars.read_ipc)(name)
        found = {title: frame[title].to_list() for title in columns}
    columns["text"] = ["10", "20.5", "30", "a"]
    assert found == columns
    kinds = {title: type(cells[-1]) for title, cells in found.items()}
    assert kinds == {
        "x": int, "big": int, "mixed": float, "text": str, "large": float, "empty": int,
    }  # fmt: skip
    assert sorted(os.listdir()) == sorted([name, "x.csv", "x.jsonl"])
