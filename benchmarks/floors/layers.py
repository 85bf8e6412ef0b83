"""Layers and their losses."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from floors.training import Array, Loss, Parameters, adam, begun, entropy, filled, sgd, sigmoid


def layers() -> list[float]:
    w1, w2, b1, x = filled(10, 10), filled(10), np.zeros(10, np.float32), filled(10)
    for _ in range(200):
        hidden = np.tanh(w1 @ x + b1)
        difference = hidden @ w2 - 4
        g = 2 * difference * w2 * (1 - hidden * hidden)
        w1 -= 0.001 * g[:, None] * x
        w2 -= 0.001 * 2 * difference * hidden
        b1 -= 0.001 * g
    return [float(difference**2)]


def perceptron(rows: int, width: int, hidden: int, out: int) -> tuple[Loss, Parameters]:
    x, y = filled(rows, width), filled(rows, out)

    def loss(w1: Array, b1: Array, w2: Array, b2: Array) -> tuple[Any, Parameters]:
        z = np.maximum(x @ w1.T + b1, 0)
        difference = z @ w2.T + b2 - y
        g = difference * np.float32(2 / difference.size)
        back = g @ w2 * (z > 0)
        return (difference**2).mean(), [back.T @ x, back.sum(0), g.T @ z, g.sum(0)]

    return loss, begun((hidden, width), (hidden,), (out, hidden), (out,))


def adam_vector() -> list[float]:
    scale = np.array([1.0, 3.0, 0.2], np.float32)

    def loss(a: Array) -> tuple[Any, Parameters]:
        return ((a - 1) ** 2 * scale).sum(), [2 * (a - 1) * scale]

    return adam(loss, [np.array([1.0, -2.0, 0.5], np.float32)], 200, 0.05)


def adam_matrix() -> list[float]:
    goal = filled(1000)

    def loss(a: Array) -> tuple[Any, Parameters]:
        difference = a - goal
        value = (difference * difference).mean()
        difference *= 2 / difference.size
        return value, [difference]

    return adam(loss, [filled(1000, 1000)], 20, 0.01)


def logistic() -> list[float]:
    x, y = filled(64, 784), (filled(64, 1) > 0).astype(np.float32)

    def loss(w: Array, b: Array) -> tuple[Any, Parameters]:
        z = x @ w.T + b
        value = (np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z)))).mean()
        g = (sigmoid(z) - y) / len(y)
        return value, [g.T @ x, g.sum(0)]

    return sgd(loss, begun((1, 784), (1,)), 200, 0.1, 0)


def softmax() -> list[float]:
    x, y = filled(64, 784), np.arange(64) % 10

    def loss(w: Array, b: Array) -> tuple[Any, Parameters]:
        value, g = entropy(x @ w.T + b, y)
        return value, [g.T @ x, g.sum(0)]

    return sgd(loss, begun((10, 784), (10,)), 200, 0.1, 0)


def attention() -> list[float]:
    x, y = filled(8, 24, 32), np.arange(8 * 24) % 10
    masked = np.triu(np.full((24, 24), -np.inf, np.float32), 1)
    scale = np.float32(8**-0.5)

    def loss(w: Array, b: Array, w2: Array, b2: Array) -> tuple[Any, Parameters]:
        q, k, v = (x @ w.T + b).reshape(8, 24, 3, 4, 8).transpose(2, 0, 3, 1, 4)
        scores = q @ k.swapaxes(-1, -2) * scale + masked
        shares = np.exp(scores - scores.max(-1, keepdims=True))
        shares /= shares.sum(-1, keepdims=True)
        mixed = (shares @ v).transpose(0, 2, 1, 3).reshape(192, 32)
        value, g = entropy(mixed @ w2.T + b2, y)
        back = (g @ w2).reshape(8, 24, 4, 8).transpose(0, 2, 1, 3)
        flow = back @ v.swapaxes(-1, -2)
        flow = shares * (flow - (flow * shares).sum(-1, keepdims=True)) * scale
        parts = flow @ k, flow.swapaxes(-1, -2) @ q, shares.swapaxes(-1, -2) @ back
        before = np.stack(parts).transpose(1, 3, 0, 2, 4).reshape(192, 96)
        return value, [before.T @ x.reshape(192, 32), before.sum(0), g.T @ mixed, g.sum(0)]

    return adam(loss, begun((96, 32), (96,), (10, 32), (10,)), 50, 0.003)


def penalty() -> list[float]:
    x = filled(64, 8)

    def loss(w1: Array, b1: Array, w2: Array, b2: Array) -> tuple[Any, Parameters]:
        h = np.tanh(x @ w1.T + b1)
        s = 1 - h * h
        slope = (s * w2) @ w1
        length = np.sqrt((slope * slope).sum(1, keepdims=True))
        value = (h @ w2.T + b2).mean() + 10 * ((length - 1) ** 2).mean()
        by_slope = np.float32(20 / 64) * (length - 1) / length * slope
        by_product = by_slope @ w1.T
        by_h = w2 / 64 - 2 * h * by_product * w2
        by_z = by_h * s
        by_w1 = (s * w2).T @ by_slope + by_z.T @ x
        by_w2 = h.mean(0) + (by_product * s).sum(0)
        return value, [by_w1, by_z.sum(0), by_w2[None], np.ones_like(b2)]

    return adam(loss, begun((32, 8), (32,), (1, 32), (1,)), 100, 0.003)


def pinn() -> list[float]:
    x = np.linspace(0, 1, 64, dtype=np.float32).reshape(64, 1)
    source = np.float32(math.pi**2) * np.sin(np.float32(math.pi) * x)
    ends = np.zeros_like(x)
    ends[0] = ends[-1] = 1

    def loss(*parameters: Array) -> tuple[Any, Parameters]:
        weights, biases = parameters[::2], parameters[1::2]
        state, kept = (x, np.ones_like(x), np.zeros_like(x)), []
        for w, b in zip(weights[:2], biases[:2], strict=True):  # values, slopes and bends
            z, z1, z2 = state[0] @ w.T + b, state[1] @ w.T, state[2] @ w.T
            h = np.tanh(z)
            s = 1 - h * h
            kept.append((state, h, s, z1, z2))
            state = h, s * z1, s * (z2 - 2 * h * z1 * z1)
        u, bend = state[0] @ weights[2].T + biases[2], state[2] @ weights[2].T
        left, edge = bend + source, ends * u
        value = (left * left).mean() + (edge * edge).sum()
        by_u, by_bend = 2 * edge, left * np.float32(2 / 64)
        gradients = [by_u.T @ state[0] + by_bend.T @ state[2], by_u.sum(0)]
        g, g1, g2 = by_u @ weights[2], np.zeros_like(state[1]), by_bend @ weights[2]
        for w, (before, h, s, z1, z2) in zip(weights[1::-1], reversed(kept), strict=True):
            inner = z2 - 2 * h * z1 * z1
            by_s = g1 * z1 + g2 * inner
            by_h = g - 2 * g2 * s * z1 * z1 - 2 * h * by_s
            flows = by_h * s, g1 * s - 4 * g2 * s * h * z1, g2 * s
            by_w = sum(flow.T @ part for flow, part in zip(flows, before, strict=True))
            gradients = [by_w, flows[0].sum(0), *gradients]
            g, g1, g2 = (flow @ w for flow in flows)
        return value, gradients

    return adam(loss, begun((32, 1), (32,), (32, 32), (32,), (1, 32), (1,)), 60, 0.003)
