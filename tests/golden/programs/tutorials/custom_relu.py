import torch


class MyReLU(torch.autograd.Function):
    @staticmethod
    def forward(ctx, input):
        ctx.save_for_backward(input)
        return input.clamp(min=0)

    @staticmethod
    def backward(ctx, grad_output):
        input, = ctx.saved_tensors
        grad_input = grad_output.clone()
        grad_input[input < 0] = 0
        return grad_input


relu = MyReLU.apply
x = torch.tensor([[-1., 2.], [0., -3.]], requires_grad=True)
y = relu(x)
print(y)
y.backward(torch.tensor([[1., 2.], [3., 4.]]))
print(x.grad)
torch.manual_seed(0)
w = torch.randn(2, 2, requires_grad=True)
h = relu(x.detach() @ w)
print(h.requires_grad, h.grad_fn)
with torch.no_grad():
    print(relu(x).requires_grad)
