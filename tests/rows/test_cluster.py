"""A batch by the workers of a Dask cluster: the local engine's answers; what is left when something ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

distributed = pytest.importorskip("distributed")
polars = pytest.importorskip("polars")

from autodiff_cli.cli.main import main  # noqa: E402
from autodiff_cli.errors import AutodiffError, InputError  # noqa: E402
from autodiff_cli.rows import Job, Question, Summary, spread  # noqa: E402
from autodiff_cli.rows.cluster import Cluster, ClusterFault, Tasks  # noqa: E402
from autodiff_cli.rows.part import Work  # noqa: E402
from autodiff_cli.rows.run import run as run_here  # noqa: E402
from autodiff_cli.settings import Settings  # noqa: E402
from autodiff_cli.source import Source  # noqa: E402
from autodiff_cli.tables.sources import resolved  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")  # of the cluster's own threads and sockets
SIZE = 4000  # bytes of a part
COUNT = 1000
BAD = {"t.csv": "row 751 (line 752), column 'x': 'bad'", "t.jsonl": "row 751 (line 751)"}
ROOT = str(Path(__file__).parents[2])
SLOW = "x*y + x[x > 0].sum()"  # a row at a time


@pytest.fixture(scope="module")
def local() -> Iterator[Any]:
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, worker_dashboard_address=None
    ) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def cluster(local: Any) -> Cluster:
    return Cluster(local.scheduler_address, part_bytes=SIZE)


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def tables(bad: bool = True) -> None:
    """t.csv, t.jsonl and t.parquet with the same rows."""
    draw = np.random.default_rng(5)
    x, y = draw.uniform(-1, 9, COUNT).round(3), draw.uniform(0, 9, COUNT).round(3)
    names = [f'a "{n}", b' if n % 3 else f"two\nlines {n}" for n in range(COUNT)]
    csv, lines = ["name,x,y"], []
    for n in range(COUNT):
        cell = "bad" if bad and n == 750 else str(x[n])
        quoted = names[n].replace('"', '""').replace("\n", " ")
        csv.append(f'"{quoted}",{cell},{y[n]}')
        lines.append(json.dumps({"x": cell if cell == "bad" else x[n], "y": y[n], "n": names[n]}))
    Path("t.csv").write_text("\n".join(csv))
    Path("t.jsonl").write_text("\n".join(lines) + "\n")
    nulls = [None if bad and n == 750 else float(v) for n, v in enumerate(x)]
    polars.DataFrame({"x": nulls, "y": y, "n": names}).write_parquet(
        "t.parquet", row_group_size=130
    )


def job(expression: str, *paths: str, output: str, **options: Any) -> Job:
    asked = {n: options.pop(n) for n in list(options) if n in Question._fields}
    return Job(Question(Source(expression), **asked), resolved(paths), output=output, **options)


def parts_of(folder: str) -> list[str]:
    return sorted(str(path) for path in Path(folder).glob("part-*"))


def together(folder: str) -> Any:
    """The parts, one behind the other; without their headers but the first."""
    paths = parts_of(folder)
    if paths[0].endswith(".parquet"):
        return polars.concat([polars.read_parquet(path) for path in paths])
    texts = [Path(path).read_bytes() for path in paths]
    if paths[0].endswith(".csv"):
        head = texts[0].index(b"\n") + 1
        assert {text[:head] for text in texts} == {texts[0][:head]}
        texts[1:] = [text[head:] for text in texts[1:]]
    return b"".join(texts)


def whole(path: str) -> Any:
    return polars.read_parquet(path) if path.endswith("parquet") else Path(path).read_bytes()


def tried(call: Callable[[], Summary]) -> Summary | str:
    """The summary, or the report of the error."""
    try:
        return call()
    except AutodiffError as error:
        return error.report()


def same(cluster: Cluster, expression: str, *paths: str, **options: Any) -> Summary | str:
    """Compute both here and there, and compare all that can be seen."""
    ending = Path(paths[0]).suffix
    here = tried(lambda: run_here(job(expression, *paths, output=f"here{ending}", **options)))
    there = tried(lambda: spread.run(job(expression, *paths, output="there", **options), cluster))
    assert there == here
    if isinstance(here, Summary):
        expected, found = whole(f"here{ending}"), together("there")
        assert found.equals(expected) if ending == ".parquet" else found == expected
        assert Path("there/_SUCCESS").exists()
        assert not Path("there/_unfinished.jsonl").exists()
    else:
        assert not Path("there/_SUCCESS").exists()
    return here


# ---- the same answers ----------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize("on_error", ["fail", "skip", "null"])
def test_bad_rows(cluster: Cluster, ending: str, on_error: str) -> None:
    tables()
    found = same(cluster, "sqrt(x)*y", f"t.{ending}", on_error=on_error, keep=True)
    if on_error == "fail":
        assert "row 751" in str(found)
    else:
        assert isinstance(found, Summary)
        assert (found.rows, found.bad) == (COUNT, 1)
        assert found.non_finite > 10
        record = json.loads(Path("there/_SUCCESS").read_text())
        assert record["bad"] == 1 and len(record["parts"]) == len(parts_of("there")) > 3


@pytest.mark.parametrize(
    ("expression", "options"),
    [
        ("x*y*k", {"given": {"k": "2"}, "wrt": ("k", "y")}),
        ("x*y", {"values_only": True, "deviations": {"x": "0.1", "y": "@y"}}),
        ("x*y", {"tangents": {"x": "1", "y": "@y"}}),
        ("x*v", {"given": {"v": "[1,2]"}, "seed": "[1,0.5]"}),
        ("x**2*y", {"hessian": True, "jacobian": True, "vectors": {"x": "@y"}}),
        ("x*y", {"chunk_rows": 7, "limit": 500}),
        ("rand(3)*x", {"seed": "[1,1,1]", "settings": Settings(manual_seed=3)}),
        (SLOW, {"limit": 300}),
    ],
)
def test_options(cluster: Cluster, expression: str, options: dict[str, Any]) -> None:
    tables(bad=False)
    same(cluster, expression, "t.csv", **options)


@pytest.mark.parametrize("reduce", ["sum", "mean"])
def test_reduce(cluster: Cluster, reduce: str) -> None:
    tables()
    options: dict[str, Any] = {"reduce": reduce, "on_error": "skip", "given": {"w": "[3.,0.1]"}}
    same(cluster, "(abs(x)*w*1e8).cos().sum()*y", "t.csv", "t.csv", **options)


def test_reduce_without_nan(cluster: Cluster) -> None:
    tables()
    found = same(cluster, "sqrt(x)*y", "t.csv", reduce="sum", on_error="skip", skip_nan=True)
    assert isinstance(found, Summary) and found.skipped > 10


def test_several_files_and_a_limit(cluster: Cluster) -> None:
    tables(bad=False)
    subprocess.run(["gzip", "-k", "t.csv"], check=True)
    same(cluster, "x*y", "t.csv", "t.csv.gz", "t.csv", limit=2500)


def test_arrays(cluster: Cluster) -> None:
    np.save("x.npy", np.arange(60_000.0).reshape(-1, 2))
    found = same(cluster._replace(part_bytes=100_000), "x.sum()", "x.npy", to="jsonl")
    assert isinstance(found, Summary) and len(parts_of("there")) == 5


def test_parts_without_an_answer_have_the_columns_of_the_others(cluster: Cluster) -> None:
    lines = [json.dumps({"x": [n, 1] if n > 400 else "bad"}) for n in range(800)]
    Path("t.jsonl").write_text("\n".join(lines))
    source = "x.square().sum()"
    options: dict[str, Any] = {"on_error": "null"}
    run_here(job(source, "t.jsonl", output="here.csv", to="csv", **options))
    spread.run(job(source, "t.jsonl", output="there", to="csv", **options), cluster)
    assert together("there") == Path("here.csv").read_bytes()
    spread.run(job(source, "t.jsonl", output="stored", to="parquet", **options), cluster)
    frame = together("stored")  # one schema
    assert frame["grad_x"].null_count() == 401
    assert frame["grad_x"].to_list()[-1] == [1598, 2]


def test_random_numbers_are_the_same_for_all_rows(cluster: Cluster) -> None:
    tables(bad=False)
    found = job("x*0 + r + rand(1)", "t.csv", given={"r": "rand(1)"}, values_only=True, output="o")
    spread.run(found, cluster)
    assert len(set(together("o").splitlines()[1:])) == 1


def test_shapes_that_change_between_parts(cluster: Cluster) -> None:
    Path("t.jsonl").write_text("".join(f'{{"x":{[1] * (1 + n // 900)}}}\n' for n in range(1000)))
    same(cluster, "x*2", "t.jsonl", to="csv", values_only=True)
    with pytest.raises(InputError, match="shape changes from"):
        spread.run(job("x*2", "t.jsonl", output="o", values_only=True, reduce="sum"), cluster)


def test_notices_come_once(cluster: Cluster) -> None:
    tables(bad=False)
    said: list[str] = []
    spread.run(job(SLOW, "t.csv", output="o", limit=200), cluster, warn=said.append)
    assert said == ["the text depends on the numbers of a row: computed a row at a time"]


def logged() -> list[int]:
    """The parts that an unfinished run has noted."""
    lines = Path("there/_unfinished.jsonl").read_text().splitlines()[1:]
    return [json.loads(line)["part"] for line in lines]


# ---- what can go wrong ---------------------------------------------------------------------------


def test_a_killed_worker_loses_nothing(local: Any, cluster: Cluster) -> None:
    tables(bad=False)
    with distributed.Client(local, set_as_default=False) as client:
        before = client.run(os.getpid)
    victim = next(iter(before.values()))
    ended: list[float] = []

    def moved(rows: int, share: float) -> None:
        if not ended:
            os.kill(victim, signal.SIGKILL)
            ended.append(share)

    found = spread.run(job(SLOW, "t.csv", output="there"), cluster, moved)
    assert ended and ended[0] < 1
    run_here(job(SLOW, "t.csv", output="here.csv"))
    assert found == Summary(COUNT, 0, 0, 0)
    assert together("there") == Path("here.csv").read_bytes()
    assert sorted(os.listdir("there")) == ["_SUCCESS", *map(os.path.basename, parts_of("there"))]


def test_what_is_lost_before_it_was_fetched_is_done_again(local: Any) -> None:
    asked = job("x", output="there")
    with distributed.Client(local.scheduler_address, set_as_default=False) as client:
        tasks = Tasks(client, Work("lost", asked, (), (), "there", ".csv", None), print)
        found = tasks.results(time.sleep, {n: (n and 0.5,) for n in range(5)}, shared=False)
        assert next(found) == (0, None)
        until(lambda: all(future.done() for future in tasks.pending.values()))
        where = client.who_has(list(tasks.pending.values()))
        holder = next(iter(where.values()))[0]
        os.kill(client.run(os.getpid)[holder], signal.SIGKILL)
        until(lambda: any(future.status == "lost" for future in tasks.pending.values()))
        assert sorted(found) == [(n, None) for n in range(1, 5)]


def until(holds: Callable[[], bool]) -> None:
    """Wait for it, a minute at most."""
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_cluster_that_closes_says_so() -> None:
    tables(bad=False)
    other = distributed.LocalCluster(
        n_workers=1, processes=False, dashboard_address=None, worker_dashboard_address=None
    )

    def moved(rows: int, share: float) -> None:
        other.close()

    asked = job(SLOW, "t.csv", output="there")
    with pytest.raises(ClusterFault, match="closed in the middle of the run"):
        spread.run(asked, Cluster(other.scheduler_address, part_bytes=SIZE), moved)
    assert not Path("there/_SUCCESS").exists() and Path("there/_unfinished.jsonl").exists()


def test_no_scheduler() -> None:
    tables(bad=False)
    asked = job("x", "t.csv", output="there")
    with pytest.raises(ClusterFault, match=r"no Dask scheduler answers at 'tcp://127\.0\.0\.1:9'"):
        spread.run(asked, Cluster("tcp://127.0.0.1:9", timeout=0.2))
    with pytest.raises(ClusterFault, match="no address"):
        spread.run(asked, Cluster("foo:bar", timeout=0.2))
    assert not Path("there").exists()


def test_the_extra_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    tables(bad=False)
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError) as raised:
        spread.run(job("x", "t.csv", output="there"), Cluster())
    assert raised.value.hint == "pip install 'autodiff-cli[cluster]'"


def test_a_folder_is_not_written_over(cluster: Cluster) -> None:
    tables(bad=False)
    asked = job("x*y", "t.csv", output="there")
    Path("there").mkdir()
    Path("there/mine").write_text("")
    with pytest.raises(InputError, match="isn't empty: it holds 'mine'"):
        spread.run(asked, cluster)
    Path("there/mine").unlink()
    spread.run(asked, cluster)  # an empty one may be there
    with pytest.raises(InputError, match="holds a finished run"):
        spread.run(asked, cluster)
    Path("file").write_text("")
    with pytest.raises(InputError, match="is a file"):
        spread.run(asked._replace(output="file"), cluster)
    with pytest.raises(InputError, match="is of another run: its expression was None, now"):
        spread.run(asked._replace(words={"expression": "x"}, resume=True), cluster)


def test_an_unfinished_run_goes_on_or_begins_anew(cluster: Cluster) -> None:
    tables()
    asked = job("x*y", "t.csv", output="there", words={"expression": "x*y"})
    with pytest.raises(InputError, match="row 751"):
        spread.run(asked, cluster)
    finished = [f"there/part-{number:05}.csv" for number in logged()]
    assert finished
    times = {path: os.stat(path).st_mtime_ns for path in finished}
    Path("there/.part-00007.csv.killed").write_text("half")
    with open("there/_unfinished.jsonl", "ab") as file:
        file.write(b'{"part":')  # a line that was being written
    text = Path("t.csv").read_text().replace("bad", "1.5")  # of the same length
    Path("t.csv").write_text(text)
    found = spread.run(asked._replace(resume=True), cluster)
    assert found.resumed > 0 and found.rows + found.resumed == COUNT
    assert {path: os.stat(path).st_mtime_ns for path in finished} == times
    run_here(asked._replace(output="here.csv"))
    assert together("there") == Path("here.csv").read_bytes()
    assert not list(Path("there").glob(".*"))
    again = spread.run(asked._replace(resume=True), cluster)
    assert (again.rows, again.resumed) == (0, COUNT)


def test_rows_that_changed_are_not_gone_on_with(cluster: Cluster) -> None:
    tables()
    asked = job("x*y", "t.csv", output="there")
    with pytest.raises(InputError, match="row 751"):
        spread.run(asked, cluster)
    tables(bad=False)
    with pytest.raises(InputError, match="the rows have changed"):
        spread.run(asked._replace(resume=True), cluster)
    assert spread.run(asked, cluster).resumed == 0


# ---- the command ---------------------------------------------------------------------------------


def test_words(local: Any, capfd: pytest.CaptureFixture[str]) -> None:
    tables(bad=False)
    words = ["batch", "x*y", "t.csv", "--engine", "dask"]
    for wrong, why in [
        (words, "--output FOLDER"),
        ([*words, "--output", "-"], "--output FOLDER"),
        (["batch", "x*y", "--engine", "dask", "-o", "f"], "reads files"),
        (["batch", "x", "t.csv", "--workers", "2"], "--workers needs --engine dask"),
        ([*words, "-o", "f", "--workers", "2", "--scheduler", "tcp://h:1"], "has its own"),
    ]:
        assert main(wrong) == 2
        assert why in capfd.readouterr().err
    address = ["--scheduler", local.scheduler_address, "--part-size", "4K"]
    assert main([*words, *address, "--reduce", "sum"]) == 0
    there = capfd.readouterr().out
    assert main(["batch", "x*y", "t.csv", "--reduce", "sum"]) == 0
    assert there == capfd.readouterr().out
    assert main([*words, *address, "-o", "o.jsonl"]) == 0
    assert Path("o.jsonl/part-00000.jsonl").exists()


def test_an_interruption_leaves_whole_parts() -> None:
    """Ctrl-C goes to the processes of the cluster too, as at a terminal."""
    tables(bad=False)
    environment = {**os.environ, "PYTHONPATH": ROOT}
    words = [sys.executable, "-m", "autodiff_cli", "batch", SLOW, "t.csv", "-o", "there"]
    words += ["--engine", "dask", "--workers", "2", "--part-size", "1K", "--resume"]
    process = subprocess.Popen(
        words, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    end = time.monotonic() + 30
    log = Path("there/_unfinished.jsonl")
    while not (log.exists() and len(logged()) > 1) and time.monotonic() < end:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    errors = process.communicate()[1]
    assert process.returncode == 130
    assert errors.splitlines()[-1] == "interrupted" and "Traceback" not in errors
    left = os.listdir("there")
    assert "_unfinished.jsonl" in left and "_SUCCESS" not in left
    assert not [name for name in left if name.startswith(".")]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
    assert "resumed: " in done.stderr
    run_here(job(SLOW, "t.csv", output="here.csv"))
    assert together("there") == Path("here.csv").read_bytes()
