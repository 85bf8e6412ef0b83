import torch
from torch.autograd.graph import saved_tensors_hooks


def pack(t):
    print('pack', tuple(t.shape))
    return t


def unpack(t):
    print('unpack', tuple(t.shape))
    return t


a = torch.randn(5, requires_grad=True)
b = torch.ones(5) * 2
with saved_tensors_hooks(pack, unpack):
    y = a * b
    z = y.exp().sum()
z.backward()
print(a.grad.shape)
with torch.autograd.graph.save_on_cpu(pin_memory=False):
    loss = (a ** 2).sum()
loss.backward()
x = torch.ones(3, requires_grad=True)
with torch.inference_mode():
    out = x * 3
    print(out.is_inference(), torch.is_inference_mode_enabled(), torch.is_grad_enabled())
print(out, out.requires_grad, torch.is_inference_mode_enabled())
try:
    (out * x).sum().backward()
except RuntimeError as e:
    print(e)
try:
    out.add_(1)
except RuntimeError as e:
    print(e)
print(torch.full((3,), 3.).clone().add_(1) * x)
