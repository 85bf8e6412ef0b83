"""What backward functions say that they keep, and second derivatives at points where rules change."""

import torch
import torch.nn.functional as F

x = torch.ones(2, requires_grad=True)
functions = {
    "pow": x**2,
    "exp": x.exp(),
    "number": x * 3,
    "square": x * x,
    "div": x / 3,
    "sum": x.sum(),
    "sin": x.sin(),
    "add": x + 2,
    "view": x.view(1, 2),
    "mm": x[None] @ x[:, None],
    "softmax": x.softmax(0),
    "where": torch.where(x > 0, x, -x),
    "tanh": x.tanh(),
    "max": x.max(),
    "prod": x.prod(),
}
for name, value in functions.items():
    print(name, [member for member in dir(value.grad_fn) if member.startswith("_saved")])
power, mm = functions["pow"].grad_fn, functions["mm"].grad_fn
print(power._saved_self is x, power._saved_self, power._saved_exponent)
print(functions["number"].grad_fn._saved_self, functions["sum"].grad_fn._saved_self_sym_sizes)
print(functions["exp"].grad_fn._saved_result, functions["add"].grad_fn._saved_alpha)
print(mm._saved_self, mm._saved_mat2_sym_sizes, functions["softmax"].grad_fn._saved_dim)
try:
    print(power._saved_nothing)
except AttributeError as error:
    print(error)
functions["pow"].sum().backward()
try:
    print(power._saved_self)
except RuntimeError as error:
    print(error)

w = torch.tensor([0.25], dtype=torch.double, requires_grad=True)
seed = torch.ones(1, dtype=torch.double, requires_grad=True)
for place in (0.0, -1.0, 1.0):
    at = torch.tensor([place], dtype=torch.double, requires_grad=True)
    for g in torch.autograd.grad(F.prelu(at, w), (at, w), seed, create_graph=True):
        print(place, g.item(), [h.item() for h in torch.autograd.grad(g, (seed, at, w), retain_graph=True)])

for place in (0.0, -0.0, 0.5, 1.0):
    for eps in (None, 0.0, 0.6):
        at = torch.tensor(place, dtype=torch.double, requires_grad=True)
        (g,) = torch.autograd.grad(torch.logit(at, eps), at, create_graph=True)
        print(place, eps, torch.logit(at, eps).item(), g.item())
