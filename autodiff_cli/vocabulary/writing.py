"""In-place methods, and assignments to parts of tensors.

Sources: torch/csrc/autograd/python_variable_indexing.cpp (`THPVariable_setitem`), ATen/TensorIndexing.h.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from autodiff_cli.errors import IndexFault, RuntimeFault, TypeFault
from autodiff_cli.execute import force
from autodiff_cli.ir.context import current
from autodiff_cli.ir.dtypes import DType
from autodiff_cli.ir.node import Array, Node, Shape, constant
from autodiff_cli.ir.shapes import broadcast, expanded
from autodiff_cli.ops import movement as mv
from autodiff_cli.ops import writes
from autodiff_cli.ops.indexing import index
from autodiff_cli.ops.pointwise import as_dtype
from autodiff_cli.ops.scatter import index_put
from autodiff_cli.ops.selection import where as where_
from autodiff_cli.random.streams import generator_of
from autodiff_cli.tensors.inplace import (
    check_apart,
    check_inplace,
    in_place,
    is_repeated,
    reshape_in_place,
)
from autodiff_cli.tensors.tensor import Tensor, of_array, wrapped
from autodiff_cli.vocabulary.autograd.grad_mode import refuse_inference_write
from autodiff_cli.vocabulary.calls.handles import (
    TorchFunction,
    method,
    on_nodes,
    unwrap,
    unwrapped,
    value_node,
)
from autodiff_cli.vocabulary.calls.messages import warn
from autodiff_cli.vocabulary.calls.parameters import type_name
from autodiff_cli.vocabulary.calls.registry import FUNCTIONS, METHODS, Function
from autodiff_cli.vocabulary.calls.signature import Overloads
from autodiff_cli.vocabulary.indexing import checked_indices, entries_of, located, subscript
from autodiff_cli.vocabulary.shaping import check_expandable, expand

if TYPE_CHECKING:
    from autodiff_cli.random.generator import Generator

OF_TENSORS = frozenset(("add_", "sub_", "mul_", "div_"))  # whose overloads messages name
WRITTEN = {
    mv.t: mv.t_written,
    mv.transpose: mv.transpose_written,
    mv.squeeze: mv.squeeze_written,
    mv.squeeze_dim: mv.squeeze_dim_written,
    mv.squeeze_dims: mv.squeeze_dims_written,
    mv.unsqueeze: mv.unsqueeze_written,
}


def writing_function(form: Function) -> TorchFunction:
    """A function that writes into its tensor, such as `torch.abs_` and `F.relu_`."""

    def run(*args: Any, **kwargs: Any) -> Any:
        if form.in_python:
            return TorchFunction(FUNCTIONS[form.name[:-1]])(*args, **kwargs, inplace=True)
        if not args and isinstance(kwargs.get("input"), Tensor):
            args = (kwargs.pop("input"),)
        if not args or not isinstance(args[0], Tensor):
            return on_nodes(form, *args, **kwargs)  # which refuses the arguments
        return write(form, *args, **kwargs)

    return TorchFunction(form, run)


def write(form: Function, tensor: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """Call the form of a function that writes into its tensor, such as `add_`.

    Args:
        form: its declaration, `in_place` set.
        tensor: what is written.
        args, kwargs: the others.

    Raises:
        RuntimeFault: the reference refuses the write.
    """
    refuse_inference_write(tensor)
    if form.in_place == "shape":
        return _reshape(form, tensor, args, kwargs)
    if current().transform:
        numbers = form.name not in OF_TENSORS
        check_inplace(tensor, (), form.name + ("" if numbers else ".Tensor"))
    given: list[Tensor] = []
    nodes, keywords = unwrapped(args, kwargs, given)
    run = form.bound(nodes, keywords)
    if form.name == "float_power_" and tensor.dtype.name != "float64":
        raise RuntimeFault(
            f"the base given to float_power_ has dtype {tensor.dtype.scalar_name} but the "
            "operation's result requires dtype Double"
        )

    def compute(node: Node) -> Node:
        result: Node = run(node)
        backward = form.in_place.rpartition(" ")[2]
        if backward.endswith("Backward") and node.requires_grad and current().grad:
            draw = np.asarray(result.value).astype(node.dtype.numpy)
            overload = int(any(isinstance(arg, Node) for arg in nodes))
            return writes.randomized(node, draw=draw, name=f"{backward}{overload}")
        return result

    return in_place(
        tensor,
        compute,
        [] if form.name == "masked_fill_" else [other.node for other in given],
        scattered="apart" in form.in_place,
        idempotent=_may_repeat(tensor, form.name),
    )


def _reshape(
    form: Function, tensor: Tensor, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Tensor:
    run = form.bound(unwrapped(args, {}, [])[0], kwargs)
    check_inplace(tensor)
    try:
        node = run(tensor.node)
    except RuntimeFault as error:
        raise RuntimeFault(error.message.replace(f"{form.name[:-1]}()", f"{form.name}()")) from None
    shown = wrapped(WRITTEN[node.op](tensor.node, **node.params), [tensor])
    reshape_in_place(tensor, shown._node)
    return tensor


_ON_EXPANDED = (
    "Use of {{}} on expanded tensors is deprecated. Please clone() the tensor before performing this "
    "operation. This also applies to advanced indexing e.g. tensor[{} (Triggered internally at "
    "/__w/pytorch/pytorch/aten/src/ATen/native/TensorAdvancedIndexing.cpp:{}.)"
)
# What may write to elements that share memory, and how it is warned about.
DEPRECATED = {
    "index_fill_": _ON_EXPANDED.format("mask] = scalar", 1913),
    "index_put_": _ON_EXPANDED.format("indices] = tensor", 976),
    "masked_fill_": _ON_EXPANDED.format("mask] = scalar", 2450),
}


def _may_repeat(tensor: Tensor, operation: str) -> bool:
    """Whether an operation writes to expanded tensors; the reference warns where it does."""
    if operation not in DEPRECATED or not is_repeated(tensor.array):
        return False
    warn(DEPRECATED[operation].format(operation))
    return True


@method("zero_", "", function=True)
def zero_(tensor: Tensor) -> Tensor:
    return in_place(tensor, lambda node: writes.zero(node), idempotent=True)


@method("fill_", "Tensor value", "Number value", function=True)
def fill_(tensor: Tensor, value: Any) -> Tensor:
    given = value_node(value)
    if isinstance(given, Node):
        return _filled(tensor, given)
    return in_place(tensor, lambda node: writes.fill(node, value=given), idempotent=True)


def _filled(tensor: Tensor, value: Node) -> Tensor:
    check_inplace(tensor, [value])
    if value.shape:
        raise RuntimeFault(
            "fill_ only supports 0-dimension value tensor but got tensor with "
            f"{value.ndim} dimensions."
        )
    return in_place(tensor, lambda node: writes.fill_tensor(node, value))


@method("copy_", "Tensor other, bool non_blocking = False")
def copy_(tensor: Tensor, src: Any, non_blocking: bool = False) -> Tensor:
    if not isinstance(src, Tensor):
        raise TypeFault(
            f"copy_(): argument 'other' (position 1) must be Tensor, not {type_name(src)}"
        )
    source = src.node
    if source.shape != tensor.shape:
        expanded(source.shape, tensor.shape)
    return in_place(tensor, lambda node: writes.copy(node, source), [source])


@method("apply_", "object callable")
def apply_(tensor: Tensor, function: Callable[[Any], Any]) -> Tensor:
    """Replace each element by what a function of Python gives for it."""
    if tensor.requires_grad:
        raise RuntimeFault(
            "Can't call apply_() on Variable that requires grad. Use var.detach().apply_() instead."
        )
    return _each(tensor, function, tensor.array)


@method("map_", "Tensor other, object callable")
def map_(tensor: Tensor, other: Tensor, function: Callable[[Any, Any], Any]) -> Tensor:
    if tensor.requires_grad or other.requires_grad:
        raise RuntimeFault(
            "Can't call map_() on Variable that requires grad. Use var.detach().map_() instead."
        )
    if other.dtype is not tensor.dtype:
        raise TypeFault(
            f"map_: expected torch.{tensor.dtype.scalar_name}Tensor for 'other' (got "
            f"{_type_of(other.dtype)})"
        )
    values = np.broadcast_to(other.array, check_expandable(other.node, tensor.shape))
    return _each(tensor, function, tensor.array, values)


def _type_of(dtype: DType) -> str:
    """How the reference's C++ prints a type of tensors."""
    name = dtype.scalar_name
    return "CPUBoolType" if name == "Bool" else f"torch.{name}Tensor"


def _each(tensor: Tensor, function: Callable[..., Any], *arrays: Array) -> Tensor:
    if not callable(function):
        raise TypeFault(f"'{type_name(function)}' object is not callable")
    rows = zip(*[array.ravel().tolist() for array in arrays], strict=True)
    found = np.array([function(*row) for row in rows], tensor.dtype.numpy)
    np.copyto(tensor.array, found.reshape(tensor.shape))
    current().acts()
    tensor.memory.writes.append(0)  # a version, and older than all that could notice
    return tensor


@method("fill_diagonal_", "Number fill_value, bool wrap = False")
def fill_diagonal_(tensor: Tensor, fill_value: float, wrap: bool = False) -> Tensor:
    if tensor.node.ndim < 2:
        raise RuntimeFault("dimensions must larger than 1")
    fill_(wrapped(METHODS["diagonal"].call((tensor.node,), {}, method=True), [tensor]), fill_value)
    return tensor


# ---- random numbers -----------------------------------------------------------------------------


def drawing(*parameters: str) -> Callable[[Callable[..., Array]], Callable[..., Tensor]]:
    """Declare a method that fills a tensor; one overload for each text of parameters."""

    def declare(draw: Callable[..., Array]) -> Callable[..., Tensor]:
        name = draw.__name__
        keywords = "*, torch.Generator? generator = None"
        texts = [f"{name}(Tensor self, {text}, {keywords})" for text in parameters]
        overloads = Overloads(name, [text.replace(", , ", ", ") for text in texts], method=True)
        grad_fn = "".join(part.capitalize() for part in name.split("_")) + "Backward0"

        def run(tensor: Tensor, *args: Any, **kwargs: Any) -> Tensor:
            if "from_" in kwargs:
                kwargs["from"] = kwargs.pop("from_")
            bound = overloads.bind(*unwrapped(args, kwargs, []))[1]
            source = generator_of(bound.pop("generator"))
            array = draw(source, tensor.shape, tensor.dtype.numpy, *bound.values())
            return in_place(tensor, lambda node: writes.randomized(node, draw=array, name=grad_fn))

        return method(name)(run)

    return declare


@drawing("float from = 0, float to = 1")
def uniform_(source: Generator, shape: Shape, dtype: Any, low: float, high: float) -> Array:
    return source.uniform(shape, dtype, low, high)


@drawing("float mean = 0, float std = 1")
def normal_(source: Generator, shape: Shape, dtype: Any, mean: float, std: float) -> Array:
    return source.normal(mean, std, shape, dtype)


@drawing("Tensor p", "float p = 0.5")
def bernoulli_(source: Generator, shape: Shape, dtype: Any, p: Any) -> Array:
    return source.bernoulli(force(p) if isinstance(p, Node) else p, shape, dtype)


@drawing("float lambd = 1")
def exponential_(source: Generator, shape: Shape, dtype: Any, lambd: float) -> Array:
    return source.exponential(shape, dtype, lambd)


@drawing("float p")
def geometric_(source: Generator, shape: Shape, dtype: Any, p: float) -> Array:
    return source.geometric(p, shape, dtype)


@drawing("float median = 0, float sigma = 1")
def cauchy_(source: Generator, shape: Shape, dtype: Any, median: float, sigma: float) -> Array:
    return source.cauchy(median, sigma, shape, dtype)


@drawing("float mean = 1, float std = 2")
def log_normal_(source: Generator, shape: Shape, dtype: Any, mean: float, std: float) -> Array:
    return source.log_normal(mean, std, shape, dtype)


@drawing("", "int from, int? to", "int to")
def random_(source: Generator, shape: Shape, dtype: Any, *bounds: Any) -> Array:
    low, high = (0, *bounds)[-2:] if bounds else (0, None)
    if high is None:
        return source.random_(shape, dtype)
    return source.randint(low, high, shape, dtype)


# ---- x[index] = value ---------------------------------------------------------------------------


def set_item(tensor: Tensor, where: Any, value: Any) -> None:
    """`tensor[where] = value`."""
    at = unwrap(where, [])
    source = _source(tensor, value)
    if _is_whole(at):
        if at is not Ellipsis and not tensor.shape and isinstance(at, slice):
            raise IndexFault("slice() cannot be applied to a 0-dim tensor.")
        _copy_into(tensor, source)
        return
    if isinstance(at, int) and not isinstance(at, bool):
        part = wrapped(subscript(tensor.node, at), [tensor])
        _copy_into(part, source)
        return
    if current().deferred is not None and _is_mask(at) and source.numel == 1:
        mask = at[0] if isinstance(at, tuple) else at
        if isinstance(mask, Node) and mask.shape == tensor.shape and not source.shape:
            # which elements these are isn't known yet
            value = as_dtype(source, tensor.dtype)
            in_place(tensor, lambda node: where_(mask, value, node), [source])
            return
    node, gathered = located(tensor.node, entries_of(at))
    part = tensor if node is tensor.node else wrapped(node, [tensor])
    if not gathered:
        _copy_into(part, source)
        return
    dims, places = checked_indices(node, gathered)
    if source.numel == 1 and _is_mask(at):  # the reference fills rather than puts
        if source.dtype is not part.dtype:
            source = as_dtype(source, part.dtype)
        if not source.requires_grad:
            source = constant(np.array(source.value), part.dtype)
    _put(part, dims, places, source)


def _put(part: Tensor, dims: tuple[int, ...], places: list[Array], source: Node) -> None:
    """Replace the elements that index tensors pick."""
    check_inplace(part, [source])
    check_apart(part, [source], same=False)
    picked = index.infer((part.node, *map(constant, places)), {"dims": dims})[0]
    source = _without_leading_ones(source)
    try:
        fits = broadcast(source.shape, picked) == picked
    except RuntimeFault:
        fits = False
    if not fits:
        raise RuntimeFault(
            f"shape mismatch: value tensor of shape {list(source.shape)} cannot be broadcast to "
            f"indexing result of shape {list(picked)}"
        )
    if source.dtype is not part.dtype:
        raise RuntimeFault(
            "Index put requires the source and destination dtypes match, got "
            f"{part.dtype.scalar_name} for the destination and {source.dtype.scalar_name} for the source."
        )
    indices = [constant(place) for place in places]
    in_place(
        part,
        lambda old: index_put(old, source, *indices, dims=dims, accumulate=False),
        [source],
        scattered=True,
        idempotent=_may_repeat(part, "index_put"),
    )


def _is_mask(index: Any) -> bool:
    return isinstance(index, Node) and index.dtype.name == "bool"


def _without_leading_ones(source: Node) -> Node:
    shape = source.shape
    while shape and shape[0] == 1:
        shape = shape[1:]
    return mv.reshape(source, shape)


def _is_whole(index: Any) -> bool:
    if isinstance(index, tuple) and len(index) == 1:
        index = index[0]
    return index is Ellipsis or (
        isinstance(index, slice)
        and index.start in (None, 0)
        and index.stop is None
        and index.step in (None, 1)
    )


def _source(tensor: Tensor, value: Any) -> Node:
    """What is assigned, as a node of the tensor's dtype or one that casts to it."""
    if isinstance(value, Tensor):
        return value.node
    if isinstance(value, np.ndarray):
        return constant(np.asarray(value))
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, (bool, int, float)):
        if not tensor.dtype.is_floating and isinstance(value, float):
            value = int(value) if tensor.dtype.category else bool(value)
        return of_array(np.asarray(value).astype(tensor.dtype.numpy)).node
    raise TypeFault(
        f"can't assign a {type_name(value)} to a torch.{tensor.dtype.scalar_name}Tensor"
    )


def _copy_into(part: Tensor, source: Node) -> None:
    if source.shape != part.shape:
        if not source.shape:
            _filled(part, source)
            return
        source = _without_leading_ones(source)
        if source.shape != part.shape:
            source = expand(source, part.shape)
    in_place(part, lambda node: writes.copy(node, source), [source])
