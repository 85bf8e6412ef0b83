import torch
import torch.nn.functional as F


def attempt(action):
    try:
        print(action())
    except (RuntimeError, IndexError, NotImplementedError, TypeError) as error:
        print(type(error).__name__, error)


def assign(tensor, where, value):
    tensor[where] = value
    return tensor


# what is read while it is written
x = torch.arange(6.0)
attempt(lambda: assign(x, slice(1, None), x[:-1]))
attempt(lambda: x[1:].add_(x[:-1]))
attempt(lambda: x.view(2, 3).t().add_(x.view(3, 2)))
attempt(lambda: x.add_(x))
attempt(lambda: x[::2].mul_(x[1::2]))
attempt(lambda: x.index_add_(0, torch.tensor([0]), x[:1]))
attempt(lambda: assign(x, [0], x[1:2]))
attempt(lambda: assign(x, x > 1, x))

# expanded tensors
e = torch.ones(2, 1).expand(2, 3)
for action in (
    lambda: e.fill_(2), lambda: e.zero_(), lambda: e.add_(1), lambda: e.copy_(torch.ones(2, 3)),
    lambda: e.relu_(), lambda: e.fill_(torch.tensor(2.0)), lambda: assign(e, 0, 3.0),
):  # fmt: skip
    attempt(action)
row = torch.zeros(3).expand(2, 3)
row[1] += 1
print(row)
a = torch.ones(3, requires_grad=True)
(g,) = torch.autograd.grad(a.sum(), a)
attempt(lambda: g.mul_(2))
a.sum().backward()
a.grad.mul_(2)
print(a.grad)

# values of other shapes and dtypes
m = torch.zeros(2, 2)
attempt(lambda: assign(m, [0, 1], torch.ones(3)))
attempt(lambda: assign(m, [0], torch.tensor(1)))
attempt(lambda: assign(m, m == 0, torch.tensor(1)))
attempt(lambda: assign(m, 0, torch.ones(1, 1, 2)))
attempt(lambda: assign(m, 0, torch.ones(1, 3)))
attempt(lambda: assign(torch.tensor(1.0), slice(None), 2.0))
attempt(lambda: assign(torch.tensor([True, False]), [1], 0.5))
b = torch.tensor([True, False])
attempt(lambda: b.floor())
attempt(lambda: +b)
attempt(lambda: b.expand(1))

# the shape changes in place
t = torch.ones(2, 1, 3, requires_grad=True) * 2
for name, args in [
    ("squeeze_", (1,)), ("t_", ()), ("unsqueeze_", (0,)), ("transpose_", (0, 1)), ("squeeze_", ()),
]:  # fmt: skip
    getattr(t, name)(*args)
    print(t.shape, t._version, t.grad_fn.name())
t.sum().backward()

# what goes where in the graph
w = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
c = torch.zeros(2, 3)
c[0] = w
print(c, c.grad_fn.name(), [(f and f.name(), n) for f, n in c.grad_fn.next_functions])
c[1, 1:] = w[0]
print([(f and f.name(), n) for f, n in c.grad_fn.next_functions])
c[[0]] = w
print([(f and f.name(), n) for f, n in c.grad_fn.next_functions])
d = w.masked_fill(w > 1, 0.0)
print([(f and f.name(), n) for f, n in d.grad_fn.next_functions])
print([part.output_nr for part in w.unbind()], [part.output_nr for part in w.split(2)])

# an operand that is overwritten by itself
p = w * 1
p.mul_(p)
attempt(lambda: p.sum().backward())
p = w * 1
p.pow_(2)
p.sum().backward()
print(w.grad)
v = (w * 1)[0:2]
v.pow_(2)
print(v)

# retained gradients accumulate, and follow writes
r = w * 2
r.retain_grad()
r.sum().backward(retain_graph=True)
r.sum().backward(retain_graph=True)
print(r.grad)
r *= 3
print(r.retains_grad)
r.sum().backward()
print(r.grad)
z = w * 2
z.sum().backward(inputs=[z])
print(z.grad, z.retains_grad)

# functions that write in place
h = torch.tensor([-1.0, 2.0])
torch.relu_(h)
print(h)
h -= 1
print(F.relu(h, inplace=True) is h, h, F.leaky_relu_(h - 2), torch.nn.ReLU(inplace=True)(h - 1), h)
attempt(lambda: F.relu(w, inplace=True))
print(h.float() is h, h.contiguous() is h, (w * 1).to(torch.float32).grad_fn.name())
i = torch.tensor([1, 2])
i.round().add_(1)
torch.tensor(h).add_(1)
print(i, h)
j = w * 2
j.gt_(3)
print(j)
j.sum().backward()
print(torch.zeros(2, 2).fill_diagonal_(1.0))
attempt(lambda: j.detach().ge_())
