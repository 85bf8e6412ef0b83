"""Discrete distributions.

Sources: torch/distributions/bernoulli.py, categorical.py, geometric.py, multinomial.py,
poisson.py.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from autodiff_cli.errors import NotImplementedFault, ValueFault
from autodiff_cli.ir import dtypes
from autodiff_cli.vocabulary.autograd.grad_mode import no_grad
from autodiff_cli.vocabulary.calls.calling import call, torch_call
from autodiff_cli.vocabulary.calls.values import Size, size_of
from autodiff_cli.vocabulary.distributions import constraints
from autodiff_cli.vocabulary.distributions.distribution import (
    Distribution,
    batch_shape,
    broadcast_all,
    clamp_probs,
    distribution,
    log,
    one_given,
)


def _log_odds(self: Any) -> Any:
    clamped = clamp_probs(self.probs)
    return log(clamped) - torch_call("log1p", -clamped)


def _odds(self: Any) -> Any:
    return torch_call("sigmoid", self.logits)


def _enumerated(self: Any, values: Any, expand: bool) -> Any:
    values = call(values, "view", (-1, *[1] * len(self._batch_shape)))
    return call(values, "expand", (-1, *self._batch_shape)) if expand else values


class _OfOdds(Distribution):
    """Distributions of probabilities or log-odds."""

    arg_constraints: ClassVar[Any] = {
        "probs": constraints.unit_interval,
        "logits": constraints.real,
    }
    lazy: ClassVar[Any] = {"probs": _odds, "logits": _log_odds}

    def __init__(
        self, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        one_given(probs, logits)
        name, given = ("probs", probs) if probs is not None else ("logits", logits)
        (parameter,) = broadcast_all(given)
        self.__dict__[name] = self._param = parameter
        super().__init__(batch_shape(parameter, given), validate_args=validate_args)

    param_shape = property(lambda self: Size(self._param.shape))

    def entropy(self) -> Any:
        return torch_call(
            "F.binary_cross_entropy_with_logits", self.logits, self.probs, reduction="none"
        )


@distribution("bernoulli", "Bernoulli")
class Bernoulli(_OfOdds):
    support = constraints.boolean
    has_enumerate_support = True

    mean = property(lambda self: self.probs)
    variance = property(lambda self: self.probs * (1 - self.probs))

    @property
    def mode(self) -> Any:
        result = call(self.probs >= 0.5, "to", self.probs)
        result[self.probs == 0.5] = math.nan
        return result

    def sample(self, sample_shape: Any = ()) -> Any:
        shape = self._extended_shape(sample_shape)
        with no_grad():
            return torch_call("bernoulli", call(self.probs, "expand", shape))

    def log_prob(self, value: Any) -> Any:
        self._validate_sample(value)
        logits, value = broadcast_all(self.logits, value)
        return -torch_call("F.binary_cross_entropy_with_logits", logits, value, reduction="none")

    def enumerate_support(self, expand: bool = True) -> Any:
        return _enumerated(self, torch_call("arange", 2, dtype=self._param.dtype), expand)


@distribution("geometric", "Geometric")
class Geometric(_OfOdds):
    support = constraints.nonnegative_integer

    mean = property(lambda self: 1.0 / self.probs - 1.0)
    mode = property(lambda self: torch_call("zeros_like", self.probs))
    variance = property(lambda self: (1.0 / self.probs - 1.0) / self.probs)

    def sample(self, sample_shape: Any = ()) -> Any:
        shape = self._extended_shape(sample_shape)
        tiny = float(np.finfo(self.probs.dtype.numpy).tiny)
        with no_grad():
            drawn = call(torch_call("empty", shape, dtype=self.probs.dtype), "uniform_", tiny, 1)
            return call(log(drawn) / torch_call("log1p", -self.probs), "floor")

    def log_prob(self, value: Any) -> Any:
        self._validate_sample(value)
        value, probs = broadcast_all(value, self.probs)
        probs = call(probs, "clone")
        probs[(probs == 1) & (value == 0)] = 0
        return value * torch_call("log1p", -probs) + log(self.probs)

    def entropy(self) -> Any:
        return super().entropy() / self.probs


@distribution("categorical", "Categorical")
class Categorical(Distribution):
    arg_constraints: ClassVar[Any] = {
        "probs": constraints.simplex,
        "logits": constraints.real_vector,
    }
    has_enumerate_support = True
    lazy: ClassVar[Any] = {
        "probs": lambda self: torch_call("F.softmax", self.logits, dim=-1),
        "logits": lambda self: log(clamp_probs(self.probs)),
    }

    def __init__(
        self, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        one_given(probs, logits)
        name, given = ("probs", probs) if probs is not None else ("logits", logits)
        if len(given.shape) < 1:
            raise ValueFault(f"`{name}` parameter must be at least one-dimensional.")
        if probs is not None:
            self._param = probs / call(probs, "sum", -1, keepdim=True)
        else:
            self._param = logits - call(logits, "logsumexp", dim=-1, keepdim=True)
        self.__dict__[name] = self._param
        self._num_events = self._param.shape[-1]
        super().__init__(self._param.shape[:-1], validate_args=validate_args)

    support = property(lambda self: constraints.integer_interval(0, self._num_events - 1))
    param_shape = property(lambda self: Size(self._param.shape))
    mode = property(lambda self: call(self.probs, "argmax", dim=-1))

    @property
    def mean(self) -> Any:
        return torch_call("full", self._extended_shape(), math.nan, dtype=self.probs.dtype)

    variance = mean

    def sample(self, sample_shape: Any = ()) -> Any:
        count = size_of(sample_shape).numel()
        rows = call(self.probs, "reshape", -1, self._num_events)
        drawn = torch_call("multinomial", rows, count, True)
        return call(call(drawn, "t"), "reshape", self._extended_shape(sample_shape))

    def log_prob(self, value: Any) -> Any:
        self._validate_sample(value)
        value = call(call(value, "long"), "unsqueeze", -1)
        value, logits = torch_call("broadcast_tensors", value, self.logits)
        picked = call(logits, "gather", -1, value[..., :1])
        return call(picked, "squeeze", -1)

    def entropy(self) -> Any:
        least = float(np.finfo(self.logits.dtype.numpy).min)
        products = torch_call("clamp", self.logits, min=least) * self.probs
        return -call(products, "sum", -1)

    def enumerate_support(self, expand: bool = True) -> Any:
        return _enumerated(self, torch_call("arange", self._num_events, dtype=dtypes.int64), expand)


@distribution("multinomial", "Multinomial")
class Multinomial(Distribution):
    arg_constraints: ClassVar[Any] = {
        "probs": constraints.simplex,
        "logits": constraints.real_vector,
    }
    lazy: ClassVar[Any] = {
        "probs": lambda self: self._categorical.probs,
        "logits": lambda self: self._categorical.logits,
    }

    def __init__(
        self,
        total_count: int = 1,
        probs: Any = None,
        logits: Any = None,
        validate_args: bool | None = None,
    ) -> None:
        if not isinstance(total_count, int):
            raise NotImplementedFault("inhomogeneous total_count is not supported")
        self.total_count = total_count
        self._categorical = Categorical(probs=probs, logits=logits)
        shape = self._categorical.param_shape
        super().__init__(shape[:-1], shape[-1:], validate_args=validate_args)

    support = property(lambda self: constraints.multinomial(self.total_count))
    param_shape = property(lambda self: self._categorical.param_shape)
    mean = property(lambda self: self.probs * self.total_count)
    variance = property(lambda self: self.total_count * self.probs * (1 - self.probs))

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        made = super().expand(batch_shape)
        made._categorical = self._categorical.expand(batch_shape)
        return made

    def sample(self, sample_shape: Any = ()) -> Any:
        sample_shape = size_of(sample_shape)
        drawn = self._categorical.sample((self.total_count, *sample_shape))
        drawn = call(drawn, "movedim", 0, -1)
        shape = self._extended_shape(sample_shape)
        counts = torch_call("zeros", shape, dtype=dtypes.int64)
        counts = call(counts, "scatter_add", -1, drawn, torch_call("ones_like", drawn))
        return call(counts, "type_as", self.probs)

    def log_prob(self, value: Any) -> Any:
        self._validate_sample(value)
        logits, value = torch_call("broadcast_tensors", self.logits, value)
        ways = torch_call("lgamma", call(value, "sum", -1) + 1)
        orders = call(torch_call("lgamma", value + 1), "sum", -1)
        impossible = (value == 0) & (logits == -math.inf)
        logits = call(logits, "masked_fill", impossible, 0)
        return ways - orders + call(logits * value, "sum", -1)


@distribution("poisson", "Poisson(rate, validate_args=None)")
class Poisson(Distribution):
    arg_constraints: ClassVar[Any] = {"rate": constraints.nonnegative}
    support = constraints.nonnegative_integer

    mean = variance = property(lambda self: self.rate)
    mode = property(lambda self: call(self.rate, "floor"))

    def sample(self, sample_shape: Any = ()) -> Any:
        shape = self._extended_shape(sample_shape)
        with no_grad():
            return torch_call("poisson", call(self.rate, "expand", shape))

    def log_prob(self, value: Any) -> Any:
        self._validate_sample(value)
        rate, value = broadcast_all(self.rate, value)
        return call(value, "xlogy", rate) - rate - call(value + 1, "lgamma")
