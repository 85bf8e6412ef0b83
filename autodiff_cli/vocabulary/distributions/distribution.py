"""The base of distributions, and what they compute with.

Sources: torch/distributions/distribution.py, utils.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

import numpy as np

from autodiff_cli.errors import NotImplementedFault, ValueFault
from autodiff_cli.ir.context import current, own
from autodiff_cli.tensors.tensor import Tensor, of_array
from autodiff_cli.vocabulary.autograd.grad_mode import enable_grad, no_grad
from autodiff_cli.vocabulary.calls.calling import subclassable, torch_call
from autodiff_cli.vocabulary.calls.declared import initialized
from autodiff_cli.vocabulary.calls.values import Size, size_of
from autodiff_cli.vocabulary.distributions.constraints import Constraint

C = TypeVar("C", bound=type)


def function(name: str) -> Callable[..., Any]:
    """A function of torch."""
    return lambda *args, **kwargs: torch_call(name, *args, **kwargs)


log, exp = function("log"), function("exp")
NUMBERS = (int, float)


def distribution(module: str, text: str) -> Callable[[C], C]:
    """Declare a distribution, which is found in the package and in its own module.

    Args:
        module: the reference's, behind `torch.distributions`.
        text: "Normal(loc, scale, validate_args=None)"; the parameters are broadcast, and become attributes.
            Only a name if it has an `__init__`.
    """
    name, has_parameters, _ = text.partition("(")

    def begin(self: Any, validate_args: bool | None, **given: Any) -> None:
        tensors = broadcast_all(*given.values())
        self.__dict__.update(zip(given, tensors))
        shape = batch_shape(tensors[0], *given.values())
        Distribution.__init__(self, shape, validate_args=validate_args)

    def declare(cls: C) -> C:
        if has_parameters:
            initialized(cls, text, begin)
        names = (f"distributions.{name}", f"distributions.{module}.{name}")
        return subclassable(f"torch.distributions.{module}", *names)(cls)

    return declare


def empty(shape: Any, like: Tensor) -> Any:
    return of_array(np.empty(tuple(shape), like.dtype.numpy))


def broadcast_all(*values: Any) -> list[Any]:
    """Tensors of a common shape; numbers take the dtype of the first tensor."""
    if not all(isinstance(value, (Tensor, *NUMBERS)) for value in values):
        raise ValueFault(
            "Input arguments must all be instances of Number, torch.Tensor or objects implementing "
            "__torch_function__."
        )
    dtype = next((v.dtype for v in values if isinstance(v, Tensor)), current().dtype)
    tensors = [v if isinstance(v, Tensor) else of_array(np.asarray(v, dtype.numpy)) for v in values]
    return list(torch_call("broadcast_tensors", *tensors))


@distribution("distribution", "Distribution")
class Distribution:
    """The base of all distributions.

    Attributes:
        arg_constraints: what each parameter must satisfy.
        support: what samples satisfy.
        lazy: how a parameter that wasn't given is computed when it is asked for.
    """

    has_rsample = False
    has_enumerate_support = False
    _own_validate_args: bool | None = None
    arg_constraints: ClassVar[Any] = {}
    lazy: ClassVar[dict[str, Callable[[Any], Any]]] = {}
    support: Any = None

    @staticmethod
    def set_default_validate_args(value: bool) -> None:
        if value not in (True, False):
            raise ValueFault("")
        own().validate = value

    @property
    def _validate_args(self) -> bool:
        chosen = self._own_validate_args
        return current().validate if chosen is None else chosen

    def __init__(
        self, batch_shape: Any = (), event_shape: Any = (), validate_args: bool | None = None
    ) -> None:
        self._batch_shape, self._event_shape = Size(batch_shape), Size(event_shape)
        self._own_validate_args = validate_args
        if not self._validate_args:
            return
        for name, constraint in self.arg_constraints.items():
            if name not in self.__dict__:
                continue
            value = getattr(self, name)
            if not constraint.check(value):
                raise ValueFault(
                    f"Expected parameter {name} ({type(value).__name__} of shape "
                    f"{tuple(value.shape)}) of distribution {self!r} to satisfy the constraint "
                    f"{constraint!r}, but found invalid values:\n{value}"
                )

    def __getattr__(self, name: str) -> Any:
        compute = type(self).lazy.get(name)
        if compute is None:
            raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")
        with enable_grad():
            value = self.__dict__[name] = compute(self)
        return value

    @property
    def batch_shape(self) -> Size:
        return self._batch_shape

    @property
    def event_shape(self) -> Size:
        return self._event_shape

    @property
    def stddev(self) -> Any:
        return torch_call("sqrt", self.variance)

    @property
    def variance(self) -> Any:
        raise NotImplementedFault("")

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        made = type(self).__new__(type(self))
        batch_shape = size_of(batch_shape)
        for name, value in self.__dict__.items():
            if isinstance(value, Tensor):
                rest = value.shape[len(self._batch_shape) :]
                value = torch_call("broadcast_to", value, (*batch_shape, *rest))
            made.__dict__[name] = value
        made._batch_shape = batch_shape
        return made

    def sample(self, sample_shape: Any = ()) -> Any:
        with no_grad():
            return self.rsample(sample_shape)

    def rsample(self, sample_shape: Any = ()) -> Any:
        raise NotImplementedFault("")

    def log_prob(self, value: Any) -> Any:
        raise NotImplementedFault("")

    def cdf(self, value: Any) -> Any:
        raise NotImplementedFault("")

    def icdf(self, value: Any) -> Any:
        raise NotImplementedFault("")

    def entropy(self) -> Any:
        raise NotImplementedFault("")

    def enumerate_support(self, expand: bool = True) -> Any:
        raise NotImplementedFault("")

    def perplexity(self) -> Any:
        return exp(self.entropy())

    def _extended_shape(self, sample_shape: Any = ()) -> Size:
        return Size((*size_of(sample_shape), *self._batch_shape, *self._event_shape))

    def _validate_sample(self, value: Any) -> None:
        """Refuse what isn't a sample, unless arguments aren't checked."""
        if not self._validate_args:
            return
        if not isinstance(value, Tensor):
            raise ValueFault("The value argument to log_prob must be a Tensor")
        actual, event = Size(value.shape), self._event_shape
        if actual[len(actual) - len(event) :] != event:
            raise ValueFault(
                f"The right-most size of value must match event_shape: {actual} vs {event}."
            )
        expected = Size((*self._batch_shape, *event))
        for one, other in zip(reversed(actual), reversed(expected), strict=False):
            if one != other and 1 not in (one, other):
                raise ValueFault(
                    "Value is not broadcastable with batch_shape+event_shape: "
                    f"{actual} vs {expected}."
                )
        support: Constraint = self.support
        if not support.check(value):
            raise ValueFault(
                f"Expected value argument ({type(value).__name__} of shape {tuple(actual)}) to be "
                f"within the support ({support!r}) of the distribution {self!r}, but found invalid "
                f"values:\n{value}"
            )

    def __repr__(self) -> str:
        given = [name for name in self.arg_constraints if name in self.__dict__]
        shown = []
        for name in given:
            value = self.__dict__[name]
            shown.append(f"{name}: {value if value.node.numel == 1 else Size(value.shape)}")
        return f"{type(self).__name__}({', '.join(shown)})"


def batch_shape(tensor: Tensor, *given: Any) -> Any:
    """The shape of a batch of parameters; () for parameters that are all numbers."""
    return () if all(isinstance(value, NUMBERS) for value in given) else tensor.shape


def one_given(probs: Any, logits: Any) -> None:
    if (probs is None) == (logits is None):
        raise ValueFault("Either `probs` or `logits` must be specified, but not both.")


def clamp_probs(probs: Any) -> Any:
    eps = float(np.finfo(probs.dtype.numpy).eps)
    return torch_call("clamp", probs, min=eps, max=1 - eps)
