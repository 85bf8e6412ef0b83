import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, n, activation=nn.ReLU):
        super().__init__()
        self.norm = nn.LayerNorm(n)
        self.fc = nn.Linear(n, n, bias=False)
        self.act = activation()
        self.scale = nn.Parameter(torch.ones(1))
        self.register_buffer('steps', torch.tensor(0))

    def forward(self, x):
        self.steps += 1
        return x + self.scale * self.act(self.fc(self.norm(x)))


torch.manual_seed(0)
net = nn.Sequential(Block(2), nn.Dropout(0.5), Block(2, nn.GELU), nn.Linear(2, 1))
print(net)
for name, p in net.named_parameters():
    print(f'{name:16} {str(tuple(p.shape)):8} {p.numel():>3}')
print([n for n, _ in net.named_children()], [type(m).__name__ for m in net.modules()])
net.eval()
print(net.training, net[1].training)
net(torch.ones(3, 2))
state = net.state_dict()
print(type(state).__name__, list(state)[:4], state['0.steps'])
print(net[0].fc.weight)
print(nn.Linear(2, 2).state_dict().keys())
other = nn.Linear(2, 1)
print(other.load_state_dict({'weight': torch.zeros(1, 2), 'bias': torch.ones(1)}))
print(other(torch.ones(2)), dict(other.state_dict()))
net.apply(lambda m: m.reset_parameters() if isinstance(m, nn.LayerNorm) else None)
print(len(list(net.parameters())), sum(p.numel() for p in net.parameters()))
