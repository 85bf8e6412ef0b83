"""Small programs in loops, forward and backward: single numbers, short vectors, small layers.

    python benchmarks/loops.py [--rounds N] [PROGRAM]...

The peer is torch, which runs the same text; both run in this process, interleaved after a warm-up
round; figures are medians. Prints a table, then one JSON line.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import statistics
import sys
from collections.abc import Callable
from importlib.util import find_spec
from time import perf_counter

PROGRAMS = {
    "newton": """
import torch
x = torch.tensor(2.5)
for i in range(400):
    x = x.detach().requires_grad_()
    f = x**3 - 2*x - 5
    f.backward()
    x = x - f / (x.grad + 1e-6)
print(x)
""",
    "descent": """
import torch
w = torch.tensor(3.0, requires_grad=True)
lr = 0.01
for step in range(500):
    loss = (w - 1.5) ** 2 + torch.sin(w) * 0.1
    loss.backward()
    with torch.no_grad():
        w -= lr * w.grad
    w.grad = None
print(w)
""",
    "recurrence": """
import torch
u = torch.tensor(0.5, requires_grad=True)
v = torch.tensor(-0.3, requires_grad=True)
h = torch.tensor(0.1)
for i in range(1500):
    h = torch.tanh(u * h + v * 0.5)
    h = h + 0.1 * torch.exp(-h * h)
h.backward()
print(u.grad, v.grad)
""",
    "functions": """
import torch
def cell(state, gain):
    a = torch.sigmoid(gain * state)
    if a > 0.6:
        return a - state / 3
    return state * a + 0.2
s = torch.tensor(0.4, requires_grad=True)
h = s
for i in range(1500):
    h = cell(h, 1.5)
h.backward()
print(s.grad)
""",
    "elements": """
import torch
t = torch.linspace(-1, 1, 300, requires_grad=True)
total = torch.tensor(0.0)
for i in range(300):
    total = total + t[i] * t[i]
for item in t:
    total = total - item / 2
total.backward()
print(t.grad.sum())
""",
    "layers": """
import torch
torch.manual_seed(0)
w1 = torch.randn(10, 10, requires_grad=True)
b1 = torch.zeros(10, requires_grad=True)
w2 = torch.randn(10, requires_grad=True)
x = torch.randn(10)
for step in range(200):
    hidden = torch.tanh(w1 @ x + b1)
    loss = (hidden @ w2 - 1.0) ** 2
    loss.backward()
    with torch.no_grad():
        for p in (w1, b1, w2):
            p -= 0.01 * p.grad
            p.grad.zero_()
print(loss)
""",
    "sgd": """
import torch
torch.manual_seed(0)
model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
x, y = torch.randn(16, 4), torch.randn(16, 1)
for step in range(150):
    optimizer.zero_grad()
    loss = torch.nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
print(loss)
""",
    "adam": """
import torch
a = torch.tensor([1.0, -2.0, 0.5], requires_grad=True)
optimizer = torch.optim.Adam([a], lr=0.05)
for step in range(200):
    optimizer.zero_grad()
    loss = ((a - 1) ** 2 * torch.tensor([1.0, 3.0, 0.2])).sum()
    loss.backward()
    optimizer.step()
print(a)
""",
    "vectors": """
import torch
x = torch.linspace(0.1, 1, 10, requires_grad=True)
y = x
for i in range(500):
    y = y * 0.99 + torch.sin(y) * 0.01
    y = y / (1 + y * y).mean()
y.sum().backward()
print(x.grad)
""",
}


def run_autodiff(text: str) -> tuple[float, str]:
    from autodiff_cli.program import run_text
    from autodiff_cli.source import Source

    output = io.StringIO()
    started = perf_counter()
    if run_text(Source(text, "loop.py"), write=output.write, complain=sys.stderr.write):
        raise SystemExit("the program failed")
    return perf_counter() - started, output.getvalue()


def run_torch(text: str) -> tuple[float, str]:
    output = io.StringIO()
    code = compile(text, "loop.py", "exec")
    started = perf_counter()
    with contextlib.redirect_stdout(output):
        exec(code, {})
    return perf_counter() - started, output.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("programs", nargs="*", default=list(PROGRAMS), metavar="PROGRAM")
    options = parser.parse_args()
    peers: dict[str, Callable[[str], tuple[float, str]]] = {"autodiff": run_autodiff}
    if find_spec("torch"):
        peers["torch"] = run_torch
    ratios = {}
    for name in options.programs:
        times: dict[str, list[float]] = {peer: [] for peer in peers}
        outputs = {}
        for number in range(options.rounds + 1):
            for peer, run in peers.items():
                seconds, outputs[peer] = run(PROGRAMS[name])
                if number:  # the first round warms up
                    times[peer].append(seconds)
        medians = {peer: statistics.median(values) for peer, values in times.items()}
        shown = "  ".join(f"{peer} {seconds * 1e3:7.2f} ms" for peer, seconds in medians.items())
        same = "" if len(set(outputs.values())) == 1 else "  (other output)"
        if "torch" in medians:
            ratios[name] = medians["autodiff"] / medians["torch"]
            shown += f"  ratio {ratios[name]:.2f}"
        print(f"{name:12} {shown}{same}")
    print(json.dumps({"benchmark": "loops", "rounds": options.rounds, **ratios}))


if __name__ == "__main__":
    main()
