"""What functions of torch.func refuse, and where `no_grad` stands around and inside them."""

import torch
from torch.func import grad, jacrev, jvp, vjp, vmap

x = torch.tensor([1.0, 2.0, 3.0])
w = torch.tensor([1.0, 2.0], requires_grad=True)
held = torch.zeros(3)


def shown(call):
    try:
        print(call())
    except (RuntimeError, ValueError, TypeError) as error:
        print(type(error).__name__, error)


shown(lambda: vmap(lambda r: torch.autograd.grad((r * w).sum(), w)[0])(torch.eye(2)))
shown(lambda: vmap(lambda a: a if a > 0 else -a)(x))
shown(lambda: vmap(lambda a: a * a.item())(x))
shown(lambda: vmap(lambda a: a * float(a))(x))
shown(lambda: vmap(torch.nonzero)(torch.eye(2)))
shown(lambda: vmap(lambda a: torch.autograd.functional.jacobian(torch.sin, a))(x))
shown(lambda: vmap(lambda a: a - 1 if a.requires_grad else a + 1)(w))
shown(lambda: vmap(grad(lambda a: a.requires_grad_().sum()))(x))
shown(lambda: grad(lambda a: (held.copy_(a) * a).sum())(x))
shown(lambda: grad(lambda a: (held.add_(1) * a).sum())(x))
shown(lambda: jvp(lambda a: held.mul_(a), (x,), (x,)))
shown(lambda: grad(torch.mul, argnums=(0, -2))(x[0], x[1]))
shown(lambda: grad(torch.mul, argnums=(-1, 0))(x[0], x[1]))
shown(lambda: grad(lambda a: (a.sum(), [a, "word"]), has_aux=True)(x))
shown(lambda: jvp(lambda a: (a, held), (x,), (x,), strict=True))
pull = vjp(lambda a: (a, {"b": [a]}), x)[1]
shown(lambda: pull((x, {"b": [x]})))
shown(lambda: pull(x))
shown(lambda: torch.autograd.functional.jacobian(torch.sin, x, strict=True, vectorize=True))


def with_hooks():
    with torch.autograd.graph.save_on_cpu():
        return vjp(torch.sin, x)


shown(with_hooks)


def retained(a):
    y = a.sin()
    y.retain_grad()
    return y.sum()


shown(lambda: grad(retained)(x))

y = torch.tensor(1.5, requires_grad=True)
with torch.no_grad():
    around = grad(lambda a: a**3)(y)
    out, outside = vjp(torch.square, y)
print(around, out.requires_grad, outside(torch.tensor(1.0))[0].requires_grad)


def shifted(a):
    with torch.no_grad():
        shift = grad(lambda b: b**4 / 4)(a)
    return a**3 - shift


slope = grad(shifted)(y)
slope.backward()
print(slope.item(), y.grad)


def partly(a):
    with torch.no_grad():
        constant = a**2
    return a**2 - constant


print(grad(partly)(y).item(), jacrev(partly)(y.detach()))


class Doubled(torch.autograd.Function):
    @staticmethod
    def forward(a):
        return a * 2

    @staticmethod
    def setup_context(ctx, inputs, output):
        pass

    @staticmethod
    def backward(ctx, g):
        return g * 2


names = []


def named(a):
    b = Doubled.apply(a)
    names.append(b.grad_fn.name())
    return b


print(grad(named)(torch.tensor(1.0)), Doubled.apply(y).grad_fn.name(), names)

m = torch.arange(4.0).reshape(2, 2).requires_grad_()
print(torch.diagflat(m), m.diagflat(1), torch.diagflat(m[0], -1))
