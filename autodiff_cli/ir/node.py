"""Nodes of the one graph, and the record of an operation.

A node is one occurrence of one operation. It is at once the value to compute, the autograd tape (its
operation's torch name is its `grad_fn`, its operands are the `next_functions`) and the symbolic
expression. Shape, dtype and `requires_grad` are known when a node is made; the value comes later.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import numpy as np

from autodiff_cli.errors import AutodiffError, LimitError, OverflowFault
from autodiff_cli.ir import dtypes
from autodiff_cli.ir.context import Context, Unknown, current, of_number
from autodiff_cli.ir.dtypes import DType
from autodiff_cli.ir.memory import Memory, next_number
from autodiff_cli.ir.room import check_room, too_many_elements

if TYPE_CHECKING:
    from autodiff_cli.errors import Fault
    from autodiff_cli.source import Span

Array: TypeAlias = np.ndarray[tuple[Any, ...], np.dtype[Any]]  # numpy.typing takes time to import
Shape: TypeAlias = tuple[int, ...]
Number: TypeAlias = bool | int | float
Params: TypeAlias = dict[str, Any]
NUMBERS = (bool, int, float)
MAX_DIMS = 64  # numpy's, and what the reference's reductions take
MANY = 1 << 17  # elements below which nobody asks for room


class Node:
    """One occurrence of one operation.

    Attributes:
        op, params: the operation, and its static parameters by name.
        operands: the nodes it takes.
        shape, dtype: of the result.
        requires_grad: whether a gradient flows through it.
        value: the array, once it is known (always for constants and inputs).
        span: where in the source it was made.
        strides: of the result in elements, as the reference would lay it out; see `ir.layout`.
        number: its place in the order in which nodes are made; an operand's is lower.
        memory: the record of writes to its value; None as long as nothing shares or writes it.
        tape: what the autograd layer keeps about it: hooks, the tensor of a leaf.
        released: whether a backward pass went through it without `retain_graph`.
        kept: the operands that its derivative reads, if a write replaced what one of them was.
        output: which of the results of its backward function it is.
        named: the reference's name of the function that made it, where that is one and ours are several.
        tangent, opened: a tensor that is its tangent; what its rules read in its place, where hooks kept it.
    """

    __slots__ = (
        "__dict__",
        "__weakref__",
        "dtype",
        "number",
        "op",
        "operands",
        "params",
        "released",
        "requires_grad",
        "shape",
        "span",
        "value",
    )
    # What few nodes have; those keep it in their __dict__.
    memory: Memory | None = None
    strides: Shape | None = None
    tape: Any = None
    kept: tuple[Node, ...] | None = None
    output: int = 0
    named: str = ""
    tangent: Any = None
    opened: Node | None = None

    def __init__(
        self,
        op: Op,
        operands: tuple[Node, ...],
        params: Params,
        shape: Shape,
        dtype: DType,
        requires_grad: bool = False,
        value: Array | Number | None = None,
    ) -> None:
        self.op = op
        self.operands = operands
        self.params = params
        self.shape = shape
        self.dtype = dtype
        self.requires_grad = requires_grad
        self.value = value
        self.span: Span | None = None
        self.number = next_number()
        self.released = False

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def numel(self) -> int:
        return math.prod(self.shape)

    @property
    def is_leaf(self) -> bool:
        return not self.requires_grad or self.op is INPUT or self.op is UNTRACKED

    @property
    def grad_fn(self) -> str | None:
        """The reference's name of the backward function, such as `AddBackward0`."""
        return None if self.is_leaf else self.op.grad_fn_name(self)

    @property
    def described(self) -> str:
        """How errors speak of it as an operand."""
        return f"{self.dtype.scalar_name} tensor of size {list(self.shape)}"

    def __repr__(self) -> str:
        dims = ", ".join(map(str, self.shape))
        return f"<{self.op.name} {self.dtype.name}[{dims}]>"

    # Derivative rules are written with Python's operators on nodes; the operations that these stand
    # for are declared one layer up, which installs them (ops/arithmetic.py).
    if TYPE_CHECKING:

        def __add__(self, other: Node | Number) -> Node: ...
        def __radd__(self, other: Number) -> Node: ...
        def __sub__(self, other: Node | Number) -> Node: ...
        def __rsub__(self, other: Number) -> Node: ...
        def __mul__(self, other: Node | Number) -> Node: ...
        def __rmul__(self, other: Number) -> Node: ...
        def __truediv__(self, other: Node | Number) -> Node: ...
        def __rtruediv__(self, other: Number) -> Node: ...
        def __neg__(self) -> Node: ...
        def __lt__(self, other: Node | Number) -> Node: ...
        def __le__(self, other: Node | Number) -> Node: ...
        def __gt__(self, other: Node | Number) -> Node: ...
        def __ge__(self, other: Node | Number) -> Node: ...
        def __and__(self, other: Node) -> Node: ...
        def __or__(self, other: Node) -> Node: ...
        def __invert__(self) -> Node: ...


Rule: TypeAlias = Callable[..., Node | None]
NO_PARAMS: Params = {}  # shared: what has none must not be given any


class Op:
    """An operation, declared once: name, kernel, shape and dtype rule, derivative, torch's name.

    A *kind* (a subclass) supplies what operations of that kind have in common. An operation is called
    with nodes or numbers and static parameters, and makes a node.

    Args:
        name: unique, in the field's or torch's terms.
        kernel: `kernel(*arrays, **params) -> array`, plain numpy.
        vjps: one rule an operand, `rule(g, y, *operands, **params) -> node` (None: no derivative).
        grad_fn: torch's name of the backward function, or a function of the node that gives it.
        backward: of an operation whose derivative is one function in torch, that one's backward function:
            what the `grad_fn` of a gradient is named; one for all operands, or one for each ("" for none).
        doc: one line.
        latex: a format string with one `{}` an operand.
        linear: groups of operands in which it is linear, the other operands held: `((0,),)` for a map
            of its first operand, `((0,), (1,))` for a product, `((0, 2),)` for one linear in both at once.
        batch: the rule by which it takes operands with a leading axis of rows, as "module.function" of
            `ops.batching`; without one it runs row by row.
        on_arrays: whether its rules give the same digits on arrays of one floating dtype as on nodes: they
            read nothing of them but shapes, and apply nothing but Python's operators and operations whose
            kernel is all of them. Kinds say what holds of theirs.
    """

    __slots__ = (
        "backward",
        "batch",
        "doc",
        "grad_fn",
        "kernel",
        "latex",
        "linear",
        "name",
        "on_arrays",
        "vjps",
    )

    registry: ClassVar[dict[str, Op]] = {}
    is_view: ClassVar[bool] = False  # shares its operand's storage in the reference
    follows_layout: ClassVar[bool] = False  # its strides depend on its operands' strides
    is_foreign: ClassVar[bool] = False  # its derivative is code of a program, not a rule
    is_joint: ClassVar[bool] = False  # a call of several results, which has no value of its own

    def __init__(
        self,
        name: str,
        kernel: Callable[..., Any],
        *,
        vjps: tuple[Rule | None, ...] = (),
        grad_fn: str | Callable[[Node], str] | None = None,
        backward: str | tuple[str, ...] = "",
        doc: str = "",
        latex: str = "",
        linear: tuple[tuple[int, ...], ...] = (),
        batch: str = "",
        on_arrays: bool = False,
    ) -> None:
        if name in Op.registry:
            raise ValueError(f"operation {name!r} is declared twice")
        Op.registry[name] = self
        self.name = name
        self.kernel = kernel
        self.vjps = vjps
        self.grad_fn = grad_fn or camel_case(name) + "Backward0"
        self.backward = backward if isinstance(backward, tuple) else (backward,) * len(vjps)
        self.doc = doc
        self.latex = latex
        self.linear = linear
        self.batch = batch
        self.on_arrays = on_arrays

    def __call__(self, *operands: Node | Number, **params: Any) -> Node:
        """Apply it: everything that is computed, or will be, is made here.

        What comes of given shapes and dtypes is the kind's `infer`, what operands are cast to its `evaluate`.
        Derivative rules that are run on arrays (`on_arrays`) get arrays.
        """
        for operand in operands:
            if type(operand) is not Node:
                return self._of_numbers(operands, params)
        nodes: tuple[Node, ...] = operands  # type: ignore[assignment]
        shape, dtype = self.infer(nodes, params)
        context = current()
        if shape:
            count = math.prod(shape)
            if count > context.max_elements:
                raise too_many_elements(shape)
            if count > MANY and context.eager and not self.is_view:
                check_room(count * dtype.numpy.itemsize, "a tensor")
            if len(shape) > MAX_DIMS:
                raise LimitError(f"a tensor of {len(shape)} dimensions; the limit is {MAX_DIMS}")
        requires_grad = False
        if context.grad and dtype.is_floating and self.vjps:
            for node in nodes:
                if node.requires_grad:
                    requires_grad = self._records(nodes)
                    break
        node = Node(self, nodes, params, shape, dtype, requires_grad)
        if context.eager:
            return self._computed(node, context)
        deferred = context.deferred
        node.span = context.span if deferred is None else context.span or deferred.place()
        return node

    def _of_numbers(self, operands: tuple[Any, ...], params: Params) -> Node:
        """Apply it to operands of which some are no nodes: numbers beside them, or a rule's arrays."""
        array: Any = None
        numbers = False
        for operand in operands:
            kind = type(operand)
            if kind is Node:
                array = None
                break
            if kind in NUMBERS:
                numbers = True
            elif array is None or array.dtype.kind != "f":
                array = operand
        if array is None:
            make = known_number if current().eager and not self.is_view else number
            return self(*[o if type(o) is Node else make(o) for o in operands], **params)
        if numbers:
            kind = array.dtype.type
            operands = tuple([kind(o) if type(o) in NUMBERS else o for o in operands])
        result: Node = self.kernel(*operands, **params)  # an array, to the rule what a node is
        return result

    def _records(self, nodes: tuple[Node, ...]) -> bool:
        """Whether a gradient flows through to one of the operands."""
        for node, rule in zip(nodes, self.rules(nodes), strict=True):
            if node.requires_grad and rule is not None:
                return True
        return False

    def _computed(self, node: Node, context: Context) -> Node:
        """The node with its value; as a constant where the graph need not remember how it came about.

        A view keeps its operand until its tensor is made, which has to know whose view it is.
        """
        operands = node.operands
        if self.is_view:
            shown = operands[0]
            if not isinstance(shown.value, np.ndarray):  # a numpy scalar has no memory to share
                shown.value = np.asarray(shown.value)
        try:
            result = self.evaluate(node, [operand.value for operand in operands])
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise (
                error if isinstance(error, AutodiffError) else self.refusal(node, error)
            ) from None
        if result.dtype is not node.dtype.numpy and result.dtype != node.dtype.numpy:
            result = result.astype(node.dtype.numpy)
        elif isinstance(result, np.ndarray) and not self.is_view:
            shared = result.base is not None
            for operand in operands:
                if operand.value is result:
                    shared = True
            if shared:
                result = result.copy("K" if self.follows_layout else "C")
        node.value = result
        if node.requires_grad:
            for tell in context.saving:
                tell(node)
        else:
            if context.duals is not None:
                context.duals(node)
            if not self.is_view and context.recording is None:
                node.op, node.operands, node.params = CONSTANT, (), NO_PARAMS
        return node

    def refusal(self, node: Node, error: Exception) -> Fault:
        """The fault that stands for an error of Python's or numpy's own that computing a node met."""
        from autodiff_cli.ir.refusal import refusal

        return refusal(self.name, [operand.described for operand in node.operands], error)

    def rules(self, operands: tuple[Node, ...]) -> tuple[Rule | None, ...]:
        """One derivative rule for each operand."""
        return self.vjps

    def linear_in(self, operands: tuple[Node, ...]) -> tuple[tuple[int, ...], ...]:
        """The groups of operands in which the operation is linear, the others held."""
        return self.linear

    def infer(self, operands: tuple[Node, ...], params: Params) -> tuple[Shape, DType]:
        """The result's shape and dtype; raises the reference's error if there is none."""
        raise NotImplementedError(type(self).__name__)

    def evaluate(self, node: Node, arrays: list[Any]) -> Any:
        """The result's array, from the operands' arrays."""
        return self.kernel(*arrays, **node.params)

    def vjp(self, node: Node, g: Node, position: int) -> Node | None:
        """The gradient that flows to operand `position` when `g` flows into `node`."""
        rule = self.rules(node.operands)[position]
        if rule is None:
            return None
        flow = rule(g, node.opened or node, *(node.kept or node.operands), **node.params)
        if position < len(self.backward) and flow is not None and flow.requires_grad:
            if flow.number > max(node.number, g.number):  # not one that it was made of
                flow.named = self.backward[position]
        return flow

    def composed(self, node: Node) -> Node | None:
        """The same of smaller operations, where formulas are read of those."""
        return None

    def layout(self, node: Node) -> Shape | None:
        """The result's strides in the reference, in elements; None means contiguous."""
        return None

    def grad_fn_name(self, node: Node) -> str:
        if node.named:
            return node.named
        return self.grad_fn if isinstance(self.grad_fn, str) else self.grad_fn(node)

    def __repr__(self) -> str:
        return f"<op {self.name}>"


def camel_case(name: str) -> str:
    """Torch's spelling of a backward function: `log_softmax` -> `LogSoftmax`, `log1p` -> `Log1P`.

    >>> camel_case("log1p"), camel_case("binary_cross_entropy"), camel_case("expm1")
    ('Log1P', 'BinaryCrossEntropy', 'Expm1')
    """
    pairs = zip("_" + name, name, strict=False)
    return "".join([b.upper() if a == "_" or a.isdigit() else b for a, b in pairs if b != "_"])


class _Source(Op):
    """An operation without operands, whose node is made with its value."""

    __slots__ = ()

    def __init__(self, name: str, doc: str, batch: str = "") -> None:
        super().__init__(name, _no_kernel, doc=doc, batch=batch)


def _no_kernel(**params: Any) -> Array:
    raise Unknown


INPUT = _Source(
    "input",
    "a leaf: a value given by the user, for which gradients may be asked",
    batch="pointwise.source",  # of a recording: a leaf that was made of another node's value
)
CONSTANT = _Source("constant", "a tensor that is part of the expression")
UNTRACKED = _Source(
    "untracked", "a view made under `no_grad`, which says that it requires grad and passes none on"
)
NUMBER = _Source("number", "a Python number used as an operand; weak in type promotion")


def number(value: Number) -> Node:
    """A Python number as an operand (torch's "wrapped number").

    Raises:
        OverflowFault: an int of more than 64 bits.
    """
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise OverflowFault("int too big to convert", hint="write it as a float: 1e20")
    return Node(NUMBER, (), NO_PARAMS, (), of_number(value), value=value)


MAX_NUMBERS = 4096


def known_number(value: Number) -> Node:
    """`number`, one node for all uses of a value: loops use the same few."""
    key = type(value), value
    known = current().dtype.numbers
    node: Node | None = known.get(key)
    if node is None:
        node = number(value)
        if len(known) < MAX_NUMBERS and value == value and value:  # not nan; 0 has two signs
            known[key] = node
    return node


def constant(value: Array, dtype: DType | None = None) -> Node:
    """An array as a node that needs no gradient."""
    array = np.asarray(value, None if dtype is None else dtype.numpy)
    return Node(CONSTANT, (), {}, array.shape, dtypes.BY_NUMPY[array.dtype], value=array)


def placeholder(shape: Shape, dtype: DType, *, requires_grad: bool = False, name: str = "") -> Node:
    """An input of the graph whose value isn't known while the graph is built."""
    return Node(INPUT, (), {"name": name}, shape, dtype, requires_grad)


def leaf(value: Array, *, requires_grad: bool, name: str = "") -> Node:
    """An input of the graph."""
    array = np.asarray(value)
    return Node(
        INPUT, (), {"name": name}, array.shape, dtypes.BY_NUMPY[array.dtype], requires_grad, array
    )
