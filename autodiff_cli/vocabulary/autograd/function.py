"""`torch.autograd.Function`: operations whose forward and backward a program defines.

In the graph, one node stands for the call (the joint node), and each output is a node on it, so that
the backward method is called once with the gradients of all outputs.

Source: torch/autograd/function.py, torch/csrc/autograd/python_function.cpp.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from autodiff_cli.errors import NotImplementedFault, RuntimeFault, TypeFault
from autodiff_cli.ir.context import changed, current
from autodiff_cli.ir.memory import Memory
from autodiff_cli.ir.node import Array, Node, Op, Shape
from autodiff_cli.ops.movement import sum_to
from autodiff_cli.tensors.inplace import rebase
from autodiff_cli.tensors.saved import FREED, function_name
from autodiff_cli.tensors.tensor import CUSTOM, Tensor, View, constant_of, detached
from autodiff_cli.vocabulary.autograd.grad_mode import Decorated, no_grad
from autodiff_cli.vocabulary.calls.handles import named, open_class
from autodiff_cli.vocabulary.calls.parameters import type_name


class Context:
    """`ctx`: what the two methods of a Function share.

    What a program keeps on it is in its `__dict__`; what is ours isn't.
    """

    __slots__ = (
        "__dict__",
        "_dirty",
        "_materialize",
        "_name",
        "_node",
        "_not_differentiable",
        "_saved",
        "_versions",
        "needs_input_grad",
    )

    def __init__(self, name: str) -> None:
        self._name = name
        self._saved: tuple[Any, ...] = ()
        self._versions: list[tuple[Memory, int, Node] | None] = []
        self._node: Node | None = None
        self._materialize = True
        self._not_differentiable: tuple[Any, ...] = ()
        self._dirty: tuple[Any, ...] = ()
        self.needs_input_grad: tuple[bool, ...] = ()

    def save_for_backward(self, *tensors: Any) -> None:
        for tensor in tensors:
            if tensor is not None and not isinstance(tensor, Tensor):
                raise TypeFault(
                    "save_for_backward can only save variables, but argument "
                    f"{tensors.index(tensor)} is of type {type_name(tensor)}"
                )
        self._saved = tensors

    def keep(self) -> None:
        """Remember how often what is saved was written to."""
        self._versions = [
            (t.memory, len(t.memory.writes), t.node) if isinstance(t, Tensor) else None
            for t in self._saved
        ]

    def save_for_forward(self, *tensors: Any) -> None:
        return None

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        if self._node is not None and self._node.released:
            raise RuntimeFault(FREED)
        for tensor, seen in zip(self._saved, self._versions, strict=False):
            if seen is not None and len(seen[0].writes) != seen[1]:
                maker = seen[2]
                made = f", which is output {maker.output} of {function_name(maker)},"
                raise RuntimeFault(
                    "one of the variables needed for gradient computation has been modified by an "
                    f"inplace operation: [torch.{tensor.dtype.scalar_name}Tensor {list(tensor.shape)}]"
                    f"{'' if maker.is_leaf else made} is at version {len(seen[0].writes)}; expected version "
                    f"{seen[1]} instead. Hint: enable anomaly detection to find the operation that "
                    "failed to compute its gradient, with torch.autograd.set_detect_anomaly(True, "
                    "check_nan=False)."
                )
        return self._saved

    def mark_non_differentiable(self, *tensors: Tensor) -> None:
        self._not_differentiable = tensors

    def mark_dirty(self, *tensors: Tensor) -> None:
        self._dirty = tensors

    def set_materialize_grads(self, value: bool) -> None:
        self._materialize = value


class Bundle:
    """The gradients of a call's outputs, on their way to its joint node."""

    __slots__ = ("by_output", "dtype", "shape")

    def __init__(self, node: Node, by_output: dict[int, Node]) -> None:
        self.by_output = by_output
        self.shape: Shape = node.shape
        self.dtype = node.dtype

    def __add__(self, other: Bundle) -> Bundle:
        merged = dict(self.by_output)
        for number, flow in other.by_output.items():
            merged[number] = merged[number] + flow if number in merged else flow
        self.by_output = merged
        return self


class _Output(Op):
    """One output of a call."""

    __slots__ = ()
    is_foreign: ClassVar[bool] = True

    def joint(self, node: Node) -> Node:
        return node.operands[0]

    def vjp(self, node: Node, g: Node, position: int) -> Any:
        return Bundle(node.operands[0], {node.params["output"]: g})

    def saved(self, node: Node) -> frozenset[int]:
        return frozenset()


OUTPUT = _Output(
    "function_output",
    lambda *_: None,
    vjps=(None,),
    grad_fn=lambda node: node.operands[0].op.grad_fn_name(node.operands[0]),
    doc="an output of a Function's call",
)


class _Call(Op):
    """A call of a Function: its joint node."""

    __slots__ = ()
    is_foreign: ClassVar[bool] = True
    class_prefix = "torch.autograd.function."

    def next_nodes(self, node: Node) -> tuple[Node, ...]:
        return node.operands

    def saved(self, node: Node) -> frozenset[int]:
        return frozenset()  # `ctx.saved_tensors` checks for itself

    def vjp(self, node: Node, g: Any, position: int) -> Node | None:
        bundle: Bundle = g
        flows = node.params.get("flows")
        if flows is None or flows[0] is not bundle:
            flows = (bundle, _gradients(node, bundle))
            node.params["flows"] = flows
        flow: Node | None = flows[1][position]
        if position == node.params["last"]:
            node.params["flows"] = None
        return flow


CALL = _Call(
    "function_call",
    lambda *_: None,
    vjps=(None,),
    grad_fn=lambda node: f"{node.params['function'].__name__}Backward",
    doc="a call of a Function",
)


def _gradients(node: Node, bundle: Bundle) -> list[Node | None]:
    """What the program's backward method gives, checked, for each tensor that went in."""
    function, ctx = node.params["function"], node.params["ctx"]
    name = f"{function.__name__}Backward"
    given = []
    for number, (shape, dtype) in enumerate(node.params["outputs"]):
        flow = bundle.by_output.get(number)
        if flow is None and ctx._materialize and dtype is not None:
            flow = constant_of(np.zeros(shape, dtype.numpy), Node(node.op, (), {}, shape, dtype))
        given.append(None if flow is None else Tensor(flow))
    method = find_method(function, "backward") or find_method(function, "vjp")
    if method is None:
        raise NotImplementedFault(
            "You must implement either the backward or vjp method for your custom autograd.Function to "
            "use it with backward mode AD."
        )
    result = method(ctx, *given)
    results = list(result) if isinstance(result, tuple) else [result]
    count = node.params["arguments"]
    while len(results) > count and results[-1] is None:
        results.pop()
    if len(results) != count:
        raise RuntimeFault(
            f"function {name} returned an incorrect number of gradients (expected {count}, got "
            f"{len(results)})"
        )
    flows: list[Node | None] = []
    for place, operand in zip(node.params["places"], node.operands, strict=True):
        flow = results[place]
        if flow is None:
            flows.append(None)
            continue
        if not isinstance(flow, Tensor):
            raise RuntimeFault(f"expected Variable or None (got {type_name(flow)})")
        flows.append(_fitted(flow, operand, name, place))
    return flows


def _fitted(flow: Tensor, operand: Node, name: str, place: int) -> Node:
    g = flow.node
    if g.shape != operand.shape:
        lead = len(g.shape) - len(operand.shape)
        fits = lead >= 0 and all(
            size in (1, wide) for size, wide in zip(operand.shape, g.shape[lead:], strict=True)
        )
        if not fits:
            raise RuntimeFault(
                f"Function {name} returned an invalid gradient at index {place} - got "
                f"{list(g.shape)} but expected shape compatible with {list(operand.shape)}"
            )
        g = sum_to(g, shape=operand.shape)
    return g


def find_method(cls: type, name: str) -> Any:
    """A method that the program's own classes define, or None."""
    for base in cls.__mro__:
        if base is Function:
            return None
        if name in base.__dict__:
            return getattr(cls, name)
    return None


class Function:
    """The base of a program's own operations: `class Square(torch.autograd.Function)`."""

    __module__ = "torch.autograd.function"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeFault(
            "Legacy autograd function with non-static forward method is deprecated. Please use new-style "
            "autograd function with static forward method. (Example: "
            "https://pytorch.org/docs/stable/autograd.html#torch.autograd.Function)"
        )

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        forward = find_method(cls, "forward")
        if forward is None:
            raise NotImplementedFault(
                "You must implement the forward function for custom autograd.Function."
            )
        ctx = Context(cls.__name__)
        setup = find_method(cls, "setup_context")
        if setup is not None:
            args, kwargs = _bound(forward, args, kwargs), {}
        given = (*args, *kwargs.values())
        ctx.needs_input_grad = tuple(isinstance(arg, Tensor) and arg.requires_grad for arg in given)
        with changed(grad=False):
            if setup is None:
                value = forward(ctx, *args, **kwargs)
            else:
                value = forward(*args)
                setup(ctx, args, value)
        return _recorded(cls, ctx, given, value)


def _bound(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
    """The arguments by position, defaults included."""
    from inspect import signature

    bound = signature(function).bind(*args, **kwargs)
    bound.apply_defaults()
    return bound.args


open_class(Function)
open_class(Context)
named("autograd.Function", "autograd.function.Function")(Function)


def _recorded(cls: type, ctx: Context, args: tuple[Any, ...], value: Any) -> Any:
    """The outputs as tensors of the graph, if some argument requires grad."""
    several = isinstance(value, tuple)
    outputs = value if several else (value,)
    dirty = {id(tensor) for tensor in ctx._dirty}
    if dirty - {id(output) for output in outputs}:
        raise RuntimeFault(
            "Some elements marked as dirty during the forward method were not returned as output. The "
            "inputs that are modified inplace must all be outputs of the Function."
        )
    recorded = current().grad and any(ctx.needs_input_grad)
    if not recorded or not any(isinstance(output, Tensor) for output in outputs):
        given = {id(arg) for arg in args} - dirty
        kept = tuple([_alias(o, o.node) if id(o) in given else o for o in outputs])
        ctx.keep()
        return kept if several else kept[0]
    places = [place for place, arg in enumerate(args) if isinstance(arg, Tensor)]
    operands = tuple([args[place].node for place in places])
    joint = Node(
        CALL,
        operands,
        {
            "function": cls,
            "ctx": ctx,
            "arguments": len(args),
            "places": places,
            "last": max(at for at, node in enumerate(operands) if node.requires_grad),
            "outputs": [
                (o.shape, o.dtype) if isinstance(o, Tensor) else ((), None) for o in outputs
            ],
        },
        (),
        operands[0].dtype,
        True,
    )
    ctx._node = joint
    result = tuple(
        _output(joint, output, number, ctx, args) if isinstance(output, Tensor) else output
        for number, output in enumerate(outputs)
    )
    # what was saved of the outputs is part of the graph, so that backward can be differentiated
    made = {id(before): after for before, after in zip(outputs, result, strict=True)}
    ctx._saved = tuple(made.get(id(tensor), tensor) for tensor in ctx._saved)
    ctx.keep()
    return result if several else result[0]


def _output(
    joint: Node, output: Tensor, number: int, ctx: Context, args: tuple[Any, ...]
) -> Tensor:
    if any(output is other for other in ctx._not_differentiable) or not output.dtype.is_floating:
        return _alias(output, output.node) if any(output is arg for arg in args) else output
    value: Array = output.array
    node = Node(OUTPUT, (joint,), {"output": number}, output.shape, output.dtype, True, value)
    old = output.node
    node.memory, node.output = old.memory, number
    if any(output is other for other in ctx._dirty):
        if old.is_leaf and old.requires_grad:
            raise RuntimeFault(
                "a leaf Variable that requires grad has been used in an in-place operation."
            )
        node.number = output.memory.wrote()
        rebase(output, old, node)
        return output
    shared = output.view is not None or any(output is arg for arg in args)
    return _alias(output, node) if shared else Tensor(node)


def _alias(tensor: Tensor, node: Node) -> Tensor:
    """Another tensor of the same memory: what was given is never what comes back."""
    outer = tensor.view
    base, steps = (tensor, ()) if outer is None else (outer.base, outer.steps)
    if node is tensor.node and node.requires_grad:
        node = detached(tensor).node
    node.memory = tensor.memory
    return Tensor(node, View(base, steps, CUSTOM))


@named("autograd.function.once_differentiable")
def once_differentiable(function: Any) -> Any:
    return Decorated(function, no_grad)
