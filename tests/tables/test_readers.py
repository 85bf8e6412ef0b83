"""Tables in: both readers, to the same chunks."""

from __future__ import annotations

import gzip
import io
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import Standard, header, read

from autodiff_cli.errors import InputError
from autodiff_cli.tables import layout, plain_csv, plain_json, readers
from autodiff_cli.tables.dialect import USUAL, Dialect
from autodiff_cli.tables.pieces import pieces
from autodiff_cli.tables.rows import Chunk
from autodiff_cli.tables.sources import resolved


def write(name: str, content: str | bytes) -> str:
    data = content.encode() if isinstance(content, str) else content
    Path(name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return name


def one(chunks: object) -> Chunk:
    (chunk,) = chunks  # type: ignore[misc]
    return chunk


def values(path: str, engine: str, **options: object) -> dict[str, list[object]]:
    """All rows' values by column."""
    found: dict[str, list[object]] = {}
    for chunk in read([path], engine=engine, **options):  # type: ignore[arg-type]
        for name, column in chunk.columns.items():
            found.setdefault(name, []).extend(np.asarray(v).tolist() for v in column.values)
    return found


def errors(path: str, engine: str, **options: object) -> list[str]:
    return [
        error.text()
        for chunk in read([path], engine=engine, **options)  # type: ignore[arg-type]
        for error in chunk.bad.values()
    ]


# --- CSV


@pytest.mark.parametrize(
    "text",
    [
        "S,K\n1,2\n3,4\n",
        "S,K\n1,2\n3,4",
        "S,K\r\n1,2\r\n3,4\r\n",
        "\ufeffS,K\n1,2\n3,4\n",
        '"S","K"\n"1",2\n3,"4"\n',
        "S,K\n\n1,2\n\n\n3,4\n\n",
        "S,K\n 1 ,2\n3, 4\n",
        '"S\n",K\n1,2\n3,4\n',
    ],
)
def test_csv(here: Path, engine: str, text: str) -> None:
    name = write("x.csv", text)
    first = header([name])[0]
    assert values(name, engine) == {first: [1.0, 3.0], "K": [2.0, 4.0]}
    assert first.strip() == "S"


def test_only_wanted_columns_are_parsed(here: Path, engine: str) -> None:
    name = write("x.csv", 'day,S,note\nMonday,1,"a, b"\nTuesday,2,\n')
    chunk = one(read([name], wanted=["S"], engine=engine))
    assert list(chunk.columns) == ["S"]
    assert chunk.names == ("day", "S", "note")
    assert chunk.columns["S"].values.tolist() == [1, 2]  # type: ignore[union-attr]
    assert not chunk.bad


def test_numbers_are_float64_whatever_they_look_like(here: Path, engine: str) -> None:
    name = write("x.csv", "a\n1\n9007199254740993\ninf\n-Infinity\nnan\n1e400\n")
    column = one(read([name], engine=engine)).columns["a"]
    expected = [1.0, 2.0**53, np.inf, -np.inf, np.nan, np.inf]
    np.testing.assert_array_equal(column.values, expected)
    assert column.values.dtype == np.float64  # type: ignore[union-attr]


BAD = "S,K\n1,2\nabc,4\n5\n6,7,8\n,9\n10,11\n"


def test_bad_rows_of_csv_are_named_and_the_others_stay(here: Path, engine: str) -> None:
    name = write("x.csv", BAD)
    chunk = one(read([name], engine=engine))
    assert [error.text() for error in chunk.bad.values()] == [
        "x.csv, row 2 (line 3), column 'S': 'abc' is not a number",
        "x.csv, row 3 (line 4): 1 field where the header has 2",
        "x.csv, row 4 (line 5): 3 fields where the header has 2",
        "x.csv, row 5 (line 6), column 'S': the field is empty",
    ]
    assert list(chunk.bad) == [1, 2, 3, 4]
    expected = [1, np.nan, np.nan, np.nan, np.nan, 10]
    np.testing.assert_array_equal(chunk.columns["S"].values, expected)
    assert list(chunk.columns["S"].bad) == [1, 2, 3, 4]
    assert list(chunk.columns["K"].bad) == [2, 3]
    with pytest.raises(InputError, match="'abc' is not a number"):
        raise chunk.bad[1].fault()


def test_row_numbers_go_on_over_chunks(here: Path, engine: str) -> None:
    lines = [f"{i},x" if i % 700 == 699 else f"{i},{i}" for i in range(3000)]
    name = write("x.csv", "a,b\n" + "\n".join(lines))
    chunks = list(read([name], engine=engine, chunk_bytes=4000))
    assert len(chunks) > 5
    starts = np.cumsum([0] + [chunk.count for chunk in chunks[:-1]]) + 1
    assert [chunk.start for chunk in chunks] == starts.tolist()
    assert [(e.row, e.line) for c in chunks for e in c.bad.values()] == [
        (i + 1, i + 2) for i in range(699, 3000, 700)
    ]
    whole = np.concatenate([chunk.columns["a"].values for chunk in chunks])
    np.testing.assert_array_equal(whole, np.arange(3000))


def test_a_short_row_is_bad_also_where_the_last_column_is_not_wanted(
    here: Path, engine: str
) -> None:
    name = write("x.csv", "S,K,note\n1,2,a\n3,4\n5,6,\n")
    chunk = one(read([name], wanted=["S"], engine=engine))
    assert list(chunk.bad) == [1]


def test_a_header_may_come_alone(here: Path, engine: str) -> None:
    assert values(write("x.csv", "S,K\n1,2"), engine) == {"S": [1], "K": [2]}


@pytest.mark.parametrize("blank", ["\n", "\n\n", "\r\n", " \n\t\n"])
def test_blank_lines_before_the_header_are_no_rows(here: Path, engine: str, blank: str) -> None:
    name = write("x.csv", f'{blank}S,"K\nk"\n1,2\n3,oops\n')
    assert header([name]) == ("S", "K\nk")
    chunk = one(read([name], engine=engine))
    assert chunk.columns["S"].values.tolist() == [1, 3]
    assert chunk.bad[1].line == blank.count("\n") + 4
    if not blank.strip("\r\n"):
        unnamed = write("n.csv", f"{blank}1,2\n")
        assert values(unnamed, engine, columns=["a", "b"]) == {"a": [1], "b": [2]}
    with pytest.raises(InputError, match="is empty"):
        header([write("e.csv", blank)])


def test_columns_are_named(here: Path, engine: str) -> None:
    name = write("x.csv", "1,2\n3,4\n")
    assert values(name, engine, columns=["a", "b"]) == {"a": [1, 3], "b": [2, 4]}
    assert header([name], columns=["a", "b"]) == ("a", "b")
    with pytest.raises(InputError, match=r"x\.csv has no header"):
        list(read([name], engine=engine))  # type: ignore[arg-type]
    with pytest.raises(InputError, match="3 columns are named"):
        list(read([name], columns=["a", "b", "c"]))


@pytest.mark.parametrize("name", ["x.csv", "x.jsonl"])
def test_columns_are_renamed(here: Path, engine: str, name: str) -> None:
    write(name, "spot,K\n1,2\n" if name == "x.csv" else '{"spot":1,"K":2}\n')
    assert values(name, engine, columns=["S=spot"]) == {"S": [1], "K": [2]}
    assert header([name], columns=["S=spot"]) == ("S", "K")
    with pytest.raises(InputError, match="no column 'spott'"):
        header([name], columns=["S=spott"])
    with pytest.raises(InputError, match="there is a column 'K'"):
        header([name], columns=["K=spot"])


def test_names_are_read_as_they_are_meant(here: Path) -> None:
    name = write("x.jsonl", '{"S": 1, " K": 2}\n')
    assert header([name]) == ("S", " K")
    assert header([name], columns=[" a = S "]) == ("a", " K")
    assert header([name], columns=["k= K"]) == ("S", "k")
    assert header([write("n.csv", "1,2\n")], columns=["a ", " b"]) == ("a", "b")
    for columns, said in [
        (["q=S", "w=S"], "gives the column 'S' two names"),
        (["q=S", "w= S"], "gives the column 'S' two names"),
        (["q=S", "q= K"], "gives two columns the name 'q'"),
        (["q", "q"], "gives two columns the name 'q'"),
        (["q= "], "no column name in 'q= '"),
    ]:
        with pytest.raises(InputError, match=said):
            header([name], columns=columns)


def test_what_is_wrong_with_a_header(here: Path) -> None:
    with pytest.raises(InputError, match="'a' stands twice"):
        header([write("x.csv", "a,b,a\n1,2,3\n")])
    with pytest.raises(InputError, match="is empty"):
        header([write("x.csv", "")])
    with pytest.raises(InputError, match="carriage return"):
        header([write("x.csv", "a,b\r1,2\r3,4\r")])
    with pytest.raises(InputError, match="UTF-16"):
        header([write("x.csv", "a,b\n1,2\n".encode("utf-16"))])
    with pytest.raises(InputError, match="not UTF-8"):
        header([write("x.csv", "à,b\n1,2\n".encode("latin1"))])


def test_a_column_that_does_not_exist(here: Path, engine: str) -> None:
    csv, jsonl = write("x.csv", "sigma,S\n1,2\n"), write("x.jsonl", '{"sigma":1}\n{"sigma":2}\n')
    for name in (csv, jsonl):
        with pytest.raises(InputError, match="no column 'sigm'") as caught:
            list(read([name], wanted=["sigm"], engine=engine))  # type: ignore[arg-type]
        assert "did you mean 'sigma'?" in (caught.value.hint or "")


def test_rows_that_are_not_utf8(here: Path, engine: str) -> None:
    name = write("x.csv", "S,note\n1,a\n2,à\n3,b\n".encode("latin1"))
    assert errors(name, engine, wanted=["S"]) == ["x.csv, row 2 (line 3): not UTF-8 text"]


def test_a_quote_that_is_never_closed(here: Path, engine: str) -> None:
    name = write("x.csv", 'S,note\n1,a\n2,"b\n3,c\n4,d\n')
    assert errors(name, engine, wanted=["S"]) == [
        'x.csv, row 2 (line 3): a quote (") is never closed'
    ]


def test_nul_bytes_and_long_fields(here: Path, engine: str) -> None:
    name = write("x.csv", b"S,K\n1\0,2\n3," + b"a" * 10_000_000 + b"\n5,6\n")
    assert errors(name, engine) == [
        r"x.csv, row 1 (line 2), column 'S': '1\x00' is not a number",
        f"x.csv, row 2 (line 3), column 'K': '{'a' * 60}…' (10,000,000 characters) is not a number",
    ]
    assert values(name, engine)["S"][2] == 5


def test_a_row_that_never_ends(here: Path, engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autodiff_cli.tables.pieces.LONGEST_ROW", 100_000)
    name = write("x.csv", "S,K\n" + "1,2\n" * 10 + '1,"2\n' + "1,2\n" * 100_000)
    found = []
    with pytest.raises(InputError, match=r"x.csv, line 12: a row longer than"):
        for chunk in read([name], engine=engine, chunk_bytes=1000):  # type: ignore[arg-type]
            found.append(chunk.count)
    assert sum(found) == 10


# --- JSON Lines


def test_json_lines(here: Path, engine: str) -> None:
    text = '{"x":[1,2],"y":1}\n\n {"y":-2.5e3,"x":[3,4.5]}\r\n{"x":[5,6],"y":3,"z":"?"}\n'
    chunk = one(read([write("x.jsonl", text)], wanted=["x", "y"], engine=engine))
    np.testing.assert_array_equal(chunk.columns["x"].values, [[1, 2], [3, 4.5], [5, 6]])
    np.testing.assert_array_equal(chunk.columns["y"].values, [1, -2500, 3])
    assert chunk.names == ("x", "y", "z")


def test_json_numbers_in_words(here: Path, engine: str) -> None:
    text = '{"x":"NaN","w":[1,"Infinity"]}\n{"x":"-Infinity","w":[2,3]}\n'
    chunk = one(read([write("x.jsonl", text)], engine=engine))
    np.testing.assert_array_equal(chunk.columns["x"].values, [np.nan, -np.inf])
    np.testing.assert_array_equal(chunk.columns["w"].values, [[1, np.inf], [2, 3]])
    assert not chunk.bad


def test_rows_of_several_shapes(here: Path, engine: str) -> None:
    text = '{"x":[1,2]}\n{"x":[1]}\n{"x":[3,4]}\n{"x":5}\n{"x":[]}\n{"x":[[1],[2]]}\n'
    column = one(read([write("x.jsonl", text)], engine=engine)).columns["x"]
    shapes = [cell.shape for cell in column.values]
    assert shapes == [(2,), (1,), (2,), (), (0,), (2, 1)]


def test_matrices(here: Path, engine: str) -> None:
    text = '{"x":[[1,2,3],[4,5,6]]}\n' * 3
    column = one(read([write("x.jsonl", text)], engine=engine)).columns["x"]
    np.testing.assert_array_equal(column.values, [[[1, 2, 3], [4, 5, 6]]] * 3)


def test_bad_rows_of_json_lines(here: Path, engine: str) -> None:
    cells = ["1", "true", "null", '"1.5"', "{}", "[1,[2]]", "[[1],[2,3]]", "[1,null]", "2"]
    lines = [f'{{"x":{cell}}}' for cell in cells] + ['{"y":1}', "[1]", '{"x":', "3", '{"x":NaN}']
    chunk = one(read([write("x.jsonl", "\n".join(lines) + "\n")], wanted=["x"], engine=engine))
    told = [error.message.partition(" (")[0] for error in chunk.bad.values()]
    assert [message.partition(", expected")[0] for message in told] == [  # as newer orjson adds
        "true is not a number",
        "null",
        "'1.5' is not a number",
        "an object is not a number",
        "numbers and lists are mixed in a list",
        "lists of unequal length",
        "null",
        "missing",
        "a list where an object is expected",
        "invalid JSON: it begins with { and doesn't end with }",
        "a value where an object is expected",
        "invalid JSON: unexpected character",
    ]
    assert np.flatnonzero(np.isfinite(chunk.columns["x"].values)).tolist() == [0, 8]
    assert [error.line for error in chunk.bad.values()] == [2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14]


def test_repeated_names_take_the_last(here: Path, engine: str) -> None:
    text = '{"x":1,"x":2}\n{"x":1,"x":null}\n'
    chunk = one(read([write("x.jsonl", text)], engine=engine))
    np.testing.assert_array_equal(chunk.columns["x"].values, [2, np.nan])
    assert list(chunk.bad) == [1]


def test_a_name_that_only_the_first_rows_lack_is_a_bad_row(here: Path, engine: str) -> None:
    text = '{"y":1}\n{"x":1}\n'
    assert errors(write("x.jsonl", text), engine, wanted=["x"]) == [
        "x.jsonl, row 1 (line 1), column 'x': missing"
    ]


# --- files


def test_files_globs_and_skipping(here: Path, engine: str) -> None:
    for number in range(3):
        rows = "".join(f"{number * 10 + i}\n" for i in range(4))
        write(f"part{number}.csv", "a\n" + rows)
    chunks = list(read(["part*.csv"], engine=engine, skip=5, chunk_rows=2))  # type: ignore[arg-type]
    places = [(c.file, c.start, c.columns["a"].values.tolist()) for c in chunks]  # type: ignore[union-attr]
    assert places == [
        ("part1.csv", 2, [11, 12]),
        ("part1.csv", 4, [13]),
        ("part2.csv", 1, [20, 21]),
        ("part2.csv", 3, [22, 23]),
    ]
    with pytest.raises(InputError, match=r"no file matches 'q\*.csv'"):
        list(read(["q*.csv"]))
    with pytest.raises(InputError, match=r"no such file: 'q\.csv'"):
        list(read(["q.csv"]))
    with pytest.raises(InputError, match="is a folder"):
        list(read(["."], format="csv"))
    with pytest.raises(InputError, match=r"unknown suffix '\.xlsx'"):
        list(read([write("q.xlsx", "")]))


def test_formats_by_suffix(here: Path, engine: str) -> None:
    assert values(write("x.tsv", 'a\tb\n1\t"2"\n'), engine) == {"a": [1], "b": [2]}
    assert values(write("x.csv.gz", "a\n1\n"), engine) == {"a": [1]}
    assert values(write("x.ndjson", '{"a":1}\n'), engine) == {"a": [1]}
    assert values(write("x.txt", "a\n1\n"), engine, format="csv") == {"a": [1]}
    assert resolved([write("x.csv.gz", "a\n1\n")])[0].form == ("csv", "gzip")


def test_zstd(here: Path, engine: str) -> None:
    zstandard = pytest.importorskip("zstandard")
    compress = zstandard.ZstdCompressor().compress
    text = b"a\n" + b"1\n" * 1000
    write("x.csv.zst", compress(text) + compress(b"2\n"))
    assert values("x.csv.zst", engine)["a"] == [1] * 1000 + [2]
    write("y.csv.zst", compress(text)[:-3])
    with pytest.raises(InputError, match=r"y\.csv\.zst: the zstd data break off"):
        list(read(["y.csv.zst"]))


def test_a_truncated_gzip_gives_the_rows_before(here: Path, engine: str) -> None:
    text = "a\n" + "".join(f"{i}\n" for i in range(100_000))
    name = write("x.csv.gz", text)
    Path(name).write_bytes(Path(name).read_bytes()[:-20_000])
    found: list[float] = []
    with pytest.raises(InputError, match=r"x\.csv\.gz: the gzip data break off"):
        for chunk in read([name], engine=engine):  # type: ignore[arg-type]
            found += chunk.columns["a"].values.tolist()  # type: ignore[union-attr]
    assert found == list(range(len(found)))
    assert len(found) > 10_000
    write("y.csv", "a\n1\n")
    Path("y.csv").rename("y.csv.gz")
    with pytest.raises(InputError, match="the gzip data are damaged"):
        list(read(["y.csv.gz"]))


def test_gzip_of_several_members(here: Path, engine: str) -> None:
    Path("x.csv.gz").write_bytes(gzip.compress(b"a\n1\n") + gzip.compress(b"2\n") + b"\0" * 100)
    assert values("x.csv.gz", engine) == {"a": [1, 2]}


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"a,b\n1,2\n", "csv"),
        (b"a\tb\n1\t2\n", "tsv"),
        (b'{"a":1,"b":2}\n', "jsonl"),
        (b'\xef\xbb\xbf {"a":1,"b":2}\n', "jsonl"),
    ],
)
def test_standard_input_is_looked_at_without_loss(
    monkeypatch: pytest.MonkeyPatch, engine: str, data: bytes, name: str
) -> None:
    monkeypatch.setattr("sys.stdin", Standard(data))
    (source,) = resolved([])
    assert source.form.name == name
    assert readers.header(source) == ("a", "b")
    chunk = one(readers.read([source], engine=engine))  # type: ignore[arg-type]
    assert chunk.file == "standard input"
    assert {n: c.values.tolist() for n, c in chunk.columns.items()} == {"a": [1], "b": [2]}  # type: ignore[union-attr]


def test_rows_of_a_slow_producer_are_not_kept_back(
    monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    out, into = os.pipe()
    with open(out, "rb") as reading, open(into, "wb", buffering=0) as writing:
        stdin = Standard(b"")
        stdin.buffer = reading  # type: ignore[assignment]
        monkeypatch.setattr("sys.stdin", stdin)
        writing.write(b"a\n1\n2\n3")
        chunks = read([], engine=engine)  # type: ignore[arg-type]
        assert next(chunks).columns["a"].values.tolist() == [1, 2]  # type: ignore[union-attr]
        writing.write(b"0\n4\n")
        assert next(chunks).columns["a"].values.tolist() == [30, 4]  # type: ignore[union-attr]
        writing.close()
        assert list(chunks) == []


def test_compressed_standard_input(monkeypatch: pytest.MonkeyPatch, engine: str) -> None:
    data = gzip.compress(b"a,b\n" + b"1,2\n" * 1000)
    monkeypatch.setattr("sys.stdin", Standard(data))
    (unknown,), (source,) = resolved([]), resolved([], "csv")
    assert readers.header(unknown) == ("a", "b")  # the first bytes show the rest
    monkeypatch.setattr("sys.stdin", Standard(data))
    assert readers.header(source) == ("a", "b")
    assert one(readers.read([source], engine=engine)).count == 1000  # type: ignore[arg-type]


def test_standard_input_that_is_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    stdin = Standard(b"")
    stdin.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr("sys.stdin", stdin)
    with pytest.raises(InputError, match="it is the terminal"):
        header([])


# --- both readers are one

FIELDS = st.sampled_from(
    [
        "1",
        "-2.5",
        "",
        " 3",
        "4 ",
        "abc",
        '"5"',
        '"a,b"',
        '"a\nb"',
        '"a""b"',
        '6"',
        "nan",
        "é",
        "1_0",
    ]
    + ["\t7", '"8', '"9"x', "+1", "1e5", "0x1", "--1", "\r", "1\r"]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.lists(FIELDS, min_size=1, max_size=4), max_size=6), st.booleans())
def test_both_readers_give_the_same_of_csv(rows: list[list[str]], end: bool) -> None:
    text = "\n".join(",".join(row) for row in rows) + ("\n" if end else "")
    names = ("a", "b", "c")
    same_chunks(
        text.encode(), layout.ColumnLayout("x", USUAL, names, names, ("a", "c"), names, True)
    )


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(*[st.floats(width=64) | st.integers(-(2**70), 2**70)] * 2), max_size=5))
def test_both_readers_give_the_same_floats_as_python(rows: list[tuple[float, float]]) -> None:
    names = ("a", "b")
    text = "".join(f"{a},{b}\n" for a, b in rows)
    form = layout.ColumnLayout("x", USUAL, names, names, names, (), False)
    read_back = [v for c in same_chunks(text.encode(), form) for v in c.columns["a"].values]
    np.testing.assert_array_equal(read_back, [float(a) for a, _ in rows])


JSON_CELLS = st.sampled_from(
    [
        "1",
        "-2.5e-3",
        "[1,2]",
        "[3,4]",
        "[[1,2]]",
        "[]",
        "null",
        '"NaN"',
        "true",
        "1e400",
        "[1,null]",
    ]
    + [
        '"é"',
        "18446744073709551616",
        "-0",
        "{}",
        '["Infinity",1]',
        '5,"a":6',
        '5,"a":null',
        "[[],[]]",
    ]
)
JSON_LINES = st.one_of(
    JSON_CELLS.map(lambda cell: f'{{"a":{cell}}}'),
    st.tuples(JSON_CELLS, JSON_CELLS).map(lambda pair: f'{{"a":{pair[0]},"b":{pair[1]}}}'),
    st.sampled_from(["", "  ", "{}", "[]", "{", '{"a":1}}', '{"b":1}', '{"a":1} {"a":2}']),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(JSON_LINES, max_size=6), st.sampled_from(["\n", "\r\n"]))
def test_both_readers_give_the_same_of_json_lines(lines: list[str], end: str) -> None:
    names = ("a", "b")
    text = end.join(lines).encode()
    same_chunks(text, layout.ColumnLayout("x", USUAL, names, names, ("a",), (), True), None)


def same_chunks(
    data: bytes, form: layout.ColumnLayout, dialect: Dialect | None = USUAL
) -> list[Chunk]:
    """The plain reader's chunks, after comparing the other's with them."""
    polars_text = pytest.importorskip("autodiff_cli.tables.polars_text")
    found = []
    for piece in pieces(io.BytesIO(data), 1 << 20, dialect, "x"):
        if dialect:
            plain = plain_csv.chunk(piece, form, 1)
            fast = polars_text.csv_chunk(piece, form, 1)
        else:
            plain = plain_json.chunk(piece, form, 1)
            fast = polars_text.json_chunk(piece, form, 1)
        same(plain, fast)
        found.append(plain)
    return found


def same(plain: Chunk, fast: Chunk) -> None:
    assert plain.count == fast.count
    assert plain.bad == fast.bad
    for name, column in plain.columns.items():
        np.testing.assert_array_equal(column.bad, fast.columns[name].bad)
        assert isinstance(column.values, list) == isinstance(fast.columns[name].values, list)
        for left, right in zip(column.values, fast.columns[name].values):
            np.testing.assert_array_equal(left, right)
    assert (plain.kept is None) == (fast.kept is None)
    if plain.kept is not None and fast.kept is not None:
        assert plain.kept.members() == fast.kept.members()
        left_texts, right_texts = plain.kept.texts(), fast.kept.texts()
        assert {n: list(t) for n, t in left_texts.items()} == {
            n: list(t) for n, t in right_texts.items()
        }


@pytest.mark.parametrize("text", ["1_000", "\u0661\u0662", "1_0.5"])
def test_numbers_that_only_python_reads(here: Path, engine: str, text: str) -> None:
    Path("x.csv").write_text(f"x,y\n1,2\n{text},3\n4,5\n", encoding="utf-8")
    (chunk,) = read(["x.csv"], wanted=["x"], engine=engine)  # type: ignore[arg-type]
    assert [error.text() for error in chunk.bad.values()] == [
        f"x.csv, row 2 (line 3), column 'x': '{text}' is not a number"
    ]


@pytest.mark.parametrize(
    ("text", "size", "expected"),
    [
        (f"x,y\n{'9' * 5_000_000},1\n2,3\n", 1 << 16, ""),
        ('x,y\n"1,2\n3,4\n', 4, "is never closed"),
        ("a_long_column_name,another_long_name\n1,2\n3,oops\n", 30, "'oops' is not a number"),
    ],
    ids=["a long field", "an unclosed quote", "a small chunk"],
)
def test_a_header_alone_in_its_piece(
    here: Path, engine: str, text: str, size: int, expected: str
) -> None:
    Path("x.csv").write_text(text)
    chunks = list(read(["x.csv"], chunk_bytes=size, engine=engine))  # type: ignore[arg-type]
    errors = [error.text() for chunk in chunks for error in chunk.bad.values()]
    if not expected:
        assert not errors and sum(chunk.count for chunk in chunks) == 2
    else:
        assert len(errors) == 1 and expected in errors[0]
