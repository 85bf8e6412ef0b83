"""The library's front door: text and inputs to a `Result`.

The pipeline is parse, bind, interpret (which builds the graph), differentiate, execute; one execution
computes the value, every gradient, every further derivative and every traced intermediate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from time import perf_counter
from typing import Any

import numpy as np

from autodiff_cli.errors import InputError, LimitError
from autodiff_cli.evaluation.answer import answered
from autodiff_cli.evaluation.notices import Notices, check_result, is_shown
from autodiff_cli.evaluation.request import Asked, Request
from autodiff_cli.evaluation.result import Result
from autodiff_cli.evaluation.values import Gradients, Intermediate, Tensor
from autodiff_cli.inputs import Given, bind_all, together
from autodiff_cli.interpret.code import compiled_text
from autodiff_cli.interpret.graph import Step, graph_of, located
from autodiff_cli.interpret.limits import started_with
from autodiff_cli.ir.context import Unknown, current
from autodiff_cli.settings import Settings
from autodiff_cli.source import Source

__all__ = ["Asked", "Gradients", "Intermediate", "Result", "Tensor", "evaluate", "evaluated"]


def evaluate(
    expression: str | Source,
    inputs: Mapping[str, Given] | None = None,
    *,
    wrt: Sequence[str] | None = None,
    seeds: Sequence[Given] = (),
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
    **named: Given,
) -> Result:
    """Evaluate an expression, or a program, and differentiate it.

    Args:
        expression: in the language, such as "mean(3*(x+2)**2)".
        inputs: values by name: expressions of the language as strings, numbers, lists, or arrays and what
            numpy can make one of. A number, a list or a floating tensor is a leaf; integer and bool tensors
            are constants.
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
        named: further inputs; those that are called as an argument is stand in `inputs`.

    Raises:
        AutodiffError: anything wrong with the text, the inputs or the evaluation.
        TypeError: an input is given twice.

    >>> result = evaluate("mean(3*(x+2)**2)", x="ones(2,2)")
    >>> float(result), result.value.grad_fn
    (27.0, 'MeanBackward0')
    >>> result.grad["x"].tolist()
    [[4.5, 4.5], [4.5, 4.5]]
    >>> evaluate("x**2", x=[1, 2], jacobian=True).jacobian["x"].array.tolist()
    [[2.0, 0.0], [0.0, 4.0]]
    """
    source = expression if isinstance(expression, Source) else Source(expression)
    asked = Asked(wrt, seeds, grad, jacobian, hessian, jvp or {}, hvp or {}, trace)
    settings = Settings(dtype, manual_seed, max_elements, max_steps, max_memory, threads)
    return evaluated(source, together(inputs, named), asked, settings, write)


def evaluated(
    source: Source,
    inputs: Mapping[str, Given],
    asked: Asked,
    settings: Settings,
    write: Callable[[str], object] | None = None,
    complain: Callable[[str], object] | None = None,
) -> Result:
    """What `evaluate` gives, with what it is asked in records; `complain` takes warnings."""
    room = settings.max_memory
    memory = {} if room is None else {"max_memory": room, "max_bytes": room}
    # infinities and nan are answers here, not warnings
    with started_with(settings, complain=complain, **memory), np.errstate(all="ignore"):
        began = perf_counter()
        text = compiled_text(source, traced=asked.trace)
        read = perf_counter() - began
        if asked.trace and not text.is_expression:
            raise InputError("--trace shows the steps of expressions, not of programs")
        bound = bind_all(inputs, asked.wrt)
        notices = Notices(source, asked.grad or bool(asked.further))
        request = Request(text, source, bound, asked, notices, write)
        result = None
        if text.has_value and not text.code.has_effects and not asked.also:
            result = _as_graph(request)
        if result is None:
            from autodiff_cli.evaluation.programs import evaluate_program

            result = evaluate_program(request)
        result.timings["parse"] = read
        return result


def _as_graph(request: Request) -> Result | None:
    """What a text without effects gives; None if it has to be run as it is written, which says what fails.

    Raises:
        AutodiffError: an expression can't be evaluated, or the result not be differentiated.
    """
    began = perf_counter()
    text, source, bound, notices = request.text, request.source, request.bound, request.notices
    leaves = request.leaves(bound)
    context = current()
    streams = _kept(context.streams) if context.streams else {}
    steps: list[Step] = []
    try:
        with notices.taken():
            value = graph_of(text, source, bound, steps=steps if request.asked.trace else None)
        if is_shown(value, text.tree):
            check_result(value, source, bound)
            notices.unused(text.unread(bound, source))
            building = perf_counter() - began
            result = answered(request, value, leaves, steps)
            result.timings["build"] += building
            return result
    except Unknown:
        pass
    except LimitError:
        raise
    except Exception as error:
        if text.is_expression:
            raise located(error, source, bound) from None
    context.streams = streams
    notices.texts.clear()
    return None


def _kept(streams: dict[str, Any]) -> dict[str, Any]:
    """Streams of random numbers as they are now."""
    from copy import deepcopy

    return deepcopy(streams)
