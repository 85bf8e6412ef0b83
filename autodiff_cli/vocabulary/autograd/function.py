"""`torch.autograd.Function`: operations whose forward and backward a program defines.

In the graph, one node stands for the call (the joint node), and each output is a node on it, so that
the backward method is called once with the gradients of all outputs. Where a graph of the gradients is made
without values, it is called with tensors that have none, and gives the graph. Where it needs values, and in a
copy of the graph, whose inputs are moved, both methods are run again when the gradient is computed.

Source: torch/autograd/function.py, torch/csrc/autograd/python_function.cpp.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy, deepcopy
from typing import Any, ClassVar

import numpy as np

from autodiff_cli.errors import (
    AutodiffError,
    LimitError,
    NotImplementedFault,
    RuntimeFault,
)
from autodiff_cli.execute import force
from autodiff_cli.ir.context import Deferred, changed, current
from autodiff_cli.ir.dtypes import DType
from autodiff_cli.ir.node import Array, Node, Op, Params, Shape, constant, leaf
from autodiff_cli.ops.movement import sum_to
from autodiff_cli.tensors.inplace import check_unread, rebase
from autodiff_cli.tensors.tensor import CUSTOM, Tensor, View, constant_of, detached
from autodiff_cli.vocabulary.autograd import function_forward as fw
from autodiff_cli.vocabulary.autograd.function_context import Bundle, Context
from autodiff_cli.vocabulary.calls.handles import named, open_class
from autodiff_cli.vocabulary.calls.parameters import type_name


class _Output(Op):
    """One output of a call."""

    __slots__ = ()
    is_foreign: ClassVar[bool] = True

    def joint(self, node: Node) -> Node:
        return node.operands[0]

    def evaluate(self, node: Node, arrays: list[Array]) -> Any:
        return _ran_again(node.operands[0].params, arrays[1:])[1][node.params["output"]]

    def vjp(self, node: Node, g: Node, position: int) -> Any:
        if position:
            return None
        return Bundle(node.operands[0], {} if g is None else {node.params["output"]: g})

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
    is_joint: ClassVar[bool] = True
    class_prefix = "torch.autograd.function."

    def next_nodes(self, node: Node) -> tuple[Node, ...]:
        return node.operands

    def saved(self, node: Node) -> frozenset[int]:
        return frozenset()  # `ctx.saved_tensors` checks for itself

    def vjp(self, node: Node, g: Any, position: int) -> Node | None:
        bundle: Bundle = g
        flows = node.params.get("flows")
        if flows is None or flows[0] is not bundle:
            flows = (bundle, _flows(node, bundle.by_output))
            node.params["flows"] = flows
        flow: Node | None = flows[1][position]
        if position == node.params["last"]:
            node.params["flows"] = None
        return flow


CALL = _Call(
    "function_call",
    lambda *_, **__: np.zeros(()),
    vjps=(None,),
    grad_fn=lambda node: f"{node.params['name']}Backward",
    doc="a call of a Function",
)


class _Gradient(Op):
    """What flows to an operand of a call, for which both methods are run again."""

    __slots__ = ()
    is_foreign: ClassVar[bool] = True

    def infer(self, operands: tuple[Node, ...], params: Params) -> tuple[Shape, DType]:
        operand: Node = params["call"].operands[params["position"]]
        return operand.shape, operand.dtype

    def evaluate(self, node: Node, arrays: list[Array]) -> Array:
        joint, count = node.params["call"], len(node.params["call"].operands)
        ctx, _ = _ran_again(joint.params, arrays[:count])
        given = zip(node.params["outputs"], arrays[count:], strict=True)
        with _aside(eager=True, grad=False):
            flows = _gradients(joint, ctx, {output: constant(array) for output, array in given})
        flow = flows[node.params["position"]]
        return np.zeros(node.shape, node.dtype.numpy) if flow is None else force(flow)


GRADIENT = _Gradient(
    "function_gradient",
    lambda *_: None,
    doc="what flows to an operand of a Function's call",
)


def _flows(node: Node, by_output: Mapping[int, Node]) -> Sequence[Node | None]:
    """What flows to each operand of a call."""
    ctx, context = node.params["ctx"], current()
    if context.eager:
        return _gradients(node, ctx, by_output)
    flows = None if ctx is None else _graphs(node, ctx, by_output)
    if flows is not None:
        return flows
    operands = (*node.operands, *by_output.values())
    made = {"call": node, "outputs": tuple(by_output)}
    return [
        Node(GRADIENT, operands, {**made, "position": at}, operand.shape, operand.dtype)
        for at, operand in enumerate(node.operands)
    ]


def _graphs(
    node: Node, ctx: Context, by_output: Mapping[int, Node]
) -> Sequence[Node | None] | None:
    """The graphs of what flows; None if the method needs values, or fails: it will when it is run again."""
    deferred = Deferred()
    try:
        with _aside(deferred=deferred):
            flows = _gradients(node, copy(ctx), by_output)
        check_unread(flows, deferred)
    except LimitError:
        raise
    except Exception:
        return None
    return flows


def _ran_again(params: Params, arrays: Sequence[Array]) -> tuple[Context, list[Array | None]]:
    """A call's forward method, run on other values: its `ctx`, and the outputs."""
    function, given = params["function"], list(params["given"])
    ctx = Context(function.__name__)
    ctx.needs_input_grad = params["needs"]
    for place, array in zip(params["places"], arrays, strict=True):
        given[place] = Tensor(leaf(np.array(array), requires_grad=params["needs"][place]))
    count = len(given) - len(params["names"])
    with _aside(eager=True):
        value = _forward(
            function, ctx, given[:count], dict(zip(params["names"], given[count:], strict=True))
        )
        ctx.keep()
        outputs = value if isinstance(value, tuple) else (value,)
        return ctx, [o.array if isinstance(o, Tensor) else None for o in outputs]


@contextmanager
def _aside(**fields: Any) -> Iterator[None]:
    """Run a program's method once more than it says: nothing is printed, drawn from its streams or watched.

    Raises:
        RuntimeFault: in the place of what is the program's own.
    """
    aside: dict[str, Any] = dict.fromkeys(("write", "flush", "warn"), _silent)
    aside |= {"complain": None, "streams": deepcopy(current().streams), "saving": (), "passes": ()}
    try:
        with changed(**aside, **fields):
            yield
    except AutodiffError:
        raise
    except Exception as error:
        raise RuntimeFault(f"{type(error).__name__}: {error}") from error


def _silent(*_: str) -> None:
    return None


def saved_by(call: Node) -> list[Node]:
    """What the forward method of a call saved."""
    ctx = call.params["ctx"]
    return [tensor.node for tensor in ctx._saved if isinstance(tensor, Tensor)]


def copied(node: Node, operands: Sequence[Node], dtype: DType) -> Node:
    """A call's output, or the call, on other operands: its methods are run again.

    Args:
        node: of the operation `CALL` or `OUTPUT`.
        operands: in the place of its own.
        dtype: of what is floating.
    """
    own = dtype if node.dtype.is_floating else node.dtype
    if node.op is CALL:
        params = {**node.params, "ctx": None, "flows": None}
        return Node(CALL, tuple(operands), params, (), own, True)
    (joint,) = operands
    return Node(OUTPUT, (joint, *joint.operands), node.params, node.shape, own, True)


def _gradients(node: Node, ctx: Context, by_output: Mapping[int, Node]) -> list[Node | None]:
    """What the program's backward method gives, checked, for each tensor that went in."""
    function = node.params["function"]
    name = f"{function.__name__}Backward"
    given = []
    for number, (shape, dtype) in enumerate(node.params["outputs"]):
        flow = by_output.get(number)
        if flow is None and ctx._materialize and dtype is not None:
            flow = constant_of(np.zeros(shape, dtype.numpy), Node(node.op, (), {}, shape, dtype))
        given.append(None if flow is None else Tensor(flow))
    method = find_method(function, "backward")
    vjp = find_method(function, "vjp")
    if method is not None and vjp is not None:
        raise RuntimeFault(
            "Implementing both 'backward' and 'vjp' for a custom Function is not allowed. You should only "
            "implement one of them."
        )
    method = method or vjp
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
    generate_vmap_rule: ClassVar[bool] = False

    @staticmethod
    def vmap(info: Any, in_dims: Any, *args: Any) -> Any:
        raise NotImplementedFault(
            "To use autograd.Function with vmap, you must either override the vmap staticmethod or set "
            "generate_vmap_rule=True."
        )

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
        if (done := fw.over_rows(cls, find_method(cls, "vmap"), args, kwargs)) is not None:
            return done[0]
        if find_method(cls, "setup_context") is not None:
            args, kwargs = _bound(forward, args, kwargs), {}
        given = (*args, *kwargs.values())
        ctx.needs_input_grad = tuple(isinstance(arg, Tensor) and arg.requires_grad for arg in given)
        if current().duals is None:
            return _recorded(cls, ctx, given, tuple(kwargs), _forward(cls, ctx, args, kwargs))
        tangents = fw.tangents_of(given)
        with fw.still():
            value = _forward(cls, ctx, args, kwargs)
            result = _recorded(cls, ctx, given, tuple(kwargs), value)
        raw, made = (v if isinstance(v, tuple) else (v,) for v in (value, result))
        fw.move(find_method(cls, "jvp"), ctx, given, tangents, raw, made)
        return result


def _forward(cls: type, ctx: Context, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    forward, setup = find_method(cls, "forward"), find_method(cls, "setup_context")
    with changed(grad=False):
        if setup is None:
            return forward(ctx, *args, **kwargs)
        value = forward(*args)
        setup(ctx, args, value)
        return value


def _bound(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
    """The arguments by position, defaults included."""
    from inspect import signature

    bound = signature(function).bind(*args, **kwargs)
    bound.apply_defaults()
    return bound.args


open_class(Function)
named("autograd.Function", "autograd.function.Function")(Function)


def _recorded(
    cls: type, ctx: Context, args: tuple[Any, ...], names: tuple[str, ...], value: Any
) -> Any:
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
        aliases = given & {id(o) for o in outputs if isinstance(o, Tensor)}
        kept = tuple([_alias(o, o.node) if id(o) in aliases else o for o in outputs])
        ctx.keep()
        return kept if several else kept[0]
    places = [place for place, arg in enumerate(args) if isinstance(arg, Tensor)]
    operands = tuple([args[place].node for place in places])
    joint = Node(
        CALL,
        operands,
        {
            "function": cls,
            "name": cls.__name__ + ("Generated" if current().transform else ""),
            "ctx": ctx,
            "arguments": len(args),
            "given": [None if isinstance(arg, Tensor) else arg for arg in args],
            "names": names,
            "needs": ctx.needs_input_grad,
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
    # an output that is given twice is one tensor, the last
    numbers = {id(output): at for at, output in enumerate(outputs) if isinstance(output, Tensor)}
    made = {
        place: _output(joint, outputs[number], number, ctx, args)
        for place, number in numbers.items()
    }
    result = tuple([made.get(id(output), output) for output in outputs])
    # what was saved of the outputs is part of the graph, so that backward can be differentiated
    ctx._saved = tuple([made.get(id(tensor), tensor) for tensor in ctx._saved])
    ctx.keep()
    return result if several else result[0]


def _output(
    joint: Node, output: Tensor, number: int, ctx: Context, args: tuple[Any, ...]
) -> Tensor:
    if any(output is other for other in ctx._not_differentiable) or not output.dtype.is_floating:
        return _alias(output, output.node) if any(output is arg for arg in args) else output
    value: Array = output.array
    node = Node(OUTPUT, (joint,), {"output": number}, output.shape, output.dtype, True, value)
    for tell in current().saving:
        tell(node)
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
