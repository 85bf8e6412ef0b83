import torch

n = torch.tensor([1, 2, 3])
n *= 2
print(n)
n += 0.5
