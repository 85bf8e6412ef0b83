import torch

n = torch.arange(3)
print(n)
n.requires_grad_()
