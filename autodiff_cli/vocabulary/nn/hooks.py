"""Backward hooks of modules: an identity function around the inputs, and one around the outputs.

Source: torch/utils/hooks.py (`BackwardHook`).
"""

from __future__ import annotations

from typing import Any

from autodiff_cli.autograd.tensor import Tensor
from autodiff_cli.errors import RuntimeFault
from autodiff_cli.vocabulary.custom import Function


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
