"""Tables out: every format, and text with the digits of --json."""

from __future__ import annotations

import gzip
import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from reading import read

from autodiff_cli.errors import InputError
from autodiff_cli.tables import plain_csv, plain_written
from autodiff_cli.tables.rows import Column, Table, TextColumn
from autodiff_cli.tables.writers import open_writer

needs_polars = pytest.mark.needs("polars")
VALUE, GRAD = np.array([0.1, np.nan, -np.inf]), np.array([[1.0, 2.5], [3e-7, 4], [5, np.inf]])


def written(table: Table, name: str, **options: object) -> str:
    writer = open_writer(name, **options)  # type: ignore[arg-type]
    try:
        writer.write(table)
    except InputError:
        writer.abort()
        raise
    writer.close()
    return Path(name).read_text()


def table() -> Table:
    return {"value": Column(VALUE), "grad_x": Column(GRAD)}


def test_json_lines(here: Path, engine: str) -> None:
    assert written(table(), "o.jsonl", engine=engine) == (
        '{"value":0.1,"grad_x":[1.0,2.5]}\n'
        '{"value":"NaN","grad_x":[3e-7,4.0]}\n'
        '{"value":"-Infinity","grad_x":[5.0,"Infinity"]}\n'
    )


@pytest.mark.parametrize(("name", "separator"), [("o.csv", ","), ("o.tsv", "\t")])
def test_csv(here: Path, engine: str, name: str, separator: str) -> None:
    assert written(table(), name, engine=engine) == (
        "value,grad_x_0,grad_x_1\n0.1,1.0,2.5\nnan,3e-7,4.0\n-inf,5.0,inf\n"
    ).replace(",", separator)


def test_float32_has_its_own_digits(here: Path, engine: str) -> None:
    numbers = np.array([0.1, 1e-7, 1e16, 16777216, np.nan], np.float32)
    rows = {"v": Column(numbers), "w": Column(numbers.reshape(5, 1))}
    assert written(rows, "o.jsonl", engine=engine).startswith('{"v":0.1,"w":[0.1]}\n{"v":1e-7,')
    assert written(rows, "o.csv", engine=engine).split("\n")[1:4] == [
        "0.1,0.1",
        "1e-7,1e-7",
        "1e+16,1e+16",
    ]


def test_digits_are_those_of_eval(here: Path, engine: str) -> None:
    numbers = np.array([1 / 3, 1e22, 1e-5, 123456789.0, 2.0**-1074, 1e300])
    words = ",".join(map(repr, numbers.tolist()))
    code = "from autodiff_cli.cli.main import main; import sys; main(sys.argv[1:])"
    for dtype in ("float64", "float32"):
        kind = [f"--dtype={dtype}"]
        run = subprocess.run(
            [sys.executable, "-c", code, "eval", "--json", *kind, "x*1", f"x=[{words}]", "--no-grad"],
            capture_output=True, text=True, check=True, cwd=os.getcwd(),
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )  # fmt: skip
        with np.errstate(all="ignore"):
            column = Column(numbers.astype(dtype)[None])
        line = written({"value": column}, "o.jsonl", engine=engine)
        assert line.removesuffix("}\n") in run.stdout
        texts = [str(t) for t in line.split("[")[1].split("]")[0].split(",")]
        row = written({"value": column}, "o.csv", engine=engine).split("\n")[1].split(",")
        assert row == [text.replace('"Infinity"', "inf") for text in texts]


def test_nulls_and_text(here: Path, engine: str) -> None:
    nulls = np.array([False, True])
    rows = {
        "value": Column(np.array([1.0, np.nan]), nulls=nulls),
        "grad": Column(np.array([[1.0, 2.0], [0, 0]]), nulls=nulls),
        "error": TextColumn([None, 'row 2: "a, b"']),
    }
    assert written(rows, "o.jsonl", engine=engine) == (
        '{"value":1.0,"grad":[1.0,2.0],"error":null}\n'
        '{"value":null,"grad":null,"error":"row 2: \\"a, b\\""}\n'
    )
    assert written(rows, "o.csv", engine=engine) == (
        'value,grad_0,grad_1,error\n1.0,1.0,2.0,\n,,,"row 2: ""a, b"""\n'
    )


def test_integers_and_booleans(here: Path, engine: str) -> None:
    rows = {"n": Column(np.array([2**60, -1])), "b": Column(np.array([True, False]))}
    assert written(rows, "o.csv", engine=engine) == f"n,b\n{2**60},true\n-1,false\n"
    assert written(rows, "o.jsonl", engine=engine) == (
        f'{{"n":{2**60},"b":true}}\n{{"n":-1,"b":false}}\n'
    )


def test_rows_of_several_shapes(here: Path, engine: str) -> None:
    rows = {"g": Column([np.array([1.0]), np.array([[2.0, 3.0]]), np.array(4.0), np.empty((0,))])}
    assert written(rows, "o.jsonl", engine=engine) == (
        '{"g":[1.0]}\n{"g":[[2.0,3.0]]}\n{"g":4.0}\n{"g":[]}\n'
    )
    with pytest.raises(InputError, match="'g' has the shape") as caught:
        written(rows, "o.csv", engine=engine)
    assert caught.value.hint is not None and "--to jsonl" in caught.value.hint


def test_shapes_that_change_between_chunks(here: Path, engine: str) -> None:
    writer = open_writer("o.csv", engine=engine)  # type: ignore[arg-type]
    writer.write({"g": Column(np.ones((1, 2)))})
    with pytest.raises(InputError, match=r"'g' has the shape \(2,\) in one row and \(3,\)"):
        writer.write({"g": Column(np.ones((1, 3)))})
    writer.abort()
    assert os.listdir() == []


def test_a_first_chunk_of_nulls_waits_for_the_shape(here: Path, engine: str) -> None:
    nothing = Column(np.full(2, np.nan), nulls=np.ones(2, bool))
    writer = open_writer("o.csv", engine=engine)  # type: ignore[arg-type]
    for column in (nothing, Column(np.ones((1, 2))), nothing):
        writer.write({"v": Column(np.zeros(column.count)), "g": column})
    writer.close()
    assert Path("o.csv").read_text() == "v,g_0,g_1\n0.0,,\n0.0,,\n0.0,1.0,1.0\n0.0,,\n0.0,,\n"
    assert written({"g": nothing}, "p.csv", engine=engine) == "g\n\n\n"


# --- kept columns

CSV = 'name,S,K\n"a, b",1.50,1e2\n,+2,nan\n"c\n""d""",3,\n'


def passed_on(source: str, name: str, engine: str, **options: object) -> str:
    writer = open_writer(name, engine=engine)  # type: ignore[arg-type]
    try:
        for chunk in read([source], engine=engine, wanted=["S"], **options):  # type: ignore[arg-type]
            writer.write({"value": chunk.columns["S"]}, chunk.kept, chunk.count)
    except InputError:
        writer.abort()
        raise
    writer.close()
    return Path(name).read_text()


def test_kept_columns_are_as_they_were(here: Path, engine: str) -> None:
    Path("x.csv").write_text(CSV)
    assert passed_on("x.csv", "o.csv", engine, kept="all") == (
        'name,S,K,value\n"a, b",1.50,1e2,1.5\n,+2,nan,2.0\n"c\n""d""",3,,3.0\n'
    )
    assert passed_on("x.csv", "o.csv", engine, kept=["K"]) == "K,value\n1e2,1.5\nnan,2.0\n,3.0\n"
    assert passed_on("x.csv", "o.jsonl", engine, kept="all") == (
        '{"name":"a, b","S":1.50,"K":1e2,"value":1.5}\n'
        '{"name":null,"S":"+2","K":"NaN","value":2.0}\n'
        '{"name":"c\\n\\"d\\"","S":3,"K":null,"value":3.0}\n'
    )


def test_kept_members_are_as_they_were(here: Path, engine: str) -> None:
    Path("x.jsonl").write_text('{"S":1.50, "t":{"a":[1]}}\n{"S":2,"n":null,"t":"x"}\n')
    assert passed_on("x.jsonl", "o.jsonl", engine, kept="all") == (
        '{"S":1.50, "t":{"a":[1]},"value":1.5}\n{"S":2,"n":null,"t":"x","value":2.0}\n'
    )
    assert passed_on("x.jsonl", "o.jsonl", engine, kept=["t"]) == (
        '{"t":{"a":[1]},"value":1.5}\n{"t":"x","value":2.0}\n'
    )
    assert passed_on("x.jsonl", "o.csv", engine, kept=["t", "n"]) == (
        't,n,value\n"{""a"":[1]}",,1.5\nx,,2.0\n'
    )


def test_nothing_is_kept_of_a_line_that_is_no_object(here: Path, engine: str) -> None:
    Path("x.jsonl").write_text('{"S":\n[1]\n { } \n{"S":1}\n')
    assert passed_on("x.jsonl", "o.jsonl", engine, kept="all") == (
        '{"value":"NaN"}\n{"value":"NaN"}\n{"value":"NaN"}\n{"S":1,"value":1.0}\n'
    )


def test_rows_of_kept_columns_can_be_chosen(here: Path, engine: str) -> None:
    Path("x.csv").write_text("S,K\n1,a\n2,b\n3,c\n")
    Path("x.jsonl").write_text('{"S":1,"K":"a"}\n{"S":2,"K":"b"}\n{"S":3,"K":"c"}\n')
    for name in ("x.csv", "x.jsonl"):
        (chunk,) = read([name], engine=engine, wanted=["S"], kept=["K"])  # type: ignore[arg-type]
        assert chunk.kept is not None
        offsets = np.array([2, 0])
        assert chunk.kept.take(offsets).members() == [b'"K":"c"', b'"K":"a"']
        assert chunk.columns["S"].take(offsets).values.tolist() == [3, 1]  # type: ignore[union-attr]


def test_a_kept_column_with_a_results_name(here: Path, engine: str) -> None:
    Path("x.csv").write_text("S,value\n1,2\n")
    with pytest.raises(InputError, match="the kept column 'value' has the name of a result"):
        passed_on("x.csv", "o.csv", engine, kept="all")


# --- formats that store values


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64])
@pytest.mark.parametrize("name", ["o.npz", "o.npy", "o.parquet", "o.arrow", "o.feather"])
def test_values_are_stored_and_read_back(here: Path, name: str, dtype: type) -> None:
    if name not in ("o.npz", "o.npy"):
        pytest.importorskip("polars")
    columns = {
        "a": np.arange(5000).astype(dtype),
        "b": np.arange(10_000).reshape(5000, 2).astype(dtype),
        "c": np.arange(20_000).reshape(5000, 2, 2).astype(dtype),
    }
    writer = open_writer(name)
    for start in range(0, 5000, 1000):
        writer.write({n: Column(v[start : start + 1000]) for n, v in columns.items()})
    writer.close()
    assert os.listdir() == [name]
    chunks = list(read([name], chunk_bytes=1 << 15))
    assert len(chunks) > 3
    assert [c.start for c in chunks[:2]] == [1, chunks[0].count + 1]
    for title, values in columns.items():
        whole = np.concatenate([chunk.columns[title].values for chunk in chunks])
        assert whole.dtype == dtype
        np.testing.assert_array_equal(whole, values)


def test_numpy_reads_what_was_written(here: Path) -> None:
    writer = open_writer("o.npz")
    writer.write({**table(), "error": TextColumn([None, "bad", None])})
    writer.close()
    with np.load("o.npz") as found:
        np.testing.assert_array_equal(found["grad_x"], GRAD)
        assert found["error"].tolist() == ["", "bad", ""]
    writer = open_writer("o.npy")
    writer.write({"value": Column(VALUE)})
    writer.close()
    np.testing.assert_array_equal(np.load("o.npy"), VALUE)


@needs_polars
def test_polars_reads_what_was_written(here: Path) -> None:
    import polars

    nulls = np.array([True, False, False])
    writer = open_writer("o.parquet")
    writer.write({"grad": Column(GRAD, nulls=nulls), "error": TextColumn(["bad", None, None])})
    writer.close()
    found = polars.read_parquet("o.parquet")
    assert found["grad"].dtype == polars.List(polars.Float64)
    assert found.rows() == [(None, "bad"), ([3e-7, 4.0], None), ([5.0, np.inf], None)]


@needs_polars
def test_parquet_of_other_kinds(here: Path) -> None:
    import polars

    frame = polars.DataFrame(
        {"x": [1.5, None, 3.0], "s": ["a", "b", None], "l": [[1.0], [2.0, 3.0], [None]]}
    )
    frame.write_parquet("x.parquet")
    (chunk,) = read(["x.parquet"], wanted=["x", "l"], kept=["s"])
    assert [error.text() for error in chunk.bad.values()] == [
        "x.parquet, row 2, column 'x': null",
        "x.parquet, row 3, column 'l': null",
    ]
    assert [cell.shape for cell in chunk.columns["l"].values][:2] == [(1,), (2,)]
    assert chunk.kept is not None
    assert chunk.kept.members() == [b'"s":"a"', b'"s":"b"', b'"s":null']
    with pytest.raises(InputError, match="'s' holds String, not numbers"):
        list(read(["x.parquet"]))
    Path("y.parquet").write_bytes(Path("x.parquet").read_bytes()[:-20])
    with pytest.raises(InputError, match=r"y.parquet is not a valid Parquet file"):
        list(read(["y.parquet"]))


def test_arrays_of_other_kinds(here: Path) -> None:
    matrix = np.arange(6.0).reshape(3, 2)
    np.save("x.npy", matrix)
    (chunk,) = read(["x.npy"])
    np.testing.assert_array_equal(chunk.columns["x"].values, matrix)
    np.save("d-1.npy", matrix)
    assert list(next(read(["d-1.npy"])).columns) == ["x"]
    (chunk,) = read(["x.npy"], columns=["S", "K"])
    np.testing.assert_array_equal(chunk.columns["K"].values, [1, 3, 5])
    np.save("f.npy", np.asfortranarray(matrix))
    (chunk,) = read(["f.npy"], columns=["m"])
    np.testing.assert_array_equal(chunk.columns["m"].values, matrix)
    np.savez_compressed("z.npz", a=matrix, b=np.arange(3, dtype=">f4"))
    (chunk,) = read(["z.npz"], kept=["b"])
    assert list(chunk.columns) == ["a", "b"]
    assert chunk.kept is not None
    assert chunk.kept.members()[1] == b'"b":1.0'
    data = Path("x.npy").read_bytes()
    for name, content, message in (
        ("t.npy", data[:-8], "t.npy breaks off: 'x' is truncated"),
        ("n.npy", b"abc", "n.npy is not a valid NumPy file"),
        ("n.npz", b"PK\3\4abc", "n.npz is not a valid .npz file"),
    ):
        Path(name).write_bytes(content)
        with pytest.raises(InputError, match=message):
            list(read([name]))
    np.savez("d.npz", a=np.arange(3), b=np.arange(4))
    with pytest.raises(InputError, match="'a' has 3 rows, 'b' has 4"):
        list(read(["d.npz"]))
    np.save("o.npy", np.array([{}]), allow_pickle=True)
    with pytest.raises(InputError, match="pickled objects"):
        list(read(["o.npy"]))


# --- where it goes


def test_a_file_has_its_name_when_it_is_whole(here: Path, engine: str) -> None:
    Path("o.csv").write_text("before")
    for finish in ("abort", "close"):
        writer = open_writer("o.csv", engine=engine)  # type: ignore[arg-type]
        writer.write(table())
        assert Path("o.csv").read_text() == "before"
        getattr(writer, finish)()
        assert os.listdir() == ["o.csv"]
    assert Path("o.csv").read_text().startswith("value,")


@pytest.mark.parametrize("name", ["o.csv.gz", "o.jsonl.zst"])
def test_compression(here: Path, name: str) -> None:
    if name.endswith("zst"):
        pytest.importorskip("zstandard")
    writer = open_writer(name)
    for _ in range(3):
        writer.write({"value": Column(np.arange(1000.0))})
    writer.close()
    assert sum(chunk.count for chunk in read([name])) == 3000
    if name.endswith("gz"):
        assert gzip.decompress(Path(name).read_bytes()).startswith(b"value\n0.0\n1.0\n")


def test_the_format_of_the_output(here: Path) -> None:
    assert written(table(), "a", to="csv").startswith("value,")
    assert written(table(), "b", source="csv").startswith("value,")
    assert written(table(), "c.jsonl", source="csv").startswith("{")
    with pytest.raises(InputError, match=r"unknown suffix '\.xlsx'"):
        open_writer("o.xlsx", source="csv")
    with pytest.raises(InputError, match="unknown format 'xlsx'"):
        open_writer("o", to="xlsx")


def test_what_cannot_be_written(here: Path) -> None:
    with pytest.raises(InputError, match="there is no folder 'nowhere'"):
        open_writer("nowhere/o.csv")
    Path("d.csv").mkdir()
    with pytest.raises(InputError, match="is a folder"):
        open_writer("d.csv")
    if os.geteuid():
        Path("r").mkdir(mode=0o500)
        with pytest.raises(InputError, match="permission denied"):
            open_writer("r/o.csv")


@pytest.mark.needs("/dev/full")
@pytest.mark.parametrize("to", ["csv", "jsonl", "npz", "parquet"])
def test_a_full_disk(here: Path, to: str) -> None:
    if to == "parquet":
        pytest.importorskip("polars")
    writer = open_writer("/dev/full", to=to)
    with pytest.raises(InputError, match="'/dev/full' can't be written: no space left on device"):
        writer.write(table())
        writer.close()
    writer.abort()


@needs_polars
@pytest.mark.needs("/dev/full")
def test_a_disk_that_fills_while_polars_writes(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from autodiff_cli.tables.polars_writer import FrameWriter

    # a link, which is what the writer removes
    os.symlink("/dev/full", "beside")
    monkeypatch.setattr(FrameWriter, "_beside", lambda self: os.path.abspath("beside"))
    writer = open_writer("o.parquet")
    with pytest.raises(InputError, match=r"'o\.parquet' can't be written: no space left on device"):
        for _ in range(100):
            writer.write({"v": Column(np.random.default_rng(0).standard_normal(10_000))})
        writer.close()
    writer.abort()
    assert os.listdir() == []


class Standard:
    """Standard output that is kept."""

    def isatty(self) -> bool:
        return False

    def __init__(self, buffer: io.RawIOBase | io.BytesIO) -> None:
        self.buffer = buffer

    def flush(self) -> None:
        pass


@pytest.mark.parametrize("to", ["csv", "jsonl", "npz", "npy", "parquet", "arrow"])
def test_standard_output(here: Path, monkeypatch: pytest.MonkeyPatch, to: str) -> None:
    if to in ("parquet", "arrow"):
        pytest.importorskip("polars")
    out = io.BytesIO()
    monkeypatch.setattr("sys.stdout", Standard(out))
    writer = open_writer("-", to=to)
    writer.write(table())
    writer.close()
    Path(f"o.{to}").write_bytes(out.getvalue())
    (chunk,) = read([f"o.{to}"])
    assert chunk.count == 3
    np.testing.assert_array_equal(chunk.columns["value"].values, VALUE)


def test_a_closed_pipe(monkeypatch: pytest.MonkeyPatch, engine: str) -> None:
    out, into = os.pipe()
    os.close(out)
    with open(into, "wb", buffering=0) as file:
        monkeypatch.setattr("sys.stdout", Standard(file))
        writer = open_writer(None, to="csv", engine=engine)  # type: ignore[arg-type]
        with pytest.raises(BrokenPipeError):
            writer.write(table())
        writer.abort()


# --- both writers are one

FLOATS = st.sampled_from([np.float64, np.float32]).flatmap(
    lambda dtype: hnp.arrays(
        dtype,
        st.sampled_from([(3,), (3, 2), (3, 2, 2), (3, 0)]),
        elements={"allow_subnormal": False},
    )
)


@needs_polars
@settings(max_examples=200, deadline=None)
@given(FLOATS, FLOATS, hnp.arrays(bool, 3), st.lists(st.text(max_size=5), min_size=3, max_size=3))
def test_both_writers_write_the_same(
    a: np.ndarray, b: np.ndarray, nulls: np.ndarray, texts: list[str]
) -> None:
    from autodiff_cli.tables import polars_written
    from autodiff_cli.tables.kept import KeptTexts

    rows = {"a": Column(a), "b": Column(b, nulls=nulls), "t": TextColumn(texts)}
    kept = KeptTexts({"k": texts})
    for passed in (None, kept):
        assert plain_written.json_text(rows, passed) == polars_written.json_text(rows, passed)
        for separator in (",", "\t"):
            left = plain_written.csv_text(rows, passed, separator)
            assert left == polars_written.csv_text(rows, passed, separator)


@needs_polars
def test_this_polars_writes_the_digits_of_orjson() -> None:
    from autodiff_cli.tables import polars_written

    assert polars_written.same_digits()


def test_polars_joins_sentences_as_plain_python_does() -> None:
    from autodiff_cli.tables import polars_written
    from autodiff_cli.tables.rows import Sentences

    codes = np.array([1, -1, 0, 1])
    ends = [", column 'x': \"a, b\"", ": an émigré"]
    for lines in (None, np.array([8, 0, 0, 11])):
        sentences = Sentences("t{}.csv", 7, lines, ends, codes)
        assert polars_written.text_series(sentences).to_list() == sentences.texts
        for encode in (polars_written.json_text, plain_written.json_text):
            assert encode({"error": sentences}, None) == plain_written.json_text(
                {"error": TextColumn(sentences.texts)}, None
            )
    assert sentences.texts[0] == "t{}.csv, row 7 (line 8): an émigré"


def test_long_texts_are_told_from_numbers_in_linear_time() -> None:
    digits = "9" * 1_000_000
    assert plain_csv.numbers([digits + "x", f"1.{digits}x", "+.5e1 "])[1].tolist() == [0, 1]
