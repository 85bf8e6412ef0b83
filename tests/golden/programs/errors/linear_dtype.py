import torch
from torch import nn

layer = nn.Linear(2, 1)
print(layer.weight.dtype)
layer(torch.tensor([1, 2]))
