import torch


def f(x):
    n = 0
    while x.norm() < 10:
        x = x * 2
        n += 1
    return x.sum() if n % 2 == 0 else -x.sum()


def collatz(n):
    steps = 0
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps


for start in (0.5, 1.0, 3.0, 20.0):
    x = torch.tensor([start, 2 * start], requires_grad=True)
    y = f(x)
    y.backward()
    print(f'{start:>5}: {y.item():8.2f} {x.grad.tolist()}')
print([collatz(n) for n in range(1, 10)])


def relu_or_square(x):
    if x > 1:
        return x ** 2
    elif x > 0:
        return x
    else:
        return x * 0


for v in [-1., 0.5, 2.]:
    x = torch.tensor(v, requires_grad=True)
    relu_or_square(x).backward()
    print(v, x.grad)
