import torch
from torch import nn


def filled(*shape):
    count = 1
    for size in shape:
        count *= size
    return torch.sin(torch.arange(count, dtype=torch.float64) * 1.7).float().reshape(shape)


def begun(module):
    with torch.no_grad():
        for p in module.parameters():
            p.copy_(filled(*p.shape) * 0.5)
    return module


def names(grad_fn):
    return [type(f).__name__ if f is not None else None for f, _ in grad_fn.next_functions]


def shown(name, module, x, state=None):
    output, last = module(x, state)
    last = last if isinstance(last, tuple) else (last,)
    print(name, output.shape, type(output.grad_fn).__name__, [h.shape for h in last])
    print([type(h.grad_fn).__name__ for h in last])
    weights = filled(*output.shape).cos()
    (output * weights + sum(h.square().sum() for h in last)).sum().backward()
    for key, p in module.named_parameters():
        print(key, f"{p.grad.norm().item():.3f}")
    print(x.grad)
    x.grad = None
    for entry in state if isinstance(state, tuple) else ():
        print(entry.grad)


x = filled(4, 2, 3).requires_grad_()
shown("lstm", begun(nn.LSTM(3, 2)), x)
shown("several", begun(nn.LSTM(3, 2, num_layers=2, bidirectional=True)), x)
shown("no bias", begun(nn.LSTM(3, 2, bias=False, batch_first=True)), x)
shown("single", begun(nn.LSTM(3, 2, bidirectional=True)), filled(4, 3).requires_grad_())
state = filled(1, 2, 2).requires_grad_(), (filled(1, 2, 2) * 2).requires_grad_()
shown("state", begun(nn.LSTM(3, 2)), x, state)
shown("gru", begun(nn.GRU(3, 2, num_layers=2, bidirectional=True)), x)
shown("rnn", begun(nn.RNN(3, 2, nonlinearity="relu")), x)
double = begun(nn.LSTM(3, 2)).double()
output, _ = double(x.double())
print(type(output.grad_fn).__name__, output)

layer = begun(nn.LSTM(3, 2))
output, (h, c) = layer(x)
print(output.grad_fn is h.grad_fn.next_functions[0][0], h.grad_fn.next_functions[0][1])
print(c.grad_fn.next_functions[0][1], names(output.grad_fn)[:5])
(slope,) = torch.autograd.grad(output.sum() + c.sum(), x, create_graph=True)
print(slope.detach())
print(torch.autograd.grad(slope.square().sum(), [x, *layer.parameters()]))

output, (h, c) = layer(x)
output.register_hook(lambda g: g * 2)
seen = []
output.grad_fn.register_hook(lambda into, out: seen.append(len(out)))
(output.sum() + h.sum()).backward()
print(x.grad)
output, _ = layer(x)
output.sum().backward(retain_graph=True)
output.sum().backward()
print(x.grad)
try:
    output.sum().backward()
except RuntimeError as error:
    print(str(error)[:60])
with torch.no_grad():
    output, (h, c) = layer(x)
print(output.requires_grad, output[-1].equal(h[0]), output.is_contiguous(), c)
output, _ = layer(x)
with torch.no_grad():
    layer.weight_hh_l0.mul_(2)
try:
    output.sum().backward()
except RuntimeError as error:
    print(str(error)[:75])
