import torch

torch.manual_seed(0)
x = torch.randn(3, 3, requires_grad=True)
g = 2*(x**3)
print(g)
z = g/12
z.backward()
