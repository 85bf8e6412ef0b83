"""The library's front door: text and inputs to a `Result`.

The pipeline is parse, bind, interpret (which builds the graph), differentiate, execute; one execution
computes the value, every gradient and every traced intermediate.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from autodiff_cli.autograd.generator import default_generator
from autodiff_cli.errors import (
    AttributeFault,
    AutodiffError,
    InputError,
    LimitError,
    NameFault,
    RuntimeFault,
    SourceSyntaxError,
    ValueFault,
)
from autodiff_cli.execute import execute, force
from autodiff_cli.execute.whole import ExecutionError
from autodiff_cli.inputs import Given, bind
from autodiff_cli.interpret.machine import Machine
from autodiff_cli.ir import dtypes
from autodiff_cli.ir.node import Array, Node, Shape, constant, state
from autodiff_cli.ops.create import full
from autodiff_cli.source import Source
from autodiff_cli.syntax import parse_expression
from autodiff_cli.syntax.tree import Script
from autodiff_cli.transform.reverse import reverse
from autodiff_cli.vocabulary import parameters
from autodiff_cli.vocabulary.creation import tensor_from
from autodiff_cli.vocabulary.values import Size

if TYPE_CHECKING:
    from autodiff_cli.program import Settings


class Tensor(NamedTuple):
    """A computed tensor.

    Attributes:
        array: its elements.
        dtype: torch's name of its dtype, such as "float32".
        grad_fn: the backward function's name, or None.
        requires_grad: whether a gradient flows to it.
    """

    array: Array
    dtype: str
    grad_fn: str | None = None
    requires_grad: bool = False

    @property
    def shape(self) -> Shape:
        return self.array.shape


class Intermediate(NamedTuple):
    """One traced step: the source it was written as, and what it gave, as in `Result.value`."""

    text: str
    value: Any


class Gradients(NamedTuple):
    """The gradients for one seed: by input, None where no gradient flows."""

    seed: Tensor | None
    by_input: dict[str, Tensor | None]


class Result(NamedTuple):
    """What an expression gave.

    Attributes:
        value: a `Tensor`, a Python value, or a tuple or list of them; `NO_VALUE` of a program that doesn't
            end with an expression.
        gradients: one entry a seed; empty if none were asked for.
        trace: the intermediates, in order of evaluation, if asked for.
        default_dtype: the floating dtype that is printed without its name.
        timings: seconds for "parse", "build" and "forward_backward".
    """

    value: Any
    gradients: tuple[Gradients, ...]
    trace: tuple[Intermediate, ...]
    default_dtype: str
    timings: dict[str, float]


def evaluate(
    expression: str | Source,
    inputs: Mapping[str, Given] | None = None,
    *,
    wrt: Sequence[str] | None = None,
    seeds: Sequence[str | Array] = (),
    grad: bool = True,
    trace: bool = False,
    dtype: str = "float32",
    manual_seed: int | None = None,
    max_elements: int | None = None,
    max_steps: int = 10**8,
) -> Result:
    """Evaluate an expression, or a program, and differentiate it.

    Args:
        expression: in the language, such as "mean(3*(x+2)**2)".
        inputs: values by name: expressions of the language as strings, numbers, lists, or arrays. A
            number, a list or a floating tensor is a leaf; integer and bool tensors are constants.
        wrt: names of the leaves to differentiate by; all of them if None.
        seeds: cotangents of the output's shape, as expressions or arrays; needed if the output is not a
            scalar. Each gives one entry of `Result.gradients`.
        grad: whether to compute gradients.
        trace: whether to keep every intermediate tensor.
        dtype: the default floating dtype.
        manual_seed: of the random generator.
        max_elements: the most elements one tensor may have.
        max_steps: the most statements of a program.

    Raises:
        AutodiffError: anything wrong with the text, the inputs or the evaluation.

    >>> result = evaluate("mean(3*(x+2)**2)", {"x": "ones(2,2)"})
    >>> result.value.array.item(), result.value.grad_fn
    (27.0, 'MeanBackward0')
    >>> result.gradients[0].by_input["x"].array.tolist()
    [[4.5, 4.5], [4.5, 4.5]]
    """
    source = expression if isinstance(expression, Source) else Source(expression)
    before = dtypes.default(), state.max_elements
    dtypes.set_default(dtypes.NAMES[dtype])
    if max_elements is not None:
        state.max_elements = max_elements
    parameters.hooks.item = _item
    try:
        with np.errstate(all="ignore"):  # infinities and nan are answers here, not warnings
            try:
                return _evaluate(source, inputs or {}, wrt, seeds, grad, trace, manual_seed)
            except AttributeFault as fault:
                several = any(mark in source.text.strip() for mark in "\n;")
                if trace or not several or not _of_programs(fault):
                    raise
                raise _IsProgram(source) from None
    except _IsProgram as program:
        from autodiff_cli.program import Settings

        if trace:
            raise InputError("--trace shows the steps of expressions, not of programs") from None
        return _evaluate_program(
            program.source,
            inputs or {},
            wrt,
            seeds,
            grad,
            Settings(
                dtype=dtype,
                manual_seed=manual_seed,
                max_elements=state.max_elements,
                max_steps=max_steps,
                implicit=True,
                bare=True,
            ),
        )
    finally:
        dtypes.set_default(before[0])
        state.max_elements = before[1]


def _item(node: Node) -> Any:
    from autodiff_cli.execute import item

    return item(node)


def _evaluate(
    source: Source,
    inputs: Mapping[str, Given],
    wrt: Sequence[str] | None,
    seeds: Sequence[str | Array],
    grad: bool,
    trace: bool,
    manual_seed: int | None,
) -> Result:
    started = perf_counter()
    script = _parsed(source)
    parsed = perf_counter()
    if manual_seed is not None:
        default_generator().manual_seed(manual_seed)
    scope: dict[str, Any] = {}
    for name, given in inputs.items():
        try:
            scope[name] = bind(name, given, wrt is None or name in wrt)
        except NameFault as fault:
            if any(f"'{other}'" in fault.message for other in inputs):
                fault.hint = "a value can't use other inputs: put that into the expression"
            raise
    bound = dict(scope)
    leaves = _leaves(bound, wrt) if grad else {}
    machine = Machine(source, scope, trace=trace)
    value = machine.run_script(script)
    _check_used(bound, machine.used, source)
    cotangents = _cotangents(value, leaves, seeds) if grad else []
    gradients = [reverse([value], [cotangent], list(leaves.values())) for cotangent in cotangents]
    built = perf_counter()

    outputs = _nodes(value)
    traced = _nodes([step.value for step in machine.steps])
    flat = [node for row in gradients for node in row if node is not None]
    arrays = _execute(
        [*outputs, *flat, *(cotangents if seeds else ()), *traced],
        source,
    )
    finished = iter(arrays)
    tensors = {id(node): _tensor(node, next(finished)) for node in outputs}
    rows = [
        {
            name: None if node is None else Tensor(next(finished), node.dtype.name)
            for name, node in zip(leaves, row, strict=True)
        }
        for row in gradients
    ]
    shown_seeds = [Tensor(next(finished), c.dtype.name) for c in cotangents] if seeds else [None]
    shown = {id(node): _tensor(node, next(finished)) for node in traced}
    steps = tuple(
        Intermediate(source.slice(step.span), _computed(step.value, shown))
        for step in machine.steps
    )
    return Result(
        _computed(value, tensors),
        tuple(Gradients(seed, row) for seed, row in zip(shown_seeds, rows, strict=False)),
        steps,
        dtypes.default().name,
        {
            "parse": parsed - started,
            "build": built - parsed,
            "forward_backward": perf_counter() - built,
        },
    )


def _execute(nodes: list[Node], source: Source) -> list[Array]:
    try:
        return execute(nodes)
    except ExecutionError as error:
        if error.node.span is not None:
            error.error.at(error.node.span, source)
        raise error.error from None
    except MemoryError as error:
        raise RuntimeFault(f"out of memory: {error}") from None


STATEMENT = re.compile(
    r"^\s*(?:(?:import|from|for|while|if|def|class|with|try|del|raise|assert|return)\b.*|@|\s+\S.*:\s*$)",
    re.MULTILINE,
)


class _IsProgram(Exception):
    """The text is a program, not an expression."""

    def __init__(self, source: Source) -> None:
        super().__init__(source)
        self.source = source


def _of_programs(fault: AttributeFault) -> bool:
    """Whether an attribute that expressions don't have is one of programs' tensors, such as `backward`."""
    from autodiff_cli.vocabulary import gradients, writing
    from autodiff_cli.vocabulary.handles import TENSOR_ATTRIBUTES, TENSOR_METHODS

    assert gradients.TENSOR_METHODS is TENSOR_METHODS  # importing it fills the tables
    name = fault.message.rpartition(" '")[2].rstrip("'")
    return (
        name in TENSOR_METHODS
        or name in TENSOR_ATTRIBUTES
        or writing.in_place_method(name) is not None
    )


def _parsed(source: Source) -> Script:
    """The tree of an expression.

    Raises:
        _IsProgram: the text is one of statements.
        SourceSyntaxError: it is neither; in the words for programs if it looks like one.
    """
    try:
        return parse_expression(source)
    except SourceSyntaxError as error:
        if "is not an operator here" in error.message:  # '^' is one in programs, of another meaning
            raise
        from autodiff_cli.syntax import parse_program

        try:
            parse_program(source)
        except SourceSyntaxError as other:
            looks_so = STATEMENT.search(source.text)
            raise (other if looks_so else error) from None
    raise _IsProgram(source)


def _evaluate_program(
    source: Source,
    inputs: Mapping[str, Given],
    wrt: Sequence[str] | None,
    seeds: Sequence[str | Array],
    grad: bool,
    settings: Settings,
) -> Result:
    """A program's last expression, and its gradients; those of its own backward passes if it made some."""
    import sys

    from autodiff_cli.autograd import tensor as handles
    from autodiff_cli.autograd.engine import differentiate
    from autodiff_cli.program import Session, bound

    started = perf_counter()
    variables = bound(inputs, dtype=settings.dtype, max_elements=settings.max_elements, wrt=wrt)
    nodes = {
        name: value.node if isinstance(value, handles.Tensor) else value
        for name, value in variables.items()
    }
    leaves = _leaves(nodes, wrt) if grad else {}
    with Session(
        settings, write=sys.stdout.write, complain=sys.stderr.write, variables=variables
    ) as session:
        value = session.run(source)
        built = perf_counter()
        shown = _handles_computed(value)
        made = {
            name: tensor.grad
            for name in leaves
            if isinstance(tensor := variables[name], handles.Tensor)
        }
        rows: list[Gradients] = []
        if any(gradient is not None for gradient in made.values()):
            rows = [Gradients(None, {name: _gradient(g) for name, g in made.items()})]
        elif isinstance(value, handles.Tensor) and (value.requires_grad or seeds) and grad:
            targets = list(leaves.values())
            cotangents = _cotangents(value.node, leaves, seeds)
            for cotangent in cotangents:
                force(cotangent)
                flows = differentiate(
                    [(value.node, cotangent)],
                    retain_graph=True,
                    create_graph=False,
                    targets=targets,
                )
                seed = Tensor(force(cotangent), cotangent.dtype.name) if seeds else None
                rows.append(
                    Gradients(
                        seed,
                        {
                            name: None if flow is None else _tensor_of(flow)
                            for name, flow in zip(leaves, flows, strict=True)
                        },
                    )
                )
    return Result(
        shown,
        tuple(rows),
        (),
        settings.dtype,
        {"parse": 0.0, "build": built - started, "forward_backward": perf_counter() - built},
    )


def _tensor_of(node: Node) -> Tensor:
    return _tensor(node, force(node))


def _gradient(grad: Any) -> Tensor | None:
    return None if grad is None else _tensor_of(grad.node)


def _handles_computed(value: Any) -> Any:
    """The value of a program with every tensor replaced by its elements."""
    if isinstance(getattr(value, "node", None), Node):
        return _tensor_of(value.node)
    if isinstance(value, (list, tuple)) and not isinstance(value, Size):
        entries = [_handles_computed(entry) for entry in value]
        if isinstance(value, list):
            return entries
        return type(value)(*entries) if hasattr(value, "fields") else tuple(entries)
    return value


# ---- inputs -------------------------------------------------------------------------------------


def _check_used(bound: Mapping[str, Any], used: set[str], source: Source) -> None:
    idle = [name for name in bound if name not in used]
    if idle:
        names = ", ".join(f"'{name}'" for name in idle)
        plural = "s" if len(idle) > 1 else ""
        raise InputError(
            f"input{plural} {names} bound and not used in the expression",
            hint=f"remove {' '.join(f'{name}=…' for name in idle)}, or use the name",
        )


def _leaves(bound: Mapping[str, Any], wrt: Sequence[str] | None) -> dict[str, Node]:
    """The inputs to differentiate by."""
    for name in wrt or ():
        if name not in bound:
            known = ", ".join(bound) or "none"
            raise InputError(f"--wrt names '{name}', which is not an input; the inputs are {known}")
        value = bound[name]
        if not (isinstance(value, Node) and value.requires_grad):
            kind = value.dtype.name if isinstance(value, Node) else "no tensor"
            raise RuntimeFault(
                "only Tensors of floating point and complex dtype can require gradients",
                hint=f"'{name}' is {kind}; leave it out of --wrt, or give floating point numbers",
            )
    names = bound if wrt is None else wrt
    return {
        name: bound[name]
        for name in names
        if isinstance(bound[name], Node) and bound[name].requires_grad
    }


# ---- seeds --------------------------------------------------------------------------------------


def _cotangents(value: Any, leaves: Mapping[str, Node], seeds: Sequence[str | Array]) -> list[Node]:
    """One cotangent a seed, or ones for a scalar; none where there is nothing to differentiate."""
    if not isinstance(value, Node):
        if seeds or (leaves and any(node.requires_grad for node in _nodes(value))):
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
            raise RuntimeFault(
                "grad can be implicitly created only for scalar outputs",
                hint=f"the result has shape {list(value.shape)}: give a cotangent of that shape with "
                f"--seed 'ones({', '.join(map(str, value.shape))})', reduce it with sum() or mean(), "
                "or use --no-grad",
            )
        return [full(shape=value.shape, value=1, dtype=value.dtype)]
    return [_seed(seed, number, value) for number, seed in enumerate(seeds)]


def _seed(seed: str | Array, number: int, value: Node) -> Node:
    if isinstance(seed, str):
        source = Source(seed, f"seed {number}")
        given = Machine(source, {}).run_script(parse_expression(source))
    else:
        given = constant(seed)
    try:
        node = tensor_from(given, None)
    except AutodiffError as error:
        raise ValueFault(f"seed {number}: {error.message}") from None
    if node.shape != value.shape:
        raise RuntimeFault(
            f"Mismatch in shape: grad_output[0] has a shape of {Size(node.shape)!r} and output[0] has "
            f"a shape of {Size(value.shape)!r}.",
            hint=f"seed {number} needs the shape of the result: {list(value.shape)}",
        )
    return constant(np.asarray(node.value), value.dtype)


# ---- results ------------------------------------------------------------------------------------


MAX_ENTRIES = 1_000_000  # of a result that is a list: short programs can name far longer ones


def _nodes(value: Any) -> list[Node]:
    """The tensors in a value, which may be nested lists and tuples."""
    found: list[Node] = []
    entries = 0
    pending = [value]
    while pending:
        entry = pending.pop()
        if isinstance(entry, Node):
            found.append(entry)
        elif isinstance(entry, (list, tuple)):
            entries += len(entry)
            if entries > MAX_ENTRIES:
                raise LimitError(
                    f"a result of more than {MAX_ENTRIES:,} Python values",
                    hint="make it a tensor: tensor([...])",
                )
            pending.extend(reversed(entry))
    return found


def _tensor(node: Node, array: Array) -> Tensor:
    return Tensor(array, node.dtype.name, node.grad_fn, node.requires_grad)


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
