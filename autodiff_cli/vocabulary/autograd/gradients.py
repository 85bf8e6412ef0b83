"""What tensors of programs know about gradients: leaves, `backward`, hooks, `detach`.

Sources: torch/_tensor.py, torch/csrc/autograd/python_variable.cpp, python_cpp_function.cpp.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from autodiff_cli.errors import AssertionFault, RuntimeFault, TypeFault
from autodiff_cli.ir.context import current
from autodiff_cli.ir.node import INPUT, UNTRACKED, Array, Node
from autodiff_cli.ops.pointwise import as_dtype
from autodiff_cli.tensors.engine import differentiate
from autodiff_cli.tensors.inplace import replace_data
from autodiff_cli.tensors.tensor import (
    Tensor,
    constant_of,
    detached,
    require_grad,
    tape_of,
    untracked,
)
from autodiff_cli.vocabulary.autograd.edges import GradientEdge
from autodiff_cli.vocabulary.autograd.grad_fns import (
    GradFn,
    RemovableHandle,
    grad_fn_of,
    output_number,
)
from autodiff_cli.vocabulary.calls.handles import attribute, method, named
from autodiff_cli.vocabulary.calls.messages import warn
from autodiff_cli.vocabulary.calls.parameters import type_name
from autodiff_cli.vocabulary.calls.values import Size

NOT_A_LEAF = (
    "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad attribute "
    "won't be populated during autograd.backward(). If you indeed want the .grad field to be populated "
    "for a non-leaf Tensor, use .retain_grad() on the non-leaf Tensor. If you access the non-leaf Tensor "
    "by mistake, make sure you access the leaf Tensor instead. See "
    "github.com/pytorch/pytorch/pull/30531 for more information. (Triggered internally at "
    "/__w/pytorch/pytorch/build/aten/src/ATen/core/TensorBody.h:493.)"
)
CYCLE = (
    "Using backward() with create_graph=True will create a reference cycle between the parameter and its "
    "gradient which can cause a memory leak. We recommend using autograd.grad when creating the graph to "
    "avoid this. If you have to use this function, make sure to reset the .grad fields of your parameters "
    "to None after use to break the cycle and avoid the leak. (Triggered internally at "
    "/__w/pytorch/pytorch/torch/csrc/autograd/engine.cpp:1301.)"
)

NOT_CHANGEABLE = "you can only change requires_grad flags of leaf variables."
COMPUTED = (
    " If you want to use a computed variable in a subgraph that doesn't require differentiation use "
    "var_no_grad = var.detach()."
)

# ---- attributes ---------------------------------------------------------------------------------


def _set_grad(tensor: Tensor, value: Any) -> None:
    if value is not None and not isinstance(value, Tensor):
        raise TypeFault(
            f"assigned grad expected to be a Tensor or None but got grad of type {type_name(value)}"
        )
    if value is tensor:
        raise RuntimeFault("can't assign Variable as its own grad")
    if value is not None and value.dtype is not tensor.dtype:
        name = value.dtype.c_name
        raise RuntimeFault(
            f"attempting to assign a gradient with dtype '{name}' to a tensor with grad_dtype "
            f"'{tensor.dtype.scalar_name}'. The gradient must match the tensor's grad_dtype (defaults to "
            "the tensor's dtype). You can set the tensor's grad_dtype attribute with a specific dtype, "
            "or None to allow any dtype. Set grad_dtype with caution. Diverging the dtypes of a tensor "
            "and its gradient may break downstream systems that assume they match."
        )
    if value is not None and value.shape != tensor.shape:
        raise RuntimeFault(
            f"attempting to assign a gradient of size '{list(value.shape)}' to a tensor of size "
            f"'{list(tensor.shape)}'. Please ensure that the gradient and the tensor are the same size"
        )
    tensor.grad = value


@attribute("grad", _set_grad)
def grad(tensor: Tensor) -> Tensor | None:
    if tensor.grad is None:
        node = tensor._node
        if node.requires_grad and not node.is_leaf:
            if node.tape is None or node.tape.retained() is None:
                warn(NOT_A_LEAF)
    return tensor.grad


def _set_requires_grad(tensor: Tensor, value: Any) -> None:
    if not isinstance(value, bool):
        raise RuntimeFault("requires_grad must be a bool")
    if value and not tensor.dtype.is_floating:
        raise RuntimeFault("only Tensors of floating point and complex dtype can require gradients")
    if not tensor.is_leaf:
        raise RuntimeFault(NOT_CHANGEABLE + ("" if value else COMPUTED))
    requires_grad_(tensor, value)


@attribute("requires_grad", _set_requires_grad)
def requires_grad(tensor: Tensor) -> bool:
    """Whether it does; what a row of `vmap` is computed from has its history outside."""
    context = current()
    if context.transform == "vmap" and tensor.requires_grad:
        return not context.mapped.vary(tensor.node)
    return tensor.requires_grad


@attribute("is_leaf")
def is_leaf(tensor: Tensor) -> bool:
    return tensor.is_leaf


@attribute("retains_grad")
def retains_grad(tensor: Tensor) -> bool:
    node = tensor.node
    return not node.is_leaf and node.tape is not None and node.tape.retained() is not None


@attribute("output_nr")
def output_nr(tensor: Tensor) -> int:
    node = tensor.node
    return 0 if node.is_leaf else output_number(node)


@attribute("grad_fn")
def grad_fn(tensor: Tensor) -> GradFn | None:
    node = tensor.node
    return None if node.is_leaf else grad_fn_of(node)


@attribute("_version")
def version(tensor: Tensor) -> int:
    return tensor.version


@attribute("_base")
def base(tensor: Tensor) -> Tensor | None:
    return None if tensor.view is None else tensor.view.base


@method("_is_view", "")
def is_view(tensor: Tensor) -> bool:
    view = tensor.view
    return view is not None and not current().inferred_at(view.base._node.number)


def _set_data(tensor: Tensor, value: Any) -> None:
    if not isinstance(value, Tensor):
        raise TypeFault(f"Variable data has to be a tensor, but got {type_name(value)}")
    if tensor.requires_grad and not value.dtype.is_floating:
        raise RuntimeFault(
            "data set to a tensor that requires gradients must be floating point or complex dtype"
        )
    replace_data(tensor, value)


@attribute("data", _set_data)
def data(tensor: Tensor) -> Tensor:
    return detached(tensor, same_version=False)


# ---- leaves -------------------------------------------------------------------------------------


NO_HOOKS = (
    "torch.func.{grad, vjp, jacrev, hessian} don't yet support saved tensor hooks. Please open an issue with "
    "your use case."
)


def _refuse_transformed(what: str, apis: str = "") -> None:
    if current().transform:
        raise RuntimeFault(
            f"You are attempting to call Tensor.{what}() {apis}inside of a function being transformed by a "
            "functorch transform. This is unsupported, please attempt to use the functorch transforms (e.g. "
            f"grad, vjp, jacrev, jacfwd, hessian) or call {what}() outside of a function being transformed "
            "instead."
        )


@method("requires_grad_", "bool requires_grad = True")
def requires_grad_(tensor: Tensor, requires_grad: bool = True) -> Tensor:
    """Make a tensor a leaf, or a constant.

    Raises:
        RuntimeFault: it is no leaf, or a function of `torch.func` runs.
    """
    _refuse_transformed("requires_grad_", "(or perhaps using torch.autograd.functional.* APIs) ")
    return made_leaf(tensor, requires_grad)


def made_leaf(tensor: Tensor, requires_grad: bool = True) -> Tensor:
    """As `requires_grad_`, for what functions of `torch.func` make."""
    node = tensor.node
    if requires_grad and not node.dtype.is_floating:
        raise RuntimeFault("only Tensors of floating point dtype can require gradients")
    if not node.is_leaf:
        if not requires_grad:
            raise RuntimeFault(NOT_CHANGEABLE + COMPUTED)
        return tensor
    if requires_grad and node.op is UNTRACKED:
        require_grad(tensor)
    elif requires_grad and not node.requires_grad:
        if node.op is INPUT and node.tape is not None:
            node.requires_grad = True
        else:
            require_grad(tensor)
    elif not requires_grad and node.requires_grad:
        if tensor.view is not None and tensor.view.base.requires_grad:
            tensor.node = untracked(node)
        else:
            node.requires_grad = False
    return tensor


@method("detach", "")
def detach(tensor: Tensor) -> Tensor:
    return detached(tensor)


@method("detach_", "", function=True)
def detach_(tensor: Tensor) -> Tensor:
    if tensor.view is not None:
        raise RuntimeFault(
            "Can't detach views in-place. Use detach() instead. If you are using DistributedDataParallel "
            "(DDP) for training, and gradient_as_bucket_view is set as True, gradients are views of DDP "
            "buckets, and hence detach_() cannot be called on these gradients. To fix this error, please "
            "refer to the Optimizer.zero_grad() function in torch/optim/optimizer.py as the solution."
        )
    node = tensor.node
    fresh = constant_of(tensor.array, node)
    fresh.memory = node.memory
    tensor.node = fresh
    return tensor


@method("retain_grad")
def retain_grad(tensor: Tensor) -> None:
    if not requires_grad(tensor):
        raise RuntimeFault("can't retain_grad on Tensor that has requires_grad=False")
    _refuse_transformed("retain_grad")
    node = tensor.node
    if not node.is_leaf:
        tape_of(node).retained = weakref.ref(tensor)


# ---- hooks --------------------------------------------------------------------------------------


@method("register_hook")
def register_hook(tensor: Tensor, hook: Callable[[Tensor], Any]) -> RemovableHandle:
    node = tensor.node
    if not node.requires_grad:
        raise RuntimeFault("cannot register a hook on a tensor that doesn't require gradient")
    if node.op is UNTRACKED:
        return RemovableHandle({}, hook)
    return RemovableHandle(tape_of(node).hooks, hook)


@method("register_post_accumulate_grad_hook")
def register_post_accumulate_grad_hook(
    tensor: Tensor, hook: Callable[[Tensor], Any]
) -> RemovableHandle:
    node = tensor.node
    if not node.requires_grad:
        raise RuntimeFault("cannot register a hook on a tensor that doesn't require gradient")
    if not node.is_leaf:
        raise RuntimeFault("post accumulate grad hooks cannot be registered on non-leaf tensors")
    return RemovableHandle(tape_of(node).after, hook)


# ---- backward -----------------------------------------------------------------------------------


def cotangents(
    tensors: Sequence[Tensor], given: Sequence[Any], *, batched: bool = False
) -> list[Node]:
    """The cotangent of each output: as given, or one for a scalar.

    Source: torch/autograd/__init__.py (`_make_grads`).
    """
    result = []
    for number, (tensor, gradient) in enumerate(zip(tensors, given, strict=False)):
        node = tensor.node
        if isinstance(gradient, Tensor):
            shape = gradient.shape[1:] if batched else gradient.shape
            if shape != node.shape:
                if batched:
                    raise RuntimeFault(
                        "If `is_grads_batched=True`, we interpret the first dimension of each grad_output "
                        "as the batch dimension. The sizes of the remaining dimensions are expected to "
                        "match the shape of corresponding output, but a mismatch was detected: "
                        f"grad_output[{number}] has a shape of {Size(gradient.shape)!r} and "
                        f"output[{number}] has a shape of {Size(node.shape)!r}. If you only want some "
                        "tensors in `grad_output` to be considered batched, consider using vmap."
                    )
                raise RuntimeFault(
                    f"Mismatch in shape: grad_output[{number}] has a shape of {Size(gradient.shape)!r} "
                    f"and output[{number}] has a shape of {Size(node.shape)!r}."
                )
            cotangent = gradient.node
            if cotangent.dtype is not node.dtype:
                cotangent = as_dtype(cotangent, node.dtype)
            result.append(cotangent)
        elif gradient is None:
            if node.requires_grad:
                if node.numel != 1:
                    raise RuntimeFault("grad can be implicitly created only for scalar outputs")
                if not node.dtype.is_floating:
                    raise RuntimeFault(
                        "grad can be implicitly created only for real scalar outputs but got "
                        f"torch.{node.dtype.name}"
                    )
            ones: Array | np.generic = node.dtype.numpy.type(1)
            if node.shape:
                ones = np.ones(node.shape, node.dtype.numpy)
            result.append(constant_of(ones, node))
        else:
            raise TypeFault(
                f"gradients can be either Tensors or None, but got {type_name(gradient)}"
            )
    if len(given) != len(tensors):
        raise RuntimeFault(f"got {len(tensors)} tensors and {len(given)} gradients")
    return result


def check_roots(tensors: Sequence[Tensor]) -> None:
    for number, tensor in enumerate(tensors):
        if not requires_grad(tensor) or tensor.node.op is UNTRACKED:
            raise RuntimeFault(
                f"element {number} of tensors does not require grad and does not have a grad_fn"
            )


def as_tensors(value: Any) -> tuple[Any, ...]:
    """One tensor or several; edges of the graph as tensors of the nodes that they lead from."""
    entries = (value,) if isinstance(value, (Tensor, GradientEdge)) else tuple(value)
    return tuple([one.tensor() if isinstance(one, GradientEdge) else one for one in entries])


def _check_tensors(values: Iterable[Any]) -> None:
    """Refuse what isn't a tensor among the targets of a backward pass."""
    for value in values:
        if not isinstance(value, Tensor):
            raise RuntimeFault(
                f"all inputs have to be Tensors or GradientEdges, but got {type_name(value)}"
            )


@named("autograd.backward")
def backward(
    tensors: Any,
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    grad_variables: Any = None,
    inputs: Any = None,
) -> None:
    if inputs is not None and not isinstance(inputs, Tensor) and not len(inputs):
        raise RuntimeFault("`inputs` argument to `backward()` cannot be empty.")
    if grad_variables is not None:
        if grad_tensors is not None:
            raise RuntimeFault(
                "`grad_tensors` and `grad_variables` (deprecated) arguments both passed to `backward()`. "
                "Please only use `grad_tensors`."
            )
        grad_tensors = grad_variables
    outputs = as_tensors(tensors)
    for output in outputs:
        if not isinstance(output, Tensor):
            raise AssertionFault("Expected output to be a torch.Tensor")
    given = (
        [None] * len(outputs)
        if grad_tensors is None
        else [grad_tensors]
        if isinstance(grad_tensors, Tensor)
        else list(grad_tensors)
    )
    seeds = cotangents(outputs, given)
    check_roots(outputs)
    if create_graph:
        warn(CYCLE)
    keep = create_graph if retain_graph is None else retain_graph
    roots = [(tensor.node, seed) for tensor, seed in zip(outputs, seeds, strict=True)]
    if inputs is None:
        differentiate(roots, retain_graph=keep, create_graph=create_graph)
        return
    targets = as_tensors(inputs)
    _check_tensors(targets)
    for tensor in targets:
        if not tensor.requires_grad:
            raise RuntimeFault("One of the differentiated Tensors does not require grad")
        retain_grad(tensor)
    differentiate(
        roots,
        retain_graph=keep,
        create_graph=create_graph,
        targets=[tensor.node for tensor in targets],
        accumulating=True,
    )


@method("backward")
def tensor_backward(
    self: Tensor,
    gradient: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Any = None,
) -> None:
    backward(self, gradient, retain_graph, create_graph, inputs=inputs)


PYTHON_METHODS = frozenset(
    "backward register_hook norm split stft istft unique unique_consecutive lu refine_names".split()
)


def bound_method_repr(tensor: Tensor, name: str) -> str:
    """How a method of a tensor prints before it is called."""
    if name in PYTHON_METHODS:
        return f"<bound method Tensor.{name} of {tensor!r}>"
    return f"<built-in method {name} of Tensor object at {id(tensor):#x}>"
