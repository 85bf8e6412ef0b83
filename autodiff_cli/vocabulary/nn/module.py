"""`torch.nn.Module` and `Parameter`.

Source: torch/nn/modules/module.py, torch/nn/parameter.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from autodiff_cli.errors import (
    AttributeFault,
    NotImplementedFault,
    TypeFault,
    ValueFault,
)
from autodiff_cli.ir import dtypes
from autodiff_cli.ir.context import changed
from autodiff_cli.ir.dtypes import DType
from autodiff_cli.tensors.inplace import replace_data
from autodiff_cli.tensors.tensor import Tensor
from autodiff_cli.vocabulary.autograd.grad_fns import RemovableHandle
from autodiff_cli.vocabulary.calls.calling import call, qualified_name, subclassable
from autodiff_cli.vocabulary.nn.hooks import called, hooked
from autodiff_cli.vocabulary.nn.parameter import Parameter, reset_gradient
from autodiff_cli.vocabulary.nn.saved import StateDict, load

MEMBERS = ("_parameters", "_buffers", "_modules")
HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


def indented(text: str, spaces: int) -> str:
    """All lines but the first moved to the right."""
    return text.replace("\n", "\n" + " " * spaces)


@subclassable("torch.nn.modules.module", "nn.Module", "nn.module.Module")
class Module:
    """The base of neural networks: parameters, buffers and submodules by their names."""

    _version = 1
    training: bool

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if args or kwargs:
            what = f"{len(args) + 1} were" if args else ""
            name = type(self).__name__
            if kwargs:
                raise TypeFault(
                    f"{name}.__init__() got an unexpected keyword argument '{next(iter(kwargs))}'"
                )
            raise TypeFault(f"{name}.__init__() takes 1 positional argument but {what} given")
        own = self.__dict__
        own["training"] = True
        for name in (*MEMBERS, *HOOKS):
            own[name] = {}
        own["_non_persistent_buffers_set"] = set()
        own["_hooks_with_kwargs"] = set()

    # ---- attributes ---------------------------------------------------------------------------

    def __getattr__(self, name: str) -> Any:
        own = self.__dict__
        if name[:2] != "__":  # numpy, too, asks objects for names with a meaning
            for kind in MEMBERS:
                if kind in own and name in own[kind]:
                    return own[kind][name]
        raise AttributeError(
            f"'{type(self).__name__}' object has no attribute '{name}'", name=name, obj=self
        )

    def __setattr__(self, name: str, value: Any) -> None:
        own = self.__dict__
        for members, kind, claims, what, expected in ASSIGNED:
            if claims and isinstance(value, kind):
                if members not in own:
                    raise AttributeFault(f"cannot assign {claims} before Module.__init__() call")
                _forget(self, name, members)
                if kind is Parameter:
                    self.register_parameter(name, value)
                else:
                    own[members][name] = value
                return
            if name in own.get(members, ()):
                if value is not None and not isinstance(value, kind):
                    raise TypeFault(
                        f"cannot assign '{qualified_name(value)}' as {what} '{name}' "
                        f"({expected} or None expected)"
                    )
                own[members][name] = value
                return
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        for kind in MEMBERS:
            if name in self.__dict__[kind]:
                del self.__dict__[kind][name]
                self._non_persistent_buffers_set.discard(name)
                return
        object.__delattr__(self, name)

    def register_buffer(self, name: str, tensor: Any, persistent: bool = True) -> None:
        _check_member(self, "buffer", name, tensor, Tensor, "torch Tensor")
        self._buffers[name] = tensor
        change = set.discard if persistent else set.add
        change(self._non_persistent_buffers_set, name)

    def register_parameter(self, name: str, param: Any) -> None:
        _check_member(self, "parameter", name, param, Parameter, "torch.nn.Parameter")
        if param is not None and not param.is_leaf:
            raise ValueFault(
                f"Cannot assign non-leaf Tensor to parameter '{name}'. Model parameters must be created "
                f"explicitly. To express '{name}' as a function of another Tensor, compute the value in "
                "the forward() method."
            )
        self._parameters[name] = param

    def add_module(self, name: str, module: Any) -> None:
        if not isinstance(module, Module) and module is not None:
            raise TypeFault(f"{qualified_name(module)} is not a Module subclass")
        _check_name(self, "module", name, self._modules)
        self._modules[name] = module

    def register_module(self, name: str, module: Any) -> None:
        self.add_module(name, module)

    def get_submodule(self, target: str) -> Any:
        module: Any = self
        for part in target.split(".") if target else ():
            if not hasattr(module, part):
                raise AttributeFault(f"{module._get_name()} has no attribute `{part}`")
            module = getattr(module, part)
            if not isinstance(module, Module):
                raise AttributeFault(f"`{part}` is not an nn.Module")
        return module

    def get_parameter(self, target: str) -> Any:
        module, name = _owner(self, target)
        found = getattr(module, name)
        if not isinstance(found, Parameter):
            raise AttributeFault(f"`{name}` is not an nn.Parameter")
        return found

    def get_buffer(self, target: str) -> Any:
        module, name = _owner(self, target)
        if name not in module._buffers:
            raise AttributeFault(f"`{name}` is not a buffer")
        return getattr(module, name)

    # ---- calls --------------------------------------------------------------------------------

    def forward(self, *input: Any) -> Any:
        raise NotImplementedFault(
            f'Module [{type(self).__name__}] is missing the required "forward" function'
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        own = self.__dict__
        if "_forward_hooks" not in own:
            raise AttributeFault(
                f"'{type(self).__name__}' object has no attribute '_backward_hooks'"
            )
        if not (
            own["_forward_hooks"]
            or own["_forward_pre_hooks"]
            or own["_backward_hooks"]
            or own["_backward_pre_hooks"]
        ):
            return self.forward(*args, **kwargs)
        return called(self, args, kwargs)

    def register_forward_pre_hook(
        self, hook: Any, *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        return hooked(self, self._forward_pre_hooks, hook, prepend, with_kwargs)

    def register_forward_hook(
        self,
        hook: Any,
        *,
        prepend: bool = False,
        with_kwargs: bool = False,
        always_call: bool = False,
    ) -> RemovableHandle:
        return hooked(self, self._forward_hooks, hook, prepend, with_kwargs)

    def register_full_backward_hook(self, hook: Any, prepend: bool = False) -> RemovableHandle:
        return hooked(self, self._backward_hooks, hook, prepend, False)

    def register_full_backward_pre_hook(self, hook: Any, prepend: bool = False) -> RemovableHandle:
        return hooked(self, self._backward_pre_hooks, hook, prepend, False)

    # ---- what is in it ------------------------------------------------------------------------

    def named_modules(
        self, memo: Any = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Any]]:
        seen = set() if memo is None else memo
        if self in seen:
            return
        if remove_duplicate:
            seen.add(self)
        yield prefix, self
        for name, module in self._modules.items():
            if module is not None:
                inner = prefix + ("." if prefix else "") + name
                yield from module.named_modules(seen, inner, remove_duplicate)

    def modules(self) -> Iterator[Any]:
        for _, module in self.named_modules():
            yield module

    def named_children(self) -> Iterator[tuple[str, Any]]:
        seen = set()
        for name, module in self._modules.items():
            if module is not None and module not in seen:
                seen.add(module)
                yield name, module

    def children(self) -> Iterator[Any]:
        for _, module in self.named_children():
            yield module

    def _named_members(
        self, kind: str, prefix: str, recurse: bool, remove_duplicate: bool
    ) -> Iterator[tuple[str, Any]]:
        seen = set()
        modules: Any = [(prefix, self)]
        if recurse:
            modules = self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate)
        for path, module in modules:
            for name, member in module.__dict__[kind].items():
                if member is None or id(member) in seen:
                    continue
                if remove_duplicate:
                    seen.add(id(member))
                yield path + ("." if path else "") + name, member

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Any]]:
        yield from self._named_members("_parameters", prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Any]:
        for _, parameter in self.named_parameters(recurse=recurse):
            yield parameter

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Any]]:
        yield from self._named_members("_buffers", prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Any]:
        for _, buffer in self.named_buffers(recurse=recurse):
            yield buffer

    # ---- all of it at once --------------------------------------------------------------------

    def apply(self, fn: Callable[[Any], Any]) -> Any:
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    def train(self, mode: bool = True) -> Any:
        if not isinstance(mode, bool):
            raise ValueFault("training mode is expected to be boolean")
        self.training = mode
        for module in self.children():
            module.train(mode)
        return self

    def eval(self) -> Any:
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Any:
        for parameter in self.parameters():
            call(parameter, "requires_grad_", requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        for parameter in self.parameters():
            reset_gradient(parameter, set_to_none)

    def to(self, *args: Any, **kwargs: Any) -> Any:
        wanted = kwargs.get("dtype")
        for arg in args:
            if isinstance(arg, Tensor):
                wanted = arg.dtype
            elif isinstance(arg, DType):
                wanted = arg
        if wanted is None:
            return self
        if not wanted.is_floating:
            raise TypeFault(
                "nn.Module.to only accepts floating point or complex dtypes, but got desired "
                f"dtype=torch.{wanted.name}"
            )
        return _converted(self, wanted)

    def double(self) -> Any:
        return _converted(self, dtypes.float64)

    def float(self) -> Any:
        return _converted(self, dtypes.float32)

    def half(self) -> Any:
        return _converted(self, dtypes.float16)

    def cpu(self) -> Any:
        return self

    # ---- state --------------------------------------------------------------------------------

    def state_dict(
        self, *args: Any, destination: Any = None, prefix: str = "", keep_vars: bool = False
    ) -> Any:
        found = StateDict() if destination is None else destination
        for name, parameter in self._parameters.items():
            if parameter is not None:
                found[prefix + name] = parameter if keep_vars else call(parameter, "detach")
        for name, buffer in self._buffers.items():
            if buffer is not None and name not in self._non_persistent_buffers_set:
                found[prefix + name] = buffer if keep_vars else call(buffer, "detach")
        for name, module in self._modules.items():
            if module is not None:
                module.state_dict(destination=found, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
        return found

    def load_state_dict(self, state_dict: Any, strict: bool = True, assign: bool = False) -> Any:
        return load(self, state_dict, strict, assign)

    def __dir__(self) -> list[str]:
        names = [*object.__dir__(self), *self._parameters, *self._modules, *self._buffers]
        return sorted(name for name in names if not name[:1].isdigit())

    # ---- text ---------------------------------------------------------------------------------

    def _get_name(self) -> str:
        return type(self).__name__

    def extra_repr(self) -> str:
        return ""

    def __repr__(self) -> str:
        extra = self.extra_repr()
        lines = extra.split("\n") if extra else []
        single = len(lines) == 1 and not self._modules
        for name, module in self._modules.items():
            lines.append(f"({name}): " + indented(repr(module), 2))
        if single:
            inner = lines[0]
        elif lines:
            inner = "\n  " + "\n  ".join(lines) + "\n"
        else:
            inner = ""
        return f"{self._get_name()}({inner})"


# ---- what methods share, out of the way of programs' names ---------------------------------------


def _forget(module: Any, name: str, kept: str) -> None:
    own = module.__dict__
    own.pop(name, None)
    for kind in MEMBERS:
        if kind != kept:
            own[kind].pop(name, None)
    own["_non_persistent_buffers_set"].discard(name)


def _check_name(module: Any, kind: str, name: Any, registered: dict[str, Any]) -> None:
    if not isinstance(name, str):
        raise TypeFault(f"{kind} name should be a string. Got {qualified_name(name)}")
    known = hasattr(module, name) and name not in registered
    if known and kind == "module":
        raise KeyError(f"attribute '{name}' already exists")
    if "." in name:
        got = f", got: {name}" if kind == "module" else ""
        raise KeyError(f'{kind} name can\'t contain "."{got}')
    if name == "":
        raise KeyError(f'{kind} name can\'t be empty string ""')
    if known:
        raise KeyError(f"attribute '{name}' already exists")


def _check_member(module: Any, what: str, name: Any, value: Any, kind: type, required: str) -> None:
    registered = module.__dict__.get(f"_{what}s")
    if registered is None:
        raise AttributeFault(f"cannot assign {what} before Module.__init__() call")
    _check_name(module, what, name, registered)
    if value is not None and not isinstance(value, kind):
        raise TypeFault(
            f"cannot assign '{qualified_name(value)}' object to {what} '{name}' "
            f"({required} or None required)"
        )


def _owner(module: Any, target: str) -> tuple[Any, str]:
    """The module that a dotted name is of, and the name in it."""
    path, _, name = target.rpartition(".")
    module = module.get_submodule(path)
    if not hasattr(module, name):
        raise AttributeFault(f"{module._get_name()} has no attribute `{name}`")
    return module, name


def _converted(module: Any, dtype: DType) -> Any:
    with changed(grad=False):
        for parameter in module.parameters():
            if parameter.dtype.is_floating and parameter.dtype is not dtype:
                replace_data(parameter, call(parameter, "to", dtype))
                if parameter.grad is not None:
                    parameter.grad = call(parameter.grad, "to", dtype)
        for part in module.modules():
            for name, buffer in part._buffers.items():
                if buffer is not None and buffer.dtype.is_floating:
                    part._buffers[name] = call(buffer, "to", dtype)
    return module


# What is assigned as an attribute: where it is kept, what else may not be put there, and in which words.
ASSIGNED = (
    ("_parameters", Parameter, "parameters", "parameter", "torch.nn.Parameter"),
    ("_modules", Module, "module", "child module", "torch.nn.Module"),
    ("_buffers", Tensor, "", "buffer", "torch.nn.Buffer, torch.Tensor"),
)
