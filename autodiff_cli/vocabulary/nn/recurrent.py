"""Recurrent layers and their cells.

Sources: torch/nn/modules/rnn.py, aten/src/ATen/native/RNN.cpp (the cells' formulas).
"""

from __future__ import annotations

import math
from typing import Any

from autodiff_cli.errors import RuntimeFault, TypeFault, ValueFault
from autodiff_cli.ir.context import current
from autodiff_cli.ir.dtypes import float32, float64
from autodiff_cli.ops.gru import gru
from autodiff_cli.ops.lstm import lstm, lstm_output
from autodiff_cli.ops.movement import transpose_outputs
from autodiff_cli.ops.pointwise import rnn_layer
from autodiff_cli.ops.recurrent import last_state, rnn
from autodiff_cli.vocabulary.calls.calling import call, torch_call
from autodiff_cli.vocabulary.calls.handles import on_nodes
from autodiff_cli.vocabulary.calls.messages import warn
from autodiff_cli.vocabulary.nn.declared import declared, module
from autodiff_cli.vocabulary.nn.init import parametrize, uniform_
from autodiff_cli.vocabulary.nn.module import Module

SOURCE = "torch.nn.modules.rnn"
GATES = {"RNN_TANH": 1, "RNN_RELU": 1, "LSTM": 4, "GRU": 3}


def next_hidden(mode: str, given: Any, hidden: tuple[Any, ...], w: Any, b: Any) -> tuple[Any, ...]:
    """A cell's step.

    Args:
        mode: which cell.
        given: the input, already multiplied by its weights.
        hidden: the hidden state and, of an LSTM, the cell's.
        w, b: the hidden state's weights and bias.
    """
    if mode == "LSTM":
        h, c = hidden
        gates = torch_call("F.linear", h, w, b) + given
        enter, forget, cell, leave = call(gates, "chunk", 4, 1)
        sigmoid = "sigmoid"
        c = call(forget, sigmoid) * c + call(enter, sigmoid) * call(cell, "tanh")
        return call(leave, sigmoid) * call(c, "tanh"), c
    (h,) = hidden
    through = torch_call("F.linear", h, w, b)
    if mode == "GRU":
        to_reset, to_update, new = call(through, "chunk", 3, 1)
        reset_in, update_in, new_in = call(given, "chunk", 3, 1)
        reset = call(to_reset + reset_in, "sigmoid")
        update = call(to_update + update_in, "sigmoid")
        fresh = call(new_in + new * reset, "tanh")
        return ((h - fresh) * update + fresh,)
    return (call(through + given, "tanh" if mode == "RNN_TANH" else "relu"),)


def _uniform(module: Any) -> None:
    bound = 1.0 / math.sqrt(module.hidden_size) if module.hidden_size > 0 else 0
    for weight in module.parameters():
        uniform_(weight, -bound, bound)


def _shapes(mode: str, width: int, hidden: int, bias: Any) -> dict[str, tuple[int, ...] | None]:
    """A cell's parameters, the gates' one behind the other."""
    rows = GATES[mode] * hidden
    biases = (rows,) if bias else None
    weights = {"weight_ih": (rows, width), "weight_hh": (rows, hidden)}
    return weights | {"bias_ih": biases, "bias_hh": biases}


class _Cell(Module):
    _mode = ""

    def _start(self, dtype: Any) -> None:
        mode = self._mode or "RNN_TANH"
        parametrize(self, dtype, **_shapes(mode, self.input_size, self.hidden_size, self.bias))

    def reset_parameters(self) -> None:
        _uniform(self)

    def forward(self, input: Any, hx: Any = None) -> Any:
        name, dims = type(self).__name__, len(input.shape)
        if dims not in (1, 2):
            raise ValueFault(f"{name}: Expected input to be 1D or 2D, got {dims}D instead")
        batch = input if dims == 2 else call(input, "unsqueeze", 0)
        several = self._mode == "LSTM"
        if hx is None:
            zeros = torch_call("zeros", (batch.shape[0], self.hidden_size), dtype=batch.dtype)
            states: tuple[Any, ...] = (zeros, zeros) if several else (zeros,)
        else:
            states = tuple(hx) if several else (hx,)
            if dims == 1:
                states = tuple([call(h, "unsqueeze", 0) for h in states])
        given = torch_call("F.linear", batch, self.weight_ih, self.bias_ih)
        mode = self._mode or ("RNN_TANH" if self.nonlinearity == "tanh" else "RNN_RELU")
        result = next_hidden(mode, given, states, self.weight_hh, self.bias_hh)
        if dims == 1:
            result = tuple([call(h, "squeeze", 0) for h in result])
        return result if several else result[0]


@module(
    SOURCE,
    "RNNCell(input_size, hidden_size, bias=True, nonlinearity='tanh', device=None, dtype=None)",
    shows="{input_size} {hidden_size} bias? nonlinearity?",
)
class RNNCell(_Cell):
    pass


@module(
    SOURCE,
    "LSTMCell(input_size, hidden_size, bias=True, device=None, dtype=None)",
    shows="{input_size} {hidden_size} bias?",
)
class LSTMCell(_Cell):
    _mode = "LSTM"


@module(
    SOURCE,
    "GRUCell(input_size, hidden_size, bias=True, device=None, dtype=None)",
    shows="{input_size} {hidden_size} bias?",
)
class GRUCell(_Cell):
    _mode = "GRU"


@declared(
    "RNNBase(mode, input_size, hidden_size, num_layers=1, bias=True, batch_first=False, dropout=0.0, "
    "bidirectional=False, device=None, dtype=None)",
    shows="{input_size} {hidden_size} num_layers? bias? batch_first? dropout? bidirectional?",
)
class RNNBase(Module):
    """Layers of cells over a sequence, in one or both directions."""

    dropout: float

    def _start(self, dtype: Any) -> None:
        self._check()
        self.dropout = float(self.dropout)
        directions = ("", "_reverse") if self.bidirectional else ("",)
        self._cells: list[tuple[str, ...]] = []
        every: dict[str, tuple[int, ...] | None] = {}
        for layer in range(self.num_layers):
            width = self.input_size if layer == 0 else self.hidden_size * len(directions)
            shapes = _shapes(self.mode, width, self.hidden_size, self.bias)
            for direction in directions:
                cell = {f"{name}_l{layer}{direction}": s for name, s in shapes.items() if s}
                self._cells.append(tuple(cell))
                every |= cell
        parametrize(self, dtype, **every)

    def _check(self) -> None:
        for name in ("input_size", "hidden_size"):
            size = getattr(self, name)
            if not isinstance(size, int):
                raise TypeFault(f"{name} should be of type int, got: {type(size).__name__}")
        for name in ("input_size", "hidden_size", "num_layers"):
            if getattr(self, name) <= 0:
                raise ValueFault(f"{name} must be greater than zero")
        if not 0 <= self.dropout <= 1:
            raise ValueFault(
                "dropout should be a number in range [0, 1] representing the probability of an element "
                "being zeroed"
            )
        if self.dropout > 0 and self.num_layers == 1:
            warn(
                "dropout option adds dropout after all but last recurrent layer, so non-zero dropout "
                f"expects num_layers greater than 1, but got dropout={self.dropout} and "
                f"num_layers={self.num_layers}"
            )

    def reset_parameters(self) -> None:
        _uniform(self)

    def flatten_parameters(self) -> None:
        return None

    def forward(self, input: Any, hx: Any = None) -> Any:
        several, dims = self.mode == "LSTM", len(input.shape)
        name = type(self).__name__
        if dims not in (2, 3):
            kind = "D tensor" if name == "RNN" else "D"
            raise ValueFault(f"{name}: Expected input to be 2D or 3D, got {dims}{kind} instead")
        batch_dim = 0 if self.batch_first else 1
        if hx is not None:
            hx = list(hx) if several else [hx]
        if dims == 2:
            input = call(input, "unsqueeze", batch_dim)
            hx = hx and [call(h, "unsqueeze", 1) for h in hx]
        if input.shape[-1] != self.input_size:
            raise RuntimeFault(
                f"input.size(-1) must be equal to input_size. Expected {self.input_size}, got "
                f"{input.shape[-1]}"
            )
        expected = (len(self._cells), input.shape[batch_dim], self.hidden_size)
        if hx is None:
            zeros = torch_call("zeros", expected, dtype=input.dtype)
            hx = [zeros, zeros] if several else [zeros]
        for place, h in enumerate(hx):
            if h.shape != expected:
                which = f"hidden[{place}]" if several else "hidden"
                raise RuntimeFault(f"Expected {which} size {expected}, got {list(h.shape)}")
        sequence = call(input, "transpose", 0, 1) if self.batch_first else input
        output, last = self._run(sequence, [list(call(h, "unbind", 0)) for h in hx])
        if self.batch_first:
            output = self._batch_first(output)
        hidden = [torch_call("stack", states, 0) for states in last]
        if dims == 2:
            output = call(output, "squeeze", batch_dim)
            hidden = [call(h, "squeeze", 1) for h in hidden]
        return output, tuple(hidden) if several else hidden[0]

    def _run(self, sequence: Any, states: list[list[Any]]) -> tuple[Any, list[list[Any]]]:
        """All layers over a sequence; gives the outputs and, by kind of state, the last ones."""
        last: list[list[Any]] = [[] for _ in states]
        directions = 2 if self.bidirectional else 1
        for layer in range(self.num_layers):
            outputs = []
            for direction in range(directions):
                cell = layer * directions + direction
                output, final = self._pass(sequence, cell, [s[cell] for s in states])
                outputs.append(output)
                for kept, entry in zip(last, final, strict=True):
                    kept.append(entry)
            sequence = outputs[0] if directions == 1 else torch_call("cat", outputs, -1)
            if self.dropout and self.training and layer < self.num_layers - 1:
                sequence = torch_call("F.dropout", sequence, self.dropout, True)
        return sequence, last

    def _pass(self, sequence: Any, cell: int, state: list[Any]) -> tuple[Any, list[Any]]:
        """One layer in one direction."""
        names = self._cells[cell]
        weights = [getattr(self, name) for name in names] + [None] * (4 - len(names))
        if _in_one(self.mode, sequence, weights, state):
            return _layer(self.mode, sequence, weights, state, names[0].endswith("_reverse"))
        given = torch_call("F.linear", sequence, weights[0], weights[2])
        steps = list(call(given, "unbind", 0))
        backwards = names[0].endswith("_reverse")
        hidden = tuple(state)
        shown = []
        for step in reversed(steps) if backwards else steps:
            hidden = next_hidden(self.mode, step, hidden, weights[1], weights[3])
            shown.append(hidden[0])
        if backwards:
            shown.reverse()
        output = torch_call("stack", shown, 0)
        if self.mode == "LSTM" and output.dtype is float32:  # one operation in the reference
            output = on_nodes(rnn_layer, output)
        return output, list(hidden)

    def _batch_first(self, output: Any) -> Any:
        if self.mode == "LSTM":
            return call(output, "transpose", 0, 1)
        return on_nodes(transpose_outputs, output, dims=(1, 0, 2))


def _in_one(mode: str, sequence: Any, weights: list[Any], state: list[Any]) -> bool:
    """Whether a layer may be one operation, which has its value at once."""
    context = current()
    if not context.eager or context.recording is not None or not len(sequence):
        return False
    dtypes = {a.dtype for a in (sequence, *weights, *state) if a is not None}
    return dtypes == {float32} or (mode != "LSTM" and dtypes == {float64})


CELLS: dict[str, tuple[Any, dict[str, bool], str]] = {
    "GRU": (gru, {}, "AddBackward0"),
    "RNN_TANH": (rnn, {"bent": True}, "TanhBackward0"),
    "RNN_RELU": (rnn, {"bent": False}, "ReluBackward0"),
}


def _layer(
    mode: str, sequence: Any, weights: list[Any], state: list[Any], reverse: bool
) -> tuple[Any, list[Any]]:
    if weights[2] is None:
        zeros = (torch_call("zeros", len(weights[0]), dtype=weights[0].dtype) for _ in range(2))
        weights = [*weights[:2], *zeros]
    time = 0 if reverse else len(sequence) - 1
    if mode == "LSTM":
        layer = on_nodes(lstm, sequence, *weights, *state, reverse=reverse)
        output, *last = (on_nodes(lstm_output, layer, output=n, time=time) for n in range(3))
        return output, last
    op, params, name = CELLS[mode]
    output = on_nodes(op, sequence, *weights, *state, reverse=reverse, **params)
    return output, [on_nodes(last_state, output, time=time, grad_fn=name)]


@module(SOURCE, "RNN")
class RNN(RNNBase):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if "proj_size" in kwargs:
            raise ValueFault("proj_size argument is only supported for LSTM, not RNN or GRU")
        kind = kwargs.pop("nonlinearity", "tanh")
        if len(args) > 3:
            kind, args = args[3], args[:3] + args[4:]
        if kind not in ("tanh", "relu"):
            raise ValueFault(f"Unknown nonlinearity '{kind}'. Select from 'tanh' or 'relu'.")
        super().__init__(f"RNN_{kind.upper()}", *args, **kwargs)
        self.nonlinearity = kind


@module(SOURCE, "LSTM")
class LSTM(RNNBase):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__("LSTM", *args, **kwargs)


@module(SOURCE, "GRU")
class GRU(RNNBase):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if "proj_size" in kwargs:
            raise ValueFault("proj_size argument is only supported for LSTM, not RNN or GRU")
        super().__init__("GRU", *args, **kwargs)
