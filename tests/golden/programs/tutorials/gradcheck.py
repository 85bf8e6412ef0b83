import torch
from torch.autograd import gradcheck, gradgradcheck

torch.manual_seed(0)
x = torch.randn(3, dtype=torch.double, requires_grad=True)
w = torch.randn(2, 3, dtype=torch.double, requires_grad=True)
print(gradcheck(torch.tanh, (x,)))
print(gradcheck(lambda w, x: torch.mv(w, x), (w, x), eps=1e-6, atol=1e-4))
print(gradgradcheck(lambda t: (t ** 3).sum(), x))


class BadCube(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x ** 3

    @staticmethod
    def backward(ctx, g):
        x, = ctx.saved_tensors
        return 2 * g * x ** 2


print(gradcheck(BadCube.apply, (x,), raise_exception=False))
try:
    gradcheck(BadCube.apply, (x,))
except RuntimeError as e:
    print(type(e).__name__, str(e).splitlines()[0])
