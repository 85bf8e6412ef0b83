import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim

torch.manual_seed(0)


class Net(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.fc1 = nn.Linear(2, n)
        self.fc2 = nn.Linear(n, 1)
        self.scale = nn.Parameter(torch.ones(1))
        self.register_buffer("calls", torch.zeros(1))

    def forward(self, x):
        return self.fc2(F.relu(self.fc1(x))) * self.scale


net = Net(4)
print(net)
print(list(net.parameters()))
for n, p in net.named_parameters():
    print(n, p.shape, type(p))
print(type(net.fc1), dict(net.state_dict()))
x = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
y = torch.tensor([[0.0], [1.0], [1.0], [0.0]])
opt = optim.Adam(net.parameters(), lr=0.05)
crit = nn.MSELoss()
for e in range(50):
    opt.zero_grad()
    loss = crit(net(x), y)
    loss.backward()
    opt.step()
    if e % 10 == 0:
        print(e, f"{loss.item():.4f}")
print(net(x))
print(opt)
print(opt.state_dict()["param_groups"])
m = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1), nn.Sigmoid())
print(m, len(m), m[0], m[-1], m[1:3])
o = optim.SGD(m.parameters(), lr=0.5, momentum=0.9)
bce = nn.BCELoss()
for e in range(100):
    l = bce(m(x), y)
    o.zero_grad()
    l.backward()
    o.step()
print(l, m[0].weight)
with torch.no_grad():
    print(m(x).round())
print(o)
try:
    net.qqqqqqqq
except AttributeError as e:
    print(e)


class Bad(nn.Module):
    def __init__(self):
        self.fc = nn.Linear(1, 1)


try:
    Bad()
except AttributeError as e:
    print(e)


class NoF(nn.Module):
    pass


try:
    NoF()(x)
except NotImplementedError as e:
    print(e)
try:
    net.fc1 = 3
except TypeError as e:
    print(e)
try:
    net.scale = torch.ones(1)
except TypeError as e:
    print(e)
n2 = Net(4)
print(n2.load_state_dict(net.state_dict()))
print(n2.scale, n2.fc1.bias.is_leaf)
try:
    n2.load_state_dict(Net(5).state_dict())
except RuntimeError as e:
    print(e)
sd = net.state_dict()
del sd["scale"]
sd["foo"] = torch.ones(1)
try:
    n2.load_state_dict(sd)
except RuntimeError as e:
    print(e)
print(n2.load_state_dict(sd, strict=False))
print(sum(p.numel() for p in net.parameters() if p.requires_grad))
net.double()
print(net.fc1.weight.dtype, net(x.double()))
net.eval()
print(net.training, net.fc1.training)
print(
    nn.ModuleList([nn.Linear(1, 1) for _ in range(3)]),
    nn.ModuleDict({"a": nn.ReLU(), "b": nn.Linear(1, 2)}),
)
print(nn.ParameterList([torch.ones(2), torch.ones(2, 3)]), nn.ParameterDict({"w": torch.ones(2)}))
print(
    isinstance(net.scale, torch.Tensor),
    isinstance(net.scale, nn.Parameter),
    isinstance(net, nn.Module),
)
h = net.fc1.register_forward_hook(lambda m, i, o: print("hook", type(m).__name__, len(i), o.shape))
net(x.double())
h.remove()
net(x.double())
print(dict(net.named_children()).keys(), [n for n, _ in net.named_modules()])
