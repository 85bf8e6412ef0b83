"""The explanation of a text: the chain rule, from the rules that ran."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autodiff_cli.evaluation.leaves import leaves_of
from autodiff_cli.evaluation.notices import Notices
from autodiff_cli.evaluation.recorded import Recorded, parsed, recorded
from autodiff_cli.evaluation.seeds import seed_of
from autodiff_cli.explanation.graph import MANY, Graph, Named, Wish, check_gradient, explained
from autodiff_cli.explanation.links import sized
from autodiff_cli.explanation.programs import explained_run
from autodiff_cli.explanation.records import Explanation, Index
from autodiff_cli.inputs import Given, bind_all
from autodiff_cli.interpret.limits import started_with
from autodiff_cli.ir.node import INPUT, Node
from autodiff_cli.ops.create import full
from autodiff_cli.settings import Settings
from autodiff_cli.source import Source

MADE = "t"  # what operations without a name are called, before their number


def explain(
    expression: str | Source,
    inputs: Mapping[str, Given] | None = None,
    *,
    wrt: Sequence[str] | None = None,
    seed: Given | None = None,
    at: Mapping[str, Index] | None = None,
    jacobian: bool = False,
    steps: str = "",
    digits: int = 4,
    settings: Settings | None = None,
) -> Explanation:
    """Explain a gradient.

    Args:
        expression: in the language, such as "y = x+2; z = y*y*3; z.mean()".
        inputs: values as `evaluate` takes them.
        wrt: names of the inputs to differentiate by; all floating ones if None.
        seed: the cotangent of a result that is no number; ones if None.
        at: indices of elements whose chain rule is written out, by input, or by "" of all; the first ones.
        jacobian: whether to give Jacobians.
        steps: "names" for what the text names, "operations" for all; if "", names if there are any.
        digits: of numbers in formulas.
        settings: what the text is computed with.

    Raises:
        AutodiffError: the text can't be evaluated as one graph, or has no gradient.

    >>> made = explain("y = x+2; z = y*y*3; z.mean()", {"x": "ones(2,2)"})
    >>> [f"d{link.of}/d{link.by} = {link.formula.text}" for link in made.links]
    ['dout/dz = 1/4', 'dz/dy = 6*y', 'dy/dx = 1']
    >>> [factor.inserted.text for factor in made.chains[0].paths[0].factors], made.chains[0].total
    (['1/4', '6*3', '1'], 4.5)
    """
    source = expression if isinstance(expression, Source) else Source(expression)
    with started_with(settings or Settings()), np.errstate(all="ignore"):
        text = parsed(source)
        wish = Wish(at or {}, jacobian, digits)
        if text.code.has_effects:
            return explained_run(source, inputs or {}, wrt, seed, wish)
        bound = bind_all(inputs or {}, wrt)
        notices = Notices(source)
        notices.unused(text.unread(bound, source))
        run = recorded(source, text, bound, draws=True)
        leaves = leaves_of(bound, wrt)
        check_gradient(run.value, leaves)
        cotangent = (
            full(shape=run.value.shape, value=1, dtype=run.value.dtype)
            if seed is None
            else seed_of(seed, 0, run.value)
        )
        parts, kind = parts_of(run, bound, steps)
        others = {name: v for name, v in bound.items() if not isinstance(v, Node)}
        graph = Graph(
            run.value, parts, leaves, others, cotangent, seed is not None, run.source, kind
        )
        return explained(graph, wish, notices.texts, run.told)


def parts_of(run: Recorded, bound: Mapping[str, Any], steps: str) -> tuple[list[Named], str]:
    """The parts of a graph that get a row, the result last; and whether they are names or operations."""
    operations = sized(run.value)
    inside = {id(node) for node in operations}
    own = [Named(a.name, a.node, a.text.partition(" = ")[2]) for a in run.assigned]
    inputs = [Named(n, v, "") for n, v in bound.items() if isinstance(v, Node) and v.op is INPUT]
    named = {id(part.node): part for part in reversed(own) if id(part.node) in inside}
    constants = [part for part in own if not part.node.requires_grad]
    kind = steps or ("names" if named.keys() - {id(run.value)} else "operations")
    taken = {*bound, *(part.name for part in own)}
    found = {**named}
    numbers = (n for n in range(1, 10**9) if f"{MADE}{n}" not in taken)
    if kind == "operations":
        few = len(operations) <= MANY  # texts within texts of many would be long
        for node in operations:
            if id(node) not in found and node is not run.value:
                text = _source(run, node) if few else ""
                found[id(node)] = Named(f"{MADE}{next(numbers)}", node, text)
    if id(run.value) not in found and run.value.op is not INPUT:
        name = next(n for n in ("out", "result", "out_") if n not in taken)
        found[id(run.value)] = Named(name, run.value, run.body or _source(run, run.value))
    ordered = sorted(found.values(), key=lambda part: part.node.number)
    return [*inputs, *constants, *ordered], kind


def _source(run: Recorded, node: Node) -> str:
    return run.source.slice(node.span) if node.span is not None else ""
