"""What is asked of `derive`: a text, its inputs, and which of its derivatives."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from autodiff_cli.errors import AutodiffError, InputError, RuntimeFault
from autodiff_cli.evaluation.leaves import check_differentiable
from autodiff_cli.evaluation.parts import PART, ends, part, with_part
from autodiff_cli.evaluation.recorded import (
    Assigned,
    Recorded,
    is_known,
    parsed,
    parts_of,
    recorded,
    unbound,
    unread,
)
from autodiff_cli.formula.script import Line
from autodiff_cli.formula.sizes import Sizes, primes_for
from autodiff_cli.inputs import Given, bind
from autodiff_cli.ir.dtypes import DType
from autodiff_cli.ir.node import Array, Node, Op, Rule, leaf
from autodiff_cli.ir.walk import topological
from autodiff_cli.ops.create import full, zeros_like
from autodiff_cli.ops.reduce import Dims, keep, prod
from autodiff_cli.source import Source
from autodiff_cli.transform.reverse import reverse

COTANGENT = "g"
APART = ("gradient", "jacobian")  # where a part of the text may be a call
STAND_IN = 0.75  # every element of an input that has a shape and no value, while the graph is built
OPENED = "_row"  # a stand-in whose elements are the rows of a Jacobian
Size: TypeAlias = "int | str"


class Declared(NamedTuple):
    """An input that has a shape and no value.

    Attributes:
        shape: sizes, numbers or names; () for a number.
        integer: whether its elements are integers, such as class indices.
    """

    shape: tuple[Size, ...]
    integer: bool = False


class Wanted(NamedTuple):
    """Which derivative.

    Attributes:
        kind: "gradient", "jacobian", "hessian", "hvp" or "order".
        order: how often a function of a number is differentiated.
        vectors: by input, what a Hessian is multiplied with: an expression, or a name for it.
    """

    kind: str = "gradient"
    order: int = 1
    vectors: Mapping[str, Given] = {}


class Output(NamedTuple):
    """A derivative that is to become a formula.

    Attributes:
        name: what it is called in a text: "d_x", "J_x", "H_x_y".
        wrt: the inputs it is by.
        node: its graph.
        opened: a stand-in in which it is linear, and whose axes are its first ones; None without.
    """

    name: str
    wrt: tuple[str, ...]
    node: Node
    opened: Node | None = None


class Question:
    """A text to derive, run.

    Args:
        source: the text.
        given: values or shapes of its inputs; names that are missing are numbers.
        wrt: names of the inputs to differentiate by; all floating ones if None.
        seed: the cotangent: an expression, an array, or a name for it; ones if None.
        wanted: which derivative.
        max_steps: the most loop turns and calls of a program.

    Raises:
        AutodiffError: the text can't be run, or has no such derivative.
    """

    def __init__(
        self,
        source: Source,
        given: Mapping[str, Given | Declared],
        wrt: Sequence[str] | None,
        seed: str | Array | None,
        wanted: Wanted,
        max_steps: int = 10**8,
    ) -> None:
        self.source = source
        self.max_steps = max_steps
        self.wanted = wanted
        self.instead: dict[Op, Rule] = {}
        self.tree = parsed(source)
        given = dict(given)
        self.sizes = Sizes(_primes(given, source.text))
        missing = unbound(self.tree, given)
        self.counted = [
            name for name in missing if name in self.sizes.primes
        ]  # sizes that it reads
        missing = [name for name in missing if name not in self.counted]
        given |= dict.fromkeys(missing, Declared(()))
        idle = unread(source, self.tree, list(given))
        if seed is None and COTANGENT in idle:
            idle.remove(COTANGENT)
            del given[COTANGENT]
            seed = COTANGENT
        vectors = {vector for vector in wanted.vectors.values() if isinstance(vector, str)}
        for vector in vectors.intersection(given).difference(idle):
            raise InputError(f"a vector of --hvp is called '{vector}', which is an input")
        idle = [name for name in idle if name not in vectors]
        self.sizing = {name for name in idle if self._gives_a_size(given[name])}
        idle = [name for name in idle if name not in self.sizing]
        if idle:
            raise InputError(
                f"'{idle[0]}' is bound, and the expression doesn't read it",
                hint=f"leave out {idle[0]}, or use the name; a cotangent is called g",
            )
        self.given = {name: value for name, value in given.items() if name not in vectors}
        self.inputs = {name: self._leaf(name, value, wrt) for name, value in self.given.items()}
        self.recorded = self._recorded()
        for name, _ in self.recorded.lines:
            if name in self.sizes.primes:
                raise _clash(name, "the text's own name")
        self.value = self.recorded.value
        self.parts: list[str] = []  # of the text, whose gradients no formula says
        self.texts: dict[int, Node] = {}  # parts that give a node, by its id
        self.leaves = self._leaves(wrt)
        self.named: dict[str, Node] = {}  # cotangents and vectors that only have a name
        self.seed, self.seed_kind = self._seed(seed)
        self.vectors = {name: self._vector(name, v) for name, v in wanted.vectors.items()}

    def _gives_a_size(self, value: Given | Declared) -> bool:
        """Whether an input's shape names a size that the text reads."""
        return isinstance(value, Declared) and any(size in self.counted for size in value.shape)

    def _recorded(self) -> Recorded:
        """The text, run; sizes have their names in what is wrong with it."""
        try:
            counts = {name: self.sizes.primes[name] for name in self.counted}
            return recorded(self.source, self.tree, self.inputs | counts)
        except AutodiffError as error:
            error.message = self._with_names(error.message)
            error.hint = error.hint and self._with_names(error.hint)
            raise

    def _with_names(self, text: str) -> str:
        for name, prime in self.sizes.primes.items():
            text = re.sub(rf"(?<!\d){prime}(?!\d)", name, text)
        return text

    # ---- inputs ---------------------------------------------------------------------------------

    def _leaf(self, name: str, value: Given | Declared, wrt: Sequence[str] | None) -> Any:
        asked = name not in self.sizing if wrt is None else name in wrt
        if isinstance(value, Declared):
            shape = tuple(self.sizes.primes.get(n, n) for n in value.shape)  # type: ignore[arg-type]
            dtype, fill = (np.int64, 0) if value.integer else (np.float64, STAND_IN)
            array: Array = np.broadcast_to(np.asarray(fill, dtype), shape)
            return leaf(array, requires_grad=asked and not value.integer, name=name)
        bound = bind(name, value)
        if not isinstance(bound, Node):
            return bound
        array = np.asarray(bound.value)
        if array.dtype.kind == "f":
            array = array.astype(np.float64)
        return leaf(array, requires_grad=asked and array.dtype.kind == "f", name=name)

    def _leaves(self, wrt: Sequence[str] | None) -> dict[str, Node]:
        for name in wrt or ():
            check_differentiable("--wrt", name, self.inputs)
        names = self.inputs if wrt is None else wrt
        found = {
            name: self.inputs[name]
            for name in names
            if isinstance(self.inputs[name], Node) and self.inputs[name].requires_grad
        }
        if not found:
            raise RuntimeFault(
                "there is nothing to differentiate by",
                hint="give an input of floating point numbers: x=2, or x:n for n of them",
            )
        if not self.value.requires_grad:
            raise RuntimeFault(
                "element 0 of tensors does not require grad and does not have a grad_fn",
                hint="the result does not depend on a floating point input",
            )
        return found

    def _seed(self, seed: str | Array | None) -> tuple[Node, str]:
        """The cotangent, and what it is: "" for 1, "ones", "given", or its name."""
        value, kind = self.value, self.wanted.kind
        if kind == "jacobian":
            if seed is not None:
                raise InputError("a Jacobian has no cotangent: leave out --seed, or --jacobian")
            return self._stand_in(OPENED, value.shape), ""
        if kind in ("hessian", "hvp", "order") and value.shape:
            raise RuntimeFault(
                f"the result has shape {self._shown(value.shape)}, and --{kind} is of a number",
                hint="reduce it with sum() or mean(), or ask for --jacobian",
            )
        if kind != "gradient" and seed is not None:
            raise InputError(f"--seed is for gradients: leave it out, or --{kind}")
        if seed is None:
            ones = full(shape=value.shape, value=1, dtype=value.dtype)
            return ones, "ones" if value.shape else ""
        if isinstance(seed, str) and seed in self.inputs:
            raise InputError(f"the cotangent is called '{seed}', which is an input")
        if self._names(seed):
            return self._stand_in(str(seed), value.shape), str(seed)
        node = bind("--seed", seed, False)
        if not isinstance(node, Node) or node.shape != value.shape:
            raise RuntimeFault(
                f"the seed has shape {self._shown(getattr(node, 'shape', ()))}, and the result "
                f"{self._shown(value.shape)}",
                hint="a seed has the result's shape",
            )
        return leaf(np.asarray(node.value, np.float64), requires_grad=False), "given"

    def _shown(self, shape: Sequence[int]) -> str:
        return f"[{', '.join(map(self.sizes.name_of, shape))}]"

    def _names(self, text: Any) -> bool:
        """Whether a text is a name that means nothing yet."""
        return isinstance(text, str) and text.isidentifier() and text not in self.inputs

    def _stand_in(self, name: str, shape: tuple[int, ...]) -> Node:
        ones = np.broadcast_to(np.ones((), np.float64), shape)
        node = leaf(ones, requires_grad=False, name=name)
        self.named[name] = node
        return node

    def _vector(self, name: str, vector: Given) -> Node:
        if name not in self.leaves:
            known = ", ".join(self.leaves)
            raise InputError(f"--hvp names '{name}', which is not an input; those are {known}")
        shape = self.leaves[name].shape
        if self._names(vector):
            return self._stand_in(str(vector), shape)
        node = bind(f"--hvp {name}", vector, False)
        if not isinstance(node, Node) or node.shape != shape:
            raise RuntimeFault(
                f"the vector for {name} has shape {self._shown(getattr(node, 'shape', ()))}, and {name} "
                f"{self._shown(shape)}",
                hint="a vector has its input's shape",
            )
        return leaf(np.asarray(node.value, np.float64), requires_grad=False)

    # ---- what formulas are made of --------------------------------------------------------------

    def outputs(self, shorter: bool = True) -> list[Output]:
        """The graph of each derivative.

        Args:
            shorter: whether to use rules that are shorter, and don't hold everywhere.
        """
        self.instead = {prod: _prod_vjp} if shorter else {}
        kind, names, leaves = self.wanted.kind, list(self.leaves), list(self.leaves.values())
        if kind == "order":
            return [self._nth(name, node) for name, node in self.leaves.items()]
        if kind in ("gradient", "jacobian"):
            found = self._reverse([self.value], [self.seed], leaves)
            opened = self.seed if kind == "jacobian" else None
            letter = "d" if kind == "gradient" else "J"
            return [
                Output(f"{letter}_{name}", (name,), node, opened)
                for name, node in zip(names, found, strict=True)
            ]
        first = self._gradients([self.value], [self.seed], leaves, create_graph=True)
        gradients = {name: g for name, g in zip(names, first, strict=True) if g is not None}
        if kind == "hvp":
            pairs = [(gradients[name], v) for name, v in self.vectors.items() if name in gradients]
            found = self._reverse([g for g, _ in pairs], [v for _, v in pairs], leaves)
            return [
                Output(f"Hv_{name}", (name,), node) for name, node in zip(names, found, strict=True)
            ]
        outputs = []
        for name in names:
            row = self._stand_in(f"{OPENED}_{name}", self.leaves[name].shape)
            one = [gradients[name]] if name in gradients else []
            found = self._reverse(one, [row][: len(one)], leaves)
            outputs += [
                Output(f"H_{name}_{other}", (name, other), node, row)
                for other, node in zip(names, found, strict=True)
            ]
        return outputs

    def _gradients(
        self,
        outputs: list[Node],
        seeds: list[Node],
        wrt: list[Node],
        create_graph: bool = False,
    ) -> list[Node | None]:
        return reverse(outputs, seeds, wrt, create_graph=create_graph, instead=self.instead)

    def factors(self) -> list[Node]:
        """What the shorter rules divide by."""
        return [node.operands[0] for node in topological([self.value]) if node.op is prod]

    def _reverse(self, values: list[Node], seeds: list[Node], leaves: list[Node]) -> list[Node]:
        values_of = [value for value in values if value.requires_grad]
        seeds = [seed for value, seed in zip(values, seeds, strict=True) if value.requires_grad]
        found = self._gradients(values_of, seeds, leaves) if values_of else [None] * len(leaves)
        return [zeros_like(one) if g is None else g for g, one in zip(found, leaves, strict=True)]

    def _nth(self, name: str, node: Node) -> Output:
        if node.shape:
            raise RuntimeFault(
                f"--order is for numbers, and {name} has shape {self._shown(node.shape)}",
                hint=f"ask for --hessian, or declare the input as a number: {name} without a shape",
            )
        value: Node | None = self.value
        for _ in range(self.wanted.order):
            if value is None or not value.requires_grad:
                return Output(f"d{self.wanted.order}_{name}", (name,), zeros_like(node))
            one = full(shape=(), value=1, dtype=value.dtype)
            (value,) = self._gradients([value], [one], [node], create_graph=True)
        result = zeros_like(node) if value is None else value
        return Output(f"d{self.wanted.order}_{name}", (name,), result)

    def set_apart(self, node: Node | None) -> bool:
        """Make the part of the text that gave a node one whose gradient is a call, if that can be."""
        span, run = getattr(node, "span", None), self.recorded
        if span is None or not self.tree.is_expression or self.wanted.kind not in APART:
            return False
        nodes = [run.value, *(assigned.node for assigned in run.assigned)]
        found = ends(nodes, span)
        text = run.source.slice(span)
        nodes_of = {name: n for name, n in self.inputs.items() if isinstance(n, Node)}
        changed = {name for name, _ in run.lines}
        nodes_of = {name: n for name, n in nodes_of.items() if name not in changed}
        nodes_of |= {a.name: a.node for a in run.assigned}
        names, is_call = parts_of(text)
        known = [name in nodes_of or name in self.counted or is_known(name) for name in names]
        reads = {name: nodes_of[name] for name in names if name in nodes_of}
        if len(found) != 1 or not all(known) or found[0].op is PART:
            return False
        whole = part(found[0], text, reads, is_call)
        if found[0] is node and id(node) not in self.texts:  # its gradient may be a formula
            self.texts[id(node)] = whole
            return True
        value, *others = with_part(nodes, found[0], whole)
        assigned = [
            Assigned(a.name, n, a.text, a.reads) for a, n in zip(run.assigned, others, strict=True)
        ]
        self.recorded = Recorded(
            value, tuple(assigned), run.lines, run.body, run.branches, run.source
        )
        self.value = value
        self.parts.append(text)
        return True

    # ---- what texts are made of -----------------------------------------------------------------

    def own_lines(self) -> tuple[Line, ...]:
        """Lines that define the user's names."""
        return tuple(Line(a.name, a.text, a.reads) for a in self.recorded.assigned)

    def taken(self) -> list[str]:
        """Names that mean something."""
        own = [assigned.name for assigned in self.recorded.assigned]
        return [*self.inputs, *own, *(n for n in self.named if not n.startswith(OPENED))]

    def shapes(self) -> dict[str, tuple[str, ...]]:
        """The shapes that inputs are declared with."""
        return {
            name: tuple(map(str, value.shape))
            for name, value in self.given.items()
            if isinstance(value, Declared)
        }

    def shape_of(self, name: str) -> tuple[str, ...]:
        """An input's shape, with the names that sizes have."""
        shape = self.shapes().get(name)
        return tuple(map(str, getattr(self.inputs[name], "shape", ()))) if shape is None else shape


def _prod_vjp(g: Node, y: Node, x: Node, dim: Dims, keepdim: bool, dtype: DType) -> Node:
    """prod(x)/x: of any number of factors as short, and wrong where one is 0."""
    return keep(g * y, x, dim) / x


def _clash(name: str, other: str) -> InputError:
    return InputError(f"'{name}' is a size, and {other}", hint="name one another way")


def _primes(given: Mapping[str, Given | Declared], text: str) -> dict[str, int]:
    names: dict[str, None] = {}
    for value in given.values():
        if isinstance(value, Declared):
            names.update((size, None) for size in value.shape if isinstance(size, str))
            clash = [size for size in value.shape if size in given]
            if clash:
                raise _clash(str(clash[0]), "an input")
    try:
        return primes_for(names, text)
    except ValueError as error:
        raise InputError(f"{len(names)} sizes have names; at most {error} can") from None
