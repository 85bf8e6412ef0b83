import torch

x = torch.ones(2)
print(torch.add(x, 1, alpha=2))
torch.add(x, "1")
