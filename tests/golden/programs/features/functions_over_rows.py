# vmap over Functions: their vmap static method, what it is told and what it must give; writes in forward mode.
import torch
from torch.autograd import Function
from torch.func import jvp, vmap


def attempt(f, *args):
    try:
        print(f(*args))
    except (RuntimeError, NotImplementedError, ValueError) as error:
        print(type(error).__name__, str(error).splitlines()[0])


class Scaled(Function):
    @staticmethod
    def forward(x, y, n):
        return x * y * n

    @staticmethod
    def setup_context(ctx, inputs, output):
        pass

    @staticmethod
    def vmap(info, in_dims, x, y, n):
        print(info, in_dims, x.shape, y.shape)
        rows = x.movedim(in_dims[0], 0)
        return rows * (y if in_dims[1] is None else y.movedim(in_dims[1], 0)) * n, 0


class Bare(Function):
    @staticmethod
    def forward(x):
        return x * 2

    @staticmethod
    def setup_context(ctx, inputs, output):
        pass


class Generated(Bare):
    generate_vmap_rule = True


class Both(Generated):
    @staticmethod
    def vmap(info, in_dims, x):
        return x, in_dims[0]


class One(Bare):
    @staticmethod
    def vmap(info, in_dims, x):
        return x


class Three(Bare):
    @staticmethod
    def vmap(info, in_dims, x):
        return x, 0, 0


x, y = torch.arange(6.0).reshape(2, 3), torch.tensor([1.0, 10.0])
print(vmap(lambda a, b: Scaled.apply(a, b, 2), in_dims=(1, None))(x, y))
print(vmap(lambda a, b: Scaled.apply(a.sin(), b, 2).exp() + 1, in_dims=(0, 1), randomness="different")(x, x.t()))
attempt(vmap(Bare.apply), x)
attempt(vmap(Generated.apply), x)
attempt(vmap(Both.apply), x)
attempt(vmap(One.apply), x)
attempt(vmap(Three.apply), x)
print(Bare.generate_vmap_rule, hasattr(Bare, "vmap"))


def written(x, y):
    x[0] = y[1] * 3
    return x * 1


value, moved = jvp(written, (torch.ones(2), torch.tensor([2.0, 3.0])), (torch.ones(2), torch.tensor([5.0, 7.0])))
print(value, moved)
with torch.autograd.forward_ad._set_fwd_grad_enabled(False):
    print(jvp(torch.sin, (torch.tensor(0.0),), (torch.tensor(2.0),)))


def partly(x):
    with torch.autograd.forward_ad._set_fwd_grad_enabled(False):
        still = x**2
    return x**2 - still


print(jvp(partly, (torch.tensor(3.0),), (torch.tensor(1.0),)))


class Calls(Function):
    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, g):
        torch.autograd.Variable._execution_engine.queue_callback(lambda: print("at the end"))
        print("in the middle")
        return g


leaf = torch.ones(1, requires_grad=True)
leaf.register_hook(lambda g: print("leaf"))
Calls.apply(leaf).backward()
attempt(torch.autograd.Variable._execution_engine.queue_callback, print)
