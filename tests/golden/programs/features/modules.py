import torch
from torch import nn


class Affine(nn.Module):
    def __init__(self, n=2):
        super().__init__()
        self.w = nn.Parameter(torch.arange(float(n)))
        self.register_parameter('b', None)
        self.register_buffer('calls', torch.zeros((), dtype=torch.long))
        self.plain = 5

    def forward(self, x, *, scale=1):
        self.calls += 1
        return self.w * x * scale


m = Affine()
print(m, m(torch.ones(2)), m(torch.ones(2), scale=3), m.calls, m.b, m.plain, dict(m.state_dict()))
print(list(m.parameters()), dict(m.named_buffers()), m.training, m.eval().training, m.train() is m, type(m.w))
m.w.data.fill_(2); m.zero_grad(); print(m.w.grad); m(torch.ones(2)).sum().backward(); print(m.w.grad); m.zero_grad(); print(m.w.grad)
s = nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.Sequential(nn.Linear(2, 1), nn.Sigmoid()))
print(s, s[0], s[-1], s[:2], len(s), [n for n, _ in s.named_modules()], [type(c).__name__ for c in s.children()])
for p in s.parameters(): nn.init.constant_(p, 0.5)
print(s(torch.ones(1, 2)), s[0].weight, s[0].bias.shape, s[2][0].weight.data, s.get_submodule('2.0'), s.get_parameter('0.bias'))
s.double(); print(s[0].weight.dtype); s.float(); print(next(s.parameters()).dtype, s.requires_grad_(False)[0].weight.requires_grad)
d = nn.Dropout(0.5); d.eval(); print(d(torch.ones(3)), d)
for mod in (nn.Linear(1, 2, bias=False), nn.Flatten(), nn.Softmax(1), nn.LSTM(1, 2), nn.GRU(1, 2, batch_first=True), nn.Embedding(3, 2), nn.Conv1d(1, 1, 3), nn.MaxPool1d(2), nn.GELU(), nn.CrossEntropyLoss(), nn.Softplus(), nn.LogSoftmax(dim=1), nn.Bilinear(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(inplace=True), nn.Unflatten(1, (1, 2))):
    print(mod)
m.extra = nn.ReLU(); print(m); del m.extra; print(m)
for bad in (lambda: setattr(m, 'w', torch.ones(2)), lambda: m.nothing, lambda: m.load_state_dict({}), lambda: m(), lambda: nn.Linear(2), lambda: nn.Sequential(3), lambda: m.register_parameter('b2', torch.ones(1)), lambda: nn.Linear(2, 1)(torch.ones(3)), lambda: s[5]):
    try:
        bad()
    except Exception as e:
        print(type(e).__name__, str(e).splitlines()[0])
