"""`autodiff graph`: what it prints and draws, read back."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from autodiff_cli.evaluation.structure import graph_in
from autodiff_cli.source import Source

LOSS = "F.binary_cross_entropy_with_logits(x@w+b, y)"
WORDS = ["x=ones(2)", "w=[[1,-1],[0,2]]", "b=[0.5,0]", "y=tensor([0.,1.])", "--wrt", "w,b"]
TEXTS = [
    (LOSS, WORDS),
    ("(x+1)*(x+1)", ["x=2"]),
    ("x*sin(x)", ["x=2", "--backward"]),
    ("y = x\nfor k in range(30):\n    y = sin(y)*(x + 1)\ny", ["x=0.5"]),
    ("'\"\\\\<&>;#'; x*2", ["x=3"]),
]


def expected(text: str, words: list[str]) -> tuple[list[str], set[tuple[int, int]]]:
    """Labels and edges of the graph itself."""
    inputs = dict(word.split("=", 1) for word in words if "=" in word)
    wrt = words[words.index("--wrt") + 1].split(",") if "--wrt" in words else None
    found = graph_in(Source(text), inputs, wrt=wrt, backward="--backward" in words)
    edges = {(o, at) for at, vertex in enumerate(found.vertices) for o in vertex.operands}
    return [vertex.label for vertex in found.vertices], edges


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize(("text", "words"), TEXTS[:-1])
def test_trees_fit_the_width_and_show_each_node_once(
    run: Any, monkeypatch: pytest.MonkeyPatch, text: str, words: list[str], width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    code, out, _ = run("graph", text, *words)
    assert code == 0
    lines = out.rstrip("\n").split("\n")
    assert max(map(len, lines)) <= width
    labels, _ = expected(text, words)
    drawn = [line for line in lines[1:] if not re.search(r" \((above|below)\)$", line)]
    assert len(drawn) == len(labels)
    assert "(above)" in out if text != LOSS else "(above)" not in out


def test_deep_trees_go_on_at_the_margin(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    _, out, _ = run("graph", *[TEXTS[3][0], "x=0.5"])
    lines = out.split("\n")
    below = [re.search(r"#\d+", line) for line in lines if line.endswith("(below)")]
    roots = [line.split(" ")[0] for line in lines if line.startswith("#")]
    assert below and sorted(m[0] for m in below if m) == sorted(roots)


@pytest.mark.parametrize(("text", "words"), TEXTS)
def test_mermaid_reads_back(run: Any, text: str, words: list[str]) -> None:
    code, out, _ = run("graph", text, *words, "--to", "mermaid")
    nodes = re.findall(r'^  n\d+(?:\(\[|\[)"([^"]*)"', out, re.MULTILINE)
    edges = re.findall(r"^  n(\d+) --> n(\d+)$", out, re.MULTILINE)
    labels, pairs = expected(text, words)
    assert code == 0 and {(int(a), int(b)) for a, b in edges} == pairs
    escapes = {"#quot;": '"', "#lt;": "<", "#gt;": ">", "#amp;": "&", "#35;": "#"}
    read = [node.split("<br>")[0] for node in nodes]
    for escape, sign in escapes.items():
        read = [label.replace(escape, sign) for label in read]
    assert read == labels


@pytest.mark.parametrize(("text", "words"), TEXTS)
def test_json_reads_back(run: Any, text: str, words: list[str]) -> None:
    code, out, _ = run("graph", text, *words, "--json")
    record = json.loads(out)
    labels, pairs = expected(text, words)
    assert code == 0 and {tuple(edge) for edge in record["edges"]} == pairs
    shown = [
        f"{n['name']} = {n['source']}" if n["name"] not in (None, n["source"]) else n["source"]
        for n in record["nodes"]
    ]
    assert shown == labels
    assert all(node["value"] is not None for node in record["nodes"])


def test_json_has_the_range_of_large_arrays(run: Any) -> None:
    _, out, _ = run("graph", "sum(x)", "x=arange(2000.)", "--json")
    node = json.loads(out)["nodes"][0]
    assert (node["value"], node["value_range"], node["gradient_range"]) == (None, [0, 1999], [1, 1])


@pytest.mark.needs("dot")
@pytest.mark.parametrize(("text", "words"), TEXTS)
def test_dot_reads_back(run: Any, text: str, words: list[str]) -> None:
    """By Graphviz itself."""
    code, out, _ = run("graph", text, *words, "--to", "dot")
    plain = subprocess.run(
        ["dot", "-Tjson0"], input=out, capture_output=True, text=True, check=True
    )
    read = json.loads(plain.stdout)
    labels, pairs = expected(text, words)
    nodes = [entry["label"].split("\\n")[0] for entry in read["objects"]]
    assert code == 0 and {(e["tail"], e["head"]) for e in read["edges"]} == pairs
    assert [node.replace("\\\\", "\\") for node in nodes] == labels


@pytest.mark.needs("dot")
@pytest.mark.parametrize(
    ("suffix", "magic"), [("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF")]
)
def test_pictures(tmp_path: Path, suffix: str, magic: bytes) -> None:
    """In a process of its own, behind the wall."""
    from console import executed

    out, code = executed(
        f"autodiff graph 'mean((x@w)**2)' x='ones(2,2)' w='ones(2,3)' -o g.{suffix}", tmp_path
    )
    picture = (tmp_path / f"g.{suffix}").read_bytes()
    assert (out, code) == ("", 0) and picture.startswith(magic)
    if suffix == "svg":
        assert b"mean((x@w)**2)" in picture and picture.count(b'class="edge"') == 4
    if suffix == "png":
        from pictures import shades

        assert len(shades(picture)) > 20


def test_without_dot(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    target = tmp_path / "g.svg"
    code, _, err = run("graph", "x", "x=1", "-o", str(target))
    assert code == 1 and "apt install graphviz" in err and not target.exists()


def test_forms_and_names_of_files(run: Any, tmp_path: Path) -> None:
    for suffix, start in {"mmd": "flowchart", "json": "{", "dot": "digraph", "txt": "node"}.items():
        path = tmp_path / f"g.{suffix}"
        assert run("graph", "x*2", "x=1", "-o", str(path))[0] == 0
        assert path.read_text().startswith(start)
    for words in (
        ["-o", str(tmp_path / "g.xyz")],
        ["-o", str(tmp_path / "g.svg"), "--to", "dot"],
        ["-o", str(tmp_path / "g.json"), "--to", "dot"],
        ["--json", "--to", "dot"],
    ):
        assert run("graph", "x*2", "x=1", *words)[0] == 2


def test_nothing_is_written_over_an_input(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text("[1, 2]")
    code, _, err = run("graph", "sum(x)", f"x=@{path}", "-o", str(path))
    assert code == 2 and "over an input" in err and path.read_text() == "[1, 2]"


def test_colour(run: Any) -> None:
    plain = run("graph", "x*2", "x=1", "--color", "never")[1]
    painted = run("graph", "x*2", "x=1", "--color", "always")[1]
    assert "\x1b[" in painted and "\x1b[" not in plain
    strip = [line.rstrip() for line in re.sub(r"\x1b\[[\d;]*m", "", painted).split("\n")]
    assert "\n".join(strip) == plain


def test_large_graphs_are_summed_up_for_people_alone(run: Any) -> None:
    text = "y = x\nfor k in range(300):\n    y = y*2\ny"
    code, out, err = run("graph", text, "x=1")
    assert code == 0 and len(out.splitlines()) == 3 and "301 nodes" in err
    code, out, err = run("graph", text, "x=1", "--to", "mermaid")
    assert code == 0 and len(out.splitlines()) == 602 and err == ""


def test_a_result_without_a_seed_says_so(run: Any) -> None:
    code, out, err = run("graph", "x*2", "x=[1,2]")
    assert code == 0 and "gradient" not in out and "--seed" in err
