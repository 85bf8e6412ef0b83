"""The library's front door: text and inputs to a `Result`.

The pipeline is parse, bind, interpret (which builds the graph), differentiate, execute; one execution
computes the value, every gradient, every further derivative and every traced intermediate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from autodiff_cli.autograd.generator import checked_seed
from autodiff_cli.errors import InputError, LimitError, RuntimeFault
from autodiff_cli.evaluate.notices import Notices, check_result, is_shown
from autodiff_cli.evaluate.result import Gradients, Intermediate, Result, Tensor, computed_tensor
from autodiff_cli.execute import execute
from autodiff_cli.execute.whole import ExecutionError
from autodiff_cli.inputs import Given, bind_all
from autodiff_cli.interpret.code import Compiled, compiled_text
from autodiff_cli.interpret.graph import Step, graph_of, located
from autodiff_cli.interpret.limits import Limits
from autodiff_cli.ir import dtypes
from autodiff_cli.ir.context import Unknown, current, started
from autodiff_cli.ir.node import Array, Node
from autodiff_cli.ir.walk import nodes_in
from autodiff_cli.ops.create import full
from autodiff_cli.source import Source
from autodiff_cli.transform.reverse import reverse
from autodiff_cli.vocabulary.values import Size

if TYPE_CHECKING:
    from autodiff_cli.evaluate.derivatives import Asked, Name

__all__ = ["Gradients", "Intermediate", "Result", "Tensor", "evaluate"]


def evaluate(
    expression: str | Source,
    inputs: Mapping[str, Given] | None = None,
    *,
    wrt: Sequence[str] | None = None,
    seeds: Sequence[str | Array] = (),
    grad: bool = True,
    jacobian: bool = False,
    hessian: bool = False,
    jvp: Mapping[str, Given] | None = None,
    hvp: Mapping[str, Given] | None = None,
    trace: bool = False,
    dtype: str = "float32",
    manual_seed: int | None = None,
    max_elements: int | None = None,
    max_steps: int = 10**8,
    threads: int | None = None,
    max_memory: int | None = None,
    write: Callable[[str], object] | None = None,
) -> Result:
    """Evaluate an expression, or a program, and differentiate it.

    Args:
        expression: in the language, such as "mean(3*(x+2)**2)".
        inputs: values by name: expressions of the language as strings, numbers, lists, or arrays. A
            number, a list or a floating tensor is a leaf; integer and bool tensors are constants.
        wrt: names of the leaves to differentiate by; all of them if None.
        seeds: cotangents of the output's shape, as expressions or arrays; needed if the output is not a
            scalar. Each gives one entry of `Result.gradients`.
        grad: whether to compute gradients. Where a further derivative is asked for, an output that is no
            scalar and has no seed simply has none.
        jacobian: whether to compute that of the output by each leaf.
        hessian: whether to compute that of the output, which has to be a scalar.
        jvp: tangents of inputs, by name, for the output's; those of other inputs are zero.
        hvp: vectors of the inputs' shapes, by name, for the Hessian's product with them; likewise.
        trace: whether to keep every intermediate tensor.
        dtype: the default floating dtype.
        manual_seed: of the random generator.
        max_elements: the most elements one tensor may have.
        max_steps: the most statements of a program.
        threads: the most threads to compute with; as many as there are processors if None.
        max_memory: the most bytes of arrays at a time: what would need more is refused.
        write: called with what a program prints; standard output if None.

    Raises:
        AutodiffError: anything wrong with the text, the inputs or the evaluation.

    >>> result = evaluate("mean(3*(x+2)**2)", {"x": "ones(2,2)"})
    >>> result.value.array.item(), result.value.grad_fn
    (27.0, 'MeanBackward0')
    >>> result.gradients[0].by_input["x"].array.tolist()
    [[4.5, 4.5], [4.5, 4.5]]
    >>> evaluate("x**2", {"x": [1, 2]}, jacobian=True).jacobian["x"].array.tolist()
    [[2.0, 0.0], [0.0, 4.0]]
    """
    source = expression if isinstance(expression, Source) else Source(expression)
    default = dtypes.NAMES.get(dtype)
    if default is None or not default.is_floating:
        raise InputError(f"the default dtype is float16, float32 or float64, not {dtype!r}")
    asked = None
    if jacobian or hessian or jvp or hvp:
        from autodiff_cli.evaluate.derivatives import Asked

        asked = Asked(jacobian, hessian, jvp or {}, hvp or {})
    context = started(
        dtype=default,
        seed=None if manual_seed is None else checked_seed(manual_seed),
        limits=Limits(max_steps),
    )
    if max_elements is not None:
        context.max_elements = max_elements
    if threads is not None:
        context.threads = threads
    if max_memory is not None:
        context.max_memory = context.max_bytes = max_memory
    with context, np.errstate(all="ignore"):  # infinities and nan are answers here, not warnings
        began = perf_counter()
        text = compiled_text(source, traced=trace)
        read = perf_counter() - began
        if trace and not text.is_expression:
            raise InputError("--trace shows the steps of expressions, not of programs")
        bound = bind_all(inputs or {}, wrt)
        notices = Notices(source, grad or asked is not None)
        result = None
        if text.has_value and not text.code.has_effects:
            result = _as_graph(text, source, bound, wrt, seeds, grad, asked, trace, notices)
        if result is None:
            from autodiff_cli.evaluate.programs import evaluate_program

            result = evaluate_program(
                text, source, bound, wrt, seeds, grad, asked, notices, max_steps, write
            )
        result.timings["parse"] = read
        return result


def _as_graph(
    text: Compiled,
    source: Source,
    bound: Mapping[str, Any],
    wrt: Sequence[str] | None,
    seeds: Sequence[str | Array],
    grad: bool,
    asked: Asked | None,
    trace: bool,
    notices: Notices,
) -> Result | None:
    """What a text without effects gives; None if it has to be run as it is written.

    Raises:
        AutodiffError: an expression can't be evaluated, or the result not be differentiated.
    """
    began = perf_counter()
    leaves = leaves_of(bound, wrt) if grad or asked else {}
    context = current()
    streams = _kept(context.streams) if context.streams else {}
    steps: list[Step] = []
    try:
        with notices.taken():
            value = graph_of(text, source, bound, steps=steps if trace else None)
        if not is_shown(value, text.tree):
            return None
        check_result(value, source, bound)
        notices.unused(text.unread(bound, source))
        building = perf_counter() - began
        result = answered(source, value, steps, bound, leaves, wrt, seeds, grad, asked, notices)
    except Exception as error:
        if text.is_expression and not isinstance(error, Unknown):
            raise located(error, source, bound) from None
        if isinstance(error, LimitError):
            raise
        # run as it is written, which says what fails, and where
        context.streams = streams
        notices.texts.clear()
        return None
    result.timings["build"] += building
    return result


def _kept(streams: dict[str, Any]) -> dict[str, Any]:
    """Streams of random numbers as they are now."""
    from copy import deepcopy

    return deepcopy(streams)


def answered(
    source: Source,
    value: Any,
    steps: Sequence[Step],
    bound: Mapping[str, Any],
    leaves: Mapping[str, Node],
    wrt: Sequence[str] | None,
    seeds: Sequence[str | Array],
    grad: bool,
    asked: Asked | None,
    notices: Notices,
) -> Result:
    """The result of a text, and all that is asked of it, computed in one pass.

    Args:
        source: the text.
        value: what it gives: nodes without values, or what holds them.
        steps: the intermediate results to show.
        bound: the inputs.
        leaves: those to differentiate by.
        wrt, seeds, grad: as `evaluate` takes them.
        asked: the derivatives to give besides gradients.
        notices: takes what a person should know.

    Raises:
        AutodiffError: it can't be differentiated or computed.
    """
    began = perf_counter()
    wanted: dict[Name, Node] = {}
    if asked is not None:
        from autodiff_cli.evaluate.derivatives import nodes_of

        wanted = nodes_of(asked, value, leaves, bound)
    scalars_only = asked is None
    cotangents = cotangents_of(value, leaves, seeds, scalars_only=scalars_only) if grad else []
    if grad and not cotangents and not wanted and (wrt is None or wrt):
        notices.ungraded(value, leaves, bound)
    gradients = _reversed(value, cotangents, list(leaves.values()))
    built = perf_counter()

    outputs = nodes_in(value)
    traced = nodes_in([step.value for step in steps])
    flat = [node for row in gradients for node in row if node is not None]
    arrays = executed(
        [*outputs, *flat, *(cotangents if seeds else ()), *wanted.values(), *traced], source
    )
    finished = iter(arrays)
    tensors = {id(node): computed_tensor(node, next(finished)) for node in outputs}
    rows = [
        {
            name: None if node is None else Tensor(next(finished), node.dtype.name)
            for name, node in zip(leaves, row, strict=True)
        }
        for row in gradients
    ]
    shown_seeds = [Tensor(next(finished), c.dtype.name) for c in cotangents] if seeds else [None]
    derived = {name: Tensor(next(finished), node.dtype.name) for name, node in wanted.items()}
    shown = {id(node): computed_tensor(node, next(finished)) for node in traced}
    intermediate = tuple(
        Intermediate(source.slice(step.span), _computed(step.value, shown)) for step in steps
    )
    further: dict[str, Any] = {}
    if derived:
        from autodiff_cli.evaluate.derivatives import gathered

        further = gathered(derived)
    return Result(
        _computed(value, tensors),
        tuple(Gradients(seed, row) for seed, row in zip(shown_seeds, rows, strict=False)),
        intermediate,
        current().dtype.name,
        {"parse": 0.0, "build": built - began, "forward_backward": perf_counter() - built},
        notices=tuple(notices.texts),
        **further,
    )


def _reversed(
    value: Any, cotangents: list[Node], leaves: list[Node]
) -> Sequence[Sequence[Node | None]]:
    """The gradients for each cotangent."""
    if len(cotangents) < 2:
        return [reverse([value], [cotangent], leaves) for cotangent in cotangents]
    from autodiff_cli.evaluate.seeds import by_seeds

    return by_seeds(value, cotangents, leaves)


def executed(nodes: list[Node], source: Source) -> list[Array]:
    """The arrays of nodes; what fails has its place in the source.

    Raises:
        AutodiffError: an operation met a value outside its domain; memory ran out.
    """
    try:
        return execute(nodes)
    except ExecutionError as error:
        if error.node.span is not None:
            error.error.at(error.node.span, source)
        raise error.error from None
    except MemoryError:
        from autodiff_cli.interpret.limits import out_of_memory

        raise out_of_memory() from None


# ---- inputs -------------------------------------------------------------------------------------


def leaves_of(bound: Mapping[str, Any], wrt: Sequence[str] | None) -> dict[str, Node]:
    """The inputs to differentiate by."""
    for name in wrt or ():
        check_differentiable("--wrt", name, bound)
    names = bound if wrt is None else wrt
    return {
        name: bound[name]
        for name in names
        if isinstance(bound[name], Node) and bound[name].requires_grad
    }


def check_differentiable(option: str, name: str, bound: Mapping[str, Any]) -> None:
    """Refuse a name behind an option that is not that of a floating point input.

    Raises:
        InputError: there is no such input.
        RuntimeFault: it is no tensor, or one of integers.
    """
    if name not in bound:
        known = ", ".join(bound) or "none"
        raise InputError(f"{option} names '{name}', which is not an input; the inputs are {known}")
    value = bound[name]
    if not (isinstance(value, Node) and value.dtype.is_floating):
        kind = value.dtype.name if isinstance(value, Node) else "no tensor"
        raise RuntimeFault(
            "only Tensors of floating point and complex dtype can require gradients",
            hint=f"'{name}' is {kind}; leave it out of {option}, or give floating point numbers",
        )


# ---- seeds --------------------------------------------------------------------------------------


def cotangents_of(
    value: Any,
    leaves: Mapping[str, Node],
    seeds: Sequence[str | Array],
    *,
    scalars_only: bool = True,
) -> list[Node]:
    """One cotangent a seed, or ones for a scalar; none where there is nothing to differentiate.

    Args:
        value: the result.
        leaves: the inputs to differentiate by.
        seeds: as given.
        scalars_only: whether a result without seeds that is no scalar is an error, or has no gradients.
    """
    if not isinstance(value, Node):
        if seeds or (leaves and any(node.requires_grad for node in nodes_in(value))):
            raise RuntimeFault(
                "grad can be implicitly created only for scalar outputs",
                hint="the result is not one tensor: pick one of its parts, such as (…)[0], or use "
                "--no-grad",
            )
        return []
    if not leaves and not seeds:
        return []
    if not value.requires_grad:
        raise RuntimeFault(
            "element 0 of tensors does not require grad and does not have a grad_fn",
            hint="the result does not depend on a floating point input: use --no-grad",
        )
    if not seeds:
        if value.numel != 1:
            if not scalars_only:
                return []
            raise RuntimeFault(
                "grad can be implicitly created only for scalar outputs",
                hint=f"the result has shape {list(value.shape)}: give a cotangent of that shape with "
                f"--seed 'ones({', '.join(map(str, value.shape))})', reduce it with sum() or mean(), "
                "or use --no-grad",
            )
        return [full(shape=value.shape, value=1, dtype=value.dtype)]
    from autodiff_cli.evaluate.seeds import seed_of

    return [seed_of(seed, number, value) for number, seed in enumerate(seeds)]


# ---- results ------------------------------------------------------------------------------------


def _computed(value: Any, tensors: Mapping[int, Tensor]) -> Any:
    """The value with every node replaced by its tensor."""
    if isinstance(value, Node):
        return tensors[id(value)]
    if isinstance(value, (list, tuple)) and not isinstance(value, Size):
        entries = [_computed(entry, tensors) for entry in value]
        if isinstance(value, list):
            return entries
        return type(value)(*entries) if hasattr(value, "fields") else tuple(entries)
    return value
