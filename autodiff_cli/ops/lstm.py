"""A layer of LSTM cells as one operation; see `ops.recurrent`.

Its value has, for each time, the hidden state and the cell's: (times, 2, rows, size). The outputs that a
program sees are parts of it. In the reference the gates stand in the order enter, forget, new, leave; here so
that those of one function, and those through which the cell's gradient flows, are neighbours: new, enter,
forget, leave.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff_cli.ir.node import Node, Shape
from autodiff_cli.ops.heavy import product
from autodiff_cli.ops.kinds import Shaped
from autodiff_cli.ops.matrix import mm, transposed
from autodiff_cli.ops.movement import cat, select_backward
from autodiff_cli.ops.pointwise import sigmoid, tanh
from autodiff_cli.ops.recurrent import (
    Layer,
    at_time,
    by_rows,
    gate,
    gathered,
    given,
    inputs_of_gates,
    ordered,
    side_by_side,
    sigmoids,
    times,
)

ORDER, BACK = [2, 0, 1, 3], [1, 2, 0, 3]


def _arranged(parameter: Any, order: list[int]) -> Any:
    """The rows of each gate, in another order."""
    gates = parameter.reshape(4, -1, *parameter.shape[1:])
    return gates[order].reshape(parameter.shape)


def _forward(
    x: Any, w: Any, u: Any, b: Any, d: Any, h: Any, c: Any, *, reverse: bool
) -> tuple[Any, tuple[Any, ...]]:
    steps, (rows, size) = len(x), h.shape
    w, u, bias = (_arranged(a, ORDER) for a in (w, u, b + d))
    for parameter in (w, u, bias):  # of sigmoids, 1 / (1 + exp(-x))
        np.negative(parameter[size:], out=parameter[size:])
    gates = np.empty((steps, 4 * size, rows), x.dtype)
    given(x, w, bias, gates)
    states = np.empty((steps, 3, size, rows), x.dtype)  # hidden, of the cell, its tanh
    through, part = np.empty_like(gates[0]), np.empty_like(states[0, 0])
    h, c = np.ascontiguousarray(h.T), c.T
    order = slice(None, None, -1 if reverse else 1)
    for step, (hidden, cell, bent) in zip(gates[order], states[order]):
        step += times(u, h, through)
        sigmoids(step[size:])
        new, enter, forget, leave = step.reshape(4, size, rows)
        np.tanh(new, out=new)
        np.multiply(forget, c, out=cell)
        np.multiply(enter, new, out=part)
        cell += part
        np.tanh(cell, out=bent)
        np.multiply(leave, bent, out=hidden)
        h, c = hidden, cell
    return np.ascontiguousarray(states[:, :2].swapaxes(2, 3)), (gates, states)


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
    c: Any,
    reverse: bool,
) -> tuple[Any, ...]:
    gates, states = (a[::-1] for a in kept) if reverse else kept
    if reverse:
        g, y, x = g[::-1], y[::-1], x[::-1]
    steps, _, size, rows = states.shape
    cells, bent = states[:, 1], states[:, 2]
    new, enter, forget, leave = gates.reshape(steps, 4, size, rows).swapaxes(0, 1)
    to_cell = (1 - bent * bent) * leave
    flows = np.empty((steps, 4, size, rows), x.dtype)
    to_new, to_enter, to_forget, to_leave = flows.swapaxes(0, 1)
    np.multiply(1 - new * new, enter, out=to_new)
    np.subtract(1, gates.reshape(flows.shape)[:, 1:], out=flows[:, 1:])
    flows[:, 1:] *= gates.reshape(flows.shape)[:, 1:]
    to_enter *= new
    to_forget[0] *= c.T
    to_forget[1:] *= cells[:-1]
    to_leave *= bent
    g = np.ascontiguousarray(g.swapaxes(2, 3))
    into_cells = g[:, 1].any()
    by_hidden, by_cell, part = (np.zeros_like(g[0, 0]) for _ in range(3))
    back, flat = _arranged(u, ORDER).T, flows.reshape(steps, 4 * size, rows)
    for at in range(steps - 1, -1, -1):
        by_hidden += g[at, 0]
        by_cell += np.multiply(by_hidden, to_cell[at], out=part)
        if into_cells:
            by_cell += g[at, 1]
        flow = flows[at]
        flow[:3] *= by_cell
        flow[3] *= by_hidden
        by_cell *= forget[at]
        times(back, flat[at], by_hidden)
    flat = side_by_side(flat)
    by_x = product(flat.T, _arranged(w, ORDER)).reshape(x.shape)
    by_w, by_u = product(flat, x.reshape(-1, x.shape[2])), product(flat, by_rows(y[:, 0], h))
    by_w, by_u, by_b = (_arranged(a, BACK) for a in (by_w, by_u, flat.sum(1)))
    return by_x[::-1] if reverse else by_x, by_w, by_u, by_b, by_b, by_hidden.T, by_cell.T


def _graph(g: Node, y: Node, operands: tuple[Node, ...], reverse: bool) -> tuple[Node, ...]:
    x, w, u, b, d, *first = operands
    size, steps = first[0].shape[1], x.shape[0]
    entering = inputs_of_gates(x, w, b + d)
    by_hidden: Node | None = None
    by_cell: Node | None = None
    flows, before = ([first[0]] * steps for _ in range(2))
    for time, earlier in reversed(ordered(steps, reverse)):
        h, c = first if earlier is None else (at_time(at_time(y, earlier), n) for n in (0, 1))
        gates = at_time(entering, time) + mm(h, transposed(u))
        enter, forget, leave = (sigmoid(gate(gates, n, size)) for n in (0, 1, 3))
        new, bent = tanh(gate(gates, 2, size)), tanh(at_time(at_time(y, time), 1))
        by_h, by_c = (at_time(at_time(g, time), n) for n in (0, 1))
        by_h = by_h if by_hidden is None else by_h + by_hidden
        by_c = by_c + by_h * leave * (1 - bent * bent)
        by_c = by_c if by_cell is None else by_c + by_cell
        before[time] = h
        flows[time] = cat(
            by_c * new * enter * (1 - enter),
            by_c * c * forget * (1 - forget),
            by_c * enter * (1 - new * new),
            by_h * bent * leave * (1 - leave),
            dim=1,
        )
        by_cell, by_hidden = by_c * forget, mm(flows[time], u)
    assert by_hidden is not None and by_cell is not None
    return (*gathered(x, w, flows, flows, before), by_hidden, by_cell)


NAME = "MkldnnRnnLayerBackward0"

lstm = Layer(
    "lstm",
    7,
    _forward,
    _backward,
    _graph,
    shape=lambda x, w, u, b, d, h, c, reverse: (x.shape[0], 2, *h.shape),
    grad_fn=NAME,
    doc="a layer of LSTM cells over a sequence: the states for each time",
)


class _Output(Shaped):
    """One of the outputs of a layer, which the reference computes as one operation."""

    __slots__ = ()

    def joint(self, node: Node) -> Node:
        return node.operands[0]


def _output_shape(y: Node, output: int, time: int) -> Shape:
    return (y.shape[0], *y.shape[2:]) if output == 0 else y.shape[2:]


def _output_vjp(g: Node, part: Node, y: Node, output: int, time: int) -> Node:
    if output == 0:
        return select_backward(g, shape=y.shape, dim=1, index=0)
    flow = select_backward(g, shape=y.shape[1:], dim=0, index=output - 1)
    return select_backward(flow, shape=y.shape, dim=0, index=time)


lstm_output = _Output(
    "lstm_output",
    lambda y, output, time: y[:, 0] if output == 0 else y[time, output - 1],
    shape=_output_shape,
    vjps=(_output_vjp,),
    linear=((0,),),
    grad_fn=NAME,
    doc="of an LSTM layer all hidden states (0), the last one (1), the last state of the cell (2)",
)
