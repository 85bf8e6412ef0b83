import torch
import torch.nn as nn
import torch.optim as optim
from torch.optim import lr_scheduler
from torch.utils.data import DataLoader, Dataset, TensorDataset, random_split

torch.manual_seed(1)
X = torch.randn(10, 3)
y = (X.sum(1) > 0).float()
ds = TensorDataset(X, y)
print(len(ds), ds[2])
dl = DataLoader(ds, batch_size=4, shuffle=True)
print(len(dl))
for e in range(2):
    for i, (xb, yb) in enumerate(dl):
        print(e, i, xb, yb)
print(torch.rand(2))


class D(Dataset):
    def __init__(self, n):
        self.n = n

    def __len__(self):
        return self.n

    def __getitem__(self, i):
        return {"x": torch.tensor([i, i + 1.0]), "i": i, "f": i * 0.5}


for b in DataLoader(D(5), batch_size=2, drop_last=True):
    print(b)
a, b = random_split(ds, [7, 3])
print(a.indices, b.indices, len(a))
a, b = random_split(ds, [0.75, 0.25])
print(a.indices, b.indices, type(a))
print(list(DataLoader(b, batch_size=2)))
it = iter(dl)
print(next(it)[1])
for mk in (
    lambda o: lr_scheduler.StepLR(o, 3, 0.5),
    lambda o: lr_scheduler.MultiStepLR(o, [2, 5], 0.1),
    lambda o: lr_scheduler.ExponentialLR(o, 0.9),
    lambda o: lr_scheduler.LambdaLR(o, lambda e: 0.95**e),
    lambda o: lr_scheduler.CosineAnnealingLR(o, 4, 0.01),
    lambda o: lr_scheduler.LinearLR(o, 0.3, total_iters=4),
    lambda o: lr_scheduler.ConstantLR(o, 0.5, 4),
    lambda o: lr_scheduler.PolynomialLR(o, 5, 2.0),
    lambda o: lr_scheduler.MultiplicativeLR(o, lambda e: 0.9),
):
    p = nn.Parameter(torch.ones(2))
    o = optim.SGD([p], lr=0.1)
    s = mk(o)
    out = []
    for i in range(10):
        o.step()
        s.step()
        out.append(s.get_last_lr()[0])
    print(type(s), out, s.last_epoch, o.param_groups[0]["lr"])
    print(o)
p = nn.Parameter(torch.ones(2))
o = optim.SGD([p], lr=0.1)
s = lr_scheduler.ReduceLROnPlateau(o, patience=1, factor=0.5)
for v in [1.0, 0.9, 0.95, 0.99, 1.2, 1.3, 0.1, 0.2, 0.3, 0.3]:
    s.step(v)
    print(o.param_groups[0]["lr"], s.get_last_lr())
s = lr_scheduler.StepLR(o, 2)
s.step()
s.step()
m = nn.Linear(3, 2)
m(X).pow(2).sum().backward()
print(nn.utils.clip_grad_norm_(m.parameters(), 1.0), m.weight.grad, m.bias.grad)
nn.utils.clip_grad_value_(m.parameters(), 0.2)
print(m.weight.grad)
v = nn.utils.parameters_to_vector(m.parameters())
print(v)
nn.utils.vector_to_parameters(torch.arange(8.0), m.parameters())
print(m.weight, m.bias)
for f in (
    lambda: optim.SGD([], lr=1),
    lambda: optim.SGD([p], lr=-1),
    lambda: optim.Adam([p], betas=(1.0, 0.9)),
    lambda: optim.SGD([p * 2], lr=1),
    lambda: optim.SGD([1.0], lr=1),
    lambda: optim.SGD(p, lr=1),
    lambda: optim.SGD([p], lr=1, momentum=-1),
    lambda: optim.SGD([p], lr=1, nesterov=True),
    lambda: optim.SGD([{"params": [p]}, {"params": [p]}], lr=1),
):
    try:
        f()
    except Exception as e:
        print(type(e).__name__, e)
o = optim.SGD([{"params": [p]}, {"params": [m.weight], "lr": 0.5}], lr=0.1, momentum=0.9)
print(o, len(o.param_groups))
o.add_param_group({"params": m.bias})
sd = o.state_dict()
print(sd)
o2 = optim.SGD([{"params": [p]}, {"params": [m.weight]}, {"params": [m.bias]}], lr=0.3)
o2.load_state_dict(sd)
print(o2)
for fn in (
    "xavier_uniform_",
    "xavier_normal_",
    "kaiming_uniform_",
    "kaiming_normal_",
    "orthogonal_",
    "trunc_normal_",
    "uniform_",
    "normal_",
    "eye_",
    "ones_",
    "zeros_",
):
    t = torch.empty(3, 4)
    print(fn, getattr(nn.init, fn)(t))
print(
    nn.init.constant_(torch.empty(2), 0.3),
    nn.init.calculate_gain("relu"),
    nn.init.calculate_gain("leaky_relu", 0.2),
)
print(nn.init.trunc_normal_(torch.empty(3, 4), a=2.0, b=3.0), torch.rand(1))
