import torch

print("starting")
opt = torch.optim.SGD([], lr=0.1)
