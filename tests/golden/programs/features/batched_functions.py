"""`vmap` of many functions: each prints what a loop over the rows would stack."""

import torch
from torch.func import vmap, grad, jacrev, jacfwd, hessian, jvp, vjp, functional_call

torch.manual_seed(0)
A = torch.randn(3, 3)
X = torch.randn(4, 3)
W = torch.randn(5, 3)
f = lambda x: torch.tanh(A @ x / 10) * x
s = lambda x: (f(x) ** 2).sum()
print(vmap(f)(X))
print(vmap(s)(X))
print(vmap(grad(s))(X))
print(vmap(jacrev(f))(X))
print(vmap(hessian(s))(X).shape)
print(vmap(torch.dot, in_dims=(0, None))(X, X[0]))
print(vmap(vmap(torch.dot, in_dims=(0, None)), in_dims=(None, 0))(X, W))
print(vmap(lambda x: x, out_dims=1)(X))
print(vmap(lambda x: x.sort().values)(X))
print(vmap(lambda x: x.argmax())(X))
print(vmap(lambda x, y: x[:, None] * y[None], in_dims=(0, 0), out_dims=2)(X, X).shape)
print(vmap(lambda x: (x > 0).float().mean())(X))
print(vmap(lambda x: torch.where(x > 0, x, 0.0))(X))
print(vmap(lambda x: torch.zeros(2))(X))
print(vmap(lambda x: x.detach() * x)(X))
print(vmap(lambda d: {"a": d["x"] * 2, "b": (d["x"].sum(), d["x"])})({"x": X}))
lin = torch.nn.Linear(3, 2)
params = dict(lin.named_parameters())


def loss(p, x, y):
    return ((functional_call(lin, p, (x,)) - y) ** 2).mean()


Y = torch.randn(4, 2)
g = vmap(grad(loss), in_dims=(None, 0, 0))(params, X, Y)
print({k: v.shape for k, v in g.items()})
print(g["bias"].detach())
print(vmap(lambda x: jvp(f, (x,), (torch.ones(3),))[1])(X))


def pull(v):
    return vjp(f, X[0])[1](v)[0]


print(vmap(pull)(torch.eye(3)))
print(vmap(lambda x: torch.stack([x.sum(), x.prod()]))(X))
print(vmap(lambda x: torch.cat([x, x * 2]))(X).shape)
print(vmap(lambda x: torch.softmax(x, -1), in_dims=1, out_dims=1)(X))
Z = X.clone().requires_grad_()
o = vmap(s)(Z)
print(o.requires_grad)
o.sum().backward()
print(Z.grad)
print(vmap(lambda x: x.view(3, 1).expand(3, 2).t().reshape(-1))(X))
print(vmap(lambda i: torch.arange(3) + i)(torch.arange(2)))
count = 0


def counted(x):
    global count
    count += 1
    return x * 2


vmap(counted)(X)
print(count)
print(vmap(lambda x: torch.linalg.norm(x))(X), vmap(lambda x: x.norm())(X))
print(vmap(torch.linalg.inv)(torch.eye(3).expand(2, 3, 3) * 2))
print(vmap(lambda x: x.var())(X), vmap(lambda x: x.cumsum(0))(X))
print(vmap(torch.nn.functional.relu)(X))
print(vmap(lambda x: torch.nn.functional.cross_entropy(x, torch.tensor(1)))(X))
print(vmap(lambda x: torch.einsum("i,ij->j", x, A))(X))
print(vmap(lambda x: x @ A @ x)(X))
print(vmap(lambda x: x.unsqueeze(0) @ A)(X).shape)
print(vmap(lambda x: x.clone().mul_(2).add_(x))(X))
print(vmap(lambda x, i: x[i], in_dims=(0, 0))(X, torch.tensor([0, 1, 2, 0])))
print(vmap(lambda x: grad(lambda y: (y**3).sum())(x))(X))
print(vmap(grad(grad(lambda t: t**3)))(torch.tensor([1.0, 2.0])))
