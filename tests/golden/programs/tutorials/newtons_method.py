import torch

x = torch.tensor(3.0, dtype=torch.float64, requires_grad=True)


def f(x):
    return x ** 4 - 3 * x ** 3 + 2


for i in range(12):
    y = f(x)
    (g,) = torch.autograd.grad(y, x, create_graph=True)
    (h,) = torch.autograd.grad(g, x)
    step = g / h
    with torch.no_grad():
        x -= step
    print(f'{i:2d}: x = {x.item():.6f}  f = {y.item():+.6f}  f\' = {g.item():+.2e}' if i < 3 else f'{i:2d}: {x.item():.6f}')
    if abs(step) < 1e-6:
        break
print(x)
print(g.abs() < 1e-8)


def sqrt(n, guess=1.0):
    while abs(guess * guess - n) > 1e-12:
        guess -= (guess * guess - n) / (2 * guess)
    return guess


print([round(sqrt(n), 6) for n in (2, 3, 49)])
