"""`autodiff run`: files, notebooks, standard input, options, exit codes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from autodiff_cli.cli.main import main

PROGRAM = (
    "import torch\nx = torch.ones(2, requires_grad=True)\n(x * 3).sum().backward()\nprint(x.grad)\n"
)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    install = signal.signal
    monkeypatch.setattr(  # SIGPIPE stays pytest's
        signal, "signal", lambda number, *rest: number == signal.SIGPIPE or install(number, *rest)
    )

    def call(*args: str) -> tuple[int, str, str]:
        code = main(["run", *args])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def piped(text: str, *args: str, **kwargs: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "autodiff_cli", "run", "-", *args]
    return subprocess.run(
        command, input=text, capture_output=True, text=True, check=False, **kwargs
    )


def write(folder: Path, text: str, name: str = "p.py") -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_file(run: Any, tmp_path: Path) -> None:
    assert run(write(tmp_path, PROGRAM)) == (0, "tensor([3., 3.])\n", "")


def test_standard_input() -> None:
    done = piped(PROGRAM)
    assert (done.returncode, done.stdout, done.stderr) == (0, "tensor([3., 3.])\n", "")


def test_echo_prints_top_level_expressions() -> None:
    done = piped("x = torch.ones(2)\nx * 2\nNone\n'a'\ndef f():\n    x\nf()\n", "--echo")
    assert done.stdout == "tensor([2., 2.])\n'a'\n"


def test_without_echo_expressions_are_silent() -> None:
    assert piped("import torch\ntorch.ones(1)\n").stdout == ""


def test_bindings(run: Any, tmp_path: Path) -> None:
    path = write(tmp_path, "print(x, n, x.is_leaf)\n(x * n).sum().backward()\nprint(x.grad)\n")
    code, out, _ = run(path, "x=[1,2]", "n=tensor(3)")
    assert code == 0
    assert out == "tensor([1., 2.], requires_grad=True) tensor(3) True\ntensor([3., 3.])\n"


def test_options(run: Any, tmp_path: Path) -> None:
    path = write(tmp_path, "import torch\nprint(torch.rand(1), torch.ones(1).dtype)\n")
    assert run(path, "--manual-seed", "0", "--dtype", "float64")[1] == (
        "tensor([0.9701]) torch.float64\n"
    )


def test_inputs_draw_from_the_seed_and_the_program_goes_on(run: Any, tmp_path: Path) -> None:
    seeded = "import torch\ntorch.manual_seed(0)\nprint(torch.rand(2), torch.rand(2))\n"
    drawn = run(write(tmp_path, seeded))[1]
    path = write(tmp_path, "import torch\nprint(x.detach(), torch.rand(2))\n")
    assert run(path, "x=rand(2)", "--manual-seed", "0")[1] == drawn


def test_notebook(run: Any, tmp_path: Path) -> None:
    cells = [
        {"cell_type": "markdown", "source": ["# title"]},
        {
            "cell_type": "code",
            "source": ["%matplotlib inline\n", "import torch\n", "x = torch.ones(2)"],
        },
        {"cell_type": "code", "source": "x\nx + 1"},
        {"cell_type": "code", "source": ["x.grad"]},
    ]
    path = write(tmp_path, json.dumps({"cells": cells, "nbformat": 4}), "book.ipynb")
    assert run(path) == (0, "tensor([2., 2.])\n", "")


def test_notebook_error_says_the_cell(run: Any, tmp_path: Path) -> None:
    cells = [{"cell_type": "code", "source": "1"}, {"cell_type": "code", "source": "1/0"}]
    path = write(tmp_path, json.dumps({"cells": cells}), "book.ipynb")
    code, out, err = run(path)
    assert (code, out) == (1, "1\n")
    assert "book.ipynb, cell 2" in err and err.endswith("ZeroDivisionError: division by zero\n")


@pytest.mark.parametrize("text", ["{", "[]", '{"cells": 3}', '{"nbformat": 4}'])
def test_no_notebook(run: Any, tmp_path: Path, text: str) -> None:
    code, out, err = run(write(tmp_path, text, "book.ipynb"))
    assert (code, out) == (1, "")
    assert "is not a notebook" in err


def test_traceback(run: Any, tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "import torch\n\ndef f(x):\n    return x.backward()\n\nprint('before')\nf(torch.ones(2))\n",
    )
    code, out, err = run(path)
    assert (code, out) == (1, "before\n")
    assert err == (
        "Traceback (most recent call last):\n"
        f'  File "{path}", line 7, in <module>\n'
        "    f(torch.ones(2))\n"
        f'  File "{path}", line 4, in f\n'
        "    return x.backward()\n"
        "           ^^^^^^^^^^^^\n"
        "RuntimeError: element 0 of tensors does not require grad and does not have a grad_fn\n"
    )


def test_chained_exceptions(run: Any, tmp_path: Path) -> None:
    text = "try:\n    1/0\nexcept ZeroDivisionError as e:\n    raise ValueError('no') from e\n"
    err = run(write(tmp_path, text))[2]
    assert err.index("ZeroDivisionError") < err.index("direct cause") < err.index("ValueError: no")


def test_syntax_error(run: Any, tmp_path: Path) -> None:
    path = write(tmp_path, "print(1)\nfor i in x\n    pass\n")
    code, out, err = run(path)
    assert (code, out) == (1, "")
    assert err.startswith(f'  File "{path}", line 2\n') and err.endswith(
        "SyntaxError: expected ':'\n"
    )


def test_warnings_go_to_standard_error(run: Any, tmp_path: Path) -> None:
    path = write(
        tmp_path, "import torch\nx = torch.ones(1, requires_grad=True) * 2\nprint(x.grad)\n"
    )
    code, out, err = run(path)
    assert (code, out) == (0, "None\n")
    assert "UserWarning: The .grad attribute of a Tensor that is not a leaf" in err


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["--max-steps", "1000"], "taken 1,000 steps"),
        (["--timeout", "3"], "run for 3 seconds"),
    ],
)
def test_limits_end_a_loop(args: list[str], says: str) -> None:
    done = piped("print('first')\nwhile True:\n    x = 1\n", *args, timeout=60)
    assert (done.returncode, done.stdout) == (1, "first\n")
    assert says in done.stderr and "line " in done.stderr and f"hint: {args[0]}" in done.stderr


def test_memory_limit() -> None:
    text = "import torch\nkept = []\nwhile True:\n    kept.append(torch.ones(1000) + 1)\n"
    done = piped(text, "--max-bytes", "200000000", timeout=60)
    assert done.returncode == 1
    assert "MiB of memory" in done.stderr


def test_element_limit() -> None:
    done = piped("import torch\ntorch.zeros(1000)\n", "--max-elements", "10")
    assert done.returncode == 1
    assert "1,000 elements; the limit is 10" in done.stderr


def test_interrupt(tmp_path: Path) -> None:
    path = write(tmp_path, "print('ready', flush=True)\nwhile True: pass\n")
    command = [sys.executable, "-m", "autodiff_cli", "run", path]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"  # flush=True flushes
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (130, "interrupted\n")


def test_closed_pipe() -> None:
    command = f"{sys.executable} -m autodiff_cli run - | head -1; echo ${{PIPESTATUS[0]}}"
    text = "for i in range(100000):\n    print(i)\n"
    done = subprocess.run(
        ["bash", "-c", command], input=text, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("0\n141\n", "")


@pytest.mark.parametrize(
    ("args", "code"),
    [
        ([], 2),
        (["--nope", "x.py"], 2),
        (["x.py", "notabinding"], 2),
        (["--max-steps", "0", "x.py"], 2),
        (["--timeout", "-1", "x.py"], 2),
        (["/nowhere/x.py"], 1),
        (["."], 1),
    ],
)
def test_wrong_usage(run: Any, args: list[str], code: int) -> None:
    got, out, err = run(*args)
    assert (got, out) == (code, "")
    assert err.strip() and "Traceback" not in err


def test_output_of_print_options_and_dtype_end_with_the_program(run: Any, tmp_path: Path) -> None:
    text = (
        "import torch\ntorch.set_printoptions(precision=1)\ntorch.set_default_dtype(torch.float64)\n"
        "print(torch.ones(1) / 3)\n"
    )
    first = run(write(tmp_path, text))
    second = run(write(tmp_path, "import torch\nprint(torch.ones(1) / 3)\n"))
    assert (first[1], second[1]) == ("tensor([0.3])\n", "tensor([0.3333])\n")


def test_unicode(run: Any, tmp_path: Path) -> None:
    path = write(tmp_path, "변수 = 'ü'\nprint(f'{변수} → x')\n")
    assert run(path)[1] == "ü → x\n"


def test_environment_has_nothing_of_the_machine() -> None:
    assert "HOME" in os.environ
    assert piped("import os\nprint(os.environ)\n").returncode == 1


def test_an_input_that_a_program_overwrites_is_an_error(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "train.py"
    path.write_text("print('begun')\nlr = 0.1\nprint(lr)\n")
    code, out, err = run(str(path), "lr=0.5")
    assert (code, out) == (1, "")
    assert "'lr' is bound, and assigned before it is read" in err
    assert "line 2: lr = 0.1" in err


def test_an_input_that_a_program_does_not_read_is_noted(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "train.py"
    path.write_text("lr = lr / 2\nprint(lr.item())\n")
    code, out, err = run(str(path), "lr=0.5", "x=1")
    assert (code, out, err) == (0, "0.25\n", f"note: input 'x' bound and not used in {path}\n")
    assert run(str(path), "lr=0.5", "x=1", "--quiet") == (0, "0.25\n", "")


def test_a_notebook_reads_inputs_in_any_cell(run: Any, tmp_path: Path) -> None:
    cells = [{"cell_type": "code", "source": text} for text in ("y = 2", "y * x", "y = x = 1")]
    path = tmp_path / "book.ipynb"
    path.write_text(json.dumps({"cells": cells, "nbformat": 4}))
    assert run(str(path), "x=3")[::2] == (0, "")
    code, _, err = run(str(path), "y=3")
    assert code == 1
    assert "'y' is bound, and assigned before it is read" in err


def test_a_program_may_say_nothing(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "quiet.py"
    path.write_text("import torch\ny = torch.ones(2)\n")
    assert run(str(path)) == (0, "", "")
    path.write_text("")
    assert run(str(path)) == (0, "", "")


SEEN = "In [1]:\nx = torch.ones(2)\nx.sum()\n\ntensor({value}.)\n"


@pytest.mark.parametrize(("value", "code"), [(2, 0), (3, 3)])
def test_a_notebook_as_a_test(value: int, code: int, run: Any, tmp_path: Path) -> None:
    path = write(tmp_path, SEEN.format(value=value), "notes.txt")
    ended, out, _ = run(path, "--verify", "--quiet")
    assert ended == code
    assert ("-tensor(3.)\n+tensor(2.)\n" in out) is bool(code)
    said = "0 of 1 output agrees, 1 differs" if code else "1 of 1 output agrees"
    assert out.endswith(f"{path}: {said}\n")


def test_which_lines_are_code_is_said() -> None:
    done = piped(SEEN.format(value=2))
    assert done.stdout == "tensor(2.)\n"
    assert "standard input was read as a notebook as text: 1 cell, code in lines 2-3" in done.stderr
    assert piped(SEEN.format(value=2), "--quiet").stderr == ""


def test_a_program_has_nothing_to_verify(run: Any, tmp_path: Path) -> None:
    code, out, error = run(write(tmp_path, PROGRAM), "--verify")
    assert (code, out) == (2, "")
    assert "is a program" in error


@pytest.mark.parametrize("name", ["a.txt", "a.md"])
def test_prose_says_how_code_is_marked(name: str, run: Any, tmp_path: Path) -> None:
    code, _, error = run(write(tmp_path, "This is a text of words.\nx = 1\n", name))
    assert code == 1
    assert "'In [1]:'" in error
