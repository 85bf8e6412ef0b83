"""`torch.autograd.gradcheck`: derivatives of both modes against finite differences.

Source: torch/autograd/gradcheck.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autodiff_cli.errors import AssertionFault, RuntimeFault, ValueFault
from autodiff_cli.ir.context import changed
from autodiff_cli.ir.layout import strides_of
from autodiff_cli.ir.node import Array
from autodiff_cli.random.generator import Generator
from autodiff_cli.tensors.tensor import Tensor, of_array
from autodiff_cli.vocabulary.autograd import gradcheck_more as more
from autodiff_cli.vocabulary.autograd.differentiation import grad
from autodiff_cli.vocabulary.autograd.grad_mode import enable_grad
from autodiff_cli.vocabulary.autograd.gradients import made_leaf
from autodiff_cli.vocabulary.autograd.jacobians import (
    GradcheckFault,
    analytical,
    as_tuple,
    basis,
    forwards,
    is_floating,
    numerical,
    numerical_along,
    wanted,
)
from autodiff_cli.vocabulary.calls.calling import check_has
from autodiff_cli.vocabulary.calls.handles import named
from autodiff_cli.vocabulary.calls.messages import warn

SEED = 67280421310721  # of a generator that nobody has seeded
SLOWLY = """
The above quantities relating the numerical and analytical jacobians are computed \n\
in fast mode. See: https://github.com/pytorch/pytorch/issues/53876 for more background \n\
about fast mode. Below, we recompute numerical and analytical jacobians in slow mode:

Numerical:
 {numerical}
Analytical:
{analytical}

The max per-element difference (slow mode) is: {difference}.
"""
SLOWLY_RIGHT = """
Fast gradcheck failed but element-wise differences are small. This means that the
test might've passed in slow_mode!

If you are adding a new operator, please file an issue and then use one of the
workarounds. The workaround depends on how your test invokes gradcheck/gradgradcheck:

If the test
- manually invokes gradcheck/gradgradcheck, then call gradcheck/gradgradcheck
  with `fast_mode=False` as a keyword argument.
- is OpInfo-based (e.g., in test_ops_gradients.py), then modify the OpInfo for the test
  to have `gradcheck_fast_mode=False`
- is a Module test (e.g., in common_nn.py), then modify the corresponding
  module_test entry to have `gradcheck_fast_mode=False`
""".strip()


def differentiable(value: Any) -> list[Tensor]:
    """The outputs that require grad: each is asked, and what is no tensor refuses."""
    for entry in as_tuple(value):
        check_has(entry, "requires_grad")
    return [entry for entry in as_tuple(value) if entry.requires_grad]


class _Check:
    """One function, its inputs and outputs, and how close the derivatives have to be."""

    def __init__(
        self,
        func: Callable[..., Any],
        inputs: tuple[Any, ...],
        eps: float,
        atol: float,
        rtol: float,
        nondet_tol: float,
        check_grad_dtypes: bool,
    ) -> None:
        self.func, self.inputs = func, inputs
        self.eps, self.atol, self.rtol = eps, atol, rtol
        self.nondet_tol, self.check_grad_dtypes = nondet_tol, check_grad_dtypes
        self.given = as_tuple(func(*inputs))
        self.outputs = differentiable(self.given)

    def refuse_moving(self, moved: Sequence[Array], most: float = 0.0) -> None:
        """Refuse outputs that aren't part of the graph, and depend on the inputs."""
        if any(one.size and np.abs(one).max() > most for one in moved):
            raise GradcheckFault("Numerical gradient for function expected to be zero")

    def slow(self, forward: bool) -> None:
        """Compare whole Jacobians."""
        found = numerical(self.func, self.inputs, len(self.given), self.eps)
        if not self.outputs:
            self.refuse_moving([matrix for matrices in found for matrix in matrices])
            return
        if forward:
            moved = forwards(self.func, self.inputs, basis(self.inputs))
            floating = [at for at, one in enumerate(self.given) if is_floating(one)]
        for place, at in enumerate(at for at, o in enumerate(self.given) if o.requires_grad):
            if forward:
                place = floating.index(at)
                ours = [np.stack([row[place] for row in rows]) if rows else None for rows in moved]
            else:
                ours = list(self.reverse(self.given[at]))
            for number, (exact, matrices) in enumerate(zip(ours, found, strict=True)):
                if exact is not None and not self.close(exact, matrices[at], self.atol):
                    raise GradcheckFault(self.mismatch(exact, matrices[at], place, number, forward))

    def reverse(self, output: Tensor, seeds: Sequence[Array] | None = None) -> list[Array]:
        return analytical(self.inputs, output, self.nondet_tol, self.check_grad_dtypes, seeds)

    def close(self, exact: Array, slopes: Array, atol: float) -> bool:
        return bool(np.allclose(exact, slopes, rtol=self.rtol, atol=atol))

    def mismatch(self, exact: Any, slopes: Any, output: int, number: int, forward: bool) -> str:
        mode = "computed with forward mode " if forward else ""
        return (
            f"Jacobian {mode}mismatch for output {output} with respect to input {number},\n"
            f"numerical:{of_array(np.asarray(slopes))}\nanalytical:{of_array(np.asarray(exact))}\n"
        )

    def fast(self, forward: bool) -> None:
        """Compare products with random vectors on both sides; in forward mode, on one."""
        generator = Generator().manual_seed(SEED)
        tensors = [self.inputs[at] for at in wanted(self.inputs)]
        all_u = [_direction(generator, tensor) for tensor in tensors]
        all_v = None if forward else [_direction(generator, out) for out in self.outputs]
        slopes = [
            numerical_along(self.func, self.inputs, at, u, self.eps)
            for at, u in zip(wanted(self.inputs), all_u, strict=True)
        ]
        if forward:
            moved = forwards(self.func, self.inputs, [[u] for u in all_u])
            for number, (own, u) in enumerate(zip(slopes, all_u, strict=True)):
                for place, slope in enumerate(own):
                    exact = moved[number][0][place]
                    atol = self.atol * float(u.sum())
                    self.judge(exact, slope, atol, place, number, forward)
            return
        if not self.outputs:
            self.refuse_moving([one for own in slopes for one in own], self.nondet_tol)
        assert all_v is not None
        ours = [self.reverse(out, [v]) for out, v in zip(self.outputs, all_v, strict=True)]
        for number, (own, u) in enumerate(zip(slopes, all_u, strict=True)):
            for place, (v, slope) in enumerate(zip(all_v, own, strict=False)):
                exact = ours[place][number][:, 0] @ u
                atol = self.atol * float(u.sum()) * float(v.sum())
                self.judge(exact, (v * slope).sum(), atol, place, number, forward)

    def judge(
        self, exact: Any, slope: Any, atol: float, place: int, number: int, forward: bool
    ) -> None:
        """Compare what the fast mode found; what differs is told with whole Jacobians."""
        if self.close(exact, slope, atol):
            return
        floating = [out for out in self.given if is_floating(out)] if forward else self.outputs
        at = next(at for at, out in enumerate(self.given) if out is floating[place])
        slopes = numerical(self.func, self.inputs, len(self.given), self.eps)[number][at]
        if forward:
            moved = forwards(self.func, self.inputs, basis(self.inputs))[number]
            whole = np.stack([row[place] for row in moved])
        else:
            whole = analytical(self.inputs, floating[place], np.inf, False)[number]
        told = SLOWLY.format(
            numerical=repr(of_array(slopes)),
            analytical=repr(of_array(whole)),
            difference=np.abs(slopes - whole).max(),
        )
        if np.allclose(whole, slopes, rtol=self.rtol, atol=self.atol):
            told += SLOWLY_RIGHT
        raise GradcheckFault(self.mismatch(exact, slope, place, number, forward) + told)


def _direction(generator: Generator, tensor: Tensor) -> Array:
    """A random vector of length 1 with an element for each of a tensor."""
    drawn = generator.uniform((tensor.node.numel,), np.float32)
    found: Array = drawn.astype(tensor.dtype.numpy)
    found /= np.linalg.norm(found)
    return found


def _check_inputs(inputs: Sequence[Any]) -> None:
    for number in wanted(inputs):
        node = inputs[number].node
        if node.dtype.name != "float64":
            warn(
                f"Input #{number} requires gradient and is not a double precision floating point or "
                "complex. This check will likely fail if all the inputs are not of double precision "
                "floating point or complex. "
            )
        strides = zip(strides_of(node), node.shape, strict=True)
        if any(stride <= 0 and size > 1 for stride, size in strides):
            raise RuntimeFault(
                f"The {number}th input has a dimension with stride 0. gradcheck only supports inputs that "
                "are non-overlapping to be able to compute the numerical gradients correctly. You should "
                "call .contiguous on the input before passing it to gradcheck."
            )
    if not wanted(inputs):
        raise ValueFault(
            "gradcheck expects at least one input tensor to require gradient, but none of them have "
            "requires_grad=True."
        )


def _check_asked(*pairs: tuple[str, bool, str, bool]) -> None:
    """Refuse options without those that they need."""
    for name, on, needed, there in pairs:
        if on and not there:
            raise AssertionFault(f"Setting {name}=True requires {needed} to be True")


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
    if not (check_forward_ad or check_backward_ad):
        raise AssertionFault(
            "Expected at least one of check_forward_ad or check_backward_ad to be True"
        )
    _check_asked(
        ("check_batched_grad", check_batched_grad, "check_backward_ad", check_backward_ad),
        (
            "check_batched_forward_grad",
            check_batched_forward_grad,
            "check_forward_ad",
            check_forward_ad,
        ),
    )
    try:
        with enable_grad():
            tensors = as_tuple(inputs)
            _check_inputs(tensors)
            check = _Check(func, tensors, eps, atol, rtol, nondet_tol, check_grad_dtypes)
            run = check.fast if fast_mode else check.slow
            if check_backward_ad:
                run(False)
            if check_forward_ad:
                run(True)
                if check_undefined_grad:
                    more.check_no_tangents(func, tensors)
            if check_batched_forward_grad:
                more.check_batched_forward(func, tensors)
            if check_backward_ad:
                for place, output in enumerate(check.outputs if check_batched_grad else ()):
                    more.check_batched(tensors, output, place)
                more.check_multiplied(check.outputs, tensors)
                if check_undefined_grad:
                    more.check_undefined(differentiable, func, tensors)
    except GradcheckFault:
        if raise_exception:
            raise
        return False
    return True


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
    if not (check_fwd_over_rev or check_rev_over_rev):
        raise AssertionFault(
            "Expected at least one of check_fwd_over_rev or check_rev_over_rev to be True"
        )
    _check_asked(
        ("check_undefined_grad", check_undefined_grad, "check_rev_over_rev", check_rev_over_rev),
        ("check_batched_grad", check_batched_grad, "check_rev_over_rev", check_rev_over_rev),
    )
    tensors = as_tuple(inputs)
    rng = np.random.default_rng(0)
    if grad_outputs is None:
        seeds = tuple(
            of_array(rng.uniform(-1, 1, out.shape).astype(out.dtype.numpy), requires_grad=True)
            for out in differentiable(func(*tensors))
        )
    else:
        seeds = as_tuple(grad_outputs)
    for seed in seeds:
        check_has(seed, "requires_grad")
    given = (*tensors, *seeds)
    places = wanted(given)

    def slopes(*args: Any) -> Any:
        with changed(grad=True):  # also where a Function's own forward method calls it
            held = [made_leaf(one) if at in places else one for at, one in enumerate(args)]
            values, vectors = held[: len(tensors)], held[len(tensors) :]
            outputs = differentiable(func(*values))
            targets = [values[at] for at in wanted(tensors)]
            flows = grad(outputs, targets, vectors, create_graph=True, allow_unused=True)
        return tuple(g for g in flows if g is not None)

    return gradcheck(
        slopes,
        given,
        eps=eps,
        atol=atol,
        rtol=rtol,
        raise_exception=raise_exception,
        nondet_tol=nondet_tol,
        check_undefined_grad=check_undefined_grad,
        check_grad_dtypes=check_grad_dtypes,
        check_batched_grad=check_batched_grad,
        fast_mode=fast_mode,
        check_forward_ad=check_fwd_over_rev,
        check_backward_ad=check_rev_over_rev,
        masked=masked,
    )
