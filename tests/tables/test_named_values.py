"""Values by name: columns of tables, keys of JSON, objects in objects, lists of objects."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from reading import header, read

from autodiff_cli.errors import InputError
from autodiff_cli.tables.files import keys_of, read_array

ROWS = [{"price": 1.5, "pos": {"x": 1, "y": [1, 2]}}, {"price": 2, "pos": {"x": 3, "y": [3, 4]}}]


def write(rows: list[dict[str, object]] = ROWS) -> None:
    """The same rows in each format of text."""
    Path("t.json").write_text(json.dumps(rows, indent=1))
    Path("t.json.gz").write_bytes(gzip.compress(json.dumps(rows).encode()))
    Path("t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    Path("t.csv").write_text("price,n\n" + "".join(f"{row['price']},1\n" for row in rows))


@pytest.mark.parametrize("name", ["t.json", "t.jsonl", "t.csv"])
def test_a_column_is_a_value(here: Path, name: str) -> None:
    write()
    found = read_array(f"{name}:price")
    assert (found.tolist(), found.dtype) == ([1.5, 2.0], np.float32)
    with pytest.raises(InputError, match=r"has no (column|key) 'prise'"):
        read_array(f"{name}:prise")


def test_a_column_of_parquet_keeps_its_dtype(here: Path) -> None:
    polars = pytest.importorskip("polars")
    polars.DataFrame({"k": [1, 2]}).write_parquet("t.parquet")
    assert read_array("t.parquet:k").dtype == np.int64


def test_a_bad_row_of_a_column_is_named(here: Path) -> None:
    Path("t.csv").write_text("x\n1\nabc\n")
    with pytest.raises(InputError, match=r"t.csv, row 2 \(line 3\), column 'x': 'abc'"):
        read_array("t.csv:x")


def test_keys_with_points_go_into_objects(here: Path) -> None:
    Path("o.json").write_text('{"a":{"b":{"c":[1,2]}},"a.b":3}')
    assert read_array("o.json:a.b.c").tolist() == [1, 2]
    assert read_array("o.json:a.b").tolist() == 3
    assert keys_of("o.json") == ["a", "a.b"]
    with pytest.raises(InputError, match=r"'o.json' has no key 'a.q'; it has b"):
        read_array("o.json:a.q")
    write()
    assert read_array("t.json:pos.y").tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize("size", [1, 1 << 20])
@pytest.mark.parametrize("name", ["t.json", "t.jsonl", "t.json.gz"])
def test_new_names_for_keys_in_objects(here: Path, engine: str, name: str, size: int) -> None:
    write()
    assert header([name], columns=["x=pos.x"]) == ("price", "pos", "x")
    chunks = list(
        read(
            [name],
            columns=["x=pos.x"],
            wanted=["x", "price"],
            kept="all",
            engine=engine,
            chunk_bytes=size,
        )
    )
    values = [float(v) for chunk in chunks for v in chunk.columns["x"].values]
    assert values == [1, 3]
    members = [m for chunk in chunks if chunk.kept for m in chunk.kept.members()]
    assert json.loads(b"{" + members[1] + b"}") == {**ROWS[1], "x": 3}


@pytest.mark.parametrize(
    "text",
    [
        '[{"x":1},{"x":2}]',
        '[\n{"x":\n1}\n,\n{"x":2}\n]\n',
        '{"x":1}\n{"x":2}',
        '\ufeff [ {"x":1}, {"x":2} ] ',
    ],
)
def test_a_list_of_objects_is_rows(here: Path, engine: str, text: str) -> None:
    Path("t.json").write_text(text)
    (chunk,) = read(["t.json"], engine=engine)
    assert chunk.columns["x"].values.tolist() == [1, 2]  # type: ignore[union-attr]
    assert not chunk.bad


def test_digits_of_a_list_of_objects(here: Path) -> None:
    Path("t.json").write_text('[{"x":1.50,"k":12345678901234567890123}]')
    (chunk,) = read(["t.json"], wanted=["x"], kept="all")
    assert chunk.kept is not None
    assert chunk.kept.members() == [b'"x":1.50,"k":12345678901234567890123']


@pytest.mark.parametrize("text", ['[{"x":1},{"x":', '[{"x":1} oops', '[{"x":1},]extra'])
def test_what_is_no_json_ends_it(here: Path, engine: str, text: str) -> None:
    Path("t.json").write_text(text)
    (chunk,) = read(["t.json"], engine=engine)
    assert chunk.columns["x"].values[0] == 1
    assert "invalid JSON" in chunk.bad[1].message
