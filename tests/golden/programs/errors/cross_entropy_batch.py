import torch
from torch import nn

loss = nn.CrossEntropyLoss()
print(loss(torch.zeros(2, 4), torch.tensor([1, 3])))
loss(torch.zeros(2, 4), torch.tensor([1, 3, 0]))
