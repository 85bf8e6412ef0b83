import math
import torch


def derivatives(f, x0, order):
    x = torch.tensor(x0, dtype=torch.float64, requires_grad=True)
    y = f(x)
    out = [y.item()]
    for _ in range(order):
        y, = torch.autograd.grad(y, x, create_graph=True)
        out.append(y.item())
    return out


def taylor(coefficients, dx):
    return sum(c / math.factorial(n) * dx ** n for n, c in enumerate(coefficients))


d = derivatives(torch.exp, 0.0, 6)
print(d)
print(f'{taylor(d, 1.0):.6f} vs {math.e:.6f}')
d = derivatives(lambda x: 1 / (1 - x), 0.0, 5)
print(d, [math.factorial(n) for n in range(6)])
d = derivatives(torch.sin, 0.0, 7)
print([round(v) for v in d])
for order in range(1, 8, 2):
    print(order, f'{taylor(d[:order + 1], 0.5):.8f}', f'{abs(taylor(d[:order + 1], 0.5) - math.sin(0.5)):.1e}')
