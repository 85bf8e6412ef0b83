"""Fits a line, as a script with a main function."""
import math

import torch

LEARNING_RATE = 0.1
STEPS = 60


def model(params, x):
    return params['slope'] * x + params['intercept']


def train(x, y, *, lr=LEARNING_RATE, steps=STEPS, verbose=False):
    params = {name: torch.zeros((), requires_grad=True) for name in ('slope', 'intercept')}
    for step in range(steps):
        loss = torch.mean((model(params, x) - y) ** 2)
        grads = torch.autograd.grad(loss, list(params.values()))
        with torch.no_grad():
            for p, g in zip(params.values(), grads):
                p.sub_(lr * g)
        if verbose and not step % 20:
            print('step', step, 'rmse', round(math.sqrt(loss.item()), 4))
    return params


def main() -> None:
    x = torch.linspace(-1, 1, 21)
    params = train(x, 3 * x - 0.5, verbose=True)
    for name, p in params.items():
        print(name.ljust(12, '.'), f'{p.item():7.4f}')


if __name__ == "__main__":
    main()
    print(__name__, __doc__)
