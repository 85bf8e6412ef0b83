import torch


class MulConstant(torch.autograd.Function):
    @staticmethod
    def forward(ctx, tensor, constant):
        ctx.constant = constant
        return tensor * constant

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output * ctx.constant, None


class SplitSum(torch.autograd.Function):
    """Two outputs, of which one may get no gradient."""

    @staticmethod
    def forward(ctx, x):
        ctx.shape = x.shape
        return x.sum(), x * 2

    @staticmethod
    def backward(ctx, g_sum, g_double):
        print('got', g_sum, g_double)
        return g_sum.expand(ctx.shape) + 2 * g_double


x = torch.arange(3., requires_grad=True)
print(MulConstant.apply(x, 5))
MulConstant.apply(x, 5).sum().backward()
print(x.grad)
x.grad.zero_()
s, d = SplitSum.apply(x)
print(s, d)
s.backward()
print(x.grad)
