import torch

n = torch.ones(2, dtype=torch.long)
n.requires_grad = False
print(n.requires_grad)
n.requires_grad = True
