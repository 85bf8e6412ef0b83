import torch

x = torch.arange(5)
print(x[-5], x[4:9])
print(x[5])
