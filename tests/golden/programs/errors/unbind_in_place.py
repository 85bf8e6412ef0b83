import torch

x = torch.zeros(2, 2, requires_grad=True) * 1
a, b = x.unbind()
print(a)
a.add_(1)
