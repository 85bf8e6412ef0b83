import torch


def make_counter():
    count = 0

    def step():
        nonlocal count
        count += 1
        return count
    return step


counter = make_counter()
print(counter(), counter(), counter())


def compose(*fns):
    def composed(x):
        for fn in fns:
            x = fn(x)
        return x
    return composed


f = compose(torch.sin, torch.exp, lambda t: t.sum())
x = torch.tensor([0., 1.], requires_grad=True)
f(x).backward()
print(x.grad)


def batches(data, size):
    for i in range(0, len(data), size):
        yield data[i:i + size]


for n, b in enumerate(batches(torch.arange(7), 3)):
    print(n, b)


def fib():
    a, b = 0, 1
    while True:
        yield a
        a, b = b, a + b


gen = fib()
print([next(gen) for _ in range(10)], sum(v for v in [1, 2]))


def both():
    yield from (1, 2)
    return 3


print(list(both()))
adders = [lambda v, k=k: v + k for k in range(3)]
print([a(10) for a in adders])


def optional(a, *args, scale=1.0, **kwargs):
    """Docs."""
    return a, args, scale, kwargs


print(optional(1, 2, 3, scale=2, z=4), optional.__name__, optional.__doc__)
