"""A layer of GRU cells as one operation; see `ops.recurrent`.

The gates stand in the reference's order: reset, update, new.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff_cli.ir.node import Node
from autodiff_cli.ops.heavy import product
from autodiff_cli.ops.matrix import mm, transposed
from autodiff_cli.ops.movement import cat
from autodiff_cli.ops.pointwise import sigmoid, tanh
from autodiff_cli.ops.recurrent import (
    Layer,
    at_time,
    by_rows,
    gate,
    gathered,
    given,
    hidden_shape,
    inputs_of_gates,
    ordered,
    side_by_side,
    sigmoids,
    times,
)


def _forward(
    x: Any, w: Any, u: Any, b: Any, d: Any, h: Any, *, reverse: bool
) -> tuple[Any, tuple[Any, ...]]:
    steps, (rows, size) = len(x), h.shape
    split = 2 * size
    sign = np.ones((3 * size, 1), x.dtype)
    sign[:split] = -1  # of sigmoids, 1 / (1 + exp(-x))
    u, bias = u * sign, b * sign[:, 0]
    bias[:split] -= d[:split]
    gates = np.empty((steps, 3 * size, rows), x.dtype)
    given(x, w * sign, bias, gates)
    states, products = (np.empty((steps, size, rows), x.dtype) for _ in range(2))
    through, part = np.empty_like(gates[0]), np.empty_like(products[0])
    to_gates, to_new, own = through[:split], through[split:], d[split:, None]
    h = np.ascontiguousarray(h.T)
    order = slice(None, None, -1 if reverse else 1)
    for step, state, product_ in zip(gates[order], states[order], products[order]):
        times(u, h, through)
        both, new = step[:split], step[split:]
        both += to_gates
        sigmoids(both)
        np.add(to_new, own, out=product_)
        np.multiply(both[:size], product_, out=part)
        new += part
        np.tanh(new, out=new)
        np.subtract(h, new, out=state)
        state *= both[size:]
        state += new
        h = state
    return np.ascontiguousarray(states.swapaxes(1, 2)), (gates, states, products)


def _backward(
    g: Any,
    y: Any,
    kept: tuple[Any, ...],
    x: Any,
    w: Any,
    u: Any,
    b: Any,
    d: Any,
    h: Any,
    reverse: bool,
) -> tuple[Any, ...]:
    gates, states, products = (a[::-1] for a in kept) if reverse else kept
    if reverse:
        g, y, x = g[::-1], y[::-1], x[::-1]
    steps, size, rows = states.shape
    reset, update, new = gates.reshape(steps, 3, size, rows).swapaxes(0, 1)
    flows = np.empty((steps, 4, size, rows), x.dtype)  # to reset, update, u's part of new, new
    to_reset, to_update, to_product, to_new = flows.swapaxes(0, 1)
    np.multiply(1 - update, 1 - new * new, out=to_new)
    np.multiply(to_new, reset, out=to_product)
    np.multiply(to_product, 1 - reset, out=to_reset)
    to_reset *= products
    np.subtract(np.concatenate((h.T[None], states[:-1])), new, out=to_update)
    to_update *= update
    to_update *= 1 - update
    g = np.ascontiguousarray(g.swapaxes(1, 2))
    flow, part, back = np.zeros_like(g[0]), np.empty_like(g[0]), u.T
    across = flows[:, :3].reshape(steps, 3 * size, rows)
    for at in range(steps - 1, -1, -1):
        flow += g[at]
        flows[at] *= flow
        flow *= update[at]
        flow += times(back, across[at], part)
    flat = side_by_side(across)
    by_u, by_d = product(flat, by_rows(y, h)), flat.sum(1)
    flat[2 * size :] = side_by_side(to_new)
    by_x = product(flat.T, w).reshape(x.shape)
    by_w, by_b = product(flat, x.reshape(-1, x.shape[2])), by_d.copy()
    by_b[2 * size :] = flat[2 * size :].sum(1)
    return by_x[::-1] if reverse else by_x, by_w, by_u, by_b, by_d, flow.T


def _graph(g: Node, y: Node, operands: tuple[Node, ...], reverse: bool) -> tuple[Node, ...]:
    x, w, u, b, d, first = operands
    size, steps = first.shape[1], x.shape[0]
    entering = inputs_of_gates(x, w, b)
    flow: Node | None = None
    inward, through, before = ([first] * steps for _ in range(3))
    for time, earlier in reversed(ordered(steps, reverse)):
        h = first if earlier is None else at_time(y, earlier)
        own, brought = at_time(entering, time), mm(h, transposed(u)) + d
        reset, update = (sigmoid(gate(own, n, size) + gate(brought, n, size)) for n in (0, 1))
        part = gate(brought, 2, size)
        new = tanh(gate(own, 2, size) + reset * part)
        step = at_time(g, time)
        flow = step if flow is None else step + flow
        to_new = flow * (1 - update) * (1 - new * new)
        to_reset = to_new * part * reset * (1 - reset)
        to_update = flow * (h - new) * update * (1 - update)
        before[time] = h
        inward[time] = cat(to_reset, to_update, to_new, dim=1)
        through[time] = cat(to_reset, to_update, to_new * reset, dim=1)
        flow = flow * update + mm(through[time], u)
    assert flow is not None
    return (*gathered(x, w, inward, through, before), flow)


gru = Layer(
    "gru",
    6,
    _forward,
    _backward,
    _graph,
    shape=hidden_shape,
    grad_fn="StackBackward0",
    doc="a layer of GRU cells over a sequence: the hidden states",
)
