"""Numbers and short vectors."""

from __future__ import annotations

import math

import numpy as np


def newton() -> list[float]:
    x = 2.5
    for _ in range(400):
        x -= (x**3 - 2 * x - 5) / (3 * x**2 - 2 + 1e-6)
    return [x]


def descent() -> list[float]:
    w = 3.0
    for _ in range(500):
        w -= 0.01 * (2 * (w - 1.5) + math.cos(w) * 0.1)
    return [w]


def recurrence() -> list[float]:
    u, v, h, by_u, by_v = 0.5, -0.3, 0.1, 0.0, 0.0
    for _ in range(1500):
        t = math.tanh(u * h + v * 0.5)
        e = 0.1 * math.exp(-t * t)
        by_u, by_v = ((1 - t * t) * (1 - 2 * t * e) * d for d in (h + u * by_u, 0.5 + u * by_v))
        h = t + e
    return [by_u, by_v]


def functions() -> list[float]:
    h, slope = 0.4, 1.0
    for _ in range(1500):
        a = 1 / (1 + math.exp(-1.5 * h))
        if a > 0.6:
            h, slope = a - h / 3, slope * (1.5 * a * (1 - a) - 1 / 3)
        else:
            h, slope = h * a + 0.2, slope * (a + h * 1.5 * a * (1 - a))
    return [h, slope]


def elements() -> list[float]:
    t = np.linspace(-1, 1, 300, dtype=np.float32)
    return [float((t * t - t / 2).sum()), float(np.linalg.norm(2 * t - 0.5))]


def vectors() -> list[float]:
    y, kept = np.linspace(0.1, 1, 10, dtype=np.float32), []
    for _ in range(500):
        z = y * np.float32(0.99) + np.sin(y) * np.float32(0.01)
        mean = (1 + z * z).mean()
        kept.append((y, z, mean))
        y = z / mean
    g = np.ones_like(y)
    for y, z, mean in reversed(kept):
        g = g / mean - (g * z).sum() / mean**2 * 2 * z / np.float32(10)
        g = g * (np.float32(0.99) + np.cos(y) * np.float32(0.01))
    return [float(entry) for entry in g]


def newton2() -> list[float]:
    for step in range(2000):
        if step % 20 == 0:
            x = np.array([-1.2, 1.0], np.float32)
        a, b = x
        g = np.array([-2 * (1 - a) - 40 * a * (b - a * a), 20 * (b - a * a)])
        hessian = np.array([[2 - 40 * (b - 3 * a * a), -40 * a], [-40 * a, 20]])
        x = x - 0.5 * np.linalg.solve(hessian, g)
    return [float(entry) for entry in x]
