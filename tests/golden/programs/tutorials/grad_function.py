import torch

x = torch.tensor(2., requires_grad=True)
y = torch.tensor(3., requires_grad=True)
unused = torch.tensor(4., requires_grad=True)
z = x ** 2 * y
print(torch.autograd.grad(z, (x, y), retain_graph=True))
print(torch.autograd.grad(z, [x, unused], allow_unused=True, retain_graph=True))
print(torch.autograd.grad(z, unused, allow_unused=True, materialize_grads=True, retain_graph=True))
print(x.grad)
v = torch.tensor([1., 2.], requires_grad=True)
w = v * x
print(torch.autograd.grad(w, v, torch.tensor([1., 10.]), retain_graph=True))
print(torch.autograd.grad([w.sum(), z], [x], retain_graph=True))
print(torch.autograd.grad(outputs=w, inputs=x, grad_outputs=torch.ones_like(w))[0])
try:
    torch.autograd.grad(z, unused)
except RuntimeError as e:
    print(e)
torch.autograd.backward([x * 2, y * 3], inputs=[y])
print(x.grad, y.grad)
