"""`autodiff explain`: what it prints, in every form, and what it refuses."""

from __future__ import annotations

import json
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from pictures import shades

NOTEBOOK = ("y = x+2; z = y*y*3; z.mean()", "x=ones(2,2)")


def test_the_chain_rule_is_written_out_as_by_hand(run: Any) -> None:
    code, out, err = run("explain", *NOTEBOOK)
    assert (code, err) == (0, "")
    assert (
        "chain rule, element [0, 0]\n"
        "  dout/dx = dout/dz * dz/dy * dy/dx\n"
        "          = 1/4 * 6*y * 1\n"
        "          = 1/4 * 6*3 * 1\n"
        "          = 4.5\n"
    ) in out
    assert "x.grad = 3*(x + 2)/2 = [[4.5, 4.5], [4.5, 4.5]]" in out


def test_a_jacobian_is_written_as_by_hand(run: Any) -> None:
    _, out, _ = run("explain", "y = 3*x**2; y", "x=[1,2]", "--seed", "[1,1]", "--jacobian")
    assert "J = dy/dx = [[6*x[0], 0], [0, 6*x[1]]] = [[6, 0], [0, 12]]" in out
    assert "x.grad = v@J = [1, 1]@J = [6, 12]" in out


def test_paths_are_summed_one_by_one(run: Any) -> None:
    _, out, _ = run("explain", "y = sin(x); y*x", "x=2")
    assert "dout/dx directly = y = 0.9093" in out
    assert "= 2 * cos(2)" in out
    assert "dout/dx = 0.9093 - 0.8323 = 0.077" in out


@pytest.mark.parametrize("width", [80, 120])
def test_tables_fit_the_terminal(run: Any, monkeypatch: Any, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    _, out, _ = run(
        "explain", "z = x@w+b; F.binary_cross_entropy_with_logits(z, y)", "x=ones(2)",
        "w=[[1,-1],[0,2]]", "b=[0.5,0]", "y=tensor([0.,1.])", "--wrt", "w,b",
    )  # fmt: skip
    tables = out.partition("chain rule")[0].splitlines()
    assert max(map(len, tables)) <= width
    assert "outer(x, g)" in out


def test_one_factor_is_said_once(run: Any) -> None:
    _, out, _ = run("explain", "x*2", "x=1")
    assert out.endswith("chain rule\n  dout/dx = 2\n\nx.grad = 2\n")


def test_json(run: Any) -> None:
    code, out, _ = run("explain", *NOTEBOOK, "--json")
    made = json.loads(out)
    assert code == 0
    assert [link["derivative"] for link in made["backward"]] == ["1/4", "6*y", "1"]
    assert made["backward"][1]["local"] == [[18, 18], [18, 18]]
    assert made["gradients"]["x"] == {"formula": "3*(x + 2)/2", "value": [[4.5, 4.5], [4.5, 4.5]]}
    assert made["chain"][0]["total"] == 4.5
    _, nan, _ = run("explain", "log(x).sum()", "x=[0,1]", "--json")
    assert json.loads(nan)["gradients"]["x"]["value"] == ["Infinity", 1]


class Tags(HTMLParser):
    """The tags of a page, and the addresses in it."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_html_is_one_file_without_network(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "why.html"
    code, out, _ = run("explain", "softmax(x, 0)@x", "x=[1,2,3]", "-o", str(path))
    page = path.read_text(encoding="utf-8")
    tags = Tags()
    tags.feed(page)
    assert (code, out, tags.open, tags.addresses) == (0, "", [], [])
    assert {"details", "summary", "table", "sup"} <= tags.seen
    assert "script" not in tags.seen and "http" not in page


@pytest.mark.needs("chromium")
def test_html_is_shown_by_a_browser(run: Any, tmp_path: Path) -> None:
    """Headless Chromium, without a network: the page as it takes it, and as it draws it."""
    page, picture = tmp_path / "why.html", tmp_path / "why.png"
    run("explain", "s = softmax(x, 0); s@x", "x=[1,2,3]", "-o", str(page))

    def chromium(*words: str) -> str:
        still = "--disable-gpu --disable-quic --no-first-run --disable-background-networking"
        command = ["chromium", "--headless", "--no-sandbox", *still.split()]
        command += [f"--user-data-dir={tmp_path / 'chromium'}", "--disable-sync"]
        command += ["--disable-component-update", "--host-resolver-rules=MAP * ~NOTFOUND"]
        done = subprocess.run(
            [*command, *words, page.as_uri()],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        return done.stdout

    shown = chromium("--dump-dom")
    tags = Tags()
    tags.feed(shown)
    assert tags.open == []
    assert "<var>ds/dx</var>" in shown and "<details>" in shown and "x.grad = " in shown
    chromium("--window-size=800,700", f"--screenshot={picture}")
    colors = shades(picture.read_bytes())
    (_, background), *_ = colors.most_common(1)
    assert 0.8 < background / (800 * 700) < 0.99  # and the rest is text


def test_text_of_the_user_is_no_markup(run: Any) -> None:
    _, page, _ = run("explain", "where(x<1, x, 2*x).sum()", "x=[0.5]", "--to", "html")
    assert "where(x&lt;1, x, 2*x)" in page and "x<1" not in page


def test_latex_and_markdown(run: Any) -> None:
    _, latex, _ = run("explain", *NOTEBOOK, "--to", "latex")
    assert r"&= \frac{1}{4} \cdot 6 y \cdot 1" in latex
    assert r"&= \frac{1}{4} \cdot 6 \cdot 3 \cdot 1" in latex
    assert latex.count(r"\begin{align*}") == latex.count(r"\end{align*}") == 2
    _, marked, _ = run("explain", *NOTEBOOK, "--to", "markdown")
    assert "| `dz/dy` | `6*y` | `18` | `y: [[4.5, 4.5], [4.5, 4.5]]` |" in marked


def test_an_element(run: Any) -> None:
    _, out, _ = run("explain", "(A@x).sum()", "A=[[1,2],[3,4]]", "x=[5,6]", "--element", "A=1,-1")
    assert "chain rule of A, element [1, 1]" in out and "A.grad = " in out


REFUSED = [
    (["x + y", "x=1", "y=2", "z=3"], 1, "'z' bound and not used"),
    (["tensor([1, 2])"], 1, "there is nothing to differentiate by"),
    (["x*2", "x=tensor([1,2])"], 1, "there is nothing to differentiate by"),
    (["ones(2).sum()*1", "x=1"], 1, "bound and not used"),
    (["x.detach()*2", "x=1"], 1, "does not require grad"),
    (["x**2", "x=[1,2]", "--element", "5"], 1, "no input has an element [5]"),
    (["x**2", "x=[1,2]", "--element", "q=1"], 1, "'q', which is not an input"),
    (["x**2", "x=[1,2]", "--element", "a"], 2, "--element takes an index"),
    (["x**2", "x=[1,2]", "--json", "--to", "html"], 2, "two forms"),
    (["x**2", "x=[1,2]", "--seed", "[1,2,3]"], 1, "shape"),
    (["x, x", "x=1"], 1, "not one tensor"),
]


@pytest.mark.parametrize(
    ("words", "code", "message"), REFUSED, ids=[" ".join(w) for w, *_ in REFUSED]
)
def test_what_is_refused_and_why(run: Any, words: list[str], code: int, message: str) -> None:
    found, out, err = run("explain", *words)
    assert (found, out) == (code, "")
    assert message in err
