"""A text that was run for its graph: its nodes, their names, and the gradients by each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any

from autodiff_cli.errors import LimitError, RuntimeFault
from autodiff_cli.evaluation.leaves import leaves_of
from autodiff_cli.evaluation.notices import Notices, check_result
from autodiff_cli.evaluation.seeds import seed_of
from autodiff_cli.inputs import Given, bind_all
from autodiff_cli.interpret.code import Compiled, compiled_text
from autodiff_cli.interpret.graph import graph_of, located
from autodiff_cli.interpret.places import here
from autodiff_cli.ir.context import Unknown, changed, current
from autodiff_cli.ir.node import Node
from autodiff_cli.ir.walk import nodes_in, topological
from autodiff_cli.ops.create import full
from autodiff_cli.program import ProgramError, inner, variables_of
from autodiff_cli.source import Source, Span
from autodiff_cli.syntax.tree import Assign, Name, trees_in
from autodiff_cli.tensors.tensor import Tensor
from autodiff_cli.transform.reverse import reverse
from autodiff_cli.vocabulary.calls.handles import unwrap


class Traced:
    """A text that was run.

    Args:
        source: the text.
        inputs: values by name.
        wrt: the names of the inputs to differentiate by; all floating ones if None.
        write: called with what a program prints.

    Attributes:
        source: the text; `bound`: its inputs.
        results: the nodes of its value.
        leaves: the inputs to differentiate by.
        names: of nodes, by their ids; `assigned`: of what stands at a place in the text.
    """

    def __init__(
        self,
        source: Source,
        inputs: Mapping[str, Given],
        wrt: Sequence[str] | None,
        write: Callable[[str], object],
    ) -> None:
        self.source = source
        self.notices = Notices(source)
        text = compiled_text(source)
        self.bound = bound = bind_all(inputs, wrt)
        self.leaves = leaves_of(bound, wrt)
        self.names = {id(node): name for name, node in bound.items()}
        self.assigned = _assigned(text)
        value = self._graph(text) if text.has_value and not text.code.has_effects else None
        if value is None:
            value = self._program(text, write)
        check_result(value, source, bound)
        self.results = nodes_in(value) if isinstance(value, (Node, list, tuple)) else []
        if not self.results:
            raise RuntimeFault(
                "the text ends in no tensor, and has no graph",
                hint="let it end in the tensor whose graph you want, such as loss",
            )

    def _graph(self, text: Compiled) -> Any:
        """The value of a text as nodes without values; None if it has to be run as it is written."""
        context = current()
        streams = deepcopy(context.streams)
        try:
            with self.notices.taken():
                value = graph_of(text, self.source, self.bound)
            self.notices.unused(text.unread(self.bound, self.source))
            return value
        except Unknown:
            pass
        except LimitError:
            raise
        except Exception as error:
            if text.is_expression:
                raise located(error, self.source, self.bound) from None
        context.streams = streams
        self.notices.texts.clear()
        return None

    def _program(self, text: Compiled, write: Callable[[str], object]) -> Any:
        """The value of a text that is run as it is written."""
        variables = variables_of(self.bound)
        self._name(variables)
        self.notices.unused(text.unread(self.bound, self.source))
        self.leaves = {
            name: variables[name].node
            for name in self.leaves
            if isinstance(variables[name], Tensor)
        }
        with inner(write, variables) as session:
            try:
                with changed(saving=(_placed,)):
                    value = session.run_compiled(text, self.source)
            except ProgramError as error:
                if text.is_expression and isinstance(error.error, Exception):
                    raise located(error.error, self.source, self.bound) from None
                raise
            self._name(session.variables)
            return unwrap(value, [])

    def _name(self, variables: Mapping[str, Any]) -> None:
        for node, name in named_nodes(variables):
            self.names.setdefault(id(node), name)

    def gradients(self, seed: Given | None, *, as_graph: bool) -> dict[int, Node]:
        """The gradients of the result, by the ids of the nodes that they are by.

        Args:
            seed: its cotangent.
            as_graph: whether they are wanted for their own graph, of which nothing is computed.
        """
        value = self.results[0]
        order = topological([value])
        if len(self.results) > 1:
            self._none("the result is more than one tensor")
        elif not value.requires_grad:
            self.notices.ungraded(value, self.leaves, self.bound)
        elif seed is None and value.numel != 1:
            self._none(f"the result has shape {list(value.shape)}; --seed gives it a cotangent")
        else:
            cotangent = full(shape=value.shape, value=1, dtype=value.dtype)
            if seed is not None:
                cotangent = seed_of(seed, 0, value)
            wanted = [node for node in order if node.requires_grad and not node.op.is_joint]
            self.names[id(cotangent)] = "seed" if seed is not None else "1"
            with changed(eager=False):
                flows = reverse([value], [cotangent], wanted)
            return {id(n): flow for n, flow in zip(wanted, flows, strict=True) if flow is not None}
        if as_graph:
            reason = self.notices.texts[-1:] or ["no gradient: no input was given"]
            raise RuntimeFault(reason[0])
        return {}

    def _none(self, why: str) -> None:
        self.notices.add(f"no gradient: {why}")


def named_nodes(variables: Mapping[str, Any]) -> Iterator[tuple[Node, str]]:
    """The nodes that variables hold, as tensors and as parameters of modules, and how a program writes them.

    A module's are `net[0].weight` and `model.inner.bias`.
    """
    from autodiff_cli.vocabulary.nn.module import Module

    for name, value in list(variables.items()):
        if name.startswith("__"):
            continue
        if isinstance(value, Tensor):
            yield value.node, name
        elif isinstance(value, Module) and name != "self":
            for place, parameter in Module.named_parameters(value):
                steps = [f"[{step}]" if step.isdigit() else f".{step}" for step in place.split(".")]
                yield parameter.node, "".join([name, *steps])


def _placed(node: Node) -> None:
    """Note where in its text a program makes a node."""
    node.span = here()


def _assigned(text: Compiled) -> dict[Span, str]:
    """The names that a text gives to what stands at its places."""
    return {
        top.value.span: target.id
        for top in trees_in(text.tree)
        if isinstance(top, Assign)
        for target in top.targets
        if isinstance(target, Name)
    }
