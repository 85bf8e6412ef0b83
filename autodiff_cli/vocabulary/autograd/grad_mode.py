"""Whether operations are recorded: `no_grad`, `enable_grad`, `set_grad_enabled`, as contexts and decorators.

Source: torch/autograd/grad_mode.py, torch/utils/_contextlib.py.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial
from types import GeneratorType
from typing import Any, ClassVar

from autodiff_cli.errors import RuntimeFault
from autodiff_cli.ir.context import current, own
from autodiff_cli.ir.memory import next_number
from autodiff_cli.ir.node import CONSTANT, INPUT, Node
from autodiff_cli.tensors.saved import saved
from autodiff_cli.tensors.tensor import Tensor
from autodiff_cli.vocabulary.calls.handles import method, named, unwrapped
from autodiff_cli.vocabulary.calls.parameters import TYPE_NAMES
from autodiff_cli.vocabulary.calls.signature import Overloads


class Decorated:
    """A function that runs inside a context."""

    def __init__(self, function: Callable[..., Any], context: Callable[[], Any]) -> None:
        self.function = function
        self.context = context
        self.__name__ = getattr(function, "__name__", "function")
        self.__doc__ = getattr(function, "__doc__", None)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with self.context():
            made = self.function(*args, **kwargs)
        return self._resumed(made) if isinstance(made, GeneratorType) else made

    def _resumed(self, made: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
        """A generator whose own steps alone run inside the context."""
        resume: Callable[[], Any] = partial(next, made)
        while True:
            try:
                with self.context():
                    value = resume()
            except StopIteration as end:
                return end.value
            try:
                resume = partial(made.send, (yield value))
            except GeneratorExit:
                with self.context():
                    made.close()
                raise
            except BaseException as error:
                resume = partial(made.throw, error)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        return lambda *args, **kwargs: self(instance, *args, **kwargs)

    def __repr__(self) -> str:
        return repr(self.function)


TYPE_NAMES[Decorated] = "function"


class _GradMode:
    """A context that sets whether gradients are recorded, and restores it."""

    __module__ = "torch.autograd.grad_mode"
    mode: ClassVar[bool] = False

    def __init__(self) -> None:
        self.before = True
        self.context = own()  # a generator that is left alone in a block ends it whenever, wherever

    def __new__(cls, function: Any = None, *args: Any, **kwargs: Any) -> Any:
        if cls.takes_functions and function is not None:
            return Decorated(function, cls)
        return super().__new__(cls)

    takes_functions: ClassVar[bool] = True

    def __enter__(self) -> None:
        self.context = own()
        self.before = self.context.grad
        self.context.grad = self.mode

    def __exit__(self, *_: Any) -> None:
        self.context.grad = self.before

    def __call__(self, function: Callable[..., Any]) -> Any:
        return Decorated(function, type(self))

    def clone(self) -> Any:
        return type(self)()


@named("no_grad", "autograd.no_grad", "autograd.grad_mode.no_grad")
class no_grad(_GradMode):
    """Nothing inside is recorded."""


@named("enable_grad", "autograd.enable_grad")
class enable_grad(_GradMode):
    """What is inside is recorded, inside `no_grad` too."""

    mode = True


@named("inference_mode", "autograd.inference_mode")
class inference_mode(_GradMode):
    """Nothing inside is recorded."""

    def __new__(cls, mode: Any = True, *args: Any, **kwargs: Any) -> Any:
        return super().__new__(cls, None if isinstance(mode, bool) else mode)

    def __init__(self, mode: Any = True) -> None:
        super().__init__()
        self.on = bool(mode)

    def __call__(self, function: Callable[..., Any]) -> Any:
        return Decorated(function, partial(type(self), self.on))

    def __enter__(self) -> None:
        context = self.context = own()
        self.before, self.outer = context.grad, context.inference
        context.grad = not self.on
        context.inference = (self.outer or next_number()) if self.on else None

    def __exit__(self, *_: Any) -> None:
        context = self.context
        context.grad = self.before
        if self.on and self.outer is None and context.inference is not None:
            context.inferred = (*context.inferred, (context.inference, next_number()))
            if _refuse_inference not in context.saving:
                context.saving = (*context.saving, _refuse_inference)
        context.inference = self.outer


def _refuse_inference(node: Node) -> None:
    for place in saved(node):
        if place >= 0 and current().inferred_at(node.operands[place].number):
            operand = node.operands[place]
            if operand.op in (CONSTANT, INPUT) and operand.shape:
                raise RuntimeFault(
                    "Inference tensors cannot be saved for backward. Please do not use Tensors created "
                    "in inference mode in computation tracked by autograd. To work around this, you can "
                    "make a clone to get a normal tensor and use it in autograd, or use "
                    "`torch.no_grad()` instead of `torch.inference_mode()`."
                )


def refuse_inference_write(tensor: Tensor) -> None:
    context = current()
    if context.inferred and context.inference is None and is_inference(tensor):
        if tensor.view is not None or not tensor.requires_grad:  # a leaf is refused as that
            raise RuntimeFault(
                "Inplace update to inference tensor outside InferenceMode is not allowed.You can make a "
                "clone to get a normal tensor before doing inplace update.See "
                "https://github.com/pytorch/rfcs/pull/17 for more details."
            )


@named("set_grad_enabled", "autograd.set_grad_enabled")
class set_grad_enabled(_GradMode):
    """Sets the mode at once; as a context, until its end."""

    takes_functions = False

    def __new__(cls, mode: Any = None) -> Any:
        return super().__new__(cls)

    def __init__(self, mode: Any) -> None:
        super().__init__()
        self.before = self.context.grad
        self.wanted = self.context.grad = bool(mode)

    def __enter__(self) -> None:
        self.context = own()
        self.context.grad = self.wanted

    def __call__(self, function: Callable[..., Any]) -> Any:
        self.context.grad = self.before
        wanted = self.wanted
        return Decorated(function, lambda: set_grad_enabled(wanted))

    def __repr__(self) -> str:
        return f"torch.autograd.grad_mode.set_grad_enabled(mode={self.wanted})"


@named("is_grad_enabled")
def is_grad_enabled() -> bool:
    return current().grad


@named("is_inference_mode_enabled")
def is_inference_mode_enabled() -> bool:
    return current().inference is not None


@method("is_inference")
def is_inference(tensor: Tensor) -> bool:
    root = tensor if tensor.view is None else tensor.view.base
    return current().inferred_at(root._node.number)


IS_INFERENCE = Overloads("is_inference", ["is_inference(Tensor input)"])


@named("is_inference")
def is_inference_tensor(*args: Any, **kwargs: Any) -> bool:
    given: list[Tensor] = []
    IS_INFERENCE.bind(*unwrapped(args, kwargs, given))
    return is_inference(given[0])


class _AnomalyMode:
    """Ends a backward pass at the first gradient of nan."""

    __module__ = "torch.autograd.anomaly_mode"

    def __init__(self, mode: bool = True, check_nan: bool = True) -> None:
        self.context = own()
        self.before = self.context.check_nan
        self.wanted = bool(mode) and bool(check_nan)

    def __enter__(self) -> None:
        self.context = own()
        self.context.check_nan = self.wanted

    def __exit__(self, *_: Any) -> None:
        self.context.check_nan = self.before


@named("autograd.set_detect_anomaly", "autograd.anomaly_mode.set_detect_anomaly")
class set_detect_anomaly(_AnomalyMode):
    """Sets the mode at once; as a context, until its end."""

    __module__ = "torch.autograd.anomaly_mode"

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        super().__init__(mode, check_nan)
        self.context.check_nan = self.wanted


@named("autograd.detect_anomaly", "autograd.anomaly_mode.detect_anomaly")
class detect_anomaly(_AnomalyMode):
    """The mode inside a context."""

    __module__ = "torch.autograd.anomaly_mode"

    def __init__(self, check_nan: bool = True) -> None:
        super().__init__(True, check_nan)
