import torch
from torch import nn

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
shapes = []
handles = [m.register_forward_hook(lambda m, i, o: shapes.append((type(m).__name__, tuple(o.shape)))) for m in net]
net(torch.ones(4, 2))
print(shapes)
for h in handles:
    h.remove()
net(torch.ones(4, 2))
print(len(shapes))


def backward_hook(module, grad_input, grad_output):
    print(module, [None if g is None else tuple(g.shape) for g in grad_input], [tuple(g.shape) for g in grad_output])


net[2].register_full_backward_hook(backward_hook)
net(torch.ones(4, 2)).sum().backward()
net[0].register_forward_pre_hook(lambda m, args: (args[0] * 0,))
print(torch.equal(net[0](torch.ones(1, 2))[0], net[0].bias))
