import torch
from torch.autograd import Function


class LinearFunction(Function):
    @staticmethod
    def forward(ctx, input, weight, bias=None):
        ctx.save_for_backward(input, weight, bias)
        output = input.mm(weight.t())
        if bias is not None:
            output += bias.unsqueeze(0).expand_as(output)
        return output

    @staticmethod
    def backward(ctx, grad_output):
        input, weight, bias = ctx.saved_tensors
        grad_input = grad_weight = grad_bias = None
        print('needs', ctx.needs_input_grad)
        if ctx.needs_input_grad[0]:
            grad_input = grad_output.mm(weight)
        if ctx.needs_input_grad[1]:
            grad_weight = grad_output.t().mm(input)
        if bias is not None and ctx.needs_input_grad[2]:
            grad_bias = grad_output.sum(0)
        return grad_input, grad_weight, grad_bias


linear = LinearFunction.apply
x = torch.tensor([[1., 2.], [3., 4.]])
w = torch.tensor([[1., -1.], [0.5, 2.], [0., 1.]], requires_grad=True)
b = torch.zeros(3, requires_grad=True)
out = linear(x, w, b)
print(out)
out.sum().backward()
print(w.grad)
print(b.grad)
out = linear(x.requires_grad_(), w.detach())
out.sum().backward()
print(x.grad)
