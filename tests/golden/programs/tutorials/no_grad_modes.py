import torch

x = torch.ones(1, requires_grad=True)
print(torch.is_grad_enabled())
with torch.no_grad():
    print(torch.is_grad_enabled(), (x * 2).requires_grad)
    with torch.enable_grad():
        print((x * 2).requires_grad)
    p = torch.nn.Parameter(torch.ones(1))
    print(p.requires_grad)
with torch.set_grad_enabled(False):
    print((x * 2).requires_grad)
torch.set_grad_enabled(False)
print((x + 1).requires_grad)
torch.set_grad_enabled(True)
with torch.inference_mode():
    y = x * 3
print(y.requires_grad, y.is_inference(), y)


@torch.no_grad()
def evaluate(w):
    return w * 10


@torch.enable_grad()
def always(w):
    return w * 10


print(evaluate(x), evaluate.__name__)
with torch.no_grad():
    print(always(x))
try:
    with torch.no_grad():
        raise ValueError('inside')
except ValueError as e:
    print(e, torch.is_grad_enabled())
f = torch.no_grad()(lambda t: t + 1)
print(f(x).requires_grad)
