import torch

x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
y = (x ** 3).sum()
first, = torch.autograd.grad(y, x, create_graph=True)
print(first)
second, = torch.autograd.grad(first.sum(), x, create_graph=True)
print(second)
third, = torch.autograd.grad(second.sum(), x)
print(third)

# Hessian row by row
u = torch.tensor([1., 2.], requires_grad=True)
f = u[0] ** 2 * u[1] + u[1] ** 3
g = torch.autograd.grad(f, u, create_graph=True)[0]
H = torch.stack([torch.autograd.grad(gi, u, retain_graph=True)[0] for gi in g])
print(H)
print(torch.linalg.eigvalsh(H))

# gradient penalty
w = torch.tensor([0.5, -1.0], requires_grad=True)
loss = (w * u.detach()).tanh().sum()
gw, = torch.autograd.grad(loss, w, create_graph=True)
penalty = (gw.norm() - 1) ** 2
(loss + penalty).backward()
print(w.grad)
