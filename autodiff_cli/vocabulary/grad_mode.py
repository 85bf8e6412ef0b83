"""Whether operations are recorded: `no_grad`, `enable_grad`, `set_grad_enabled`, as contexts and decorators.

Source: torch/autograd/grad_mode.py, torch/utils/_contextlib.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from autodiff_cli.ir.node import state
from autodiff_cli.vocabulary.handles import named


class Decorated:
    """A function that runs inside a context."""

    def __init__(self, function: Callable[..., Any], context: Callable[[], Any]) -> None:
        self.function = function
        self.context = context
        self.__name__ = getattr(function, "__name__", "function")
        self.__doc__ = getattr(function, "__doc__", None)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with self.context():
            return self.function(*args, **kwargs)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        return lambda *args, **kwargs: self(instance, *args, **kwargs)

    def __repr__(self) -> str:
        return repr(self.function)


class _GradMode:
    """A context that sets whether gradients are recorded, and restores it."""

    __module__ = "torch.autograd.grad_mode"
    mode: ClassVar[bool] = False

    def __init__(self) -> None:
        self.before = True

    def __new__(cls, function: Any = None, *args: Any, **kwargs: Any) -> Any:
        if cls.takes_functions and callable(function):
            return Decorated(function, cls)
        return super().__new__(cls)

    takes_functions: ClassVar[bool] = True

    def __enter__(self) -> None:
        self.before = state.grad_enabled
        state.grad_enabled = self.mode

    def __exit__(self, *_: Any) -> None:
        state.grad_enabled = self.before

    def __call__(self, function: Callable[..., Any]) -> Any:
        return Decorated(function, type(self))

    def clone(self) -> Any:
        return type(self)()


@named("no_grad", "autograd.no_grad", "autograd.grad_mode.no_grad")
class no_grad(_GradMode):  # noqa: N801: torch's name
    """Nothing inside is recorded."""


@named("enable_grad", "autograd.enable_grad")
class enable_grad(_GradMode):
    """What is inside is recorded, inside `no_grad` too."""

    mode = True


@named("inference_mode", "autograd.inference_mode")
class inference_mode(_GradMode):
    """Nothing inside is recorded."""

    def __new__(cls, mode: Any = True, *args: Any, **kwargs: Any) -> Any:
        return super().__new__(cls, mode if callable(mode) else None)

    def __init__(self, mode: Any = True) -> None:
        super().__init__()
        self.on = bool(mode)

    def __enter__(self) -> None:
        self.before = state.grad_enabled
        if self.on:
            state.grad_enabled = False


@named("set_grad_enabled", "autograd.set_grad_enabled")
class set_grad_enabled(_GradMode):
    """Sets the mode at once; as a context, until its end."""

    takes_functions = False

    def __new__(cls, mode: Any = None) -> Any:
        return super().__new__(cls)

    def __init__(self, mode: Any) -> None:
        self.before = state.grad_enabled
        self.wanted = bool(mode)
        state.grad_enabled = self.wanted

    def __enter__(self) -> None:
        state.grad_enabled = self.wanted

    def __call__(self, function: Callable[..., Any]) -> Any:
        state.grad_enabled = self.before
        wanted = self.wanted
        return Decorated(function, lambda: set_grad_enabled(wanted))

    def __repr__(self) -> str:
        return f"torch.autograd.grad_mode.set_grad_enabled(mode={self.wanted})"


@named("is_grad_enabled")
def is_grad_enabled() -> bool:
    return state.grad_enabled


@named("is_inference_mode_enabled")
def is_inference_mode_enabled() -> bool:
    return False


class _Nothing:
    """A context without effect on answers."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: Any) -> None:
        return None


@named("autograd.set_detect_anomaly")
class set_detect_anomaly(_Nothing):
    """Accepted: every error here says where it happened anyway."""

    __module__ = "torch.autograd.anomaly_mode"


@named("autograd.detect_anomaly")
class detect_anomaly(_Nothing):
    """Accepted: every error here says where it happened anyway."""

    __module__ = "torch.autograd.anomaly_mode"
