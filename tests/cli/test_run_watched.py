"""`autodiff run --explain` and `--check`: the backward passes of a program, which prints what it prints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

NOTEBOOK = """
import torch
x = torch.ones(2, 2, requires_grad=True)
y = x + 2
z = y * y * 3
out = z.mean()
out.backward()
print(x.grad)
"""
TRAINING = """
import torch
import torch.nn.functional as F
torch.manual_seed(0)
model = torch.nn.Linear(2, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
data, target = torch.randn(4, 2), torch.randn(4, 1)
for epoch in range(10):
    optimizer.zero_grad()
    prediction = model(data)
    loss = F.mse_loss(prediction, target)
    loss.backward()
    optimizer.step()
print(loss)
"""
WRONG = """
import torch
class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3
    @staticmethod
    def backward(ctx, g):
        x, = ctx.saved_tensors
        return 3*x*g
x = torch.tensor(2., requires_grad=True)
Cube.apply(x).backward()
print(x.grad)
"""
KINK = """
import torch
x = torch.tensor([-1., 0.], requires_grad=True)
torch.relu(x).sum().backward()
print(x.grad)
"""


@pytest.fixture
def program(tmp_path: Path) -> Any:
    def write(text: str) -> str:
        path = tmp_path / "program.py"
        path.write_text(text)
        return str(path)

    return write


def test_each_backward_is_explained(run: Any, program: Any) -> None:
    path = program(NOTEBOOK)
    _, plain, _ = run("run", path)
    code, out, err = run("run", path, "--explain")
    assert (code, err) == (0, "")
    assert out.startswith(f"── out.backward(), line 7 of {path} ──\n")
    assert "          = 1/4 * 6*3 * 1\n          = 4.5\n" in out
    assert out.endswith(plain)


def test_loops_are_explained_once_and_counted(run: Any, program: Any) -> None:
    path = program(TRAINING)
    _, plain, _ = run("run", path)
    code, out, err = run("run", path, "--explain")
    assert code == 0 and out.count("── loss.backward()") == 1
    assert "model.weight" in out and "data.T@" in out
    assert out.endswith(plain)
    assert err == "note: 1 of 10 backward passes explained\n"


def test_a_program_is_checked_and_prints_what_it_prints(run: Any, program: Any) -> None:
    path = program(TRAINING)
    _, plain, _ = run("run", path)
    code, out, err = run("run", path, "--check")
    assert (code, out) == (0, plain)
    assert err == "note: 5 of 10 backward passes checked: all agree\n"
    assert run("run", path, "--check", "--quiet") == (0, plain, "")


def test_what_disagrees_is_said(run: Any, program: Any) -> None:
    code, out, _ = run("run", program(KINK), "--check")
    assert code == 3
    assert "x[1]: the slope is 0 from the left and 1 from the right" in out
    assert out.endswith("tensor([0., 0.])\n")


def test_functions_of_the_program_are_explained_and_checked(run: Any, program: Any) -> None:
    path = program(WRONG)
    code, out, _ = run("run", path, "--explain")
    assert code == 0 and "x.grad = 3*x = 6" in out
    code, out, _ = run("run", path, "--check")
    assert code == 3 and "gradient differs" in out and out.endswith("tensor(6.)\n")
    path = program(WRONG.replace("3*x*g", "3*x**2*g"))
    code, out, err = run("run", path, "--check")
    assert (code, out) == (0, "tensor(12.)\n")
    assert err == "note: 1 of 1 backward passes checked: all agree\n"


def test_what_a_function_prints_is_printed_once(run: Any, program: Any) -> None:
    path = program(
        WRONG.replace("        return x**3", "        print('ran')\n        return x**3")
    )
    for flag in ("--explain", "--check"):
        assert run("run", path, flag)[1].count("ran\n") == 1


def test_parameters_are_named_as_the_program_writes_them(run: Any, program: Any) -> None:
    text = """
import torch
net = torch.nn.Sequential(torch.nn.Linear(2, 1), torch.nn.Tanh())
net(torch.tensor([[1., 2.]])).sum().backward()
"""
    code, out, _ = run("run", program(text), "--explain")
    assert code == 0 and "net[0].bias.grad = " in out and "dnet[0].weight" in out


@pytest.mark.parametrize(
    ("form", "sign"),
    [
        ("markdown", "## out.backward(), line 7"),
        ("html", "<h1>out.backward(), line 7"),
        ("latex", r"\subsection*{out.backward(), line 7"),
        ("json", '{"place":"out.backward(), line 7'),
        ("text", "── out.backward(), line 7"),
    ],
)
def test_other_forms_have_what_is_explained_alone(
    run: Any, program: Any, tmp_path: Path, form: str, sign: str
) -> None:
    path = program(NOTEBOOK)
    plain = run("run", path)[1]
    suffix = {"markdown": "md", "latex": "tex", "text": "txt"}.get(form, form)
    file = tmp_path / f"why.{suffix}"
    assert run("run", path, "--explain", "-o", str(file)) == (0, plain, "")
    text = file.read_text()
    assert sign in text and "4.5" in text
    code, out, err = run("run", path, "--explain", "--to", form)
    assert code == 0 and sign in out
    if form != "text":  # which stands between the lines of the program
        assert (out, err) == (text, plain)


def test_every_check_is_written_to_a_file(run: Any, program: Any, tmp_path: Path) -> None:
    file = tmp_path / "checks.json"
    run("run", program(TRAINING), "--check", "-o", str(file))
    found = [orjson.loads(line) for line in file.read_text().splitlines()]
    assert [made["number"] for made in found] == [1, 2, 3, 4, 8]
    assert {made["verdict"] for made in found} == {"ok"}
    assert run("run", program(WRONG), "--check", "--json")[0] == 3


def test_forms_are_of_explanations(run: Any, program: Any) -> None:
    for words in (["--to", "html"], ["--json"], ["-o", "x.md"]):
        code, _, err = run("run", program(NOTEBOOK), *words)
        assert code == 2 and "--explain or --check" in err


def test_a_program_without_backward(run: Any, program: Any) -> None:
    code, out, err = run("run", program("print(1)"), "--explain")
    assert (code, out, err) == (0, "1\n", "note: no backward() was called\n")


def test_a_program_that_fails(run: Any, program: Any) -> None:
    code, _, err = run("run", program(NOTEBOOK + "1/0\n"), "--check")
    assert code == 1 and "ZeroDivisionError" in err


def test_a_second_backward_fails_as_it_does(run: Any, program: Any) -> None:
    path = program(NOTEBOOK + "out.backward()\n")
    _, _, plain = run("run", path)
    code, _, err = run("run", path, "--explain")
    assert code == 1 and plain.rstrip() in err


def test_one_question_at_a_time(run: Any, program: Any) -> None:
    code, _, err = run("run", program(NOTEBOOK), "--check", "--explain")
    assert code == 2 and "different questions" in err


def test_a_text_with_writes(run: Any) -> None:
    text = "y = x*2\ny[0] = 5\nprint(y)\ny.sum()"
    code, out, err = run("explain", text, "x=[1,2]")
    assert code == 0 and "x.grad = [0, 2]" in out and err.startswith("tensor([5., 4.]")
    assert run("check", text, "x=[1,2]")[0] == 0
    code, _, err = run("explain", "y = x*2\nz = y.sum()\nz.backward()\nz", "x=[1,2]")
    assert code == 1 and "autodiff run --explain" in err
