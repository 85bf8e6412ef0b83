import torch

a = torch.tensor([2., 3.], requires_grad=True)
b = a * 3
b.retain_grad()
print(b.retains_grad, a.retains_grad)
c = b.mean()
c.backward()
print(a.grad, b.grad, c.grad)
print(a.is_leaf, b.is_leaf, c.is_leaf)
print(torch.ones(2).is_leaf)
print(torch.ones(2, requires_grad=True).double().is_leaf)
print(torch.ones(2).double().requires_grad_().is_leaf)
p = torch.nn.Parameter(torch.zeros(2))
print(p, p.is_leaf, isinstance(p, torch.Tensor))
print(b.detach().is_leaf)
