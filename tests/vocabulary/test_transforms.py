"""`vmap` and Jacobians of programs: one batch where the function allows it, each row where not."""

from __future__ import annotations

from typing import Any

import pytest

from autodiff_cli.program import run_text
from autodiff_cli.source import Source
from autodiff_cli.vocabulary.func import vmap as rows

PREPARED = """
import torch
from torch.func import vmap, grad, jacrev, jvp
from torch.autograd.functional import jacobian
torch.manual_seed(0)
X = torch.randn(5, 3)
X[2] = -X[2].abs() - 1
A = torch.randn(3, 3)
def same(f):
    got, want = vmap(f)(X), [f(row.clone()) for row in X]
    if not isinstance(got, tuple):
        got, want = (got,), [(entry,) for entry in want]
    for place, found in enumerate(got):
        expected = torch.stack([entry[place] for entry in want])
        print(found.shape == expected.shape, found.dtype == expected.dtype,
            torch.allclose(found.double(), expected.double(), atol=1e-5, equal_nan=True))
"""

# Functions of a row that become one batch.
BATCHED = """
torch.tanh(A @ x / 10) * x
x.view(3, 1).expand(3, 2).t().reshape(-1)
(x > 0) & (x < 1) | ~(x == x.max())
(x * 10).long() // 3 % 4
x.detach() * x + x.data
x.sort(descending=True).indices
torch.stack([v * 2 for v in x])
sum(x) + x[0] ** 2 + 2 ** x[1]
torch.clamp(x, min=x.mean())
x.double() + x.half().float()
x.sum() * torch.tensor(2.0, dtype=torch.float64) + x
torch.var_mean(x)
torch.det(x.outer(x) + torch.eye(3))
torch.nn.functional.conv1d(x.view(1, 1, 3), torch.ones(1, 1, 2))
torch.nn.functional.layer_norm(x, (3,))
grad(lambda y: (y.sin() * x).sum())(x * 2)
grad(lambda y: grad(lambda z: (z ** 3).sum())(y).sum())(x)
jacrev(lambda y: torch.tanh(A @ y))(x)
jvp(torch.sin, (x,), (x * x,))[1]
vmap(lambda row: row * x)(A)
torch.ones(2)
x.median()
""".strip().splitlines()

# Functions that decide by values, show them, write or draw: each row for itself.
BY_ROW = """
x + torch.tensor(x.numpy().sum())
x[x > x.min()].sum()
torch.tensor(x.tolist()) * 2
x * (1.0 if torch.equal(x, X[0]) else 2.0)
x * len(f"{x[0]:.3f}")
torch.zeros(3).scatter(0, x.argsort(), x)
x.clone().mul_(2).add_(x)
torch.unique(x.round()).sum()
torch.bincount((x > 0).long(), minlength=2)
""".strip().splitlines()


def printed(program: str) -> list[str]:
    lines: list[str] = []
    code = run_text(Source(PREPARED + program, "x.py"), write=lines.append, complain=lines.append)
    assert code == 0, lines
    return "".join(lines).splitlines()


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """For each `vmap` that is called, whether it was one batch."""
    found: list[bool] = []
    plain = rows._in_rows

    def noted(*args: Any) -> Any:
        result = plain(*args)
        found.append(result is not None)
        return result

    monkeypatch.setattr(rows, "_in_rows", noted)
    return found


@pytest.mark.parametrize("function", BATCHED)
def test_one_batch(function: str, batches: list[bool]) -> None:
    lines = printed(f"same(lambda x: {function})")
    assert lines
    assert set(lines) == {"True True True"}
    assert batches
    assert all(batches)


@pytest.mark.parametrize("function", BY_ROW)
def test_each_row_for_itself(function: str, batches: list[bool]) -> None:
    assert set(printed(f"same(lambda x: {function})")) == {"True True True"}
    assert batches == [False]


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("x.exp() if x.sum() > 0 else x * 0", "data-dependent control flow"),
        ("max(x) * x", "data-dependent control flow"),
        ("x * x.sum().item()", "vmap over calling .item() on a Tensor"),
        ("x[int(x.argmax())]", "vmap over calling .item() on a Tensor"),
        ("torch.full((2,), float(x[0]))", "vmap over calling .item() on a Tensor"),
        ("torch.nonzero(x > 0).sum().float()", "Attempted to vmap over aten::nonzero"),
        ("torch.where(x > 0)[0].sum()", "Attempted to vmap over aten::nonzero"),
    ],
)
def test_what_would_need_a_program_for_each_row(function: str, message: str) -> None:
    call = f"vmap(lambda x: {function})(X)"
    program = f"try:\n    {call}\nexcept RuntimeError as e:\n    print({message!r} in str(e))"
    assert printed(program) == ["True"]


def test_rows_draw_for_themselves(batches: list[bool]) -> None:
    for randomness, different in (("different", "10"), ("same", "2")):
        program = f"vmap(lambda x: torch.rand(2) + x[0] * 0, randomness={randomness!r})(X)"
        assert printed(f"print(len({program}.unique()))") == [different]
    assert batches == [False, False]


def test_rows_may_not_draw_unless_asked() -> None:
    for call, message in (
        (
            "vmap(lambda x: x + torch.rand(3))(X)",
            "called random operation while in randomness error",
        ),
        ("vmap(lambda x: x, randomness='any')(X)", "Only allowed values for randomness"),
    ):
        program = f"try:\n    {call}\nexcept RuntimeError as e:\n    print({message!r} in str(e))"
        assert printed(program) == ["True"]


def test_what_is_called_once_and_what_for_each_row() -> None:
    program = """
calls = []
def quiet(x):
    calls.append(1)
    return x * 2
vmap(quiet)(X)
print(len(calls))
def loud(x):
    calls.append(x.tolist())
    return x * 2
vmap(loud)(X)
print(len(calls))
"""
    assert printed(program) == ["1", "6"]


def test_writes_to_what_is_outside() -> None:
    program = """
held = torch.zeros(3)
def f(x):
    y = held + x
    held.add_(1)
    return y
print((vmap(f)(X) - X)[:, 0].round())
"""
    assert printed(program) == ["tensor([0., 1., 2., 3., 4.])"]


def test_gradients_flow_through_a_batch(batches: list[bool]) -> None:
    program = """
Z = X.clone().requires_grad_()
vmap(lambda x: (torch.tanh(A @ x) * x).sum())(Z).sum().backward()
W = X.clone().requires_grad_()
torch.stack([(torch.tanh(A @ w) * w).sum() for w in W]).sum().backward()
print(torch.allclose(Z.grad, W.grad))
"""
    assert printed(program) == ["True"]
    assert batches == [True]


FUNCTION = """
class Triple(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 3
    @staticmethod
    def backward(ctx, g):
        print("backward")
        return g * 3
"""


def test_functions_of_the_program_run_pass_by_pass() -> None:
    found = printed(FUNCTION + "print(jacobian(Triple.apply, X[0]).sum())")
    assert found == ["backward"] * 3 + ["tensor(9.)"]


def test_rows_that_would_not_fit_run_pass_by_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    program = "print(jacobian(torch.sin, X[0]).sum() == X[0].cos().sum(), vmap(torch.sin)(X).shape)"
    expected = ["tensor(True) torch.Size([5, 3])"]
    assert printed(program) == expected
    from autodiff_cli.tensors import ruled

    monkeypatch.setattr(ruled, "MOST", 4)
    monkeypatch.setattr(rows, "MOST", 4)
    assert printed(program) == expected
