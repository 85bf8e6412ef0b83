"""`torch.autograd.functional`: Jacobians, Hessians and products with them.

Source: torch/autograd/functional.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autodiff_cli.errors import AssertionFault, NotImplementedFault, RuntimeFault, TypeFault
from autodiff_cli.ops import movement as mv
from autodiff_cli.ops.create import full, zeros_like
from autodiff_cli.tensors.tensor import Tensor, detached, of_array
from autodiff_cli.vocabulary.autograd.differentiation import grad, jacobian_nodes, tangent_nodes
from autodiff_cli.vocabulary.autograd.grad_mode import enable_grad
from autodiff_cli.vocabulary.autograd.gradients import (
    requires_grad_,
)
from autodiff_cli.vocabulary.calls.handles import lift, named
from autodiff_cli.vocabulary.calls.registry import METHODS
from autodiff_cli.vocabulary.calls.values import Size
from autodiff_cli.vocabulary.shaping import reshape_to

Tensors = tuple[Tensor, ...]


def _as_tuple(value: Any, what: str, function: str) -> tuple[bool, Tensors]:
    several = isinstance(value, tuple)
    entries = value if several else (value,)
    for number, entry in enumerate(entries):
        if not isinstance(entry, Tensor):
            place = f"value at index {number}" if several else f"given {what}"
            kind = f"<class '{type(entry).__name__}'>"
            raise TypeFault(
                f"The {what} given to {function} must be either a Tensor or a tuple of Tensors but the "
                f"{place} has type {kind}."
            )
    return several, entries


def _fresh(inputs: Tensors, create_graph: bool, need_graph: bool = True) -> Tensors:
    """The inputs as tensors of their own, so that what the function captures stays apart."""
    result = []
    for tensor in inputs:
        if create_graph and tensor.requires_grad:
            shape = tensor.shape
            result.append(lift(lambda node, shape=shape: mv.view(node, shape=shape), tensor))
        else:
            result.append(requires_grad_(detached(tensor), need_graph))
    return tuple(result)


def _finished(value: Any, create_graph: bool) -> Any:
    """Results without history, unless it was asked for."""
    if isinstance(value, tuple):
        return tuple(_finished(entry, create_graph) for entry in value)
    return value if create_graph else detached(value)


def _unpacked(value: tuple[Any, ...], several: bool) -> Any:
    return value if several else value[0]


def _flows(
    outputs: Sequence[Tensor | None],
    inputs: Tensors,
    given: Sequence[Tensor | None] | None = None,
    create_graph: bool = False,
    retain_graph: bool | None = None,
) -> tuple[Tensor | None, ...]:
    """`grad` of those outputs that require it; None for each input if none does."""
    given = [None] * len(outputs) if given is None else given
    used = [
        (output, seed)
        for output, seed in zip(outputs, given, strict=True)
        if output is not None and output.requires_grad
    ]
    if not used:
        return (None,) * len(inputs)
    return grad(
        tuple(output for output, _ in used),
        inputs,
        [seed for _, seed in used],
        retain_graph=retain_graph,
        create_graph=create_graph,
        allow_unused=True,
    )


def _filled(flows: Sequence[Tensor | None], like: Sequence[Tensor]) -> Tensors:
    """Zeros where no gradient flows."""
    return tuple(
        Tensor(zeros_like(tensor.node)) if flow is None else flow
        for flow, tensor in zip(flows, like, strict=True)
    )


STRICT = {
    "outputs": "Output {} of the user-provided function does not require gradients. The outputs must be "
    "computed in a differentiable manner from the input when running in strict mode.",
    "grad_inputs": "The gradient with respect to input {} is independent of the inputs of the "
    "user-provided function. This is not allowed in strict mode.",
    "missing": "The output of the user-provided function is independent of input {}. This is not allowed "
    "in strict mode.",
}


def _check_strict(values: Sequence[Tensor | None], kind: str, strict: bool) -> None:
    if not strict:
        return
    for number, value in enumerate(values):
        if value is None:
            raise RuntimeFault(STRICT["missing"].format(number))
        if not value.requires_grad:
            raise RuntimeFault(STRICT[kind].format(number))


def _checked_vector(v: Tensors, like: Tensors, several: bool) -> None:
    if len(v) != len(like):
        raise RuntimeFault(
            f"v is a tuple of invalid length: should be {len(like)} but got {len(v)}."
            if several
            else "The given v should contain a single Tensor."
        )
    for number, (vector, tensor) in enumerate(zip(v, like, strict=True)):
        if vector.shape != tensor.shape:
            place = f"Entry {number} in " if several else ""
            raise RuntimeFault(
                f"{place}v has invalid size: should be {Size(tensor.shape)!r} but got "
                f"{Size(vector.shape)!r}."
            )


def _vectors(
    v: Any, like: Tensors, several: bool, create_graph: bool, name: str
) -> Sequence[Tensor | None]:
    """The vector as tensors of their own; None, of a single element, is 1."""
    if v is None:
        if several or like[0].node.numel != 1:
            what = (
                "user-provided function returns"
                if name == "vjp"
                else "input to the user-provided function is"
            )
            raise RuntimeFault(
                f"The vector v can only be None if the {what} a single Tensor with a single element."
            )
        return [None]
    vectors = _fresh(_as_tuple(v, "v", name)[1], create_graph, need_graph=False)
    _checked_vector(vectors, like, several)
    return vectors


def _results(create_graph: bool, *values: tuple[Tensors, bool]) -> tuple[Any, ...]:
    """Values as they are given back: each a tuple, or its only entry."""
    return tuple(_unpacked(_finished(value, create_graph), several) for value, several in values)


def _called(func: Callable[..., Any], inputs: Tensors, name: str) -> tuple[bool, Tensors]:
    return _as_tuple(func(*inputs), "outputs of the user-provided function", name)


@named("autograd.functional.jacobian")
def jacobian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    if strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionFault(
            'Expected strategy to be either "forward-mode" or "reverse-mode". Hint: If your function '
            'has more outputs than inputs, "forward-mode" tends to be more performant. Otherwise, prefer '
            'to use "reverse-mode".'
        )
    if strategy == "forward-mode" and create_graph:
        raise NotImplementedFault(
            'torch.autograd.functional.jacobian: `create_graph=True` and `strategy="forward-mode"` are '
            "not supported together (yet). Please either set `create_graph=False` or "
            '`strategy="reverse-mode"`.'
        )
    with enable_grad():
        several_in, given = _as_tuple(inputs, "inputs", "jacobian")
        tensors = _fresh(given, create_graph)
        several_out, outputs = _called(func, tensors, "jacobian")
        _check_strict(outputs, "outputs", strict)
        result = tuple(_rows(output, tensors, create_graph, strict) for output in outputs)
        finished = _finished(result, create_graph)
        unpacked = tuple(_unpacked(entry, several_in) for entry in finished)
        return _unpacked(unpacked, several_out)


def _scalar_output(outputs: Tensors, several: bool, name: str) -> None:
    if several:
        raise RuntimeFault(f"The function given to {name} should return a single Tensor")
    if outputs[0].node.numel != 1:
        raise RuntimeFault(
            f"The Tensor returned by the function given to {name} should contain a single element"
        )


def _independent(place: int, number: int) -> RuntimeFault:
    return RuntimeFault(
        f"Output {place} of the user-provided function is independent of input {number}. This is not "
        "allowed in strict mode."
    )


def _rows(output: Tensor, inputs: Tensors, create_graph: bool, strict: bool) -> Tensors:
    """The Jacobian of one output by every input."""
    found = jacobian_nodes(output, inputs, create_graph)
    if found is not None:
        if strict and None in found:
            raise _independent(0, found.index(None))
        return tuple(
            Tensor(full(shape=output.shape + tensor.shape, value=0, dtype=tensor.dtype))
            if node is None
            else Tensor(mv.view(node, shape=node.shape))
            for node, tensor in zip(found, inputs, strict=True)
        )
    rows = []
    flat = lift(lambda node: reshape_to(node, (-1,)), output)
    for place in range(output.node.numel):
        element = lift(METHODS["select"], flat, 0, place)
        flows = _flows([element], inputs, create_graph=create_graph, retain_graph=True)
        if strict:
            for number, flow in enumerate(flows):
                if flow is None:
                    raise _independent(place, number)
        rows.append(_filled(flows, inputs))
    columns = []
    for number, tensor in enumerate(inputs):
        shape = output.shape + tensor.shape
        if not rows:
            columns.append(of_array(np.zeros(shape, tensor.dtype.numpy)))
            continue
        stacked = lift(lambda *nodes: mv.stack(*nodes, dim=0), *[row[number] for row in rows])
        columns.append(lift(lambda node, shape=shape: mv.view(node, shape=shape), stacked))
    return tuple(columns)


@named("autograd.functional.hessian")
def hessian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    several, given = _as_tuple(inputs, "inputs", "hessian")

    def scalar(*args: Tensor) -> Tensor:
        many, outputs = _called(func, args, "hessian")
        _check_strict(outputs, "outputs", strict)
        _scalar_output(outputs, many, "hessian")
        return outputs[0]

    def slope(*args: Tensor) -> Any:
        flows = jacobian(scalar, args, create_graph=True)
        return tuple(
            lift(lambda node, shape=tensor.shape: mv.view(node, shape=shape), flow)
            if flow.shape != tensor.shape
            else flow
            for flow, tensor in zip(flows, args, strict=True)
        )

    result = jacobian(slope, given, create_graph=create_graph, strict=strict)
    return result if several else result[0][0]


@named("autograd.functional.vjp")
def vjp(
    func: Callable[..., Any],
    inputs: Any,
    v: Any = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    with enable_grad():
        several_in, given = _as_tuple(inputs, "inputs", "vjp")
        tensors = _fresh(given, create_graph)
        several_out, outputs = _called(func, tensors, "vjp")
        _check_strict(outputs, "outputs", strict)
        vectors = _vectors(v, outputs, several_out, create_graph, "vjp")
        flows = _flows(outputs, tensors, vectors, create_graph=create_graph)
        if strict:
            _check_strict(flows, "grad_inputs", create_graph)
    return _results(create_graph, (outputs, several_out), (_filled(flows, tensors), several_in))


@named("autograd.functional.jvp")
def jvp(
    func: Callable[..., Any],
    inputs: Any,
    v: Any = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """In forward mode, or else by differentiating the vector-Jacobian product by its own vector."""
    with enable_grad():
        several_in, given = _as_tuple(inputs, "inputs", "jvp")
        tensors = _fresh(given, create_graph)
        vectors = _vectors(v, given, several_in, create_graph, "jvp")
        several_out, outputs = _called(func, tensors, "jvp")
        _check_strict(outputs, "outputs", strict)
        tangents = _moved(outputs, outputs, tensors, vectors, create_graph, strict)
    return _results(create_graph, (outputs, several_out), (_filled(tangents, outputs), several_out))


def _moved(
    values: Sequence[Tensor | None],
    like: Tensors,
    tensors: Tensors,
    vectors: Sequence[Tensor | None],
    create_graph: bool,
    strict: bool = False,
) -> Sequence[Tensor | None]:
    """How values, of the shapes of others, change along vectors: in forward mode, else in reverse twice."""
    moving = [value for value in values if value is not None]
    moved = None if strict else tangent_nodes(moving, tensors, vectors, create_graph)
    if moved is None:
        seeds = tuple(requires_grad_(Tensor(zeros_like(tensor.node))) for tensor in like)
        flows = _flows(values, tensors, seeds, create_graph=True)
        _check_strict(flows, "grad_inputs", strict)
        return _flows(flows, seeds, vectors, create_graph=create_graph)
    nodes = iter(moved)
    tangents = [None if value is None else next(nodes) for value in values]
    return [None if node is None else Tensor(node) for node in tangents]


def _of_gradient(
    func: Callable[..., Any], inputs: Any, v: Any, create_graph: bool, strict: bool, name: str
) -> tuple[Any, Any]:
    with enable_grad():
        several_in, given = _as_tuple(inputs, "inputs", name)
        tensors = _fresh(given, create_graph)
        vectors = _vectors(v, tensors, several_in, create_graph, name)
        several_out, outputs = _called(func, tensors, name)
        _check_strict(outputs, "outputs", strict)
        _scalar_output(outputs, several_out, name)
        slopes = _flows(outputs, tensors, create_graph=True)
        _check_strict(slopes, "grad_inputs", strict)
        if name == "vhp":
            products: Sequence[Tensor | None] = _flows(
                slopes, tensors, vectors, create_graph=create_graph
            )
        else:
            products = _moved(slopes, tensors, tensors, vectors, create_graph)
    return _results(create_graph, (outputs, several_out), (_filled(products, tensors), several_in))


@named("autograd.functional.vhp")
def vhp(
    func: Callable[..., Any],
    inputs: Any,
    v: Any = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    return _of_gradient(func, inputs, v, create_graph, strict, "vhp")


@named("autograd.functional.hvp")
def hvp(
    func: Callable[..., Any],
    inputs: Any,
    v: Any = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    return _of_gradient(func, inputs, v, create_graph, strict, "hvp")
