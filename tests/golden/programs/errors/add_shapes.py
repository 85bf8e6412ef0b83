import torch

a = torch.ones(2, 3, requires_grad=True)
b = torch.ones(2, 1)
print((a + b).shape)
c = torch.ones(4)
print(a + c)
