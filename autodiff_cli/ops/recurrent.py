"""Layers of recurrent cells over a sequence, each as one operation.

A step is a few calls of numpy on matrices that lie in memory as (size, rows), one gate below the other, so
that gates of one function, and what flows back through all of them, are one piece. What the derivative needs
is kept with the node.

Sources: aten/src/ATen/native/RNN.cpp (the cells' formulas), mkldnn/RNN.cpp.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff_cli.ir.context import current
from autodiff_cli.ir.node import Node, Shape
from autodiff_cli.ops.heavy import HEAVY, product
from autodiff_cli.ops.jointly import jointly
from autodiff_cli.ops.kinds import Shaped
from autodiff_cli.ops.matrix import mm, transposed
from autodiff_cli.ops.movement import cat, reshape, select, select_backward, slice_
from autodiff_cli.ops.pointwise import as_dtype
from autodiff_cli.ops.reduce import sum_
from autodiff_cli.ops.selection import le
from autodiff_cli.threads.blas import alone


def times(a: Any, b: Any, out: Any) -> Any:
    """A product of a step, written where it is wanted."""
    if a.size * b.shape[-1] <= HEAVY:
        return np.matmul(a, b, out=out)
    out[...] = product(a, b)
    return out


def given(x: Any, w: Any, bias: Any, out: Any) -> None:
    """What all inputs bring to the gates: (times, gates * size, rows)."""
    np.matmul(w, x.swapaxes(1, 2), out=out)
    out += bias[:, None]


def sigmoids(negated: Any) -> None:
    """1 / (1 + exp(-x)), in the place of -x."""
    np.exp(negated, out=negated)
    negated += 1
    np.reciprocal(negated, out=negated)


def side_by_side(flows: Any) -> Any:
    """(times, gates * size, rows) as (gates * size, times * rows)."""
    return flows.swapaxes(0, 1).reshape(flows.shape[1], -1)


def by_rows(states: Any, first: Any) -> Any:
    """The hidden states before each step, one below the other, of those after them."""
    before = np.concatenate((first[None], states[:-1]))
    return before.reshape(-1, first.shape[1])


class Layer(Shaped):
    """A layer: the operands are the sequence, (times, rows, width), weights, biases, first states.

    Args:
        forward: gives the value, and what the derivative needs besides.
        backward: `backward(g, y, kept, *operands, **params)`: the gradients by all operands.
        graph: the same as a graph; see `ops.jointly`.
    """

    __slots__ = ("forward",)

    def __init__(
        self,
        name: str,
        operands: int,
        forward: Callable[..., tuple[Any, Any]],
        backward: Callable[..., tuple[Any, ...]],
        graph: Callable[..., tuple[Node, ...]],
        **record: Any,
    ) -> None:
        def by_all(y: Node, g: Any, *arrays: Any, **params: Any) -> tuple[Any, ...]:
            kept = y.__dict__.get("states")
            if kept is None:
                kept = alone(forward, *arrays, **params)[1]
            flows: tuple[Any, ...] = alone(backward, g, y.value, kept, *arrays, **params)
            return flows

        super().__init__(
            name,
            lambda *arrays, **params: alone(forward, *arrays, **params)[0],
            vjps=jointly(operands, by_all, graph),
            **record,
        )
        self.forward = forward

    def evaluate(self, node: Node, arrays: list[Any]) -> Any:
        value, kept = alone(self.forward, *arrays, **node.params)
        if node.requires_grad and current().eager:
            node.__dict__["states"] = kept
        return value


# ---- graphs of the gradients --------------------------------------------------------------------


def at_time(a: Node, time: int) -> Node:
    return select(a, dim=0, index=time)


def gate(a: Node, number: int, size: int) -> Node:
    """Of gates side by side, (rows, gates * size), one."""
    return slice_(a, dim=1, start=number * size, stop=(number + 1) * size, step=1)


def inputs_of_gates(x: Node, w: Node, b: Node) -> Node:
    """What all inputs bring to the gates: (times, rows, gates * size)."""
    steps, rows, width = x.shape
    flat = mm(reshape(x, (steps * rows, width)), transposed(w)) + b
    return reshape(flat, (steps, rows, w.shape[0]))


def gathered(
    x: Node, w: Node, inward: list[Node], through: list[Node], before: list[Node]
) -> tuple[Node, ...]:
    """The gradients by the sequence, the weights and the biases.

    Args:
        inward, through: what flows back to the gates' inputs and to what the hidden state brings, by time.
        before: the hidden states before each step.
    """
    steps, rows, width = x.shape
    flows = cat(*inward, dim=0)
    across = flows if through is inward else cat(*through, dim=0)
    by_w = mm(transposed(flows), reshape(x, (steps * rows, width)))
    by_u = mm(transposed(across), cat(*before, dim=0))
    by_b, by_d = (sum_(a, dim=(0,), keepdim=False, dtype=a.dtype) for a in (flows, across))
    return reshape(mm(flows, w), x.shape), by_w, by_u, by_b, by_d


def ordered(steps: int, reverse: bool) -> list[tuple[int, int | None]]:
    """The times in the order of the steps, each with the one before it."""
    walk = list(range(steps))[:: -1 if reverse else 1]
    return list(zip(walk, [None, *walk[:-1]]))


# ---- RNN ----------------------------------------------------------------------------------------


def _rnn_forward(
    x: Any, w: Any, u: Any, b: Any, d: Any, h: Any, *, reverse: bool, bent: bool
) -> tuple[Any, Any]:
    states = np.empty((len(x), *h.shape[::-1]), x.dtype)
    given(x, w, b + d, states)
    through, h = np.empty_like(states[0]), np.ascontiguousarray(h.T)
    for state in states[::-1] if reverse else states:
        state += times(u, h, through)
        h = np.tanh(state, out=state) if bent else np.maximum(state, 0, out=state)
    return np.ascontiguousarray(states.swapaxes(1, 2)), states


def _rnn_backward(
    g: Any,
    y: Any,
    states: Any,
    x: Any,
    w: Any,
    u: Any,
    b: Any,
    d: Any,
    h: Any,
    reverse: bool,
    bent: bool,
) -> tuple[Any, ...]:
    if reverse:
        g, y, states, x = g[::-1], y[::-1], states[::-1], x[::-1]
    flows = 1 - (states * states if bent else (states <= 0).astype(y.dtype))
    g = np.ascontiguousarray(g.swapaxes(1, 2))
    flow, back = np.zeros_like(g[0]), u.T
    for slope, step in zip(flows[::-1], g[::-1]):
        flow += step
        slope *= flow
        times(back, slope, flow)
    flat = side_by_side(flows)
    by_x = product(flat.T, w).reshape(x.shape)
    by_w, by_u = product(flat, x.reshape(-1, x.shape[2])), product(flat, by_rows(y, h))
    by_b = flat.sum(1)
    return by_x[::-1] if reverse else by_x, by_w, by_u, by_b, by_b, flow.T


def _rnn_graph(
    g: Node, y: Node, operands: tuple[Node, ...], reverse: bool, bent: bool
) -> tuple[Node, ...]:
    x, w, u, _, _, h = operands
    flow: Node | None = None
    flows, before = [h] * x.shape[0], [h] * x.shape[0]
    for time, earlier in reversed(ordered(x.shape[0], reverse)):
        state, step = at_time(y, time), at_time(g, time)
        flow = step if flow is None else step + flow
        slope = 1 - (state * state if bent else as_dtype(le(state, 0), state.dtype))
        flows[time] = flow * slope
        before[time] = h if earlier is None else at_time(y, earlier)
        flow = mm(flows[time], u)
    assert flow is not None
    return (*gathered(x, w, flows, flows, before), flow)


def hidden_shape(x: Node, *operands: Node, **_: Any) -> Shape:
    return (x.shape[0], *operands[4].shape)


rnn = Layer(
    "rnn",
    6,
    _rnn_forward,
    _rnn_backward,
    _rnn_graph,
    shape=hidden_shape,
    grad_fn="StackBackward0",
    doc="a layer of cells of one gate over a sequence: the hidden states",
)

last_state = Shaped(
    "last_state",
    lambda y, time, grad_fn: y[time],
    shape=lambda y, time, grad_fn: y.shape[1:],
    vjps=(lambda g, part, y, time, grad_fn: select_backward(g, shape=y.shape, dim=0, index=time),),
    linear=((0,),),
    grad_fn=lambda node: str(node.params["grad_fn"]),
    doc="of a layer's hidden states the last one",
)
