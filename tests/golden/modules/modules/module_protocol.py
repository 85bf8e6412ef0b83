import copy

import torch
import torch.nn as nn

torch.manual_seed(0)


class Block(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.lin = nn.Linear(d, d)
        self.act = nn.ReLU()
        self.layers = nn.ModuleList([nn.Linear(d, d) for _ in range(2)])
        self.extra = nn.ModuleDict({"drop": nn.Dropout(0.1)})

    def forward(self, x, scale=1.0):
        for l in self.layers:
            x = self.act(l(x))
        return self.extra["drop"](self.lin(x)) * scale


b = Block(2)
print(b)
print(b(torch.ones(1, 2), scale=2.0))
c = copy.deepcopy(b)
print(
    c.lin.weight is b.lin.weight,
    torch.equal(c.lin.weight, b.lin.weight),
    type(c.lin.weight),
    c.lin.weight.requires_grad,
    c,
)


def init(m):
    if isinstance(m, nn.Linear):
        nn.init.ones_(m.weight)
        m.bias.data.fill_(0.01)


b.apply(init)
print(b.lin.weight, b.lin.bias)
for p in b.lin.parameters():
    p.requires_grad = False
print([n for n, p in b.named_parameters() if p.requires_grad])
b.layers.append(nn.Linear(2, 2))
b.new = nn.Parameter(torch.zeros(2))
print(len(b.layers), list(dict(b.named_parameters())))
del b.new
print(hasattr(b, "new"))
b.act = nn.Tanh()
print(b.act, b.training)
b.eval()
print(b(torch.ones(1, 2)))
h = b.lin.register_full_backward_hook(lambda m, gi, go: print("bw", gi, go))
x = torch.ones(1, 2, requires_grad=True)
b(x).sum().backward()
h.remove()
print(x.grad)
h = b.register_forward_pre_hook(lambda m, a: (a[0] * 2,))
print(b(x))
h.remove()
h = b.register_forward_hook(lambda m, a, o: o + 100)
print(b(x))
h.remove()
p = nn.Parameter(torch.tensor([1.0, 2.0]))
print(p, repr(p), p.data, p.grad, p.is_leaf, p.requires_grad)
q = nn.Parameter(torch.ones(2), requires_grad=False)
print(q)
print([p, q])
print({"w": p})
print(f"{p}")
t = torch.ones(3)
r = nn.Parameter(t)
t[0] = 5
print(r, r.detach(), (r * 2).sum())
try:
    nn.Parameter(torch.ones(2, dtype=torch.long))
except RuntimeError as e:
    print(e)
try:
    nn.Parameter([1.0])
except Exception as e:
    print(e)
for f in (
    lambda: b.register_parameter("a.b", p),
    lambda: b.register_parameter("lin", p),
    lambda: b.register_buffer("", t),
    lambda: b.register_buffer("u", 3),
    lambda: b.add_module("z", 3),
    lambda: setattr(b, "lin", 3),
    lambda: setattr(b, "lin", torch.ones(1)),
    lambda: b.get_parameter("lin.foo"),
    lambda: b.get_submodule("foo"),
    lambda: b.train(3),
    lambda: b.to(torch.long),
    lambda: nn.Linear(2),
    lambda: nn.Linear(2, 3)(torch.ones(2, 5)),
    lambda: nn.Linear(2, 3)(torch.ones(1, 2), 3),
    lambda: nn.Module(3),
    lambda: b.lin.qqqqqqqq,
    lambda: nn.Sequential(3),
    lambda: nn.Sequential(nn.ReLU())[4],
    lambda: b.load_state_dict(3),
):
    try:
        print(f())
    except Exception as e:
        print(type(e).__name__, e)
b.register_buffer("mean", torch.zeros(2))
b.register_buffer("tmp", torch.ones(1), persistent=False)
print(list(b.state_dict()), [n for n, _ in b.named_buffers()], b.mean)
b.mean = torch.ones(2)
print(b.mean, b._buffers.keys(), b.__class__.__name__)
print(
    b.get_parameter("layers.0.weight").shape,
    b.half().lin.weight.dtype,
    b.float().lin.weight.dtype,
    b.to(torch.float64).mean.dtype,
)
print(
    sum(p.numel() for p in b.parameters()),
    next(b.parameters()).shape,
    next(iter(b.parameters())).dtype,
)
b.zero_grad()
print(all(p.grad is None for p in b.parameters()))
from collections import OrderedDict

s = nn.Sequential(OrderedDict([("a", nn.Linear(2, 3)), ("r", nn.ReLU())]))
print(s, s.a, s[1])
s.add_module("o", nn.Linear(3, 1))
print(len(s))
s.append(nn.Sigmoid())
print(s)
del s[0]
print(s)
for l in nn.Sequential(nn.ReLU(), nn.Tanh()):
    print(l)
print(nn.Sequential(nn.ReLU()) + nn.Sequential(nn.Tanh()))


class MyLin(nn.Linear):
    def forward(self, x):
        return super().forward(x) + 1

    def extra_repr(self):
        return "mine"


print(MyLin(2, 2), MyLin(1, 1)(torch.zeros(1)))


class Old(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = torch.nn.Parameter(torch.tensor(2.0))
        self.k = 3

    def forward(self, x):
        return self.w * x


o = Old()
print(o, o.w, o.k, vars(o)["k"], o(torch.tensor(3.0)), list(o.named_parameters()), o.w.item())
print(dict(o.state_dict()), type(o.state_dict()))
opt = torch.optim.SGD(o.parameters(), lr=0.1)
l = (o(torch.tensor(3.0)) - 1) ** 2
l.backward()
opt.step()
print(o.w, o.w.grad)
opt.zero_grad()
print(o.w.grad)
sd = {k: v.clone() for k, v in o.state_dict().items()}
sd["w"] += 1
o.load_state_dict(sd)
print(o.w)
opt.param_groups[0]["lr"] = 0.5
for g in opt.param_groups:
    print(g["lr"], len(g["params"]))
    g["lr"] *= 0.1
print(opt)


class MyOpt(torch.optim.Optimizer):
    def __init__(self, params, lr=0.1):
        super().__init__(params, {"lr": lr})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                st = self.state[p]
                st["n"] = st.get("n", 0) + 1
                p.add_(p.grad, alpha=-group["lr"])


mo = MyOpt(o.parameters())
(o(torch.tensor(3.0)) - 1).pow(2).backward()
mo.step()
print(o.w, mo, mo.state[o.w])
print(
    nn.Linear,
    nn.Module,
    torch.optim.SGD,
    nn.functional.relu.__name__,
    isinstance(nn.ReLU(), nn.Module),
    issubclass(MyLin, nn.Linear),
)
