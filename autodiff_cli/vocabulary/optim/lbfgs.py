"""`torch.optim.LBFGS`: a quasi-Newton method that evaluates the loss itself.

Source: torch/optim/lbfgs.py; Nocedal and Wright, Numerical Optimization, algorithms 3.5 and 7.4.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff_cli.errors import RuntimeFault, ValueFault
from autodiff_cli.ir.node import Array
from autodiff_cli.ops.heavy import product
from autodiff_cli.tensors.tensor import of_array
from autodiff_cli.vocabulary.autograd.grad_mode import enable_grad
from autodiff_cli.vocabulary.optim.optimizer import (
    Optimizer,
    add_,
    fused,
    optimizer,
    scalar,
    wrote,
)


def _largest(a: Array) -> Any:
    return np.abs(a).max()


def cubic_minimum(
    x1: Any, f1: Any, g1: Any, x2: Any, f2: Any, g2: Any, bounds: tuple[Any, Any] | None = None
) -> Any:
    """The place of the minimum of the cubic through two values and slopes, within bounds."""
    low, high = bounds or ((x1, x2) if x1 <= x2 else (x2, x1))
    d1 = g1 + g2 - 3 * (f1 - f2) / (x1 - x2)
    square = d1**2 - g1 * g2
    if not square >= 0:
        return (low + high) / 2.0
    d2 = np.sqrt(square)
    if x1 <= x2:
        place = x2 - (x2 - x1) * ((g2 + d2 - d1) / (g2 - g1 + 2 * d2))
    else:
        place = x1 - (x1 - x2) * ((g1 + d2 - d1) / (g1 - g2 + 2 * d2))
    return min(max(place, low), high)


Evaluate = Callable[[Any], tuple[float, Array]]


def strong_wolfe(
    evaluate: Evaluate,
    t: Any,
    d: Array,
    f: float,
    g: Array,
    slope: Any,
    change: float = 1e-9,
    most: int = 25,
) -> tuple[float, Array, Any, int]:
    """A step along `d` that lowers the loss and its slope enough; gives (loss, gradient, step, calls)."""
    c1, c2 = 1e-4, 0.9
    reach = _largest(d)
    f_new, g_new = evaluate(t)
    calls, rounds, done = 1, 0, False
    slope_new = product(g_new, d)
    before = (0, f, g, slope)
    ends: list[list[Any]] = []
    while rounds < most:  # until the minimum is between two steps
        now = (t, f_new, g_new, slope_new)
        if f_new > f + c1 * t * slope or (rounds > 1 and f_new >= before[1]):
            ends = [list(before), list(now)]
            break
        if abs(slope_new) <= -c2 * slope:
            ends, done = [list(now)], True
            break
        if slope_new >= 0:
            ends = [list(before), list(now)]
            break
        bounds = (t + 0.01 * (t - before[0]), t * 10)
        t = cubic_minimum(before[0], before[1], before[3], t, f_new, slope_new, bounds)
        before = now
        f_new, g_new = evaluate(t)
        calls, rounds = calls + 1, rounds + 1
        slope_new = product(g_new, d)
    if rounds == most:
        ends = [[0, f, g, slope], [t, f_new, g_new, slope_new]]
    stuck = False
    low, high = (0, 1) if ends[0][1] <= ends[-1][1] else (1, 0)
    while not done and rounds < most:  # until the step between them is good enough
        first, second = ends
        if abs(second[0] - first[0]) * reach < change:
            break
        t = cubic_minimum(first[0], first[1], first[3], second[0], second[1], second[3])
        left, right = min(first[0], second[0]), max(first[0], second[0])
        eps = 0.1 * (right - left)
        if min(right - t, t - left) < eps:
            if stuck or t >= right or t <= left:
                t = right - eps if abs(t - right) < abs(t - left) else left + eps
                stuck = False
            else:
                stuck = True
        else:
            stuck = False
        f_new, g_new = evaluate(t)
        calls, rounds = calls + 1, rounds + 1
        slope_new = product(g_new, d)
        now_entry = [t, f_new, g_new, slope_new]
        if f_new > f + c1 * t * slope or f_new >= ends[low][1]:
            ends[high] = now_entry
            low, high = (0, 1) if ends[0][1] <= ends[1][1] else (1, 0)
        else:
            if abs(slope_new) <= -c2 * slope:
                done = True
            elif slope_new * (ends[high][0] - ends[low][0]) >= 0:
                ends[high] = ends[low]
            ends[low] = now_entry
    t, f_new, g_new, _ = ends[low]
    return f_new, g_new, t, calls


@optimizer(
    "LBFGS(params, lr=1, max_iter=20, max_eval=None, tolerance_grad=1e-7, tolerance_change=1e-9, "
    "history_size=100, line_search_fn=None)",
    checks="lr",
)
class LBFGS(Optimizer):
    def _start(self, params: Any, defaults: dict[str, Any]) -> None:
        if defaults["max_eval"] is None:
            defaults["max_eval"] = defaults["max_iter"] * 5 // 4
        super()._start(params, defaults)
        if len(self.param_groups) != 1:
            raise ValueFault("LBFGS doesn't support per-parameter options (parameter groups)")
        self._params = self.param_groups[0]["params"]

    def _gradient(self) -> Array:
        parts = []
        for tensor in self._params:
            grad = tensor.grad
            given = np.zeros_like(tensor.array) if grad is None else grad.array
            parts.append(given.reshape(-1))
        return np.concatenate(parts)

    def _move(self, t: Any, d: Array) -> None:
        start = 0
        for tensor in self._params:
            array = tensor.array
            add_(array, d[start : start + array.size].reshape(array.shape), float(t))
            wrote(tensor)
            start += array.size

    def _evaluate(self, closure: Callable[[], Any], d: Array) -> Evaluate:
        start = [np.array(tensor.array) for tensor in self._params]

        def evaluate(t: Any) -> tuple[float, Array]:
            self._move(t, d)
            loss = _loss(closure)
            gradient = self._gradient()
            for tensor, array in zip(self._params, start, strict=True):
                tensor.array[...] = array
                wrote(tensor)
            return loss, gradient

        return evaluate

    def step(self, closure: Any) -> Any:  # type: ignore[override]
        group = self.param_groups[0]
        lr, max_iter, max_eval = scalar(group["lr"]), group["max_iter"], group["max_eval"]
        search, change = group["line_search_fn"], group["tolerance_change"]
        kept = self.state[self._params[0]]
        kept.setdefault("func_evals", 0)
        kept.setdefault("n_iter", 0)
        with enable_grad():
            first_loss = closure()
        loss = float(scalar(first_loss))
        evaluations = 1
        kept["func_evals"] += 1
        g = self._gradient()
        if _largest(g) <= group["tolerance_grad"]:
            return first_loss
        memory: _Memory = kept.get("_memory") or _Memory(group["history_size"])
        d, t = memory.direction, memory.step
        done = 0
        while done < max_iter:
            done += 1
            kept["n_iter"] += 1
            d = memory.next_direction(g, d, t)
            loss_before = loss
            t = lr
            if kept["n_iter"] == 1:
                t = min(1.0, g.dtype.type(1) / np.abs(g).sum()) * lr
            slope = product(g, d)
            if slope > -change:
                break
            calls = 0
            flat = False
            if search is not None:
                if search != "strong_wolfe":
                    raise RuntimeFault("only 'strong_wolfe' is supported")
                evaluate = self._evaluate(closure, d)
                loss, g, t, calls = strong_wolfe(
                    evaluate, t, d, loss, g, slope, most=max_eval - evaluations
                )
                self._move(t, d)
                flat = bool(_largest(g) <= group["tolerance_grad"])
            else:
                self._move(t, d)
                if done != max_iter:
                    loss = _loss(closure)
                    g = self._gradient()
                    flat = bool(_largest(g) <= group["tolerance_grad"])
                    calls = 1
            evaluations += calls
            kept["func_evals"] += calls
            if done == max_iter or evaluations >= max_eval or flat:
                break
            if _largest(d * d.dtype.type(t)) <= change or abs(loss - loss_before) < change:
                break
        memory.direction, memory.step = d, t
        kept["_memory"] = memory
        kept["d"], kept["t"] = None if d is None else of_array(np.array(d)), t
        return first_loss


def _loss(closure: Callable[[], Any]) -> float:
    with enable_grad():
        return float(scalar(closure()))


class _Memory:
    """The last changes of the parameters and of the gradient, which stand for the Hessian."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.changes: list[tuple[Array, Array, Any]] = []  # of the gradient, of the place, 1 / dot
        self.scale: Any = 1
        self.gradient: Array | None = None
        self.direction: Any = None
        self.step: Any = None

    def next_direction(self, g: Array, d: Any, t: Any) -> Array:
        before, self.gradient = self.gradient, np.array(g)
        if before is None:
            return -g
        y = g - before
        s = d * d.dtype.type(t)
        ys = product(y, s)
        if ys > 1e-10:
            if len(self.changes) == self.size:
                self.changes.pop(0)
            self.changes.append((y, s, g.dtype.type(1) / ys))
            self.scale = ys / product(y, y)
        q = -g
        shares = []
        for y, s, ro in reversed(self.changes):
            share = product(s, q) * ro
            shares.append(share)
            q = fused(q, -share, y)
        q = q * q.dtype.type(self.scale)
        for (y, s, ro), share in zip(self.changes, reversed(shares), strict=True):
            q = fused(q, share - product(y, q) * ro, s)
        return q
