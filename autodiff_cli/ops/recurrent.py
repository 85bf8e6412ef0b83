"""A layer of LSTM cells over a sequence, as one operation: float32 layers are one in the reference, too.

The layer's value has, for each time, the hidden state, the cell's, its tanh, and the gates (enter, forget,
new, leave) behind their functions: (times, 7, rows, size). The outputs that a program sees are parts of it.

Sources: aten/src/ATen/native/mkldnn/RNN.cpp; RNN.cpp (the cell's formulas).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff_cli.ir.node import Node, Shape
from autodiff_cli.ops.heavy import HEAVY, product
from autodiff_cli.ops.jointly import jointly
from autodiff_cli.ops.kinds import Shaped
from autodiff_cli.ops.matrix import mm, transposed
from autodiff_cli.ops.movement import cat, reshape, select, select_backward
from autodiff_cli.ops.reduce import sum_
from autodiff_cli.threads.blas import alone

HIDDEN, CELL, BENT, ENTER, FORGET, NEW, LEAVE = range(7)
# Within the kernels the gates stand in another order, so that those of one function, and those through which
# the cell's gradient flows, are neighbours: new, enter, forget, leave.
ORDER, BACK = [2, 0, 1, 3], [1, 2, 0, 3]


def _times(rows: int, size: int) -> Any:
    """How a step's product is computed."""
    return product if 4 * rows * size * size > HEAVY else np.matmul


def _gates(parameter: Any) -> Any:
    """The rows of each gate, in the kernels' order."""
    return parameter.reshape(4, -1, *parameter.shape[1:])[ORDER]


def _lstm(x: Any, w: Any, u: Any, b: Any, d: Any, h: Any, c: Any, reverse: bool) -> Any:
    return alone(_forward, x, _gates(w), _gates(u), _gates(b + d), h, c, reverse)


def _forward(x: Any, w: Any, u: Any, b: Any, h: Any, c: Any, reverse: bool) -> Any:
    for parameter in (w, u, b):  # of sigmoids, 1 / (1 + exp(-x))
        np.negative(parameter[1:], out=parameter[1:])
    rows, size = h.shape
    times, u = _times(rows, size), u.swapaxes(1, 2)
    y = np.empty((len(x), 7, rows, size), x.dtype)
    y[:, 3:] = np.matmul(x[:, None], w.swapaxes(1, 2))
    y[:, 3:] += b[:, None]
    product = np.empty((rows, size), x.dtype)
    for step in y[::-1] if reverse else y:
        new, sigmoids = step[3], step[4:]
        step[3:] += times(h, u)
        np.exp(sigmoids, out=sigmoids)
        sigmoids += 1
        np.reciprocal(sigmoids, out=sigmoids)
        np.tanh(new, out=new)
        h, after, bent = step[:3]
        np.multiply(sigmoids[1], c, out=after)
        np.multiply(sigmoids[0], new, out=product)
        after += product
        np.tanh(after, out=bent)
        np.multiply(sigmoids[2], bent, out=h)
        c = after
    y[:, 3:] = y[:, [4, 5, 3, 6]]
    return y


def _backward(
    g: Any, y: Any, x: Any, w: Any, u: Any, b: Any, d: Any, h: Any, c: Any, reverse: bool
) -> tuple[Any, ...]:
    """The gradients by all operands."""
    if reverse:
        g, y, x = g[::-1], y[::-1], x[::-1]
    hidden, cells, bent, enter, forget, new, leave = y.swapaxes(0, 1)
    steps, rows, size = hidden.shape
    times, gates = _times(rows, size), _gates(u)
    cells_before = np.concatenate((c[None], cells[:-1]))
    flat = 1 - bent * bent
    to_cell = flat * leave
    slopes = y[
        :, [NEW, ENTER, FORGET, LEAVE]
    ]  # of the gates' functions, and then of all behind them
    slopes[:, 0] = 1 - new * new
    slopes[:, 1:] *= 1 - slopes[:, 1:]
    own = g[:, [NEW, ENTER, FORGET, LEAVE]] * slopes if g[:, ENTER:].any() else None
    into_cells = g[:, CELL] + g[:, BENT] * flat
    slopes[:, 0] *= enter
    slopes[:, 1] *= new
    slopes[:, 2] *= cells_before
    slopes[:, 3] *= bent
    by_hidden, by_cell = np.zeros_like(h), np.zeros_like(c)
    for at in range(steps - 1, -1, -1):
        by_hidden += g[at, HIDDEN]
        by_cell += by_hidden * to_cell[at]
        by_cell += into_cells[at]
        flow = slopes[at]
        flow[:3] *= by_cell
        flow[3] *= by_hidden
        if own is not None:
            flow += own[at]
        by_cell *= forget[at]
        by_hidden = times(flow, gates).sum(0)
    flows = slopes[:, BACK].swapaxes(1, 2).reshape(steps * rows, 4 * size)
    hidden_before = np.concatenate((h[None], hidden[:-1])).reshape(steps * rows, size)
    by_x = product(flows, w).reshape(x.shape)
    by_w, by_u = product(flows.T, x.reshape(steps * rows, -1)), product(flows.T, hidden_before)
    by_bias = flows.sum(0)
    return by_x[::-1] if reverse else by_x, by_w, by_u, by_bias, by_bias, by_hidden, by_cell


def _by_all(y: Node, g: Any, *operands: Any, reverse: bool) -> tuple[Any, ...]:
    flows: tuple[Any, ...] = alone(_backward, g, y.value, *operands, reverse)
    return flows


def _part(a: Node, time: int, place: int) -> Node:
    return select(select(a, dim=0, index=time), dim=0, index=place)


def _graph_of_flows(
    g: Node, y: Node, operands: tuple[Node, ...], reverse: bool
) -> tuple[Node, ...]:
    """`_backward` as a graph, which can be differentiated, batched and printed."""
    x, w, u, _, _, h, c = operands
    steps, rows, _ = x.shape
    walk = range(steps - 1, -1, -1) if reverse else range(steps)
    by_hidden: Node | None = None
    by_cell: Node | None = None
    gates: list[Node] = []
    before: list[Node] = []
    for at in reversed(range(steps)):
        time = walk[at]
        bent, enter, forget, new, leave = (_part(y, time, place) for place in range(BENT, 7))
        hidden, cell = (_part(y, walk[at - 1], place) if at else (h, c)[place] for place in (0, 1))
        given = [_part(g, time, place) for place in range(7)]
        by_h = given[HIDDEN] if by_hidden is None else given[HIDDEN] + by_hidden
        by_bent = given[BENT] + by_h * leave
        by_c = given[CELL] + by_bent * (1 - bent * bent)
        by_c = by_c if by_cell is None else by_c + by_cell
        flows = (
            (given[ENTER] + by_c * new) * (enter * (1 - enter)),
            (given[FORGET] + by_c * cell) * (forget * (1 - forget)),
            (given[NEW] + by_c * enter) * (1 - new * new),
            (given[LEAVE] + by_h * bent) * (leave * (1 - leave)),
        )
        gates.append(cat(*flows, dim=1))
        before.append(hidden)
        by_cell = by_c * forget
        by_hidden = mm(gates[-1], u)
    assert by_hidden is not None and by_cell is not None
    if not reverse:
        gates.reverse()
        before.reverse()
    every, hiddens = cat(*gates, dim=0), cat(*before, dim=0)
    across = transposed(every)
    by_w = mm(across, reshape(x, (steps * rows, x.shape[2])))
    by_bias = sum_(every, dim=(0,), keepdim=False, dtype=every.dtype)
    by_x = reshape(mm(every, w), x.shape)
    return by_x, by_w, mm(across, hiddens), by_bias, by_bias, by_hidden, by_cell


NAME = "MkldnnRnnLayerBackward0"

lstm: Shaped = Shaped(
    "lstm",
    _lstm,
    shape=lambda x, w, u, b, d, h, c, reverse: (x.shape[0], 7, *h.shape),
    vjps=jointly(7, _by_all, _graph_of_flows),
    grad_fn=NAME,
    doc="a layer of LSTM cells over a sequence: states and gates for each time",
)


class _Output(Shaped):
    """One of the outputs of a layer, which the reference computes as one operation."""

    __slots__ = ()

    def joint(self, node: Node) -> Node:
        return node.operands[0]


def _place(output: int, time: int) -> tuple[Any, ...]:
    return (slice(None), HIDDEN) if output == 0 else (time, (HIDDEN, CELL)[output - 1])


def _output_shape(y: Node, output: int, time: int) -> Shape:
    return (y.shape[0], *y.shape[2:]) if output == 0 else y.shape[2:]


def _output_vjp(g: Node, part: Node, y: Node, output: int, time: int) -> Node:
    if output == 0:
        return select_backward(g, shape=y.shape, dim=1, index=HIDDEN)
    place = (HIDDEN, CELL)[output - 1]
    flow = select_backward(g, shape=y.shape[1:], dim=0, index=place)
    return select_backward(flow, shape=y.shape, dim=0, index=time)


lstm_output = _Output(
    "lstm_output",
    lambda y, output, time: y[_place(output, time)],
    shape=_output_shape,
    vjps=(_output_vjp,),
    linear=((0,),),
    grad_fn=NAME,
    doc="of an LSTM layer all hidden states (0), the last one (1), the last state of the cell (2)",
)
