# Where no gradient comes: Functions are given zeros, or None, and hooks are called all the same.
import torch
from torch.autograd import Function


class Ends(Function):
    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, g):
        return None


class Told(Function):
    @staticmethod
    def forward(ctx, x, name, materialize):
        ctx.name = name
        ctx.set_materialize_grads(materialize)
        return x.clone()

    @staticmethod
    def backward(ctx, g):
        print(ctx.name, g)
        return g, None, None


x = torch.ones(2, requires_grad=True)
x.register_hook(lambda g: print("leaf", g))
y = x * 2
y.register_hook(lambda g: print("result", g))
y.grad_fn.register_prehook(lambda came: print("before", came))
y.grad_fn.register_hook(lambda flows, came: print("after", flows, came))
Ends.apply(Told.apply(y, "zeros", True)).sum().backward()
print(x.grad)
x.grad = None
Ends.apply(Told.apply(x * 3, "none", False)).sum().backward()
print(x.grad)
print(torch.autograd.grad(Ends.apply(x * 2).sum(), x, allow_unused=True))
base = torch.tensor([1.0], requires_grad=True).clone()
one, two = base[:], base[:]
one.retain_grad()
two.retain_grad()
one.mul_(2)
(one + two).sum().backward()
print(one.grad, two.grad)
