"""Bad rows take nothing from the others, whatever is wrong with them and however many they are."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autodiff_cli.errors import AutodiffError, InputError
from autodiff_cli.rows import Engine, Job, Question, run
from autodiff_cli.rows.faults import Faults
from autodiff_cli.source import Source
from autodiff_cli.tables import readers
from autodiff_cli.tables.bad import Reasons, RowFault
from autodiff_cli.tables.rows import Column
from autodiff_cli.tables.sources import resolved

# A row is good, or bad in one of these ways: its line of CSV or JSON, and what is said of it.
NUMBER = st.integers(1, 9).map(float)
CSV = {
    "a word": ("abc,1", "column 'x': 'abc' is not a number"),
    "an empty field": (",1", "column 'x': the field is empty"),
    "too short": ("1", ": 1 field where the header has 2"),
    "too long": ("1,2,3", ": 3 fields where the header has 2"),
    "a division by 0": ("2,0", "ZeroDivisionError"),
    "a deviation below 0": ("-2,4", "is no standard deviation"),
}
JSON = {
    "no object": ("[1,2]", "a list where an object is expected"),
    "invalid": ('{"x":', "invalid JSON"),
    "missing": ('{"x":1}', "column 'n': missing"),
    "null": ('{"x":null,"n":1}', "column 'x': null"),
    "a string": ('{"x":"abc","n":1}', "'abc' is not a number"),
    "a division by 0": ('{"x":2,"n":0}', "ZeroDivisionError"),
    "a ragged list": ('{"x":[1,[2]],"n":1}', "numbers and lists are mixed"),
    "a shape that doesn't fit": ('{"x":[1,2],"n":[1,2,3]}', "must match the size"),
    "a deviation below 0": ('{"x":-1,"n":1}', "is no standard deviation"),
}
EXPRESSION = "x*(8 // n.long())"


def line_of(format: str, x: float, n: float) -> str:
    return f"{x},{n}" if format == "csv" else f'{{"x":{x},"n":{n}}}'


@st.composite
def tables(draw: Any) -> tuple[str, list[str], list[str]]:
    """A format, its lines, and what is said of each: "" of a good one."""
    format = draw(st.sampled_from(["csv", "jsonl"]))
    kinds = CSV if format == "csv" else JSON
    lines, said = [line_of(format, 1, 1)], [""]
    for kind in draw(st.lists(st.sampled_from(["good", "good", *kinds]), max_size=40)):
        if kind == "good":
            line, message = line_of(format, draw(NUMBER), draw(NUMBER)), ""
        else:
            line, message = kinds[kind]
        times = draw(st.sampled_from([1, 1, 2, 12]))
        lines += [line] * times
        said += [message] * times
    return format, lines, said


def written(
    folder: Path, format: str, lines: list[str], way: Any, chunk_rows: int | None
) -> tuple[list[dict[str, Any]], Any]:
    """The rows of the answers, and the run's summary or its error."""
    source = folder / f"t.{format}"
    head = "x,n\n" if format == "csv" else ""
    source.write_text(head + "".join(f"{line}\n" for line in lines))
    question = Question(Source(EXPRESSION), deviations={"x": "@x"})
    target = folder / "out.jsonl"
    job = Job(question, resolved([str(source)]), output=str(target), to="jsonl", on_error=way)
    job = job._replace(chunk_rows=chunk_rows, resume=way == "fail", words={"way": way})
    partial = folder / "out.jsonl.partial"
    for path in (target, partial, folder / "out.jsonl.partial.state"):
        path.unlink(missing_ok=True)
    ended: Any
    try:
        ended = run.run(job)
    except AutodiffError as error:
        ended = error
    found = target if target.exists() else partial
    return [json.loads(line) for line in found.read_text().splitlines()], ended


@pytest.fixture(params=["polars", "plain"])
def reader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "polars":
        pytest.importorskip("polars")
        return
    parser = readers.parser
    monkeypatch.setattr(readers, "parser", lambda name, engine: parser(name, "plain"))


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(tables(), st.sampled_from([None, 1, 2, 7]))
def test_bad_rows_take_nothing_from_the_others(
    reader: None, tmp_path: Path, table: tuple[str, list[str], list[str]], chunk_rows: int | None
) -> None:
    format, lines, said = table
    good = [line for line, message in zip(lines, said, strict=True) if not message]
    alone, summary = written(tmp_path, format, good, "skip", None)
    assert summary.bad == 0 and len(alone) == len(good)

    skipped, summary = written(tmp_path, format, lines, "skip", chunk_rows)
    assert skipped == alone
    assert (summary.rows, summary.bad) == (len(lines), len(lines) - len(good))

    nulled, summary = written(tmp_path, format, lines, "null", chunk_rows)
    assert summary.bad == len(lines) - len(good) and len(nulled) == len(lines)
    for number, (row, message) in enumerate(zip(nulled, said, strict=True), 1):
        error = row.pop("error")
        assert (error is None) == (not message)
        if message:
            assert set(row.values()) == {None}
            assert f"row {number}" in error and message in error
    assert [row for row, message in zip(nulled, said, strict=True) if not message] == alone

    first = next((at for at, message in enumerate(said) if message), None)
    before, ended = written(tmp_path, format, lines, "fail", chunk_rows)
    if first is None:
        assert before == alone
        return
    assert before == alone[:first]
    assert re.search(rf"t\.{format}, row {first + 1}\b", ended.message)
    assert said[first] in ended.message
    if isinstance(ended, RowFault):
        assert f"(line {first + 1 + (format == 'csv')})" in ended.message


# ---- rows that fail together ----------------------------------------------------------------------


def answers(expression: str, columns: dict[str, Any], **options: Any) -> Any:
    engine = Engine(Question(Source(expression), **options), tuple(columns))
    wanted = {name: Column(columns[name]) for name in engine.wanted}
    return engine.answers(wanted, len(next(iter(columns.values()))))


def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows are computed by themselves."""
    from autodiff_cli.rows import engine

    calls: list[int] = []
    single = engine.single

    def one(*arguments: Any) -> Any:
        calls.append(1)
        return single(*arguments)

    monkeypatch.setattr(engine, "single", one)
    return calls


SINGULAR = np.array([[1.0, 2], [2, 4]])
REGULAR = np.array([[2.0, 0], [0, 4]])


@pytest.mark.parametrize("share", [1, 2, 10, 997])
@pytest.mark.parametrize(
    ("expression", "good", "bad", "message"),
    [
        ("n*(8 // n.long())", 3.0, 0.0, "ZeroDivisionError"),
        ("n*(n.long() % (n.long() - 1))", 3.0, 1.0, "ZeroDivisionError"),
        ("linalg.inv(n).sum()", REGULAR, SINGULAR, "singular"),
        ("linalg.solve(n, tensor([1., 2.])).sum()", REGULAR, SINGULAR, "singular"),
        ("linalg.cholesky(n).sum()", REGULAR, -REGULAR, "not positive-definite"),
        ("F.binary_cross_entropy(n, tensor(1.))", 0.5, 1.5, "between 0 and 1"),
        ("F.binary_cross_entropy(sigmoid(n), n)", 0.5, 1.5, "between 0 and 1"),
    ],
)
def test_rows_that_fail_alike_are_found_together(
    expression: str,
    good: Any,
    bad: Any,
    message: str,
    share: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wrong = np.arange(3000) % share == 0
    column = np.array([bad if one else good for one in wrong])
    calls = counted(monkeypatch)
    found = answers(expression, {"n": column})
    assert found.faults.offsets.tolist() == np.flatnonzero(wrong).tolist()
    assert message in found.faults[0].message and found.faults[0].span is not None
    assert len(calls) == 1
    if share > 1:
        expected = answers(expression, {"n": column[~wrong]}).columns["value"].values
        np.testing.assert_array_equal(found.columns["value"].values[~wrong], expected)
        assert found.columns["value"].nulls.tolist() == wrong.tolist()


def test_rows_whose_shapes_do_not_fit_are_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = counted(monkeypatch)
    found = answers("sum(v*w)", {"v": np.ones((5000, 2)), "w": np.ones((5000, 3))})
    assert len(found.faults) == 5000 and len(calls) == 1
    assert len({id(found.faults[at]) for at in (0, 17, 4999)}) == 1


def test_rows_that_fail_in_several_ways_have_each_its_own_error() -> None:
    matrices = np.array([REGULAR, np.zeros((2, 2)), SINGULAR, REGULAR] * 10)
    found = answers("linalg.inv(A).sum()", {"A": matrices})
    elements = {offset: found.faults[offset].message for offset in (1, 2, 5, 6)}
    assert "element 1 is zero" in elements[1] and "element 2 is zero" in elements[2]
    assert (elements[1], elements[2]) == (elements[5], elements[6])
    assert sorted(found.faults)[:4] == [1, 2, 5, 6]


def test_a_constant_that_fails_fails_in_every_row(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = counted(monkeypatch)
    found = answers("(x*(x.long() // tensor([1, 0]))).sum()", {"x": np.ones((500, 2))})
    assert len(found.faults) == 500 and len(calls) == 1


def test_failures_that_nothing_locates_are_found_by_halves(monkeypatch: pytest.MonkeyPatch) -> None:
    from autodiff_cli.ops import arithmetic

    monkeypatch.setattr(arithmetic, "failing", lambda error, *ways: error)
    column = np.ones(1000)
    column[[0, 333, 334, 999]] = 0
    found = answers("n*(8 // n.long())", {"n": column})
    assert found.faults.offsets.tolist() == [0, 333, 334, 999]
    assert np.all(found.columns["value"].values[column == 1] == 8)


def test_a_run_that_ends_at_a_bad_row_computes_none_behind_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls = counted(monkeypatch)
    text = 'y = x\nassert float(x) < 3, "large"\ny'
    engine = Engine(Question(Source(text)), ("x",))
    found = engine.answers({"x": Column(np.arange(100.0))}, 100, to_first=True)
    assert (list(found.faults), len(calls)) == ([3], 4)
    assert (found.faults[3].kind, found.faults[3].message) == ("AssertionError", "large")


def test_errors_hold_no_frames() -> None:
    found = answers("if x < 0: raise ValueError('below 0')\nx", {"x": np.array([-1.0, 1.0])})
    error = found.faults[0]
    assert error.__traceback__ is None and error.__context__ is None
    assert error.source.slice(error.span).startswith("raise ValueError")


@pytest.mark.parametrize(
    ("deviation", "bad"),
    [([1.0, -1.0, np.nan], [1, 2]), ([[1.0, 1.0], [1.0, 1.0], [1.0, 1.0]], [0, 1, 2])],
)
def test_a_bad_deviation_is_a_bad_row(deviation: Any, bad: list[int]) -> None:
    columns = {"x": np.ones(3), "s": np.array(deviation)}
    found = answers("x**2", columns, deviations={"x": "@s"})
    assert list(found.faults) == bad
    assert isinstance(found.faults[bad[0]], InputError)


def test_a_row_keeps_its_first_fault() -> None:
    faults = Faults(3)
    faults.fail(np.array([0, 2]), InputError("one"))
    faults.add(np.array([1, 2]), Reasons(["two", "three"], InputError, str))
    assert [faults[at].message for at in faults] == ["one", "two", "one"]
    assert faults.first == 0 and Faults(3).first == 3
