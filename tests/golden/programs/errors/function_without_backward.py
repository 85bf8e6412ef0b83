import torch


class Identity(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.clone()


x = torch.ones(2, requires_grad=True)
y = Identity.apply(x)
print(y.shape)
y.sum().backward()
