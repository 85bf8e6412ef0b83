"""Recurrent layers, and convolutions."""

from __future__ import annotations

from typing import Any

import numpy as np

from floors.training import Array, Parameters, adam, begun, entropy, filled, sgd, sigmoid


def lstm() -> list[float]:
    x, y = filled(50, 16, 8), filled(16, 1)

    def loss(
        w: Array, u: Array, b: Array, c: Array, out: Array, shift: Array
    ) -> tuple[Any, Parameters]:
        given = x @ w.T + (b + c)
        h = cell = np.zeros((16, 32), np.float32)
        hidden, kept = [h], []
        for step in given:
            gates = step + h @ u.T
            part = sigmoid(gates)
            new = np.tanh(gates[:, 64:96])
            before, cell = cell, part[:, 32:64] * cell + part[:, :32] * new
            bent = np.tanh(cell)
            h = part[:, 96:] * bent
            kept.append((part, new, before, bent))
            hidden.append(h)
        difference = h @ out.T + shift - y
        by_out = difference * np.float32(2 / 16)
        g, flow = by_out @ out, np.zeros((16, 32), np.float32)
        flows = np.empty_like(given)
        for place in range(49, -1, -1):
            part, new, before, bent = kept[place]
            flow = flow + g * part[:, 96:] * (1 - bent * bent)
            back = flows[place]
            back[:] = part * (1 - part)
            back[:, :32] *= flow * new
            back[:, 32:64] *= flow * before
            back[:, 64:96] = flow * part[:, :32] * (1 - new * new)
            back[:, 96:] *= g * bent
            flow = flow * part[:, 32:64]
            g = back @ u
        flat = flows.reshape(-1, 128)
        by_u = flat.T @ np.stack(hidden[:-1]).reshape(-1, 32)
        by_b = flat.sum(0)
        gradients = [flat.T @ x.reshape(-1, 8), by_u, by_b, by_b, by_out.T @ h, by_out.sum(0)]
        return (difference**2).mean(), gradients

    shapes = (128, 8), (128, 32), (128,), (128,), (1, 32), (1,)
    return adam(loss, begun(*shapes), 10, 0.003)


def _gru_forward(x: Array, h: Array, w: Array, u: Array, b: Array, c: Array) -> tuple[Array, Any]:
    given, kept, hidden = x @ w.T + b, [], []
    for step in given:
        through = h @ u.T + c
        part = sigmoid(step[:, :64] + through[:, :64])
        new = np.tanh(step[:, 64:] + part[:, :32] * through[:, 64:])
        kept.append((h, part, through[:, 64:], new))
        h = (h - new) * part[:, 32:] + new
        hidden.append(h)
    return np.stack(hidden), kept


def _gru_backward(
    x: Array, w: Array, u: Array, kept: Any, g: Array, last: Array
) -> tuple[Parameters, Array, Array]:
    """By the parameters, the input and the first hidden state."""
    flow = last
    inward, through = (np.empty((len(kept), *last.shape[:1], 96), np.float32) for _ in range(2))
    for place in range(len(kept) - 1, -1, -1):
        h, part, product, new = kept[place]
        flow = flow + g[place]
        reset, update = part[:, :32], part[:, 32:]
        by_new = flow * (1 - update) * (1 - new * new)
        back = inward[place]
        back[:, :64] = part * (1 - part)
        back[:, :32] *= by_new * product
        back[:, 32:64] *= flow * (h - new)
        back[:, 64:] = by_new
        through[place] = back
        through[place, :, 64:] *= reset
        flow = flow * update + through[place] @ u
    flat, across = inward.reshape(-1, 96), through.reshape(-1, 96)
    states = np.stack([entry[0] for entry in kept]).reshape(-1, 32)
    gradients = [flat.T @ x.reshape(-1, 8), across.T @ states, flat.sum(0), across.sum(0)]
    return gradients, inward @ w, flow


def gru() -> list[float]:
    words = (np.arange(12 * 16) ** 2 % 10).reshape(12, 16)
    shown, goal = np.roll(words[::-1], 1, 0), words[::-1].reshape(-1)
    zero, nothing = np.zeros((16, 32), np.float32), np.zeros((12, 16, 32), np.float32)

    def loss(table: Array, *p: Array) -> tuple[Any, Parameters]:
        encoder, decoder, (out, shift) = p[:4], p[4:8], p[8:]
        read, written = table[words], table[shown]
        states, kept = _gru_forward(read, zero, *encoder)
        outputs, kept2 = _gru_forward(written, states[-1], *decoder)
        flat = outputs.reshape(-1, 32)
        value, g = entropy(flat @ out.T + shift, goal)
        by_decoder, by_written, last = _gru_backward(
            written, *decoder[:2], kept2, (g @ out).reshape(outputs.shape), zero
        )
        by_encoder, by_read, _ = _gru_backward(read, *encoder[:2], kept, nothing, last)
        by_table = np.zeros_like(table)
        np.add.at(by_table, words, by_read)
        np.add.at(by_table, shown, by_written)
        return value, [by_table, *by_encoder, *by_decoder, g.T @ flat, g.sum(0)]

    cell = (96, 8), (96, 32), (96,), (96,)
    return adam(loss, begun((10, 8), *cell, *cell, (10, 32), (10,)), 15, 0.003)


def _windows(x: Array) -> Array:
    """Each pixel's surroundings of 3x3, as rows: (N, H, W, C*9)."""
    wide = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    seen = np.lib.stride_tricks.sliding_window_view(wide, (3, 3), axis=(2, 3))
    count, channels, height, width = x.shape
    return seen.transpose(0, 2, 3, 1, 4, 5).reshape(count * height * width, channels * 9)


def _pooled(x: Array) -> tuple[Array, Array]:
    """The greatest of each 2x2, and where it stands among the four."""
    count, channels, height, width = x.shape
    blocks = x.reshape(count, channels, height // 2, 2, width // 2, 2).swapaxes(3, 4)
    four = blocks.reshape(*blocks.shape[:4], 4)
    at = four.argmax(-1)[..., None]
    return np.take_along_axis(four, at, -1)[..., 0], at


def _unpooled(g: Array, at: Array) -> Array:
    four = np.zeros((*g.shape, 4), np.float32)
    np.put_along_axis(four, at, g[..., None], -1)
    count, channels, height, width = g.shape
    blocks = four.reshape(count, channels, height, width, 2, 2).swapaxes(3, 4)
    return blocks.reshape(count, channels, 2 * height, 2 * width)


def convolution() -> list[float]:
    x, y = filled(32, 1, 28, 28), np.arange(32) % 10
    columns = _windows(x)

    def loss(
        w1: Array, b1: Array, w2: Array, b2: Array, out: Array, shift: Array
    ) -> tuple[Any, Parameters]:
        first = columns @ w1.reshape(8, 9).T + b1
        seen, at = _pooled(np.maximum(first.reshape(32, 28, 28, 8).transpose(0, 3, 1, 2), 0))
        columns2 = _windows(seen)
        second = columns2 @ w2.reshape(16, 72).T + b2
        last, at2 = _pooled(np.maximum(second.reshape(32, 14, 14, 16).transpose(0, 3, 1, 2), 0))
        flat = last.reshape(32, 784)
        value, g = entropy(flat @ out.T + shift, y)
        back = _unpooled((g @ out).reshape(last.shape), at2).transpose(0, 2, 3, 1).reshape(-1, 16)
        back *= second > 0
        turned = w2[:, :, ::-1, ::-1].transpose(0, 2, 3, 1).reshape(144, 8)
        by_seen = _windows(back.reshape(32, 14, 14, 16).transpose(0, 3, 1, 2)) @ turned
        before = _unpooled(by_seen.reshape(32, 14, 14, 8).transpose(0, 3, 1, 2), at)
        flow = before.transpose(0, 2, 3, 1).reshape(-1, 8) * (first > 0)
        by_w1, by_w2 = (flow.T @ columns).reshape(w1.shape), (back.T @ columns2).reshape(w2.shape)
        return value, [by_w1, flow.sum(0), by_w2, back.sum(0), g.T @ flat, g.sum(0)]

    shapes = (8, 1, 3, 3), (8,), (16, 8, 3, 3), (16,), (10, 784), (10,)
    return sgd(loss, begun(*shapes), 15, 0.01, 0.9)
