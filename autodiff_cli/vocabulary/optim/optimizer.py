"""`torch.optim.Optimizer`: groups of parameters, their state, and what every optimizer shares.

Source: torch/optim/optimizer.py.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from autodiff_cli.errors import NotImplementedFault, RuntimeFault, TypeFault, ValueFault
from autodiff_cli.ir.node import Array
from autodiff_cli.ops.kinds import LARGE
from autodiff_cli.tensors.tensor import Tensor, of_array
from autodiff_cli.threads.pool import each, threads
from autodiff_cli.vocabulary.autograd.grad_mode import enable_grad
from autodiff_cli.vocabulary.calls.calling import call, qualified_name, subclassable
from autodiff_cli.vocabulary.calls.declared import initialized
from autodiff_cli.vocabulary.calls.handles import NAMES
from autodiff_cli.vocabulary.calls.messages import warn
from autodiff_cli.vocabulary.nn.parameter import reset_gradient
from autodiff_cli.vocabulary.python.copying import deep_copy

C = TypeVar("C", bound=type)


class Required:
    """The value of an option that has no default."""

    def __repr__(self) -> str:
        return "<required parameter>"


required = NAMES["optim.optimizer.required"] = Required()


def scalar(value: Any) -> Any:
    """A number, also of a tensor of one element."""
    if not isinstance(value, Tensor):
        return value
    if value.node.numel != 1:
        found = "more than one value" if value.node.numel else "no values"
        raise RuntimeFault(f"Boolean value of Tensor with {found} is ambiguous")
    return value.array.item()


# ---- what options may be ------------------------------------------------------------------------

WORDS = {"lr": "learning rate", "eps": "epsilon value"}  # of errors; else "momentum value"


def _check_least(name: str, value: Any, least: float = 0.0) -> None:
    if not least <= scalar(value):
        raise ValueFault(f"Invalid {WORDS.get(name, f'{name} value')}: {value}")


def check_not_negative(name: str, value: Any) -> None:
    """`_check_least`, as SGD asks it: of nan it says nothing."""
    if scalar(value) < 0.0:
        raise ValueFault(f"Invalid {WORDS.get(name, f'{name} value')}: {value}")


def check_size(lr: Any) -> None:
    """Refuse a learning rate that is a tensor of several."""
    if isinstance(lr, Tensor) and lr.node.numel != 1:
        raise ValueFault("Tensor lr must be 1-element")


def _check_rate(name: str, lr: Any) -> None:
    check_size(lr)
    _check_least(name, lr)


def _check_betas(_: str, betas: Any) -> None:
    for place, beta in enumerate(betas[:2]):
        if not 0.0 <= scalar(beta) < 1.0:
            raise ValueFault(f"Invalid beta parameter at index {place}: {beta}")


def _check_share(name: str, value: Any) -> None:
    if not 0.0 <= value <= 1.0:
        raise ValueFault(f"Invalid {name} value: {value}")


def _check_factors(_: str, etas: Any) -> None:
    if not 0.0 < etas[0] < 1.0 < etas[1]:
        raise ValueFault(f"Invalid eta values: {etas[0]}, {etas[1]}")


CHECKS = {"lr": _check_rate, "betas": _check_betas, "rho": _check_share, "etas": _check_factors}


def _check_fused(given: dict[str, Any]) -> None:
    if given.get("fused") and given["differentiable"]:
        raise RuntimeFault("`fused` does not support `differentiable`")
    if given.get("fused") and given["foreach"]:
        raise RuntimeFault("`fused` and `foreach` cannot be `True` together.")


@subclassable("torch.optim.optimizer", "optim.Optimizer", "optim.optimizer.Optimizer")
class Optimizer:
    """The base of optimizers.

    Attributes:
        defaults: the options of groups that don't set them.
        param_groups: dicts with "params", a list of tensors, and options.
        state: what is kept about each tensor.
    """

    def __init__(self, params: Any, defaults: dict[str, Any]) -> None:
        self.defaults = defaults
        if isinstance(params, Tensor):
            raise TypeFault(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, but "
                f"got {qualified_name(params)}"
            )
        self.state: defaultdict[Any, Any] = defaultdict(dict)
        self.param_groups: list[dict[str, Any]] = []
        groups = list(params)
        if not groups:
            raise ValueFault("optimizer got an empty parameter list")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def _start(self, params: Any, defaults: dict[str, Any]) -> None:
        """What a declared optimizer begins with, after its options are checked."""
        Optimizer.__init__(self, params, defaults)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        if not isinstance(param_group, dict):
            raise TypeFault(f"param_group must be a dict, but got {type(param_group)}")
        params = param_group["params"]
        if isinstance(params, set):
            raise TypeFault(
                "optimizer parameters need to be organized in ordered collections, but the ordering of "
                "tensors in sets will change between runs. Please use a list instead."
            )
        entries = [params] if isinstance(params, Tensor) else list(params)
        names = [entry[0] for entry in entries if isinstance(entry, tuple)]
        tensors = [entry[1] if isinstance(entry, tuple) else entry for entry in entries]
        param_group["params"] = tensors
        if names:
            if len(names) != len(tensors):
                raise ValueFault(
                    "all optimizer params should be with/without names. Some param names are missing"
                )
            param_group["param_names"] = names
        for tensor in tensors:
            if not isinstance(tensor, Tensor):
                raise TypeFault(
                    "optimizer can only optimize Tensors, but one of the params is "
                    f"{qualified_name(tensor)}"
                )
            tape = tensor.node.tape
            if not tensor.is_leaf and (tape is None or tape.retained() is None):
                raise ValueFault("can't optimize a non-leaf Tensor")
        for name, default in self.defaults.items():
            if default is required and name not in param_group:
                raise ValueFault(
                    "parameter group didn't specify a value of required optimization parameter "
                    f"{name}"
                )
            param_group.setdefault(name, default)
        own = {id(tensor) for tensor in tensors}
        if len(own) != len(tensors):
            warn(
                "optimizer contains a parameter group with duplicate parameters; in future, this will "
                "cause an error; see github.com/pytorch/pytorch/issues/40967 for more information"
            )
        for group in self.param_groups:
            if ("param_names" in param_group) != ("param_names" in group):
                which = "with" if "param_names" in param_group else "without"
                raise ValueFault(
                    "all optimizer param groups should be with/without names. cannot add param group "
                    f"{which} names to the optimizer"
                )
        if any(id(tensor) in own for group in self.param_groups for tensor in group["params"]):
            raise ValueFault("some parameters appear in more than one parameter group")
        self.param_groups.append(param_group)

    def zero_grad(self, set_to_none: bool = True) -> None:
        for group in self.param_groups:
            for tensor in group["params"]:
                reset_gradient(tensor, set_to_none)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        raise NotImplementedFault("")

    def state_dict(self) -> dict[str, Any]:
        numbers: dict[int, int] = {}
        groups = []
        for group in self.param_groups:
            packed = {name: value for name, value in group.items() if name != "params"}
            for tensor in group["params"]:
                numbers.setdefault(id(tensor), len(numbers))
            packed["params"] = [numbers[id(tensor)] for tensor in group["params"]]
            groups.append(packed)
        kept = {numbers.get(id(key), key): value for key, value in self.state.items()}
        return {"state": kept, "param_groups": groups}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        groups = deep_copy(state_dict["param_groups"])
        if len(groups) != len(self.param_groups):
            raise ValueFault("loaded state dict has a different number of parameter groups")
        pairs = list(zip(self.param_groups, groups, strict=True))
        if any(len(own["params"]) != len(given["params"]) for own, given in pairs):
            raise ValueFault(
                "loaded state dict contains a parameter group that doesn't match the size of "
                "optimizer's group"
            )
        by_number: dict[Any, Tensor] = {}
        for own, given in pairs:
            by_number.update(zip(given["params"], own["params"], strict=True))
            given["params"] = own["params"]
        loaded: defaultdict[Any, Any] = defaultdict(dict)
        for key, value in state_dict["state"].items():
            tensor = by_number.get(key)
            loaded[key if tensor is None else tensor] = (
                value if tensor is None else _fitted(value, tensor, "")
            )
        self.state = loaded
        self.param_groups = groups

    def __repr__(self) -> str:
        text = f"{type(self).__name__} ("
        for number, group in enumerate(self.param_groups):
            text += f"\nParameter Group {number}\n"
            for name in sorted(group):
                if name != "params":
                    text += f"    {name}: {group[name]}\n"
        return text + ")"


def _fitted(value: Any, tensor: Tensor, key: str) -> Any:
    """Loaded state, in the dtype of the tensor it belongs to; counts stay as they are."""
    if isinstance(value, Tensor):
        return value if key == "step" else call(value, "to", tensor.dtype)
    if isinstance(value, dict):
        return {name: _fitted(entry, tensor, name) for name, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)([_fitted(entry, tensor, "") for entry in value])
    return value


def optimizer(text: str, checks: str, first: str = "", **fixed: Any) -> Callable[[C], C]:
    """Declare an optimizer: an `__init__` that makes its options the defaults of groups.

    Args:
        text: "Rprop(params, lr=1e-2, etas=(0.5, 1.2))".
        checks: the options that are refused unless they fit, in order: each by `CHECKS`, or at least 0.
        first: those that come first among the defaults, where these have another order than the text.
        fixed: options that can't be given.
    """
    name = text.partition("(")[0]

    def declare(cls: C) -> C:
        def begin(self: Any, params: Any, **given: Any) -> None:
            for option in checks.split():
                CHECKS.get(option, _check_least)(option, given[option])
            defaults = {option: given[option] for option in first.split()} | given | fixed
            cls._start(self, params, defaults)  # type: ignore[attr-defined]
            _check_fused(defaults)

        initialized(cls, text, begin)
        return subclassable(f"torch.optim.{name.lower()}", f"optim.{name}")(cls)

    return declare


class Descent(Optimizer):
    """An optimizer whose step treats each parameter by itself, by `_descend`.

    Attributes:
        _kept_zeros: what it keeps about each parameter, besides the number of steps.
    """

    _kept_zeros = ""

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        loss = evaluated(closure)
        for group in self.param_groups:
            for tensor in group["params"]:
                grad = tensor.grad
                if grad is not None:
                    g = -grad.array if group["maximize"] else grad.array
                    self._descend_in_parts(group, tensor.array, g, self._state_of(group, tensor))
                    for _ in range(self._in_place_steps(group)):
                        wrote(tensor)
        return loss

    def _descend_in_parts(
        self, group: dict[str, Any], p: Array, g: Array, kept: dict[str, Any]
    ) -> None:
        """One parameter's step; a large one's part by part, which stay in the cache, on all threads."""
        count = p.size // LARGE
        arrays = {name: kept[name].array for name in kept if count > 1 and kept[name] is not None}
        whole = {name: array for name, array in arrays.items() if array.shape == p.shape}
        if count < 2 or not all(a.flags.c_contiguous for a in (p, g, *whole.values())):
            self._descend(group, p, g, kept)
            return
        ends = [number * p.size // count for number in range(count + 1)]
        states = [dict(kept) for _ in range(count)]

        def part(number: int) -> None:
            at = slice(ends[number], ends[number + 1])
            for name, array in arrays.items():  # each part counts its steps by itself
                own = array.reshape(-1)[at] if name in whole else array.copy()
                states[number][name] = of_array(own)
            self._descend(group, p.reshape(-1)[at], g.reshape(-1)[at], states[number])

        each(count, lambda: part, threads())
        for name, value in states[0].items():
            if name in arrays:
                if name not in whole:
                    arrays[name][...] = value.array
            elif value is not None:  # begun in this step
                pieces = [state[name].array for state in states]
                kept[name] = of_array(np.concatenate(pieces).reshape(p.shape))

    def _descend(self, group: dict[str, Any], p: Array, g: Array, kept: dict[str, Any]) -> None:
        """A parameter's step, or that of some of its elements, written into `p`.

        Args:
            group: the options.
            p: the parameter's elements.
            g: the gradient; not to be written to.
            kept: the parameter's state.
        """
        raise NotImplementedFault("")

    def _in_place_steps(self, group: dict[str, Any]) -> int:
        """How many in-place operations the reference's step takes, which its versions count."""
        decoupled = group.get("decoupled_weight_decay") and group["weight_decay"] != 0
        return 2 if decoupled else 1

    def _state_of(self, group: dict[str, Any], tensor: Tensor) -> dict[str, Any]:
        kept: dict[str, Any] = self.state[tensor]
        if not kept:
            kept.update(self._first_state(group, tensor.array))
        return kept

    def _first_state(self, group: dict[str, Any], p: Array) -> dict[str, Any]:
        """The state before the first step."""
        return {"step": count()} | {name: zeros_like(p) for name in self._kept_zeros.split()}


def evaluated(closure: Callable[[], Any] | None) -> Any:
    if closure is None:
        return None
    with enable_grad():
        return closure()


def wrote(tensor: Tensor) -> None:
    """Count a write to a tensor's elements."""
    tensor.memory.wrote()


def zeros_like(p: Array) -> Tensor:
    return of_array(np.zeros_like(p))


def count() -> Tensor:
    """A number of steps, as the reference keeps it."""
    return of_array(np.zeros((), np.float32))


def next_step(kept: dict[str, Any]) -> float:
    array = kept["step"].array
    array += 1
    return float(array)


# ---- the reference's arithmetic, on arrays ------------------------------------------------------
# Its kernels multiply and add in one rounding (fma), which a wider type gives nearly always.

WIDER: dict[Any, Any] = {
    np.dtype(np.float16): np.dtype(np.float32),
    np.dtype(np.float32): np.dtype(np.float64),
    np.dtype(np.float64): np.dtype(np.longdouble),
}


def fused(a: Array, factor: Any, b: Array, out: Array | None = None) -> Array:
    """a + factor * b, rounded once; a number is first rounded to the dtype.

    Of many elements it is rounded twice, which takes a third of the time.
    """
    dtype = a.dtype
    wide = WIDER[dtype] if a.size < LARGE else dtype
    if not isinstance(factor, np.ndarray):
        factor = wide.type(dtype.type(factor))
    result = np.multiply(b, factor, dtype=wide)
    if wide is dtype:
        return np.add(result, a, out=result if out is None else out)  # type: ignore[no-any-return]
    result = np.add(result, a)
    if out is None:
        return np.asarray(result.astype(dtype))
    out[...] = result
    return out


def add_(a: Array, b: Array, alpha: float) -> None:
    """a.add_(b, alpha=alpha)"""
    fused(a, alpha, b, out=a)


def addcmul_(a: Array, b: Array, c: Array, value: float) -> None:
    """a.addcmul_(b, c, value=value)"""
    fused(a, np.asarray(b * b.dtype.type(value)), c, out=a)


def addcdiv_(a: Array, b: Array, c: Array, value: float = 1) -> None:
    """a.addcdiv_(b, c, value=value)"""
    change = b * b.dtype.type(value)
    change /= c
    a += change


def lerp_(a: Array, b: Array, weight: float) -> None:
    """a.lerp_(b, weight)"""
    way = np.asarray(b - a)
    if abs(weight) < 0.5:
        fused(a, weight, way, out=a)
    else:
        fused(b, a.dtype.type(weight) - a.dtype.type(1), way, out=a)


def mul_(a: Array, factor: float) -> None:
    """a.mul_(factor)"""
    a *= a.dtype.type(factor)


def decayed(g: Array, p: Array, weight_decay: Any) -> Array:
    """The gradient of the loss and of the squared norm."""
    return fused(g, scalar(weight_decay), p) if weight_decay != 0 else g
