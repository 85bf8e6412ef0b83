import torch

a = torch.ones(3, requires_grad=True)
b = a * 2
c = b * b
b += 1
print(c, b._version)
c.sum().backward()
