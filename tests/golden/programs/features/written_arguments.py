"""Functions that are differentiated may write to what they are given, not to what they captured."""

import torch
from torch.func import grad, jacrev
def f(x, y):
    y.copy_(x)
    return y
print(jacrev(f, argnums=0)(torch.ones(2), torch.zeros(2)))
y = torch.zeros(2)
def g(x, y):
    y.mul_(2)
    return (x * x).sum()
print(grad(g)(torch.tensor([1., 2.]), y))
def k(x, y=None):
    y.add_(1)
    return (x * y).sum()
print(grad(k)(torch.tensor([1., 2.]), y=torch.ones(2)))
z = torch.zeros(2)
def h(x):
    z.add_(1)
    return x.sum()
try:
    grad(h)(torch.ones(2))
except RuntimeError as e:
    print(str(e)[:90])
