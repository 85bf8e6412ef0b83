import torch

x = torch.ones(3, requires_grad=True)
x.grad = None
print(x.grad)
x.grad = 0
