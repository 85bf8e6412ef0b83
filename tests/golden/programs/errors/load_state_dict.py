import torch
from torch import nn

net = nn.Linear(2, 1)
state = {"weight": torch.ones(1, 2)}
print(list(net.state_dict()))
net.load_state_dict(state)
