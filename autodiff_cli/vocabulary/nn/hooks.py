"""Hooks of modules. Backward ones: an identity function around the inputs, and one around the outputs.

Source: torch/utils/hooks.py (`BackwardHook`).
"""

from __future__ import annotations

from typing import Any

from autodiff_cli.errors import RuntimeFault
from autodiff_cli.tensors.tensor import Tensor
from autodiff_cli.vocabulary.autograd.function import Function
from autodiff_cli.vocabulary.autograd.grad_fns import RemovableHandle


class BackwardHook:
    """Calls a module's hooks when the gradients of its outputs, and of its inputs, are known.

    Args:
        module: what the hooks are told of.
        hooks: called with (module, grad_input, grad_output).
        before: called with (module, grad_output) before the module's own backward pass.
    """

    def __init__(self, module: Any, hooks: list[Any], before: list[Any]) -> None:
        self.module = module
        self.hooks = hooks
        self.before = before
        self.grad_outputs: tuple[Any, ...] | None = None
        self.watched = False

    def _around(self, values: tuple[Any, ...], seen: Any) -> tuple[Any, ...]:
        """The values passed through a function whose backward calls `seen` with the gradients."""
        places = [place for place, value in enumerate(values) if isinstance(value, Tensor)]
        if not any(values[place].requires_grad for place in places):
            return values

        class BackwardHookFunction(Function):
            @staticmethod
            def forward(ctx: Any, *tensors: Any) -> Any:
                ctx.set_materialize_grads(False)
                return tuple([Tensor(tensor.node) for tensor in tensors])

            @staticmethod
            def backward(ctx: Any, *flows: Any) -> Any:
                everything: list[Any] = [None] * len(values)
                for place, flow in zip(places, flows, strict=True):
                    everything[place] = flow
                changed = seen(tuple(everything))
                return tuple([changed[place] for place in places])

        passed = BackwardHookFunction.apply(*[values[place] for place in places])
        result = list(values)
        for place, tensor in zip(places, passed, strict=True):
            result[place] = tensor
        return tuple(result)

    def inputs(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        self.watched = any(isinstance(arg, Tensor) and arg.requires_grad for arg in args)
        return self._around(args, self._inputs_known)

    def outputs(self, result: Any) -> Any:
        if isinstance(result, Tensor):
            return self._around((result,), self._outputs_known)[0]
        return self._around(result, self._outputs_known) if isinstance(result, tuple) else result

    def _inputs_known(self, flows: tuple[Any, ...]) -> tuple[Any, ...]:
        for hook in self.hooks:
            flows = self._told(hook(self.module, flows, self.grad_outputs), flows)
        return flows

    def _outputs_known(self, flows: tuple[Any, ...]) -> tuple[Any, ...]:
        for hook in self.before:
            flows = self._told(hook(self.module, flows), flows)
        self.grad_outputs = flows
        if not self.watched:
            for hook in self.hooks:
                if hook(self.module, (), flows) is not None:
                    raise RuntimeFault("Backward hooks set on Module that are not differentiable")
        return flows

    def _told(self, changed: Any, flows: tuple[Any, ...]) -> tuple[Any, ...]:
        if changed is None:
            return flows
        if not isinstance(changed, tuple):
            changed = (changed,)
        if len(changed) != len(flows):
            raise RuntimeFault(
                f"Backward hook returned an invalid number of grad_input, got {len(changed)}, but "
                f"expected {len(flows)}"
            )
        return tuple(changed)


def hooked(
    module: Any, hooks: dict[int, Any], hook: Any, prepend: bool, with_kwargs: bool
) -> RemovableHandle:
    """Add a hook to some of a module's, behind the others or before them."""
    handle = RemovableHandle(hooks, hook)
    if with_kwargs:
        module._hooks_with_kwargs.add(handle.id)
    if prepend:
        rest = {key: value for key, value in hooks.items() if key != handle.id}
        hooks.clear()
        hooks[handle.id] = hook
        hooks.update(rest)
    return handle


def called(module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call a module and its hooks, which may change what it is given and what it gives."""
    with_kwargs = module._hooks_with_kwargs
    for number, hook in list(module._forward_pre_hooks.items()):
        if number not in with_kwargs:
            changed = hook(module, args)
            if changed is not None:
                args = changed if isinstance(changed, tuple) else (changed,)
            continue
        changed = hook(module, args, kwargs)
        if changed is not None:
            if not isinstance(changed, tuple) or len(changed) != 2:
                raise RuntimeFault(
                    "forward pre-hook must return None or a tuple of (new_args, new_kwargs), but "
                    f"got {changed}."
                )
            args, kwargs = changed
    backward = None
    if module._backward_hooks or module._backward_pre_hooks:
        backward = BackwardHook(
            module, list(module._backward_hooks.values()), list(module._backward_pre_hooks.values())
        )
        args = backward.inputs(args)
    result = module.forward(*args, **kwargs)
    for number, hook in list(module._forward_hooks.items()):
        given = (args, kwargs) if number in with_kwargs else (args,)
        changed = hook(module, *given, result)
        if changed is not None:
            result = changed
    return result if backward is None else backward.outputs(result)
