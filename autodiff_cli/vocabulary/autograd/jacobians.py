"""The Jacobians that `gradcheck` compares: by finite differences, row by row and column by column.

Source: torch/autograd/gradcheck.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autodiff_cli.errors import AssertionFault, Fault, ValueFault
from autodiff_cli.ir.node import Array
from autodiff_cli.ops.pointwise import clone
from autodiff_cli.tensors.tensor import Tensor, detached, of_array
from autodiff_cli.vocabulary.autograd.differentiation import grad
from autodiff_cli.vocabulary.autograd.forward_ad import dual_level, make_dual, unpack_dual
from autodiff_cli.vocabulary.calls.handles import named, on_nodes
from autodiff_cli.vocabulary.calls.messages import warn
from autodiff_cli.vocabulary.calls.values import Size

Func = Callable[..., Any]


@named("autograd.gradcheck.GradcheckError")
class GradcheckFault(Fault, RuntimeError):
    """What `gradcheck` finds wrong."""

    kind = "GradcheckError"
    module = "torch.autograd.gradcheck"


NOT_DETERMINISTIC = """\n
NOTE: If your op relies on non-deterministic operations i.e., it is listed here:
https://pytorch.org/docs/stable/generated/torch.use_deterministic_algorithms.html
this failure might be expected.

If you are adding a new operator, please file an issue and then use one of the
workarounds. The workaround depends on how your test invokes gradcheck/gradgradcheck.
If the test
- manually invokes gradcheck/gradgradcheck, then call gradcheck/gradgradcheck
  with `nondet_tol=<tol>` as a keyword argument.
- is OpInfo-based (e.g., in test_ops_gradients.py), then modify the OpInfo for the test
  to have `gradcheck_nondet_tol=<tol>`.
- is a Module test (e.g., in common_nn.py), then modify the corresponding
  module_test entry to have `gradcheck_nondet_tol=<tol>`
"""
DEPRECATED = (
    "`{0}` was part of PyTorch's private API and not meant to be exposed. We are deprecating it and it will "
    "be removed in a future version of PyTorch. If you have a specific use for this or feature request for "
    "this to be a stable API, please file us an issue at https://github.com/pytorch/pytorch/issues/new"
)


def as_tuple(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, (tuple, list)) else (value,)


def is_floating(value: Any) -> bool:
    return isinstance(value, Tensor) and value.dtype.is_floating


def wanted(inputs: Sequence[Any]) -> list[int]:
    """The places of the inputs that require grad."""
    return [at for at, one in enumerate(inputs) if isinstance(one, Tensor) and one.requires_grad]


# ---- by finite differences ----------------------------------------------------------------------


def _difference(
    func: Func, inputs: Sequence[Any], at: int, step: Array, eps: float, index: Any = None
) -> list[Array]:
    """The central difference of each output, as an input moves by a step of length `eps`."""
    array = inputs[at].array
    before = array.copy()
    sides = []
    for moved in (before - step, before + step):
        np.copyto(
            array, moved
        )  # unseen, as a write to `.data` is: the function may know the inputs itself
        sides.append([on_nodes(clone, one) for one in as_tuple(func(*inputs))])
    np.copyto(array, before)
    where = "" if index is None else f"on index {index} "
    found = []
    for a, b in zip(*sides, strict=False):
        for what, ours, theirs in (
            ("shape", Size(a.shape), Size(b.shape)),
            ("dtype", a.dtype, b.dtype),
        ):
            if ours != theirs:
                raise AssertionFault(
                    f"Expected `func` to return outputs with the same {what} when inputs are perturbed "
                    f"{where}by {eps}, but got: {what}s {ours} and {theirs}."
                )
        found.append(((b.array - a.array) / b.array.dtype.type(2 * eps)).reshape(-1))
    return found


def numerical(
    func: Func, inputs: Sequence[Any], count: int, eps: float, targets: Sequence[Any] | None = None
) -> list[list[Array]]:
    """For each target, by default the inputs, and each floating output, a matrix with a column an element."""
    found = []
    targets = inputs if targets is None else targets
    for at, target in zip(wanted(targets), [t for t in targets if wanted([t])], strict=True):
        given = list(inputs)
        given[at] = target
        rows: list[list[Array]] = []
        for index in np.ndindex(*target.shape):
            step = np.zeros(target.shape, target.dtype.numpy)
            step[index] = eps
            rows.append(_difference(func, given, at, step, eps, index))
        columns = list(zip(*rows, strict=True)) if rows else [()] * count
        found.append([np.stack(c) if c else np.zeros((0, 0)) for c in columns])
    return found


def numerical_along(
    func: Func, inputs: Sequence[Any], at: int, u: Array, eps: float
) -> list[Array]:
    """The derivative of each floating output as an input moves along `u`."""
    step = u.reshape(inputs[at].shape) * u.dtype.type(eps)
    return [one for one in _difference(func, inputs, at, step, eps) if one.dtype.kind == "f"]


# ---- in reverse mode ----------------------------------------------------------------------------


def _passes(inputs: Sequence[Any], output: Tensor, seeds: Sequence[Array]) -> list[list[Any]]:
    """For each input that requires grad, its gradients for the seeds."""
    targets = [inputs[at] for at in wanted(inputs)]
    source = on_nodes(clone, output)
    rows = [
        grad(source, targets, of_array(seed), retain_graph=True, allow_unused=True)
        for seed in seeds
    ]
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in targets]


def _stacked(found: list[list[Any]], inputs: Sequence[Any]) -> tuple[list[Array], bool, bool]:
    """The gradients as matrices (elements of the input, seeds); whether dtypes and shapes are right."""
    matrices, types, sizes = [], True, True
    for target, column in zip([inputs[at] for at in wanted(inputs)], found, strict=True):
        matrix = np.zeros((target.node.numel, len(column)), target.dtype.numpy)
        for place, one in enumerate(column):
            if one is None:
                continue
            if one.shape != target.shape:
                sizes = False
            elif one.dtype is not target.dtype:
                types = False
            if one.node.numel == target.node.numel:
                matrix[:, place] = one.array.reshape(-1)
        matrices.append(matrix)
    return matrices, types, sizes


def analytical(
    inputs: Sequence[Any],
    output: Tensor,
    nondet_tol: float,
    check_grad_dtypes: bool,
    seeds: Sequence[Array] | None = None,
) -> list[Array]:
    """For each input that requires grad, its gradients for the seeds, by default for every element.

    Raises:
        GradcheckFault: a gradient is of another shape or dtype than its input, or another one a second time.
    """
    first, types, sizes, reentrant = _twice(inputs, output, nondet_tol, seeds)
    if not types and check_grad_dtypes:
        raise GradcheckFault("Gradient has dtype mismatch")
    if not sizes:
        raise GradcheckFault("Analytical gradient has incorrect size")
    if not reentrant:
        raise GradcheckFault(
            "Backward is not reentrant, i.e., running backward with same input and grad_output multiple "
            "times gives different values, although analytical gradient matches numerical gradient."
            f"The tolerance for nondeterminism was {nondet_tol}.{NOT_DETERMINISTIC}"
        )
    return first


def _twice(
    inputs: Sequence[Any], output: Tensor, nondet_tol: float, seeds: Sequence[Array] | None
) -> tuple[list[Array], bool, bool, bool]:
    shape, dtype = output.shape, output.dtype.numpy
    if seeds is None:
        seeds = [row.reshape(shape) for row in np.eye(output.node.numel, dtype=dtype)]
    given = [seed.reshape(shape) for seed in seeds]
    first, types, sizes = _stacked(_passes(inputs, output, given), inputs)
    second, _, _ = _stacked(_passes(inputs, output, given), inputs)
    reentrant = all(
        not a.size or np.abs(a - b).max() <= nondet_tol for a, b in zip(first, second, strict=True)
    )
    return first, types, sizes, reentrant


# ---- in forward mode ----------------------------------------------------------------------------


def dual_inputs(inputs: Sequence[Any]) -> tuple[list[Any], list[Tensor]]:
    """The inputs with duals for those that require grad; and these ones' tangents, which are zeros."""
    given = list(inputs)
    tangents = []
    for at in wanted(inputs):
        zeros = of_array(np.zeros_like(inputs[at].array))
        given[at] = make_dual(detached(inputs[at]), zeros)
        tangents.append(unpack_dual(given[at])[1])
    return given, tangents


def forwards(
    func: Func, inputs: Sequence[Any], directions: Sequence[Sequence[Array]]
) -> list[list[list[Array]]]:
    """For each input that requires grad, each of its directions, and each floating output: the tangent."""
    found = []
    with dual_level():
        given, tangents = dual_inputs(inputs)
        for tangent, own in zip(tangents, directions, strict=True):
            rows = []
            for direction in own:
                np.copyto(tangent.array, direction.reshape(tangent.shape))
                duals = [one for one in as_tuple(func(*given)) if is_floating(one)]
                rows.append([_tangent(one) for one in duals])
            np.copyto(tangent.array, 0)
            found.append(rows)
    return found


def _tangent(dual: Tensor) -> Array:
    tangent = unpack_dual(dual)[1]
    if tangent is None:
        return np.zeros(dual.node.numel, dual.dtype.numpy)
    return np.array(tangent.array).reshape(-1)


def basis(inputs: Sequence[Any]) -> list[list[Array]]:
    """For each input that requires grad, its elements as directions."""
    tensors = [inputs[at] for at in wanted(inputs)]
    return [list(np.eye(t.node.numel, dtype=t.dtype.numpy)) for t in tensors]


# ---- the names of old ---------------------------------------------------------------------------


@named("autograd.gradcheck.get_numerical_jacobian")
def get_numerical_jacobian(
    fn: Func, inputs: Any, target: Any = None, eps: float = 1e-3, grad_out: float = 1.0
) -> tuple[Tensor, ...]:
    """The Jacobians of a function's first output, which takes its inputs as a tuple."""
    warn(DEPRECATED.format("get_numerical_jacobian"), "FutureWarning")
    if grad_out != 1.0:
        raise ValueFault(
            "Expected grad_out to be 1.0. get_numerical_jacobian no longer supports values of grad_out "
            "!= 1.0."
        )
    targets = None if target is None else as_tuple(target)
    count = len(as_tuple(fn(inputs)))
    found = numerical(lambda *given: fn(given), as_tuple(inputs), count, eps, targets)
    return tuple(of_array(matrices[0]) for matrices in found)


@named("autograd.gradcheck.get_analytical_jacobian")
def get_analytical_jacobian(
    inputs: Any, output: Tensor, nondet_tol: float = 0.0, grad_out: float = 1.0
) -> tuple[tuple[Tensor, ...], bool, bool, bool]:
    """The Jacobians of an output, and whether they are the same again, of right sizes and dtypes."""
    warn(DEPRECATED.format("get_analytical_jacobian"), "FutureWarning")
    if grad_out != 1.0:
        raise ValueFault(
            "Expected grad_out to be 1.0. get_analytical_jacobian no longer supports values of grad_out "
            "!= 1.0."
        )
    matrices, types, sizes, reentrant = _twice(as_tuple(inputs), output, nondet_tol, None)
    return tuple([of_array(matrix) for matrix in matrices]), reentrant, sizes, types
