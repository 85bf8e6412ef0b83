"""Tables that are written otherwise than usual: both readers, all ways in, pieces of any size."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import Standard

from autodiff_cli.errors import InputError
from autodiff_cli.tables import readers
from autodiff_cli.tables.dialect import Dialect, dialect_of
from autodiff_cli.tables.sources import resolved

ENGINES = ("plain", "polars")


def rows(
    paths: list[str], dialect: Dialect | None, engine: str, size: int, **options: Any
) -> list[tuple[object, ...]]:
    """Each row's values, with its error in the place of those that have none."""
    found: list[tuple[object, ...]] = []
    form = options.pop("format", None)
    for chunk in readers.read(
        resolved(paths, form, dialect),
        engine=engine,  # type: ignore[arg-type]
        chunk_bytes=size,
        **options,
    ):
        for at in range(chunk.count):
            if at in chunk.bad:
                found.append((chunk.bad[at].text(),))
            else:
                found.append(tuple(float(c.values[at]) for c in chunk.columns.values()))
    return found


DIALECTS = {
    "semicolons and decimal commas": (
        "x;y\n1,5;2\n-0,25;1e2\n",
        {"delimiter": ";", "decimal": ","},
        [(1.5, 2), (-0.25, 100)],
    ),
    "thousands": (
        'x;y\n1.234,5;2\n1.234.567;"3,5"\n',
        {"delimiter": ";", "decimal": ",", "thousands": "."},
        [(1234.5, 2), (1234567, 3.5)],
    ),
    "thousands in quotes": (
        'x,y\n"1,234",2\n12,"1,234,567.5"\n',
        {"thousands": ","},
        [(1234, 2), (12, 1234567.5)],
    ),
    "blank thousands": (
        "x;y\n1 234;2\n12 345 678;3\n",
        {"delimiter": ";", "thousands": "blank"},
        [(1234, 2), (12345678, 3)],
    ),
    "Swiss thousands": ("x,y\n1'234,2\n1,3\n", {"thousands": "'"}, [(1234, 2), (1, 3)]),
    "Indian thousands": (
        "x;y\n12,34,567;2\n1;3\n",
        {"delimiter": ";", "thousands": ","},
        [(1234567, 2), (1, 3)],
    ),
    "bars": ("x|y\n1|2\n3|4\n", {"delimiter": "|"}, [(1, 2), (3, 4)]),
    "blanks": ("x   y\n 1 \t 2  \n3 4\n", {"delimiter": "blank"}, [(1, 2), (3, 4)]),
    "tabs": ("x\ty\n1\t2\n3\t4\n", {"delimiter": "tab"}, [(1, 2), (3, 4)]),
    "another quote": ("x;y\n'1';2\n3;'4'\n", {"delimiter": ";", "quote": "'"}, [(1, 2), (3, 4)]),
    "no quotes": ('x,y,n\n1,2,"\n3,4,5"\n', {"quote": "none"}, [(1, 2), (3, 4)]),
    "comments": ('# of a lab\nx,y\n#1,2\n1,2\n# "\n3,4\n#', {"comment": "#"}, [(1, 2), (3, 4)]),
    "lines before the header": ('A "report\n\nx,y\n1,2\n3,4\n', {"skip": 2}, [(1, 2), (3, 4)]),
    "all of it": (
        "\ufeffMeasured\n% by hand\nx;y\n1.000,5;2\n% later\n3;4,5\n",
        {"delimiter": ";", "decimal": ",", "thousands": ".", "comment": "%", "skip": 1},
        [(1000.5, 2), (3, 4.5)],
    ),
}


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
@pytest.mark.parametrize("case", DIALECTS)
def test_tables_as_people_have_them(here: Path, engine: str, case: str, size: int) -> None:
    text, given, expected = DIALECTS[case]
    Path("t.csv").write_text(text)
    Path("t.csv.gz").write_bytes(gzip.compress(text.encode()))
    dialect = dialect_of(**given)  # type: ignore[arg-type]
    for path in ("t.csv", "t.csv.gz"):
        assert rows([path], dialect, engine, size, wanted=["x", "y"]) == expected


@pytest.mark.parametrize("size", [1, 1 << 20])
def test_what_is_no_number_there_is_named(here: Path, engine: str, size: int) -> None:
    Path("t.csv").write_text("#\nx;y\n1.5;2\n1,5;NA\n-999;1\n1,23,4;1\n 1 ;2\n;1\n")
    dialect = dialect_of(delimiter=";", decimal=",", na=("NA", "-999"), comment="#")
    assert rows(["t.csv"], dialect, engine, size) == [
        ("t.csv, row 1 (line 3), column 'x': '1.5' is not a number",),
        ("t.csv, row 2 (line 4), column 'y': missing ('NA')",),
        ("t.csv, row 3 (line 5), column 'x': missing ('-999')",),
        ("t.csv, row 4 (line 6), column 'x': '1,23,4' is not a number",),
        (1, 2),
        ("t.csv, row 6 (line 8), column 'x': the field is empty",),
    ]


def test_a_decimal_comma_is_no_thousand(here: Path, engine: str) -> None:
    """Groups have three digits, so that no number is taken for another."""
    Path("t.csv").write_text("x;y\n1,5;2\n1,50;2\n1234,567;2\n,123;2\n1,234;2\n")
    dialect = dialect_of(delimiter=";", thousands=",")
    found = rows(["t.csv"], dialect, engine, 1 << 20)
    assert found[-1] == (1234, 2)
    assert all("is not a number" in str(row[0]) for row in found[:-1])


@pytest.mark.parametrize(
    ("field", "hint"),
    [
        ("1,5", "--decimal , reads decimal commas"),
        ("1,234.5", "--thousands , reads groups of thousands"),
        ("NA", "--na NA says that it is missing; --on-error skip leaves such rows out"),
        ("#N/A", "--na '#N/A' says that it is missing; --on-error skip leaves such rows out"),
        ("abc", None),
    ],
)
def test_what_to_say_of_fields(here: Path, engine: str, field: str, hint: str | None) -> None:
    Path("t.tsv").write_text(f"x\ty\n{field}\t2\n")
    (chunk,) = readers.read(resolved(["t.tsv"]), engine=engine)  # type: ignore[arg-type]
    assert chunk.bad[0].hint == hint


NUMBERS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.integers().map(str),
    st.just("abc"),
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=6),
    st.sampled_from([";", "|", "\t", " "]),
    st.sampled_from(["", "# c\n"]),
    st.sampled_from([1, 64, 1 << 20]),
)
def test_a_dialect_gives_the_rows_of_the_usual_table(
    tmp_path_factory: pytest.TempPathFactory,
    cells: list[tuple[str, str]],
    mark: str,
    note: str,
    size: int,
) -> None:
    folder = tmp_path_factory.mktemp("dialect")
    usual, other = folder / "t.csv", folder / "o" / "t.csv"
    other.parent.mkdir()
    usual.write_text("x,y\n" + "".join(f"{a},{b}\n" for a, b in cells))
    body = "".join(f"{a}{mark}{b}\n{note}" for a, b in cells).replace(".", ",")
    other.write_text(f"{note}x{mark}y\n{body}")
    dialect = dialect_of(delimiter=mark, decimal=",", comment="#")

    def values(path: Path, engine: str, given: Dialect | None) -> list[tuple[object, ...]]:
        found = rows([str(path)], given, engine, size)
        return [row if len(row) == 2 else ("bad",) for row in found]

    pytest.importorskip("polars")
    expected = values(usual, "plain", None)
    for engine in ENGINES:
        assert values(other, engine, dialect) == expected


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"delimiter": "ab"}, "--delimiter is one ASCII character that is no letter and no digit"),
        ({"delimiter": "x"}, "no letter and no digit"),
        ({"delimiter": "→"}, "one ASCII character"),
        ({"quote": "''"}, "--quote is one ASCII character"),
        ({"decimal": ";"}, "--decimal is a point or a comma"),
        ({"thousands": "ab"}, "--thousands is one sign"),
        ({"thousands": "."}, "--thousands and --decimal are both a point"),
        ({"thousands": ",", "decimal": ","}, "--thousands and --decimal are both a comma"),
        ({"delimiter": ";", "quote": ";"}, "--quote and --delimiter are both ';'"),
        ({"comment": ""}, "--comment is what lines begin with"),
    ],
)
def test_options_that_make_no_sense(given: dict[str, str], says: str) -> None:
    with pytest.raises(InputError, match=says):
        dialect_of(**given)  # type: ignore[arg-type]


# --- what the first lines show


HINTS = {
    "x;y\n1;2\n": "--delimiter ';'",
    "x;y\n1,5;2\n": "--delimiter ';' --decimal ,",
    "x|y\n1|2\n": "--delimiter '|'",
    "x\ty\n1\t2\n": "--delimiter tab",
    "x  y\n1 2\n": "--delimiter blank",
    "sep=;\nx;y\n1;2\n": "--delimiter ';' --skip-lines 1",
    "Report\n\nx,y\n1,2\n": "--skip-lines 2",
    "Report\nx;y\n1;2\n": "--skip-lines 1 --delimiter ';'",
    ",,\nx,y,z\n1,2,3\n": "--skip-lines 1",
    "1,2\n3,4\n": "--columns a,b",
    ",".join(map(str, range(40))) + "\n": "--columns a,b,… (all 40 of them)",
}


@pytest.mark.parametrize("text", HINTS)
def test_the_hint_leads_to_the_table(here: Path, engine: str, text: str) -> None:
    """What is said to be typed is typed."""
    Path("t.csv").write_text(text)
    with pytest.raises(InputError) as caught:
        list(readers.read(resolved(["t.csv"]), engine=engine))  # type: ignore[arg-type]
    hint = caught.value.hint or ""
    assert hint.removeprefix("name the columns: ").startswith(HINTS[text])
    words = hint.replace("'", "").split()
    said = dict(zip(words, words[1:]))
    dialect = dialect_of(
        delimiter=said.get("--delimiter"),
        decimal=said.get("--decimal"),
        skip=int(said.get("--skip-lines", "0")) if "--columns" not in said else 0,
    )
    columns = None
    if "--columns" in said:
        columns = [f"c{place}" for place in range(len(text.split("\n")[0].split(",")))]
    chunks = list(readers.read(resolved(["t.csv"], None, dialect), columns=columns, engine=engine))  # type: ignore[arg-type]
    assert not chunks[0].bad
    assert len(chunks[0].columns) > 1


@pytest.mark.parametrize(
    "text",
    ["my value\n1\n2\n", "a;b\n1\n2\n", "name\nJohn Smith\nJane Doe\n", '"a;b",c\n1,2\n', "x\n"],
)
def test_columns_that_only_look_so(here: Path, engine: str, text: str) -> None:
    Path("t.csv").write_text(text)
    assert readers.header(resolved(["t.csv"])[0])


def test_columns_without_a_name(here: Path, engine: str) -> None:
    """A spreadsheet's trailing commas; one such column, as pandas writes, stays without a name."""
    Path("t.csv").write_text("x,y,,\n1,2,,\n3,4,,\n")
    assert readers.header(resolved(["t.csv"])[0]) == ("x", "y", "column_3", "column_4")
    assert rows(["t.csv"], None, engine, 1 << 20, wanted=["x", "y"]) == [(1, 2), (3, 4)]
    Path("p.csv").write_text(",x\n0,1\n")
    assert readers.header(resolved(["p.csv"])[0]) == ("", "x")


# --- compressed, by whatever name

SQUEEZED = {"gzip": gzip.compress, "bzip2": bz2.compress, "xz": lzma.compress}
TEXT = "x,y\n" + "".join(f"{i},{i * 2}\n" for i in range(20_000))


@pytest.mark.parametrize("name", ["t.csv", "t.csv.", "t"])
@pytest.mark.parametrize("how", SQUEEZED)
def test_compressed_files(here: Path, engine: str, how: str, name: str) -> None:
    suffix = {"gzip": "gz", "bzip2": "bz2", "xz": "xz"}[how]
    path = name + suffix if name.endswith(".") else name
    data = SQUEEZED[how](TEXT.encode())  # type: ignore[operator]
    data += SQUEEZED[how](b"7,8\n")  # type: ignore[operator]  # another member
    Path(path).write_bytes(data)
    form = "csv" if path == "t" else None
    found = rows([path], None, engine, 1000, format=form)
    assert len(found) == 20_001
    assert (found[0], found[-2], found[-1]) == ((0, 0), (19_999, 39_998), (7, 8))


@pytest.mark.parametrize("text", ['{"x":1}\n', "x\n1\n", "x\ty\n1\t2\n"])
@pytest.mark.parametrize("how", SQUEEZED)
def test_compressed_standard_input_shows_its_format(
    monkeypatch: pytest.MonkeyPatch, how: str, text: str
) -> None:
    monkeypatch.setattr("sys.stdin", Standard(SQUEEZED[how](text.encode())))  # type: ignore[operator]
    assert rows(["-"], None, "auto", 1 << 20, wanted=["x"]) == [(1,)]


@pytest.mark.parametrize("how", SQUEEZED)
def test_a_truncated_file_gives_the_rows_before(here: Path, engine: str, how: str) -> None:
    data = SQUEEZED[how](np.random.default_rng(0).bytes(1 << 18).hex().encode())  # type: ignore[operator]
    Path("t.csv").write_bytes(data[: len(data) // 2])
    with pytest.raises(InputError, match=r"truncated|longer than"):
        list(readers.read(resolved(["t.csv"]), columns=["x"], engine=engine))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("data", "says", "hint"),
    [
        (b"PK\x03\x04....", "it begins as an archive or a workbook does", "save its sheet as CSV"),
        (b"PAR1....", "it begins as parquet does", "--format parquet"),
        (b"\x93NUMPY..", "it begins as npy does", "--format npy"),
    ],
)
def test_a_file_that_is_no_text(here: Path, data: bytes, says: str, hint: str) -> None:
    Path("t.csv").write_bytes(data)
    with pytest.raises(InputError, match=says) as caught:
        readers.header(resolved(["t.csv"])[0])
    assert caught.value.hint == hint


@pytest.mark.parametrize("suffix", ["gz", "bz2", "xz"])
def test_answers_are_compressed_by_the_suffix(here: Path, suffix: str) -> None:
    from autodiff_cli.tables.rows import Column
    from autodiff_cli.tables.writers import open_writer

    writer = open_writer(f"o.jsonl.{suffix}")
    writer.write({"x": Column(np.arange(3.0))})
    writer.close()
    assert rows([f"o.jsonl.{suffix}"], None, "plain", 1 << 20) == [(0,), (1,), (2,)]
    opened = {"gz": gzip.open, "bz2": bz2.open, "xz": lzma.open}[suffix]
    with opened(f"o.jsonl.{suffix}") as file:  # type: ignore[operator]
        assert json.loads(file.readline()) == {"x": 0.0}
