import torch

print(torch.zeros(2))
torch.zeros("2")
