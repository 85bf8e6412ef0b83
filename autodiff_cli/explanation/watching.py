"""The backward passes of a program while it runs: where each is, and what its variables are called then."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from autodiff_cli.errors import AutodiffError, RuntimeFault
from autodiff_cli.evaluation.seeds import seed_of
from autodiff_cli.evaluation.traced import Traced, named_nodes
from autodiff_cli.explanation.graph import MANY, Named, check_gradient
from autodiff_cli.explanation.links import sized
from autodiff_cli.inputs import Given
from autodiff_cli.interpret.places import frames
from autodiff_cli.ir.context import changed
from autodiff_cli.ir.node import CONSTANT, INPUT, Node
from autodiff_cli.ir.walk import topological
from autodiff_cli.ops.create import full
from autodiff_cli.source import Source, Span
from autodiff_cli.tensors.saved import check_saved
from autodiff_cli.tensors.tensor import Tensor
from autodiff_cli.vocabulary.autograd.function import saved_by


class Pass(NamedTuple):
    """A backward pass that is about to run.

    Attributes:
        place: where it is called: "line 7" and the text there.
        number: how many began at that place, this one included.
        value: what is differentiated.
        cotangent: its cotangent.
        names: of nodes, by their ids.
        sources: of the nodes' places, by the places' ids.
    """

    place: str
    number: int
    value: Node
    cotangent: Node
    names: Mapping[int, str]
    sources: Mapping[int, tuple[Span, Source]]

    def text(self, node: Node) -> str:
        """The source of a node."""
        found = self.sources.get(id(node.span))
        return "" if found is None else found[1].slice(found[0])


class Watch:
    """Watches a program, and says of its backward passes what is asked.

    Args:
        wants: whether to ask about a pass, by its number of those that begin at its place.
        ask: gives what is to be said of a pass.
        say: called with the pass and that, or why there is nothing to say.

    Attributes:
        counts: how many began, by place.
        kept: names of what Functions of the program save, where they do.
    """

    def __init__(
        self,
        wants: Callable[[int], bool],
        ask: Callable[[Pass], Any],
        say: Callable[[Pass, Any], None],
    ) -> None:
        self.wants = wants
        self.ask = ask
        self.say = say
        self.counts: dict[str, int] = {}
        self.sources: dict[int, tuple[Span, Source]] = {}
        self.kept: WeakKeyDictionary[Node, str] = WeakKeyDictionary()

    @property
    def fields(self) -> dict[str, Any]:
        """Those of the program's context."""
        return {"saving": (self._made,), "passes": (self._passing,)}

    def _made(self, node: Node) -> None:
        """Note where in its text a program makes a node, or what it calls there what a Function saves."""
        for frame, running in frames():
            if node.requires_grad:
                node.span = running.span_at(frame.f_code, frame.f_lasti)
                self.sources[id(node.span)] = node.span, running.source
            else:
                own = {id(t.node): n for n, t in frame.f_locals.items() if isinstance(t, Tensor)}
                where = frame.f_code.co_qualname.split(".")[-2:-1]  # the Function
                self.kept[node] = ".".join([*where, own.get(id(node), "saved")])
            return

    def _passing(self, roots: Sequence[tuple[Node, Node]]) -> None:
        place = _place()
        self.counts[place] = number = self.counts.get(place, 0) + 1
        if not self.wants(number):
            return
        names = _names()
        taken = set(names.values())
        for node, name in self.kept.items():
            short = name.rpartition(".")[2]
            names.setdefault(id(node), name if short in taken else short)
        for value, cotangent in roots:
            self._tell(Pass(place, number, value, cotangent, names, self.sources))

    def _tell(self, found: Pass) -> None:
        try:
            with (
                changed(eager=False, grad=True, saving=(), passes=(), recording=None),
                np.errstate(all="ignore"),
            ):
                self.say(found, hindrance(found) or self.ask(found))
        except AutodiffError as error:  # the pass itself says the same
            self.say(found, error.message)


def _place() -> str:
    for frame, running in frames():
        span = running.span_at(frame.f_code, frame.f_lasti)
        line, _, _ = running.source.line(span.start)
        where = f" of {running.source.name}" if running.source.name else ""
        return f"{running.source.slice(span)}, line {line}{where}"
    return "backward()"


def _names() -> dict[int, str]:
    """The names of tensors and parameters in the variables that are in reach, the innermost first."""
    found: dict[int, str] = {}
    for frame, _ in frames():
        for variables in (frame.f_locals, frame.f_globals):
            for node, name in named_nodes(variables):
                found.setdefault(id(node), name)
    return found


def leaves_of(found: Pass) -> dict[str, Node]:
    """The leaves that a pass leads to, by name; those that have none are called p1, p2, …"""
    order = topological([found.value])
    taken = set(found.names.values())
    numbers = (n for n in range(1, 10**9) if f"p{n}" not in taken)
    return {
        found.names.get(id(node)) or f"p{next(numbers)}": node
        for node in order
        if node.op is INPUT and node.requires_grad
    }


def parts_of(found: Pass) -> tuple[list[Named], str]:
    """The parts of a pass's graph that get a row, as `explain.parts_of` gives them."""
    leaves = leaves_of(found)
    known = {id(node) for node in leaves.values()}
    own = [Named(name, node, "") for name, node in leaves.items()]
    order = topological([found.value])
    saved = [node for call in order if call.op.is_joint for node in saved_by(call)]
    constants = [
        Named(found.names[id(node)], node, "")
        for node in dict.fromkeys([*order, *saved])
        if node.op is CONSTANT and id(node) in found.names and id(node) not in known
    ]
    inner = sized(found.value)
    named = [node for node in inner if id(node) in found.names and node is not found.value]
    kind = "names" if named else "operations"
    if named:  # and the program's own operations
        named = [node for node in inner if node in named or node.op.is_foreign]
        named = [node for node in named if node is not found.value]
    taken = {part.name for part in (*own, *constants)} | set(found.names.values())
    numbers = (n for n in range(1, 10**9) if f"t{n}" not in taken)
    parts = []
    shown = named if named else [node for node in inner if node is not found.value]
    few = len(shown) <= MANY  # texts within texts of many would be long
    for node in shown:
        name = found.names.get(id(node)) or f"t{next(numbers)}"
        parts.append(Named(name, node, found.text(node) if few else ""))
    if found.value.op is not INPUT:
        free = next(n for n in ("out", "result", "out_") if n not in taken)
        result = found.names.get(id(found.value)) or free
        parts.append(Named(result, found.value, found.text(found.value)))
    return [*own, *constants, *parts], kind


def hindrance(found: Pass) -> str:
    """Why the rules alone don't say what a pass does; "" if they do.

    Raises:
        RuntimeFault: a value that a derivative needs was freed or written to, in the reference's words.
    """
    order = [node for node in topological([found.value]) if node.requires_grad]
    for node in reversed(order):
        if node.op is not INPUT:
            check_saved(node)
    tapes = [node.tape for node in order if node.tape is not None]
    if any(tape.hooks or tape.before or tape.function_hooks for tape in tapes):
        return "hooks change what flows"
    return ""


def run_of(
    source: Source,
    inputs: Mapping[str, Given],
    wrt: Sequence[str] | None,
    seed: Given | None,
    what: str,
) -> tuple[Pass, dict[str, Node]]:
    """A text with effects, run as it is written, as the pass from its value; and its leaves.

    What it prints goes to standard error.

    Args:
        source, inputs, wrt, seed: as for `evaluate`.
        what: what is to be done with its gradient: "explained" or "checked".

    Raises:
        AutodiffError: it can't be run, its result is not one tensor, or has no gradient that rules give.
    """
    run = Traced(source, inputs, wrt, sys.stderr.write)
    if len(run.results) != 1:
        raise RuntimeFault(
            "the result is not one tensor, and has no derivative",
            hint="let the text end in one tensor, such as loss",
        )
    (value,) = run.results
    cotangent = full(shape=value.shape, value=1, dtype=value.dtype)
    if seed is not None:
        cotangent = seed_of(seed, 0, value)
    places = {
        id(node.span): (node.span, source) for node in topological([value]) if node.span is not None
    }
    found = Pass("", 1, value, cotangent, run.names, places)
    leaves = run.leaves or leaves_of(found)
    check_gradient(value, leaves)
    try:
        why = hindrance(found)
    except RuntimeFault as error:
        error.hint = error.hint or "a program that calls backward() itself: autodiff run --explain"
        raise
    if why:
        raise RuntimeFault(f"the gradient can't be {what}: {why}")
    return found, leaves
