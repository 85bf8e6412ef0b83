# ruff: noqa: E501
"""`run --figures DIR`: pictures of what a program draws."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

PROGRAM = """import matplotlib.pyplot as plt
import torch
x = torch.linspace(-1, 1, 20)
plt.plot(x, x**2, label='parabola')
plt.legend()
plt.show()
fig, axes = plt.subplots(1, 2)
axes[0].imshow([[0, 1], [2, 3]])
axes[1].bar(['a', 'b'], [1, 2])
plt.savefig('out/both.svg')
plt.savefig('/etc/out/both.pdf')
print('drawn')
"""


def executed(
    folder: Path, *words: str, program: str = PROGRAM, file: str = "p.py"
) -> tuple[str, int]:
    from console import executed as execute

    (folder / file).write_text(program)
    return execute(f"autodiff run {file} {' '.join(words)}", folder)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


@pytest.mark.needs("matplotlib")
def test_each_show_and_savefig_is_a_picture(tmp_path: Path) -> None:
    from pictures import shades

    out, code = executed(tmp_path, "--figures", "figs")
    note = "note: figures: figs/figure-1.png, figs/both.svg, figs/both.pdf\n"
    assert (out, code) == (f"drawn\n{note}", 0)
    assert names(tmp_path / "figs") == ["both.pdf", "both.svg", "figure-1.png"]
    assert len(shades((tmp_path / "figs" / "figure-1.png").read_bytes())) > 20
    assert (tmp_path / "figs" / "both.svg").read_bytes().count(b"<path") > 10
    assert names(tmp_path) == [".bin", "figs", "p.py"]


@pytest.mark.needs("matplotlib")
def test_cells_show_their_figures(tmp_path: Path) -> None:
    cells = [
        "%matplotlib inline\nimport matplotlib.pyplot as plt",
        "plt.plot([1, 2]);",
        "plt.plot([2, 1]);\nprint(3)",
    ]
    book = {"cells": [{"cell_type": "code", "source": cell} for cell in cells], "nbformat": 4}
    out, code = executed(
        tmp_path, "--figures", "f", "--quiet", program=json.dumps(book), file="b.ipynb"
    )
    assert code == 0 and out.endswith("3\n")
    assert names(tmp_path / "f") == ["figure-1.png", "figure-2.png"]


@pytest.mark.needs("matplotlib")
def test_what_was_shown_before_an_error_is_drawn(tmp_path: Path) -> None:
    program = "import matplotlib.pyplot as plt\nplt.plot([1])\nplt.show()\nplt.plot([2])\n1/0\n"
    out, code = executed(tmp_path, "--figures", "f", program=program)
    assert code == 1 and "ZeroDivisionError" in out and names(tmp_path / "f") == ["figure-1.png"]
    program = "import matplotlib.pyplot as plt\nplt.plot([1])\nplt.show()\nwhile True: pass\n"
    out, code = executed(tmp_path, "--figures", "g", "--timeout", "5", program=program)
    assert code == 1 and "limit" in out and names(tmp_path / "g") == ["figure-1.png"]


@pytest.mark.needs("matplotlib")
def test_what_matplotlib_refuses_is_said(tmp_path: Path) -> None:
    program = (
        "import matplotlib.pyplot as plt\nplt.plot([1], color='nocolor')\nplt.title('$\\\\frac{$')\nplt.show()\n"
        "plt.plot([1, 2])\nplt.show()\nprint(1)"
    )
    out, code = executed(tmp_path, "--figures", "f", program=program)
    assert code == 0 and "nocolor" in out and "not drawn: figure-1.png" in out
    assert names(tmp_path / "f") == ["figure-2.png"]


@pytest.mark.needs("matplotlib")
def test_nothing_is_written_over_an_input(tmp_path: Path) -> None:
    (tmp_path / "x.png").write_text("1,2\n")
    (tmp_path / "x.csv").symlink_to("x.png")
    program = "import matplotlib.pyplot as plt\nplt.plot(x.detach())\nplt.savefig('x.png')"
    out, _ = executed(tmp_path, "x=@x.csv", "--figures", ".", program=program)
    assert "over an input" in out and (tmp_path / "x.png").read_text() == "1,2\n"
    assert names(tmp_path) == [".bin", "p.py", "x.csv", "x.png"]


@pytest.mark.needs("matplotlib")
def test_a_program_that_draws_nothing_makes_no_folder(tmp_path: Path) -> None:
    assert executed(tmp_path, "--figures", "f", program="print(1)") == ("1\n", 0)
    assert names(tmp_path) == [".bin", "p.py"]


def test_without_a_folder_one_line_says_so(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "p.py"
    path.write_text(PROGRAM)
    code, out, err = run("run", str(path))
    assert (code, out) == (0, "drawn\n")
    assert err.count("\n") == 1 and "--figures DIR" in err and "autodiff-cli[pictures]" in err
    assert run("run", str(path), "--quiet") == (0, "drawn\n", "")


def test_wrong_folders(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "p.py"
    path.write_text(PROGRAM)
    code, _, err = run("run", str(path), "--figures", str(path))
    assert code == 2 and "not a folder" in err
    monkeypatch.setattr("autodiff_cli.cli.figures.find_spec", lambda name: None)
    code, out, err = run("run", str(path), "--figures", str(tmp_path / "f"))
    assert (code, out) == (1, "") and "pip install 'autodiff-cli[pictures]'" in err


@pytest.mark.needs("plotext")
def test_a_terminal_shows_figures_between_the_lines(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "p.py"
    path.write_text(
        PROGRAM.replace("plt.show()\n", "plt.title('a $x^2$')\nprint('before')\nplt.show()\n")
    )
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    code, out, err = run("run", str(path))
    lines = out.split("\n")
    assert (code, err) == (0, "") and max(map(len, lines)) == 60
    shown = [at for at, line in enumerate(lines) if "a x^2" in line]
    assert (
        lines[0] == "before" and shown == [1] and "parabola" in out and "[imshow: --figures" in out
    )
    assert sum(len([c for c in line if "\u2800" < c <= "\u28ff"]) for line in lines) > 60
