import torch


def attempt(action):
    try:
        print(action())
    except (RuntimeError, IndexError) as error:
        print(type(error).__name__, error)


def made():
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    w = x * 2
    with torch.no_grad():
        return x, w, x.view(3), w.view(3), x.unbind()[0], w.unbind()[1]


# a view made under no_grad says that it requires grad, and no gradient goes through it
x, w, y, k, s, q = made()
print(y, k, s, q, y.is_leaf, y.grad_fn, y._base is x)
attempt(lambda: torch.autograd.grad(y.sum(), y))
attempt(lambda: torch.autograd.grad((y * k).sum(), y, allow_unused=True))
attempt(lambda: y.backward(torch.ones(3)))
attempt(lambda: (y * x).sum().backward())
print(x.grad, y.grad)
y.requires_grad_()
(y * 2).sum().backward()
print(x.grad, y.grad)

# writes, and what the views know afterwards
x, w, y, k, s, q = made()
for view in (y, k, s, q, y.view(3), k[0:1]):
    attempt(lambda view=view: view.add_(1))
with torch.no_grad():
    y.add_(1)
    print(y, x)
    y[0] = 7
print(y, x, y.requires_grad, y._version, y.tolist(), y.shape)
attempt(lambda: y.grad_fn)
attempt(lambda: y * 2)
w.add_(1)
print(k, q, k.requires_grad)
attempt(lambda: k.is_leaf)
attempt(lambda: k.sum())
one = w.unbind()[0]
with torch.no_grad():
    w.mul_(2)
print(one)
attempt(lambda: one * 1)
with torch.no_grad():
    print(x.numpy(), y.numpy(), float(x[0]))
attempt(lambda: x.numpy())

# a tensor that makes a leaf of itself takes its views along
base = torch.zeros(3)
part = base[0]
base.requires_grad_()
print(part, part.is_leaf, part.grad_fn)
linear = torch.nn.Linear(2, 1)
with torch.no_grad():
    linear.weight[0].fill_(2.0)
    linear.weight[0, 1] = 3.0
    print(linear.weight, linear.weight[0], linear.weight.T, linear.weight.data[0])
