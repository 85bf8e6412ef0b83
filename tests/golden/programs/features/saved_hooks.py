# Hooks for saved tensors: what they are given, in which order, what comes of what they give, and what is refused.
import torch
from torch.autograd.graph import allow_mutation_on_saved_tensors, disable_saved_tensors_hooks, saved_tensors_hooks


def attempt(f, *args):
    try:
        print(f(*args))
    except (RuntimeError, TypeError, AssertionError) as error:
        print(type(error).__name__, error)


told = []


def pack(x):
    told.append(("pack", x.tolist(), x.requires_grad, x._version))
    return x * 2


def unpack(x):
    told.append(("unpack", x.tolist()))
    return x


def tell():
    for one in told:
        print(*one)
    told.clear()


a = torch.tensor([1.0, 2.0], requires_grad=True)
with saved_tensors_hooks(pack, unpack):
    y = a * a
    z = y.exp() * y
    tell()
    print(z.grad_fn._saved_self)
    tell()
z.sum().backward(retain_graph=True)
print(a.grad)
tell()
(g,) = torch.autograd.grad(z.sum(), a, create_graph=True)
print(g, g.grad_fn.next_functions[0][0].name())
print(torch.autograd.grad(g.sum(), a))
told.clear()
attempt(z.grad_fn._raw_saved_self.register_hooks, pack, unpack)

# hooks of one saved value
b = torch.tensor([1.0, 2.0], requires_grad=True)
w = b.exp()
raw = w.grad_fn._raw_saved_result
raw.register_hooks(lambda x: x * 10, lambda x: x / 5)
print(w.grad_fn._saved_result, w)
w.sum().backward()
print(b.grad)
attempt(raw.register_hooks, pack, unpack)
attempt(torch.autograd.SavedTensor)


# what is refused
def square(pack, unpack):
    with saved_tensors_hooks(pack, unpack):
        q = torch.ones(2, requires_grad=True)
        (q * q).sum().backward()
        return q.grad


attempt(square, lambda x: x.add_(1), lambda x: x)
attempt(square, lambda x: x, lambda x: 3)
attempt(square, lambda x: [x], lambda x: x[0])
with disable_saved_tensors_hooks("no hooks here"):
    attempt(square, pack, unpack)


# Functions
class Exp(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        y = x.exp()
        ctx.save_for_backward(x, y, None)
        return y

    @staticmethod
    def backward(ctx, g):
        print(ctx.saved_tensors)
        return g * ctx.saved_tensors[1]


q = torch.ones(2, requires_grad=True)
with saved_tensors_hooks(pack, unpack):
    f = Exp.apply(q)
f.sum().backward()
print(q.grad)
tell()

# the innermost hooks; no versions are compared
with saved_tensors_hooks(lambda x: x * 100, lambda x: x):
    with saved_tensors_hooks(lambda x: x + 1, lambda x: x):
        print(torch.autograd.grad((q * q).sum(), q))
    print(torch.autograd.grad((q * q).sum(), q))
with saved_tensors_hooks(lambda x: x.clone(), lambda x: x):
    c = q.clone()
    d = c**2
    c.mul_(5)
    print(torch.autograd.grad(d.sum(), q))
with saved_tensors_hooks(pack, unpack):
    c = q.clone()
    c.sin_()
    tell()
    m = torch.arange(4.0).reshape(2, 2).requires_grad_()
    for f in (torch.sigmoid, torch.relu, torch.sum, lambda x: x @ x, lambda x: x**x):
        f(m)
        tell()

# what is saved may be written to
with allow_mutation_on_saved_tensors() as kept:
    r = torch.tensor([1.0, 2.0], requires_grad=True)
    s = r.clone()
    t = (s**2).sum()
    u = s[:1]
    u *= 10
    print(len(list(kept.cloned.items())))
    t.backward()
    print(r.grad, len(list(kept.cloned.items())))
    left = (s**3).sum()
attempt(left.backward)
