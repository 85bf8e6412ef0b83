import torch


def f(x):
    return torch.stack([x[0] ** 2, x[0] * x[1], x[1].sin()])


x = torch.tensor([2.0, 1.0], requires_grad=True)
y = f(x)
J = torch.zeros(y.numel(), x.numel())
for i in range(y.numel()):
    seed = torch.zeros_like(y)
    seed[i] = 1.0
    x.grad = None
    y.backward(seed, retain_graph=True)
    J[i] = x.grad
print(J)
rows = torch.autograd.grad(y, x, grad_outputs=torch.eye(3), is_grads_batched=True)[0]
print(torch.equal(rows, J))
print(torch.allclose(torch.autograd.functional.jacobian(f, x), J))
v = torch.tensor([1., -1.])
print(torch.autograd.functional.jvp(f, x, v)[1], J @ v)
print(torch.autograd.functional.vjp(f, x, torch.tensor([1., 2., 3.]))[1])
