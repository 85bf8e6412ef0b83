"""Continuous distributions.

Sources: torch/distributions/normal.py, uniform.py, exponential.py, laplace.py.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from autodiff_cli.vocabulary.autograd.grad_mode import no_grad
from autodiff_cli.vocabulary.calls.calling import call, torch_call
from autodiff_cli.vocabulary.distributions import constraints
from autodiff_cli.vocabulary.distributions.distribution import (
    Distribution,
    distribution,
    empty,
    exp,
    function,
    log,
)

reciprocal, pow, log1p, abs = map(function, ("reciprocal", "pow", "log1p", "abs"))
sign, broadcast_to = function("sign"), function("broadcast_to")


@distribution("normal", "Normal(loc, scale, validate_args=None)")
class Normal(Distribution):
    arg_constraints: ClassVar[Any] = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.real
    has_rsample = True

    mean = mode = property(lambda self: self.loc)
    stddev = property(lambda self: self.scale)
    variance = property(lambda self: pow(self.scale, 2))

    def sample(self, sample_shape: Any = ()) -> Any:
        shape = self._extended_shape(sample_shape)
        with no_grad():
            return torch_call(
                "normal", call(self.loc, "expand", shape), call(self.scale, "expand", shape)
            )

    def rsample(self, sample_shape: Any = ()) -> Any:
        eps = call(empty(self._extended_shape(sample_shape), self.loc), "normal_")
        return self.loc + eps * self.scale

    def log_prob(self, value: Any) -> Any:
        self._validate_sample(value)
        variance = self.scale**2
        log_scale = log(self.scale)
        constant = math.log(math.sqrt(2 * math.pi))
        return -((value - self.loc) ** 2) / (2 * variance) - log_scale - constant

    def cdf(self, value: Any) -> Any:
        self._validate_sample(value)
        scaled = (value - self.loc) * reciprocal(self.scale) / math.sqrt(2)
        return 0.5 * (1 + torch_call("erf", scaled))

    def icdf(self, value: Any) -> Any:
        return self.loc + self.scale * torch_call("erfinv", 2 * value - 1) * math.sqrt(2)

    def entropy(self) -> Any:
        return 0.5 + 0.5 * math.log(2 * math.pi) + log(self.scale)


@distribution("uniform", "Uniform(low, high, validate_args=None)")
class Uniform(Distribution):
    has_rsample = True

    arg_constraints = property(
        lambda self: {
            "low": constraints.less_than(self.high),
            "high": constraints.greater_than(self.low),
        }
    )
    support = property(lambda self: constraints.interval(self.low, self.high))
    mean = property(lambda self: (self.high + self.low) / 2)
    mode = property(lambda self: math.nan * self.high)
    stddev = property(lambda self: (self.high - self.low) / 12**0.5)
    variance = property(lambda self: pow(self.high - self.low, 2) / 12)

    def rsample(self, sample_shape: Any = ()) -> Any:
        shape = self._extended_shape(sample_shape)
        drawn = torch_call("rand", shape, dtype=self.low.dtype)
        return self.low + drawn * (self.high - self.low)

    def log_prob(self, value: Any) -> Any:
        self._validate_sample(value)
        above = call(torch_call("le", self.low, value), "type_as", self.low)
        below = call(torch_call("gt", self.high, value), "type_as", self.low)
        return log(torch_call("mul", above, below)) - log(self.high - self.low)

    def cdf(self, value: Any) -> Any:
        self._validate_sample(value)
        return torch_call("clamp", (value - self.low) / (self.high - self.low), min=0, max=1)

    def icdf(self, value: Any) -> Any:
        return value * (self.high - self.low) + self.low

    def entropy(self) -> Any:
        return log(self.high - self.low)


@distribution("exponential", "Exponential(rate, validate_args=None)")
class Exponential(Distribution):
    arg_constraints: ClassVar[Any] = {"rate": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True

    mean = stddev = property(lambda self: reciprocal(self.rate))
    mode = property(lambda self: torch_call("zeros_like", self.rate))
    variance = property(lambda self: pow(self.rate, -2))

    def rsample(self, sample_shape: Any = ()) -> Any:
        drawn = call(empty(self._extended_shape(sample_shape), self.rate), "exponential_")
        return drawn / self.rate

    def log_prob(self, value: Any) -> Any:
        self._validate_sample(value)
        return log(self.rate) - self.rate * value

    def cdf(self, value: Any) -> Any:
        self._validate_sample(value)
        return 1 - exp(-self.rate * value)

    def icdf(self, value: Any) -> Any:
        return -log1p(-value) / self.rate

    def entropy(self) -> Any:
        return 1.0 - log(self.rate)


@distribution("laplace", "Laplace(loc, scale, validate_args=None)")
class Laplace(Distribution):
    arg_constraints: ClassVar[Any] = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.real
    has_rsample = True

    mean = mode = property(lambda self: self.loc)
    variance = property(lambda self: 2 * pow(self.scale, 2))
    stddev = property(lambda self: (2**0.5) * self.scale)

    def rsample(self, sample_shape: Any = ()) -> Any:
        drawn = empty(self._extended_shape(sample_shape), self.loc)
        eps = float(np.finfo(self.loc.dtype.numpy).eps)
        u = call(drawn, "uniform_", eps - 1, 1)
        return self.loc - self.scale * sign(u) * log1p(-abs(u))

    def log_prob(self, value: Any) -> Any:
        self._validate_sample(value)
        return -log(2 * self.scale) - abs(value - self.loc) / self.scale

    def cdf(self, value: Any) -> Any:
        self._validate_sample(value)
        off = value - self.loc
        tail = torch_call("expm1", -abs(value - self.loc) / self.scale)
        return 0.5 - 0.5 * sign(off) * tail

    def icdf(self, value: Any) -> Any:
        term = value - 0.5
        return self.loc - self.scale * sign(term) * log1p(-2 * abs(term))

    def entropy(self) -> Any:
        return 1 + log(2 * self.scale)
