"""`torch.autograd.gradcheck`: analytical gradients against finite differences.

Source: torch/autograd/gradcheck.py (the slow mode).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff_cli.errors import Fault, ValueFault
from autodiff_cli.ir.node import Array
from autodiff_cli.tensors.derivatives import jacobian
from autodiff_cli.tensors.tensor import Tensor, detached, of_array
from autodiff_cli.vocabulary.autograd.differentiation import grad
from autodiff_cli.vocabulary.autograd.grad_mode import enable_grad, no_grad
from autodiff_cli.vocabulary.calls.calling import check_has
from autodiff_cli.vocabulary.calls.handles import named
from autodiff_cli.vocabulary.calls.messages import warn


class GradcheckFault(Fault, RuntimeError):
    """The two gradients differ."""

    kind = "GradcheckError"
    module = "torch.autograd.gradcheck"


def _outputs(value: Any) -> list[Tensor]:
    entries = value if isinstance(value, (tuple, list)) else (value,)
    return [entry for entry in entries if isinstance(entry, Tensor) and entry.dtype.is_floating]


def _differentiable(value: Any) -> list[Tensor]:
    """The outputs that require grad: each is asked, and what is no tensor refuses."""
    entries = value if isinstance(value, (tuple, list)) else (value,)
    for entry in entries:
        check_has(entry, "requires_grad")
    return [entry for entry in entries if entry.requires_grad]


def _numerical(
    func: Callable[..., Any], inputs: tuple[Any, ...], number: int, count: int, eps: float
) -> list[Array]:
    """For each output, the matrix (elements of the input, elements of the output)."""
    elements = inputs[number].array.reshape(-1)
    columns: list[list[Array]] = [[] for _ in range(count)]
    with no_grad():
        for place in range(elements.size):
            before = elements[place].copy()
            sides = []
            for step in (-eps, eps):
                elements[place] = before + elements.dtype.type(step)
                sides.append([np.array(out.array).reshape(-1) for out in _outputs(func(*inputs))])
            elements[place] = before
            for column, low, high in zip(columns, *sides, strict=True):
                column.append((high - low) / elements.dtype.type(2 * eps))
    return [np.stack(column) if column else np.zeros((0, 0)) for column in columns]


def _analytical(output: Tensor, tensor: Tensor) -> Array:
    """The matrix (elements of the input, elements of the output)."""
    found = detached(Tensor(jacobian(output.node, [tensor.node])[0])).array
    return found.reshape(output.node.numel, tensor.node.numel).T


@named("autograd.gradcheck", "autograd.gradcheck.gradcheck")
def gradcheck(
    func: Callable[..., Any],
    inputs: Any,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    try:
        with enable_grad():
            _check(func, inputs, eps, atol, rtol)
    except GradcheckFault:
        if raise_exception:
            raise
        return False
    return True


def _check(func: Callable[..., Any], inputs: Any, eps: float, atol: float, rtol: float) -> None:
    given = inputs if isinstance(inputs, (tuple, list)) else (inputs,)
    tensors = tuple(given)
    wanted = [n for n, t in enumerate(tensors) if isinstance(t, Tensor) and t.requires_grad]
    for number in wanted:
        if tensors[number].dtype.name != "float64":
            warn(
                f"Input #{number} requires gradient and is not a double precision floating point or "
                "complex. This check will likely fail if all the inputs are not of double precision "
                "floating point or complex. "
            )
    if not wanted:
        raise ValueFault(
            "gradcheck expects at least one input tensor to require gradient, but none of them have "
            "requires_grad=True."
        )
    outputs = _outputs(func(*tensors))
    for number in wanted:
        numerical = _numerical(func, tensors, number, len(outputs), eps)
        for place, (output, slopes) in enumerate(zip(outputs, numerical, strict=True)):
            if not output.requires_grad:
                continue
            exact = _analytical(output, tensors[number])
            if not np.allclose(exact, slopes, rtol=rtol, atol=atol):
                raise GradcheckFault(
                    f"Jacobian mismatch for output {place} with respect to input {number},\n"
                    f"numerical:{of_array(slopes)!r}\nanalytical:{of_array(exact)!r}\n"
                )


@named("autograd.gradgradcheck", "autograd.gradcheck.gradgradcheck")
def gradgradcheck(
    func: Callable[..., Any],
    inputs: Any,
    grad_outputs: Any = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool = False,
    masked: bool = False,
) -> bool:
    tensors = tuple(inputs) if isinstance(inputs, (tuple, list)) else (inputs,)
    rng = np.random.default_rng(0)
    if grad_outputs is None:
        seeds = tuple(
            of_array(rng.standard_normal(out.shape).astype(out.dtype.numpy), requires_grad=True)
            for out in _differentiable(func(*tensors))
        )
    else:
        seeds = tuple(grad_outputs) if isinstance(grad_outputs, (tuple, list)) else (grad_outputs,)

    for seed in seeds:
        check_has(seed, "requires_grad")

    def slopes(*args: Any) -> Any:
        values, vectors = args[: len(tensors)], args[len(tensors) :]
        wanted = tuple(v for v in values if isinstance(v, Tensor) and v.requires_grad)
        with enable_grad():  # finite differences are taken without
            outputs = _differentiable(func(*values))
            flows = grad(outputs, wanted, vectors, create_graph=True, allow_unused=True)
        return tuple(g for g in flows if g is not None)

    return gradcheck(
        slopes, (*tensors, *seeds), eps=eps, atol=atol, rtol=rtol, raise_exception=raise_exception
    )
