"""What passes from the input to the output: every digit, every type, and keys that only some objects have."""

from __future__ import annotations

import datetime
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autodiff_cli.errors import AutodiffError
from autodiff_cli.rows.job import Job
from autodiff_cli.rows.question import Question
from autodiff_cli.rows.run import run
from autodiff_cli.source import Source
from autodiff_cli.tables.kept import kind_of
from autodiff_cli.tables.sources import resolved

SIZES = [1, 100, 1 << 20]  # bytes of a piece


def passed(sources: list[str], output: str, text: str = "x*2", **options: Any) -> None:
    """All columns of some files beside the answer."""
    question = Question(Source(text), values_only=True)
    run(Job(question, resolved(sources), output=output, keep=True, **options))


# --- digits


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        (["0", "-7", "9007199254740992"], "int53"),
        (["9007199254740993"], "int64"),
        (["9223372036854775808"], "float64"),  # 2**63, which is a float
        (["12345678901234567890"], "text"),
        (["00501"], "text"),
        (["-007.5"], "text"),
        (["+4930123456"], "text"),
        (["+1.5e3", ".5", "5.", "1e5", "nan", "-Infinity"], "float64"),
        (["1.50", "0.1"], "float64"),
        (["-0"], "float64"),
        (["1.000000000000000056e-01"], "float64"),  # as numpy.savetxt writes 0.1
        (["0.10000000000000001"], "float64"),
        (["3.14159265358979323846"], "text"),
        (["1e400"], "text"),
        (["1e-400"], "text"),
        (["1_000"], "text"),
        (["1", "2.5", "9007199254740993"], "text"),
        ([], "int53"),
    ],
)
def test_the_kind_that_keeps_every_digit(texts: list[str], kind: str) -> None:
    assert kind_of(texts) == kind


@given(st.floats(allow_nan=False), st.integers(0, 20))
def test_a_float_is_one_however_many_digits_it_has(number: float, more: int) -> None:
    assert kind_of([repr(number), f"{number:.{17 + more}e}"]) in ("float64", "int53")


@pytest.mark.parametrize("size", SIZES)
def test_names_of_digits_stay_names(here: Path, engine_of_rows: str, size: int) -> None:
    """Zip codes and large keys in Parquet, wherever the first of them stands."""
    polars = pytest.importorskip("polars")
    cells = [
        ("1", "10115", "1", "0.5"),
        ("2", "00501", "9007199254740993", "2"),
        ("3", "00544", "3", "-0"),
    ]
    Path("t.csv").write_text("x,zip,id,f\n" + "".join(",".join(row) + "\n" for row in cells))
    passed(["t.csv"], "o.parquet", chunk_bytes=size)
    frame = polars.read_parquet("o.parquet")
    assert frame["zip"].to_list() == ["10115", "00501", "00544"]
    assert frame["id"].to_list() == [1, 2**53 + 1, 3]
    assert str(frame["f"].to_list()) == "[0.5, 2.0, -0.0]"


NUMBERS = ["1.50", "9007199254740993", "123456789012345678901234567890", "-0", "1e-7", "0.1", "1E5"]


@pytest.mark.parametrize("to", ["csv", "jsonl"])
@pytest.mark.parametrize("renamed", [None, ("y=k",)])
def test_numbers_of_json_are_written_as_they_were(here: Path, to: str, renamed: Any) -> None:
    lines = [f'{{"x":1,"k":{n},"l":[{n},{{"a":{n}}}]}}' for n in NUMBERS]
    Path("t.jsonl").write_text("\n".join(lines))
    passed(["t.jsonl"], f"o.{to}", columns=renamed)
    found = Path(f"o.{to}").read_text().splitlines()
    name = "y" if renamed else "k"
    for number, line in zip(NUMBERS, found[to == "csv" :]):
        if to == "jsonl":
            assert line.startswith(f'{{"x":1,"{name}":{number},"l":[{number},{{"a":{number}}}]')
        else:
            assert line.startswith(f'1,{number},"[{number},{{""a"":{number}}}]"')


def test_lists_of_large_numbers_in_parquet(here: Path) -> None:
    """Where no float holds one, they are JSON."""
    polars = pytest.importorskip("polars")
    Path("t.jsonl").write_text('{"x":1,"k":[9007199254740993,1.5]}\n{"x":1,"k":[1,2]}\n')
    passed(["t.jsonl"], "o.parquet")
    found = polars.read_parquet("o.parquet")["k"].to_list()
    assert found == ["[9007199254740993,1.5]", "[1,2]"]
    Path("t.jsonl").write_text('{"x":1,"k":[1.50,0.30000000000000004]}\n')
    passed(["t.jsonl"], "o.parquet")
    assert polars.read_parquet("o.parquet")["k"].to_list() == [[1.5, 0.30000000000000004]]


def test_large_numbers_of_json_in_parquet(here: Path) -> None:
    polars = pytest.importorskip("polars")
    Path("t.jsonl").write_text("".join(f'{{"x":1,"k":{n}}}\n' for n in NUMBERS))
    passed(["t.jsonl"], "o.parquet")
    assert polars.read_parquet("o.parquet")["k"].to_list() == NUMBERS


@pytest.mark.parametrize("text", ["-0", "-0.0", "-.0", "-0e5"])
@pytest.mark.parametrize("suffix", ["csv", "tsv"])
def test_minus_nothing(here: Path, engine_of_rows: str, text: str, suffix: str) -> None:
    """The same on each way, quoted or not."""
    for cell in (text, f'"{text}"'):
        Path(f"t.{suffix}").write_text(f"x\n{cell}\n")
        passed([f"t.{suffix}"], "o.jsonl", "x*1")
        assert json.loads(Path("o.jsonl").read_text())["value"] == 0
        assert '"value":-0.0' in Path("o.jsonl").read_text()


# --- types


def frame_of_types() -> Any:
    polars = pytest.importorskip("polars")
    moment = datetime.datetime(2024, 1, 2, 3, 4, 5, 678)
    typed = {
        "large": ([2**64 - 1], polars.UInt64),
        "wide": ([2**100], polars.Int128),
        "single": ([0.1], polars.Float32),
        "small": ([1], polars.Int8),
        "array": ([[1, 2**60 + 1]], polars.Array(polars.Int64, 2)),
        "nanoseconds": ([1704164645000000001], polars.Datetime("ns")),
        "zoned": ([moment], polars.Datetime("us", "Europe/Berlin")),
        "category": (["a"], polars.Categorical()),
        "choice": (["a"], polars.Enum(["a", "b"])),
        "none": ([None], polars.Null),
        "decimal": ([Decimal("1.50")], polars.Decimal(10, 2)),
    }
    plain = {
        "date": [datetime.date(2024, 1, 2)],
        "moment": [moment],
        "duration": [datetime.timedelta(days=1, microseconds=7)],
        "time": [datetime.time(1, 2, 3)],
        "struct": [{"x": float("nan"), "y": "a", "l": [1, None]}],
        "words": [["a", None]],
        "holes": [[1, None, 2**60 + 1]],
        "bytes": [b"\xff\x00"],
        "flag": [True],
        "nan": [float("nan")],
        "structs": [[{"a": 1}]],
        "nested": [[[1.0], [2.0, 3.0]]],
    }
    series = [polars.Series(n, [*v, None], dtype=t) for n, (v, t) in typed.items()]
    series += [polars.Series(n, [*v, None]) for n, v in plain.items()]
    return polars.DataFrame([polars.Series("x", [1.0, 2.0]), *series])


@pytest.mark.parametrize("rows", [None, 1])
@pytest.mark.parametrize("to", ["parquet", "arrow"])
@pytest.mark.parametrize("source", ["parquet", "arrow"])
def test_types_pass_through(here: Path, source: str, to: str, rows: int | None) -> None:
    import polars

    frame = frame_of_types()
    (frame.write_parquet if source == "parquet" else frame.write_ipc)(f"t.{source}")
    passed([f"t.{source}"], f"o.{to}", chunk_rows=rows)
    found = (polars.read_parquet if to == "parquet" else polars.read_ipc)(f"o.{to}")
    assert found.schema == {**frame.schema, "value": polars.Float32}
    assert found.drop("value").equals(frame)


def test_types_as_json(here: Path) -> None:
    frame_of_types().write_parquet("t.parquet")
    passed(["t.parquet"], "o.jsonl")
    first, second = map(json.loads, Path("o.jsonl").read_text().splitlines())
    assert first["struct"] == {"x": "NaN", "y": "a", "l": [1, None]}
    assert (first["words"], first["holes"]) == (["a", None], [1, None, 2**60 + 1])
    assert (first["structs"], first["nested"]) == ([{"a": 1}], [[1.0], [2.0, 3.0]])
    assert (first["large"], first["wide"]) == (2**64 - 1, 2**100)
    assert (first["date"], first["duration"]) == ("2024-01-02", "P1DT0.000007S")
    assert (first["flag"], first["bytes"], first["decimal"]) == (True, "\\xff\0", 1.5)
    assert '"decimal":1.50,' in Path("o.jsonl").read_text()
    assert {name for name, value in second.items() if value is not None} == {"x", "value"}


def test_a_column_without_values_is_missing_in_each_row(here: Path) -> None:
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"x": [None, None], "l": [[], [None]], "y": [1.0, 2.0]})
    frame.write_parquet("t.parquet")
    passed(["t.parquet"], "o.csv", "x*y", on_error="null")
    assert Path("o.csv").read_text().splitlines()[1:] == [
        ",[],1.0,,\"t.parquet, row 1, column 'x': null\"",
        ",[null],2.0,,\"t.parquet, row 2, column 'x': null\"",
    ]


def test_null_columns_take_the_type_of_another_file(here: Path) -> None:
    polars = pytest.importorskip("polars")
    polars.DataFrame({"x": [1.0], "d": [None]}).write_parquet("a.parquet")
    day = datetime.date(2024, 1, 2)
    polars.DataFrame({"x": [2.0], "d": [day]}).write_parquet("b.parquet")
    passed(["a.parquet", "b.parquet"], "o.parquet")
    assert polars.read_parquet("o.parquet")["d"].to_list() == [None, day]


def test_numbers_that_numpy_has_not_are_read(here: Path) -> None:
    polars = pytest.importorskip("polars")
    kind = polars.List(polars.Decimal(10, 2))
    frame = polars.DataFrame(
        [
            polars.Series("x", [Decimal("1.50"), Decimal("2.25")]),
            polars.Series("w", [2, 3], dtype=polars.Int128),
            polars.Series("l", [[Decimal("0.50")], [Decimal("1.00")]], dtype=kind),
        ]
    )
    frame.write_parquet("t.parquet")
    passed(["t.parquet"], "o.jsonl", "x*w*sum(l)")
    values = [json.loads(line)["value"] for line in Path("o.jsonl").read_text().splitlines()]
    assert values == [1.5, 6.75]


# --- keys that only some objects have


KEYS = st.dictionaries(
    st.sampled_from("abc"), st.one_of(st.integers(0, 9), st.none(), st.text("xy", max_size=2))
)


@settings(max_examples=40, deadline=None)
@given(st.lists(KEYS, min_size=1, max_size=8))
def test_missing_keys_are_empty_whatever_is_read_at_once(
    tmp_path_factory: pytest.TempPathFactory, objects: list[dict[str, object]]
) -> None:
    folder = tmp_path_factory.mktemp("keys")
    path = folder / "t.jsonl"
    path.write_text("".join(json.dumps({"x": 1, **row}) + "\n" for row in objects))
    names = list(dict.fromkeys(["x", *(name for row in objects for name in row)]))
    header = ",".join([*names, "value"])
    body = [
        ",".join("" if (v := {"x": 1, **row}.get(n)) is None else str(v) for n in names) + ",2.0"
        for row in objects
    ]
    for size in SIZES:
        passed([str(path)], str(folder / "o.csv"), chunk_bytes=size)
        assert (folder / "o.csv").read_text().splitlines() == [header, *body]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("to", ["csv", "parquet", "npz", "arrow"])
def test_a_key_behind_the_first_objects_is_named(
    here: Path, engine_of_rows: str, to: str, size: int
) -> None:
    if to in ("parquet", "arrow"):
        pytest.importorskip("polars")
    lines = ['{"x":1}\n'] * 120 + ['{"x":1,"late":5,"later":6}\n']
    Path("t.jsonl").write_text("".join(lines))
    with pytest.raises(AutodiffError) as caught:
        passed(["t.jsonl"], f"o.{to}", chunk_bytes=size)
    assert "t.jsonl, row 121 (line 121), column 'late'" in caught.value.message
    assert caught.value.hint == "JSON Lines holds every key: --to jsonl"
    passed(["t.jsonl"], "o.csv", chunk_bytes=size, on_error="skip")
    assert len(Path("o.csv").read_text().splitlines()) == 121
    passed(["t.jsonl"], "o.jsonl", chunk_bytes=size)
    last = json.loads(Path("o.jsonl").read_text().splitlines()[-1])
    assert last == {"x": 1, "late": 5, "later": 6, "value": 2.0}


@pytest.mark.parametrize("size", SIZES)
def test_keys_of_the_first_objects_count_whatever_is_read_at_once(
    here: Path, engine_of_rows: str, size: int
) -> None:
    """Also with new names, which have to be found."""
    note = "n" * 2000
    lines = [f'{{"x":1,"note":"{note}"}}\n'] * 90 + ['{"x":1,"k":2}\n'] * 30
    Path("t.jsonl").write_text("".join(lines))
    passed(["t.jsonl"], "o.csv", chunk_bytes=size, columns=("K=k",))
    head, *rows = Path("o.csv").read_text().splitlines()
    assert head == "x,note,K,value"
    assert rows[-1] == "1,,2,2.0"
    assert rows[0] == f"1,{note},,2.0"


def test_another_file_may_lack_keys_and_has_no_others(here: Path) -> None:
    Path("a.jsonl").write_text('{"x":1,"k":2}\n')
    Path("b.jsonl").write_text('{"x":3}\n')
    passed(["a.jsonl", "b.jsonl"], "o.csv")
    assert Path("o.csv").read_text() == "x,k,value\n1,2,2.0\n3,,6.0\n"
    with pytest.raises(AutodiffError, match=r"a.jsonl, row 1 \(line 1\), column 'k'"):
        passed(["b.jsonl", "a.jsonl"], "o.csv")


@pytest.mark.parametrize(
    ("name", "text"), [("t.jsonl", "{}\n"), ("t.json", "[]"), ("t.json", "[{}]")]
)
def test_objects_without_keys(here: Path, name: str, text: str) -> None:
    Path(name).write_text(text)
    with pytest.raises(AutodiffError, match=f"{name} has no columns"):
        passed([name], "o.csv")


def test_a_late_key_with_an_answer_s_name(here: Path) -> None:
    Path("t.jsonl").write_text('{"x":1}\n' * 120 + '{"x":1,"value":7}\n')
    with pytest.raises(AutodiffError, match="the kept column 'value' has the name of a result"):
        passed(["t.jsonl"], "o.jsonl")
