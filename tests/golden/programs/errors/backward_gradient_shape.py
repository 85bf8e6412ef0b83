import torch

x = torch.ones(2, 3, requires_grad=True)
y = x * 2
print(y.shape)
y.backward(torch.ones(3))
