import torch

x = torch.ones(3, requires_grad=True)
x.grad = torch.zeros(3)
print(x.grad)
x.grad = torch.zeros(2)
