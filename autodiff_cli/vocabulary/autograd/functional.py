"""`torch.autograd.functional`: Jacobians, Hessians and products with them.

Source: torch/autograd/functional.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from autodiff_cli.errors import AssertionFault, NotImplementedFault, RuntimeFault, TypeFault
from autodiff_cli.ir.context import current
from autodiff_cli.ir.node import Node
from autodiff_cli.ops import movement as mv
from autodiff_cli.ops.create import attached
from autodiff_cli.tensors import derivatives
from autodiff_cli.tensors.derivatives import gradients
from autodiff_cli.tensors.tensor import Tensor, detached
from autodiff_cli.vocabulary.autograd.differentiation import handed, nodes_of
from autodiff_cli.vocabulary.autograd.grad_mode import enable_grad
from autodiff_cli.vocabulary.autograd.gradients import requires_grad_
from autodiff_cli.vocabulary.calls.handles import named, on_nodes
from autodiff_cli.vocabulary.calls.values import Size
from autodiff_cli.vocabulary.func.transforms import jacfwd

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
            result.append(on_nodes(lambda node, shape=shape: mv.view(node, shape=shape), tensor))
        else:
            result.append(requires_grad_(detached(tensor), need_graph))
    return tuple(result)


# ---- strict mode --------------------------------------------------------------------------------

UNGRADED = (
    "Output {} of the user-provided function does not require gradients. The outputs must be computed in a "
    "differentiable manner from the input when running in strict mode."
)
LINEAR = (
    "While computing the hessian, found that the jacobian of the user-provided function with respect to "
    "input {} is independent of the input. This is not allowed in strict mode. You should ensure that your "
    "function is twice differentiable and that the jacobian depends on the inputs (this would be violated by "
    "a linear function for example)."
)
NO_TANGENT = (
    "The gradient with respect to the input is independent of entry {} in the grad_outputs when using the "
    "double backward trick to compute forward mode gradients. This is not allowed in strict mode."
)
NO_PRODUCT = (
    "The hessian of the user-provided function is independent of entry {} in the grad_jacobian. This is not "
    "allowed in strict mode as it prevents from using the double backward trick to replace forward mode AD."
)


def _independent(what: str, *, again: bool = False) -> str:
    """That something doesn't depend on an input: its gradient, where that is differentiated `again`."""
    ending = " when create_graph=True" if again else ""
    return (
        f"{what} of the user-provided function is independent of input {{}}. This is not allowed in strict "
        f"mode{ending}."
    )


def _check_each(
    nodes: Sequence[Node | None], strict: bool, *, missing: str = "", constant: str = ""
) -> None:
    """In strict mode, refuse what doesn't exist, and, if it is worded, what can't be differentiated."""
    for number, node in enumerate(nodes if strict else ()):
        if node is None:
            raise RuntimeFault(missing.format(number))
        if constant and not node.requires_grad:
            raise RuntimeFault(constant.format(number))


# ---- what is given, and what is given back ------------------------------------------------------


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
        if len(like) != 1 or like[0].node.numel != 1:
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


def _inputs(inputs: Any, name: str, create_graph: bool) -> tuple[bool, Tensors]:
    several, given = _as_tuple(inputs, "inputs", name)
    return several, _fresh(given, create_graph)


def _called(
    func: Callable[..., Any], inputs: Tensors, name: str, strict: bool
) -> tuple[bool, Tensors]:
    several, outputs = _as_tuple(func(*inputs), "outputs of the user-provided function", name)
    _check_each(nodes_of(outputs), strict, constant=UNGRADED)
    return several, outputs


def _scalar(func: Callable[..., Any], inputs: Tensors, name: str, strict: bool) -> Tensor:
    """The output of a function that has to give one tensor of one element."""
    several, outputs = _called(func, inputs, name, strict)
    if several:
        raise RuntimeFault(f"The function given to {name} should return a single Tensor")
    if outputs[0].node.numel != 1:
        raise RuntimeFault(
            f"The Tensor returned by the function given to {name} should contain a single element"
        )
    return outputs[0]


def _given_back(tensors: Tensors, several: bool, create_graph: bool) -> Any:
    """A tuple or its only entry, without history unless it was asked for."""
    found = tensors if create_graph else tuple([detached(tensor) for tensor in tensors])
    return found if several else found[0]


# ---- the functions ------------------------------------------------------------------------------


@named("autograd.functional.jacobian")
def jacobian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    _check_strategy(
        strategy,
        ' Hint: If your function has more outputs than inputs, "forward-mode" tends to be more performant. '
        'Otherwise, prefer to use "reverse-mode".',
    )
    if strategy == "forward-mode":
        if create_graph:
            raise NotImplementedFault(
                "torch.autograd.functional.jacobian: `create_graph=True` and "
                '`strategy="forward-mode"` are not supported together (yet). Please either set '
                '`create_graph=False` or `strategy="reverse-mode"`.'
            )
        return _in_forward_mode(func, inputs, strict, vectorize)
    if strict and vectorize:
        raise RuntimeFault(
            "torch.autograd.functional.jacobian: `strict=True` and `vectorized=True` are not supported "
            "together. Please either set `strict=False` or `vectorize=False`."
        )
    with enable_grad():
        several_in, tensors = _inputs(inputs, "jacobian", create_graph)
        several_out, outputs = _called(func, tensors, "jacobian", strict)
        found = [
            _given_back(
                _rows(number, output, tensors, create_graph, strict), several_in, create_graph
            )
            for number, output in enumerate(outputs)
        ]
    return tuple(found) if several_out else found[0]


def _check_strategy(strategy: str, hint: str = "") -> None:
    if strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionFault(
            f'Expected strategy to be either "forward-mode" or "reverse-mode".{hint}'
        )


def _in_forward_mode(func: Callable[..., Any], inputs: Any, strict: bool, vectorize: bool) -> Any:
    """The Jacobian by columns: of several inputs a list, which stays part of a graph around."""
    if strict:
        raise RuntimeFault(
            'torch.autograd.functional.jacobian: `strict=True` and `strategy="forward-mode"` are not '
            "supported together (yet). Please either set `strict=False` or "
            '`strategy="reverse-mode"`.'
        )
    if not vectorize:
        raise NotImplementedFault(
            "Computing Jacobian using forward-AD or forward-over-reverse Hessian is"
            "only implemented for `vectorize=True`."
        )
    if current().mapped is not None:
        raise RuntimeFault(
            "Batching rule not implemented for aten::_make_dual. We could not generate a fallback."
        )
    several_in, given = _as_tuple(inputs, "inputs", "jacobian")
    several_out = False

    def called(*args: Any) -> Any:
        nonlocal several_out
        several_out, outputs = _as_tuple(func(*args), "outputs", "jacobian")
        return outputs

    found = [
        [on_nodes(_as_reshaped, part, x, *output) for part, x in zip(output, given, strict=True)]
        for output in jacfwd(called, tuple(range(len(given))))(*given)
    ]
    results: Any = found if several_in else tuple([parts[0] for parts in found])
    return results if several_out else results[0]


def _as_reshaped(node: Node, x: Node, *together: Node) -> Node:
    """The columns of a Jacobian in its shape, as the reference reshapes a tensor that it permuted.

    Those by all inputs are computed `together`: where one depends on something, all are part of a graph.
    """
    if not node.requires_grad:
        node = attached(node, *together)
    turned = x.numel > 1 and node.numel > x.numel
    return (mv.reshape_alias if turned else mv.view)(node, shape=node.shape)


def _rows(
    number: int, output: Tensor, inputs: Tensors, create_graph: bool, strict: bool
) -> Tensors:
    """The Jacobian of one output by every input."""
    wrt = [tensor.node for tensor in inputs]
    if strict:
        flows = gradients([output.node], [None], wrt, create_graph=create_graph)
        again = _independent("The jacobian", again=True).format(number) if create_graph else ""
        _check_each(flows, strict, missing=_independent(f"Output {number}"), constant=again)
    found = derivatives.jacobian(output.node, wrt, create_graph=create_graph)
    return tuple([Tensor(mv.view(node, shape=node.shape)) for node in found])


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
    _check_strategy(outer_jacobian_strategy)
    if outer_jacobian_strategy == "forward-mode":  # its inputs stay in the graph of the result
        given = tuple([x if x.requires_grad else requires_grad_(detached(x)) for x in given])

    def slopes(*args: Tensor) -> Tensors:
        output = on_nodes(lambda node: mv.reshape(node, ()), _scalar(func, args, "hessian", strict))
        found = _rows(0, output, args, True, False)
        _check_each(nodes_of(found), strict, constant=LINEAR)
        return found

    result = jacobian(
        slopes, given, create_graph, strict, vectorize, strategy=outer_jacobian_strategy
    )
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
        several_in, tensors = _inputs(inputs, "vjp", create_graph)
        several_out, outputs = _called(func, tensors, "vjp", strict)
        vectors = _vectors(v, outputs, several_out, create_graph, "vjp")
        wrt = [tensor.node for tensor in tensors]
        found = gradients(nodes_of(outputs), nodes_of(vectors), wrt, create_graph=create_graph)
        again = _independent("The jacobian", again=True) if create_graph else ""
        _check_each(found, strict, missing=_independent("The output"), constant=again)
        return (
            _given_back(outputs, several_out, create_graph),
            _given_back(handed(found, tensors), several_in, create_graph),
        )


@named("autograd.functional.jvp")
def jvp(
    func: Callable[..., Any],
    inputs: Any,
    v: Any = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    with enable_grad():
        several_in, tensors = _inputs(inputs, "jvp", create_graph)
        vectors = _vectors(v, tensors, several_in, create_graph, "jvp")
        several_out, outputs = _called(func, tensors, "jvp", strict)
        wrt, values = [tensor.node for tensor in tensors], nodes_of(outputs)
        if strict:
            slopes = gradients(values, [None] * len(values), wrt)
            _check_each(slopes, strict, missing=_independent("The output"))
        found = derivatives.tangents(values, wrt, nodes_of(vectors), create_graph=create_graph)
        again = _independent("The jacobian", again=True) if create_graph else ""
        _check_each(found, strict, missing=NO_TANGENT, constant=again)
        return (
            _given_back(outputs, several_out, create_graph),
            _given_back(handed(found, outputs), several_out, create_graph),
        )


def _of_gradient(
    func: Callable[..., Any],
    inputs: Any,
    v: Any,
    create_graph: bool,
    strict: bool,
    name: str,
) -> tuple[Any, Any]:
    """The output, and a product of its Hessian with a vector."""
    with enable_grad():
        several, tensors = _inputs(inputs, name, create_graph)
        vectors = nodes_of(_vectors(v, tensors, several, create_graph, name))
        output = _scalar(func, tensors, name, strict)
        wrt = [tensor.node for tensor in tensors]
        slopes = gradients([output.node], [None], wrt, create_graph=True)
        _check_each(slopes, strict, missing=_independent("The output"), constant=LINEAR)
        if name == "vhp":
            found = gradients(slopes, vectors, wrt, create_graph=create_graph)
        else:
            found = derivatives.tangents(slopes, wrt, vectors, create_graph=create_graph)
        again = _independent("The hessian", again=True) if create_graph else ""
        missing = _independent("The jacobian") if name == "vhp" else NO_PRODUCT
        _check_each(found, strict, missing=missing, constant=again)
        return (
            _given_back((output,), False, create_graph),
            _given_back(handed(found, tensors), several, create_graph),
        )


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
