import torch
from torch.autograd.functional import hvp, vhp


def f(x):
    return (x ** 4).sum() / 4 + x[0] * x[1]


x = torch.tensor([1., 2., 3.])
v = torch.tensor([1., 0., -1.])
print(hvp(f, x, v))
print(vhp(f, x, v))
out, product = hvp(f, x, v, create_graph=True)
print(out, product)
print(hvp(lambda a, b: (a * b).sum() + (a ** 2).sum(), (x, v), (torch.ones(3), torch.zeros(3))))
