import torch

x = torch.tensor(1., requires_grad=True)
u = torch.tensor(2., requires_grad=True)
y = x ** 2
print(torch.autograd.grad(y, [x, u], allow_unused=True, retain_graph=True))
print(torch.autograd.grad(y, [x, u]))
