"""Portions of files: the same rows with the same numbers as when the file is read from its beginning."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autodiff_cli.errors import InputError
from autodiff_cli.tables import line_scan, portions, readers
from autodiff_cli.tables.portions import Portion, PortionedTable
from autodiff_cli.tables.rows import Chunk
from autodiff_cli.tables.sources import resolved

TABLE = PortionedTable(None, ("x",), "all", False, None, 4 << 20)


def cut(path: Path, size: int, table: PortionedTable = TABLE) -> list[Portion]:
    (source,) = resolved([str(path)])
    survey = portions.surveyed(source, table)
    scans = [
        line_scan.scanned(source, r.start, r.stop, source.fields, first=r.first)
        for r in portions.ranges(survey, size)
    ]
    return portions.portions(survey, scans, size)


def rows(chunks: Any) -> list[tuple[Any, ...]]:
    """Each row's number, value, error and kept cells."""
    found = []
    for chunk in chunks:
        assert isinstance(chunk, Chunk)
        kept = chunk.kept.members() if chunk.kept is not None else [b""] * chunk.count
        for offset in range(chunk.count):
            error = chunk.bad.get(offset)
            value = None if error else np.asarray(chunk.columns["x"].values[offset]).tolist()
            found.append((chunk.start + offset, value, error, kept[offset]))
    return found


def same(path: Path, size: int, table: PortionedTable = TABLE) -> list[Portion]:
    parts = cut(path, size, table)
    expected = rows(
        readers.read(resolved([str(path)]), columns=table.columns, wanted=["x"], kept="all")
    )
    got: list[tuple[Any, ...]] = []
    for part in parts:
        own = rows(portions.read(part, table))
        assert part.rows in (None, len(own))
        got += own
    assert repr(got) == repr(expected)  # nan is nan
    return parts


field = st.one_of(
    st.floats(-100, 100).map(str),
    st.sampled_from(["", "a", 'say "x"', "two\nlines", "a,b", "\n\n", '"', "é", " "]),
)


def table_text(draw_rows: list[tuple[str, str]], end: str, last: bool) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator=end)
    for row in [("n", "x"), *draw_rows]:
        writer.writerow(row)
        if row[0] == "a":
            text.write(end)  # a blank line
    data = text.getvalue().encode()
    return data if last else data.removesuffix(end.encode())


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(field, field), min_size=1, max_size=12),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
    st.integers(5, 60),
    st.integers(3, 40),
)
def test_csv(
    tmp_path: Path, found: list[tuple[str, str]], end: str, last: bool, size: int, block: int
) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(table_text(found, end, last))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(line_scan, "BLOCK", block)
        same(path, size)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(['x,"', '"', ",", "1", "\n", "a", '""', "\r\n"]), max_size=30))
def test_odd_quotes_are_read_from_the_beginning(tmp_path: Path, text: list[str]) -> None:
    path = tmp_path / "t.csv"
    path.write_text("n,x\n1,2\n" + "".join(text))
    same(path, 6)


line = st.sampled_from(
    ['{"x":1}', '{"x":[1,2],"n":"é"}', "", "  ", "\t", ' {"x":2}', "oops", '{"n":"\\n"}', "\r"]
)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(line, max_size=15), st.booleans(), st.integers(1, 50), st.integers(3, 40))
def test_json_lines(tmp_path: Path, lines: list[str], last: bool, size: int, block: int) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text('{"x":0,"n":1}\n' + "\n".join(lines) + ("\n" if last else ""))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(line_scan, "BLOCK", block)
        same(path, size)


def test_large_files_have_many_portions(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    text = "".join(f'"a\n{n}",{n}\n' for n in range(1000))
    path.write_bytes(b"\xef\xbb\xbfn,x\n" + text.encode())
    parts = same(path, 500)
    assert len(parts) > 20
    assert sum(part.rows or 0 for part in parts) == 1000
    assert parts[1].line == parts[0].line + 2 * (parts[0].rows or 0)


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_files_without_a_header(tmp_path: Path, mark: bytes) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(mark + b"".join(b"%d,%d\n" % (n, n) for n in range(100)))
    table = TABLE._replace(columns=("n", "x"))
    assert len(same(path, 100, table)) > 3


def test_a_compressed_file_is_one_portion(tmp_path: Path) -> None:
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(b"n,x\n" + b"".join(b"1,%d\n" % n for n in range(100))))
    assert len(same(path, 50)) == 1


def test_arrays(tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    np.save(path, np.arange(60_000.0).reshape(30_000, 2))
    assert len(same(path, 100_000)) == 5
    np.save(path, np.asfortranarray(np.arange(60.0).reshape(30, 2)))
    assert len(same(path, 100)) == 1


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
def test_stored_rows(tmp_path: Path, kind: str) -> None:
    polars = pytest.importorskip("polars")
    path = tmp_path / f"t.{kind}"
    frame = polars.DataFrame({"x": np.arange(1000.0), "n": ["a"] * 1000})
    if kind == "parquet":
        frame.write_parquet(path, row_group_size=150)
    else:
        frame.write_ipc(path)
    parts = same(path, -(-path.stat().st_size * 150 // 1000))
    assert [part.rows for part in parts] == [150] * 6 + [100]
    assert len(same(path, 1 << 20)) == 1


def test_standard_input_is_one_stream() -> None:
    with pytest.raises(InputError, match="several processes"):
        portions.check(resolved(["-"]))
