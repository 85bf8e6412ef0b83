"""Hooks of tensors, of their functions and of accumulation: in which order, and on what; contexts of generators."""

import torch
from torch.autograd import Function
from torch.autograd.function import InplaceFunction, once_differentiable

log = []


def hook(name, factor=None, result=True):
    def run(*args):
        shown = [[None if g is None else g.item() for g in arg] if isinstance(arg, tuple) else arg.item() for arg in args]
        log.append((name, shown))
        if factor is None:
            return None
        return tuple(g * factor for g in args[0]) if isinstance(args[0], tuple) else args[0] * factor

    return run


a = torch.tensor(1.0, requires_grad=True)
b = a.clone()
b.retain_grad()
b.grad_fn.register_prehook(hook("before b", 2))
b.register_hook(hook("b", 3))
b.grad_fn.register_hook(hook("after b"))
leaf = b.grad_fn.next_functions[0][0]
a.register_hook(hook("a", 5))
leaf.register_prehook(hook("before a", 7))
leaf.register_hook(hook("after a"))
a.register_post_accumulate_grad_hook(lambda t: log.append(("filled", t.grad.item())))
for run in (
    lambda: b.sum().backward(retain_graph=True),
    lambda: torch.autograd.grad(b.sum(), a, retain_graph=True),
    lambda: torch.autograd.grad(b.sum(), b, retain_graph=True),
    lambda: torch.autograd.grad(b.sum(), (a, b), retain_graph=True),
    lambda: b.sum().backward(inputs=(b,), retain_graph=True),
    lambda: b.sum().backward(inputs=(a,), retain_graph=True),
):
    log.clear()
    print(run(), a.grad, b.grad)
    for line in log:
        print("  ", line)

t = torch.ones(2, requires_grad=True)
t.register_post_accumulate_grad_hook(lambda tensor: tensor.grad)
try:
    t.sum().backward()
except RuntimeError as error:
    print(error)


class Pair(Function):
    @staticmethod
    def forward(ctx, x):
        y = x * 2
        return y, y, "word", None

    @staticmethod
    @once_differentiable
    def backward(ctx, *grads):
        print([g if g is None else g.item() for g in grads])
        return grads[0] * 2 + grads[1] * 2


x = torch.tensor(3.0, requires_grad=True)
first, second, word, nothing = Pair.apply(x)
print(first is second, word, nothing)
(g,) = torch.autograd.grad(first * second, x, create_graph=True)
print(g, g.requires_grad)
try:
    g.backward()
except RuntimeError as error:
    print(error)


class Plain(Function):
    @staticmethod
    def forward(ctx, x, scale):
        return x * scale, scale, "word", x


print(Plain.apply(2, 3))


class Both(Function):
    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, g):
        return g

    @staticmethod
    def vjp(ctx, g):
        return g


try:
    Both.apply(x).backward()
except RuntimeError as error:
    print(error)


class Written(InplaceFunction):
    @staticmethod
    def forward(ctx, x):
        ctx.mark_dirty(x)
        return x.mul_(2)

    @staticmethod
    def backward(ctx, g):
        return g * 2


y = x.clone()
print(Written.apply(y) is y, torch.autograd.grad(y, x))


@torch.no_grad()
def counted(n):
    for i in range(n):
        sent = yield i, torch.is_grad_enabled()
        if sent:
            print("sent", sent, torch.is_grad_enabled())
    return "done"


print([(*pair, torch.is_grad_enabled()) for pair in counted(2)])
steps = counted(3)
print(next(steps), steps.send("word"), torch.is_grad_enabled())
steps.close()
