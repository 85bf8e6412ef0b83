"""What trained floors share: first values, optimizers, cross entropy."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

Array = Any
Parameters = list[Array]
Loss = Callable[..., tuple[Any, Parameters]]  # parameters → loss, gradients


def filled(*shape: int, scale: float = 1.0) -> Array:
    count = np.arange(math.prod(shape), dtype=np.float64)
    return (np.sin(count * count * 0.37) * scale).astype(np.float32).reshape(shape)


def begun(*shapes: tuple[int, ...]) -> Parameters:
    return [filled(*shape, scale=shape[-1] ** -0.5) for shape in shapes]


def sgd(loss: Loss, parameters: Parameters, steps: int, lr: float, momentum: float) -> list[float]:
    velocities = [np.zeros_like(p) for p in parameters]
    for _ in range(steps):
        value, gradients = loss(*parameters)
        for p, g, v in zip(parameters, gradients, velocities, strict=True):
            v *= momentum
            v += g
            p -= lr * v
    return [float(value)]


def adam(loss: Loss, parameters: Parameters, steps: int, lr: float) -> list[float]:
    first, second = ([np.zeros_like(p) for p in parameters] for _ in range(2))
    for step in range(1, steps + 1):
        value, gradients = loss(*parameters)
        for p, g, m, v in zip(parameters, gradients, first, second, strict=True):
            m += (g - m) * 0.1
            v *= 0.999
            v += g * g * 0.001
            scale = np.sqrt(v)
            scale /= (1 - 0.999**step) ** 0.5
            scale += 1e-8
            np.divide(m, scale, out=scale)
            scale *= lr / (1 - 0.9**step)
            p -= scale
    return [float(value)]


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def entropy(logits: Array, at: Array) -> tuple[Any, Array]:
    """The mean cross entropy, and its gradient."""
    rows = np.arange(len(at))
    shifted = logits - logits.max(1, keepdims=True)
    shares = np.exp(shifted)
    total = shares.sum(1, keepdims=True)
    value = (np.log(total[:, 0]) - shifted[rows, at]).mean()
    shares /= total
    shares[rows, at] -= 1
    return value, shares / len(at)
