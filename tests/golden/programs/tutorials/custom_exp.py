import torch
from torch.autograd import Function


class Exp(Function):
    @staticmethod
    def forward(ctx, i):
        result = i.exp()
        ctx.save_for_backward(result)
        return result

    @staticmethod
    def backward(ctx, grad_output):
        result, = ctx.saved_tensors
        return grad_output * result


x = torch.tensor([0., 1., 2.], requires_grad=True)
output = Exp.apply(x)
print(output)
print(output.grad_fn.name(), type(output.grad_fn).__name__)
output.sum().backward()
print(x.grad)
x.grad = None
g, = torch.autograd.grad(Exp.apply(x).sum(), x, create_graph=True)
print(g)
g.sum().backward()
print(x.grad)
