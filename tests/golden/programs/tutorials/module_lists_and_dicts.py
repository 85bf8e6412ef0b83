import torch
from torch import nn
import torch.nn.functional as F


class MLP(nn.Module):
    def __init__(self, sizes, p=0.0):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(a, b) for a, b in zip(sizes[:-1], sizes[1:])])
        self.heads = nn.ModuleDict({'mean': nn.Linear(sizes[-1], 1), 'scale': nn.Linear(sizes[-1], 1)})
        self.dropout = nn.Dropout(p)

    def forward(self, x):
        for layer in self.layers:
            x = F.relu(layer(x))
        return self.heads['mean'](self.dropout(x)), F.softplus(self.heads['scale'](x))

    def extra_repr(self):
        return f'depth={len(self.layers)}'


torch.manual_seed(0)
net = MLP([2, 4, 3])
print(net)
mean, scale = net(torch.tensor([[1., -1.], [0., 2.]]))
print(mean.shape, (scale > 0).all())
print([n for n, _ in net.named_parameters()])
net.zero_grad()
mean.sum().backward()
print(net.heads['scale'].weight.grad, net.heads['mean'].bias.grad)
print(net.layers[-1].out_features, len(net.layers), 'mean' in net.heads)
seq = nn.Sequential()
seq.add_module('first', nn.Linear(1, 1))
seq.append(nn.Sigmoid())
print(seq, len(seq), seq.first.in_features)
