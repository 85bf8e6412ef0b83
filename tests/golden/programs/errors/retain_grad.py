import torch

x = torch.ones(2)
print(x.requires_grad)
x.retain_grad()
