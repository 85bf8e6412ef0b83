"""Small programs in torch syntax, which `loops.py` runs and `floors.py` computes by hand: loops, training.

Parameters and data are made without random numbers, so that numpy can begin with the same ones.
"""

from __future__ import annotations

FILLED = """
import math
import torch
from torch import nn
def filled(*shape, scale=1.0):
    count = torch.arange(math.prod(shape), dtype=torch.float64)
    return (torch.sin(count * count * 0.37) * scale).float().reshape(shape)
def begun(module):
    with torch.no_grad():
        for p in module.parameters():
            p.copy_(filled(*p.shape, scale=p.shape[-1] ** -0.5))
    return module
"""

SCALARS = {
    "newton": """
import torch
x = torch.tensor(2.5)
for i in range(400):
    x = x.detach().requires_grad_()
    f = x**3 - 2*x - 5
    f.backward()
    x = x - f / (x.grad + 1e-6)
print(x.item())
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
print(w.item())
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
print(u.grad.item(), v.grad.item())
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
print(h.item(), s.grad.item())
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
print(total.item(), t.grad.norm().item())
""",
    "vectors": """
import torch
x = torch.linspace(0.1, 1, 10, requires_grad=True)
y = x
for i in range(500):
    y = y * 0.99 + torch.sin(y) * 0.01
    y = y / (1 + y * y).mean()
y.sum().backward()
print(*x.grad.tolist())
""",
    "newton2": """
import torch
for step in range(2000):
    if step % 20 == 0:
        x = torch.tensor([-1.2, 1.0], requires_grad=True)
    f = (1 - x[0]) ** 2 + 10 * (x[1] - x[0] ** 2) ** 2
    (g,) = torch.autograd.grad(f, x, create_graph=True)
    rows = [torch.autograd.grad(g[i], x, retain_graph=True)[0] for i in range(2)]
    with torch.no_grad():
        x = x - 0.5 * torch.linalg.solve(torch.stack(rows), g)
    x.requires_grad_()
print(*x.tolist())
""",
}

TRAINING = """
for step in range({steps}):
    optimizer.zero_grad()
    loss = {loss}
    loss.backward()
    optimizer.step()
print(loss.item())
"""


def _trained(begin: str, optimizer: str, loss: str, steps: int) -> str:
    return f"{begin}optimizer = torch.optim.{optimizer}" + TRAINING.format(steps=steps, loss=loss)


SMALL = """
model = begun(nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1)))
x, y = filled(64, 8), filled(64, 1)
"""
WIDE = """
model = begun(nn.Sequential(nn.Linear(256, 64), nn.ReLU(), nn.Linear(64, 10)))
x, y = filled(64, 256), filled(64, 10)
"""
SGD, ADAM = "SGD(model.parameters(), lr=0.01, momentum=0.9)", "Adam(model.parameters(), lr=0.003)"
SQUARED = "nn.functional.mse_loss(model(x), y)"
ENTROPY = "nn.functional.cross_entropy(model(x), y)"

LAYERS = {
    "layers": """
w1, w2 = filled(10, 10).requires_grad_(), filled(10).requires_grad_()
b1, x = torch.zeros(10, requires_grad=True), filled(10)
for step in range(200):
    hidden = torch.tanh(w1 @ x + b1)
    loss = (hidden @ w2 - 4.0) ** 2
    loss.backward()
    with torch.no_grad():
        for p in (w1, b1, w2):
            p -= 0.001 * p.grad
            p.grad.zero_()
print(loss.item())
""",
    "sgd": _trained(SMALL, SGD, SQUARED, 150),
    "adam": _trained(SMALL, ADAM, SQUARED, 150),
    "sgd_wide": _trained(WIDE, SGD, SQUARED, 100),
    "adam_wide": _trained(WIDE, ADAM, SQUARED, 100),
    "adam_vector": _trained(
        "a = torch.tensor([1.0, -2.0, 0.5], requires_grad=True)\n",
        "Adam([a], lr=0.05)",
        "((a - 1) ** 2 * torch.tensor([1.0, 3.0, 0.2])).sum()",
        200,
    ),
    "adam_matrix": _trained(
        "a, goal = filled(1000, 1000).requires_grad_(), filled(1000)\n",
        "Adam([a], lr=0.01)",
        "((a - goal) ** 2).mean()",
        20,
    ),
    "logistic": _trained(
        "model = begun(nn.Linear(784, 1))\nx, y = filled(64, 784), (filled(64, 1) > 0).float()\n",
        "SGD(model.parameters(), lr=0.1)",
        "nn.functional.binary_cross_entropy_with_logits(model(x), y)",
        200,
    ),
    "softmax": _trained(
        "model = begun(nn.Linear(784, 10))\nx, y = filled(64, 784), torch.arange(64) % 10\n",
        "SGD(model.parameters(), lr=0.1)",
        ENTROPY,
        200,
    ),
    "lstm": _trained(
        """
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm, self.out = nn.LSTM(8, 32), nn.Linear(32, 1)
    def forward(self, x):
        outputs, _ = self.lstm(x)
        return self.out(outputs[-1])
model = begun(Model())
x, y = filled(50, 16, 8), filled(16, 1)
""",
        ADAM,
        SQUARED,
        10,
    ),
    "gru": _trained(
        """
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(10, 8)
        self.encoder, self.decoder = nn.GRU(8, 32), nn.GRU(8, 32)
        self.out = nn.Linear(32, 10)
    def forward(self, words):
        _, hidden = self.encoder(self.embedding(words))
        shown = words.flip(0).roll(1, 0)
        outputs, _ = self.decoder(self.embedding(shown), hidden)
        return self.out(outputs)
model = begun(Model())
words = (torch.arange(12 * 16) ** 2 % 10).reshape(12, 16)
""",
        ADAM,
        "nn.functional.cross_entropy(model(words).flatten(0, 1), words.flip(0).flatten())",
        15,
    ),
    "convolution": _trained(
        """
model = begun(nn.Sequential(
    nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
    nn.Flatten(), nn.Linear(784, 10),
))
x, y = filled(32, 1, 28, 28), torch.arange(32) % 10
""",
        SGD,
        ENTROPY,
        15,
    ),
    "attention": _trained(
        """
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.split, self.out = nn.Linear(32, 96), nn.Linear(32, 10)
    def forward(self, x):
        q, k, v = self.split(x).view(8, 24, 3, 4, 8).permute(2, 0, 3, 1, 4)
        mixed = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.out(mixed.transpose(1, 2).reshape(8, 24, 32)).flatten(0, 1)
model = begun(Model())
x, y = filled(8, 24, 32), torch.arange(8 * 24) % 10
""",
        ADAM,
        ENTROPY,
        50,
    ),
    "penalty": _trained(
        """
model = begun(nn.Sequential(nn.Linear(8, 32), nn.Tanh(), nn.Linear(32, 1)))
x = filled(64, 8).requires_grad_()
def penalized():
    y = model(x)
    (slope,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    return y.mean() + 10 * ((slope.norm(dim=1) - 1) ** 2).mean()
""",
        ADAM,
        "penalized()",
        100,
    ),
    "pinn": _trained(
        """
model = begun(nn.Sequential(
    nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1)
))
x = torch.linspace(0, 1, 64).reshape(64, 1).requires_grad_()
source = (math.pi ** 2 * torch.sin(math.pi * x)).detach()
def residual():
    u = model(x)
    (slope,) = torch.autograd.grad(u.sum(), x, create_graph=True)
    (bend,) = torch.autograd.grad(slope.sum(), x, create_graph=True)
    return ((bend + source) ** 2).mean() + (u[0] ** 2 + u[-1] ** 2).sum()
""",
        ADAM,
        "residual()",
        60,
    ),
}

PROGRAMS = {
    name: text if name in SCALARS else FILLED + text for name, text in (SCALARS | LAYERS).items()
}
