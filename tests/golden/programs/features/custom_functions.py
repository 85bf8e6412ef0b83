import torch
from torch.autograd import Function
from torch.autograd.function import once_differentiable


class ScaledSin(Function):
    @staticmethod
    def forward(ctx, x, scale):
        ctx.save_for_backward(x)
        ctx.scale = scale
        ctx.set_materialize_grads(False)
        return scale * x.sin()

    @staticmethod
    def backward(ctx, g):
        x, = ctx.saved_tensors
        return g * ctx.scale * x.cos(), None


class Inplace(Function):
    @staticmethod
    def forward(ctx, x):
        x.add_(1)
        ctx.mark_dirty(x)
        return x

    @staticmethod
    @once_differentiable
    def backward(ctx, g):
        return g


class TwoOut(Function):
    @staticmethod
    def forward(ctx, x):
        idx = x.argsort()
        ctx.mark_non_differentiable(idx)
        ctx.save_for_backward(idx)
        return x[idx], idx

    @staticmethod
    def backward(ctx, g, _):
        idx, = ctx.saved_tensors
        out = torch.zeros_like(g)
        out[idx] = g
        return out


class WithSetup(Function):
    @staticmethod
    def forward(x):
        return x ** 2

    @staticmethod
    def setup_context(ctx, inputs, output):
        x, = inputs
        ctx.save_for_backward(x)

    @staticmethod
    def backward(ctx, g):
        return 2 * g * ctx.saved_tensors[0]


x = torch.tensor([3., 1., 2.], requires_grad=True)
y = ScaledSin.apply(x, 2.0)
print(y, y.grad_fn.name(), type(y.grad_fn))
gx, = torch.autograd.grad(y.sum(), x, create_graph=True)
print(gx, torch.autograd.grad(gx.sum(), x)[0])
z = Inplace.apply(x * 1)
print(z, z.grad_fn)
z.sum().backward()
print(x.grad)
s, i = TwoOut.apply(x)
print(s, i, i.requires_grad)
(s * torch.tensor([1., 10., 100.])).sum().backward()
print(x.grad)
x.grad = None
WithSetup.apply(x).sum().backward()
print(x.grad, ScaledSin.__name__, ScaledSin.apply(torch.zeros(1), 3))
try:
    ScaledSin.apply(x)
except TypeError as e:
    print(e)
try:
    ScaledSin.forward(x)
except TypeError as e:
    print(e)
