"""Kullback-Leibler divergences, and distributions of independent parts.

Sources: torch/distributions/kl.py, independent.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from autodiff_cli.errors import NotImplementedFault, ValueFault
from autodiff_cli.vocabulary.calls.calling import call, torch_call
from autodiff_cli.vocabulary.calls.handles import named
from autodiff_cli.vocabulary.distributions.continuous import Exponential, Laplace, Normal, Uniform
from autodiff_cli.vocabulary.distributions.discrete import (
    Bernoulli,
    Categorical,
    Geometric,
    Poisson,
)
from autodiff_cli.vocabulary.distributions.distribution import (
    Distribution,
    distribution,
    exp,
    function,
    log,
)

pow, abs, softplus = function("pow"), function("abs"), function("F.softplus")


def _normal(p: Any, q: Any) -> Any:
    ratio = pow(p.scale / q.scale, 2)
    distance = pow((p.loc - q.loc) / q.scale, 2)
    return 0.5 * (ratio + distance - 1 - log(ratio))


def _bernoulli(p: Any, q: Any) -> Any:
    one = p.probs * (softplus(-q.logits) - softplus(-p.logits))
    one[q.probs == 0] = math.inf
    one[p.probs == 0] = 0
    other = (1 - p.probs) * (softplus(q.logits) - softplus(p.logits))
    other[q.probs == 1] = math.inf
    other[p.probs == 1] = 0
    return one + other


def _categorical(p: Any, q: Any) -> Any:
    terms = p.probs * (p.logits - q.logits)
    terms[call(q.probs == 0, "expand_as", terms)] = math.inf
    terms[call(p.probs == 0, "expand_as", terms)] = 0
    return call(terms, "sum", -1)


def _exponential(p: Any, q: Any) -> Any:
    ratio = q.rate / p.rate
    return -log(ratio) + ratio - 1


def _laplace(p: Any, q: Any) -> Any:
    ratio = p.scale / q.scale
    distance = abs(p.loc - q.loc)
    first = -log(ratio)
    return first + distance / q.scale + ratio * exp(-distance / p.scale) - 1


def _uniform(p: Any, q: Any) -> Any:
    result = log((q.high - q.low) / (p.high - p.low))
    result[(q.low > p.low) | (q.high < p.high)] = math.inf
    return result


def _poisson(p: Any, q: Any) -> Any:
    return p.rate * (log(p.rate) - log(q.rate)) - (p.rate - q.rate)


def _geometric(p: Any, q: Any) -> Any:
    return -p.entropy() - torch_call("log1p", -q.probs) / p.probs - q.logits


def _independent(p: Any, q: Any) -> Any:
    if p.reinterpreted_batch_ndims != q.reinterpreted_batch_ndims:
        raise NotImplementedFault("")
    result = kl_divergence(p.base_dist, q.base_dist)
    return _sum_rightmost(result, p.reinterpreted_batch_ndims)


def _sum_rightmost(value: Any, dims: int) -> Any:
    if not dims:
        return value
    return call(call(value, "reshape", (*value.shape[:-dims], -1)), "sum", -1)


@distribution("independent", "Independent")
class Independent(Distribution):
    """A distribution whose rightmost batch dimensions are one event."""

    def __init__(
        self,
        base_distribution: Any,
        reinterpreted_batch_ndims: int,
        validate_args: bool | None = None,
    ) -> None:
        base, dims = base_distribution, reinterpreted_batch_ndims
        if dims > len(base.batch_shape):
            raise ValueFault(
                "Expected reinterpreted_batch_ndims <= len(base_distribution.batch_shape), actual "
                f"{dims} vs {len(base.batch_shape)}"
            )
        shape = base.batch_shape + base.event_shape
        split = len(base.batch_shape) - dims
        self.base_dist, self.reinterpreted_batch_ndims = base, dims
        super().__init__(shape[:split], shape[split:], validate_args=validate_args)

    has_rsample = property(lambda self: self.base_dist.has_rsample)
    mean = property(lambda self: self.base_dist.mean)
    mode = property(lambda self: self.base_dist.mode)
    variance = property(lambda self: self.base_dist.variance)
    support = property(lambda self: self.base_dist.support)

    def sample(self, sample_shape: Any = ()) -> Any:
        return self.base_dist.sample(sample_shape)

    def rsample(self, sample_shape: Any = ()) -> Any:
        return self.base_dist.rsample(sample_shape)

    def log_prob(self, value: Any) -> Any:
        return _sum_rightmost(self.base_dist.log_prob(value), self.reinterpreted_batch_ndims)

    def entropy(self) -> Any:
        return _sum_rightmost(self.base_dist.entropy(), self.reinterpreted_batch_ndims)

    def __repr__(self) -> str:
        return f"Independent({self.base_dist}, {self.reinterpreted_batch_ndims})"


RULES: dict[type, Callable[[Any, Any], Any]] = {
    Normal: _normal,
    Bernoulli: _bernoulli,
    Categorical: _categorical,
    Exponential: _exponential,
    Laplace: _laplace,
    Uniform: _uniform,
    Poisson: _poisson,
    Geometric: _geometric,
    Independent: _independent,
}


@named("distributions.kl_divergence", "distributions.kl.kl_divergence")
def kl_divergence(p: Any, q: Any) -> Any:
    for kind in type(p).__mro__:
        if kind in RULES and isinstance(q, kind):
            return RULES[kind](p, q)
    raise NotImplementedFault(
        f"No KL(p || q) is implemented for p type {type(p).__name__} and q type {type(q).__name__}"
    )
