import torch


class RoundSTE(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return torch.round(x)

    @staticmethod
    def backward(ctx, g):
        return g


class GradReverse(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, alpha):
        ctx.alpha = alpha
        return x.view_as(x)

    @staticmethod
    def backward(ctx, g):
        return g.neg() * ctx.alpha, None


x = torch.tensor([0.4, 1.6, -2.5, 3.5], requires_grad=True)
print(torch.round(x))
y = RoundSTE.apply(x)
(y ** 2).sum().backward()
print(y, x.grad)
x.grad = None
torch.round(x).sum().backward()
print(x.grad)
x.grad = None
GradReverse.apply(x, 0.5).sum().backward()
print(x.grad)
# the same estimator with detach
x.grad = None
z = x + (x.round() - x).detach()
z.sum().backward()
print(z, x.grad)
