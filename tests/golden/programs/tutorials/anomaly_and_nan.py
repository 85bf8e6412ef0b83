import torch

x = torch.tensor([0.0, 1.0, 4.0], requires_grad=True)
y = x.sqrt()
y.sum().backward()
print(x.grad)
x.grad = None
torch.where(x > 0, x.sqrt(), torch.zeros(3)).sum().backward()
print(x.grad)
x.grad = None
safe = torch.where(x > 0, x, torch.ones(3))
torch.where(x > 0, safe.sqrt(), torch.zeros(3)).sum().backward()
print(x.grad)
z = torch.log(torch.tensor([0., -1., 1.]))
print(z, torch.isnan(z), torch.isinf(z), torch.nan_to_num(z, nan=0.0, neginf=-9.))
print(torch.tensor(0.) / 0, torch.tensor(1.) / 0, torch.tensor(-1) / 0)
print(float('nan') == float('nan'), torch.tensor(float('nan')) == torch.tensor(float('nan')))
w = torch.tensor(0.0, requires_grad=True)
w.abs().backward()
print(w.grad, torch.relu(w).sign())
m = torch.tensor([2., 2., 1.], requires_grad=True)
m.max().backward()
print(m.grad)
m.grad = None
m.max(dim=0).values.backward()
print(m.grad)
m.grad = None
torch.clamp(m, 1., 2.).sum().backward()
print(m.grad)
