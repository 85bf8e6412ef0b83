"""What computing depends on besides operands: one record for each text that is being evaluated.

    current()                           what holds here; not to be written to
    with changed(eager=False):          some of it is otherwise for a while
    own().dtype = float64               from now on, until the text ends
    with started(dtype=float64):        a text of its own: the defaults, and the resources of its caller

A thread begins with the defaults, whatever other threads are doing. Where one works for another it runs in a
copy of that one's `contextvars` context, and sees its record.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from threading import get_ident
from typing import TYPE_CHECKING, Any

from autodiff_cli.ir import dtypes
from autodiff_cli.ir.dtypes import DType

if TYPE_CHECKING:
    from autodiff_cli.ir.node import Node
    from autodiff_cli.source import Span


class Recording:
    """What is watched while a program computes one row, to be repeated for the others as a batch.

    Nodes keep their operands meanwhile, whether a gradient flows through them or not.

    Attributes:
        read: nodes whose values left the graph, for a condition or as a number.
        repeatable: whether nothing else happened that every row has to do for itself, such as a write.
    """

    __slots__ = ("read", "repeatable")

    def __init__(self) -> None:
        self.read: list[Node] = []
        self.repeatable = True

    def reads(self, node: Node) -> None:
        """Take note that the value of a node is about to leave the graph."""
        self.read.append(node)


class Unknown(Exception):
    """The value of a placeholder was asked for, or of what isn't computed yet: the graph depends on it."""


class Deferred:
    """A program's graph of which nothing is computed until it is whole.

    There is no memory that tensors could share yet: a write makes a tensor another node, and is refused, by
    `Unknown`, where that could be seen.

    Args:
        choose: the truth of a node, where a branch asks for it; None to compute it.
        place: where the text is that makes nodes.

    Attributes:
        viewed: whether a tensor shows a part of another one's memory.
        written: the nodes that writes have replaced, each with the one in its place.
    """

    __slots__ = ("choose", "place", "seen", "viewed", "written")

    def __init__(
        self,
        choose: Callable[[Node], bool] | None = None,
        place: Callable[[], Span | None] = lambda: None,
    ) -> None:
        self.choose = choose
        self.place = place
        self.viewed = False
        self.written: list[tuple[Node, Node]] = []
        self.seen: set[int] = set()

    def met(self, order: Sequence[Node]) -> list[Node]:
        """Which of the nodes that are computed now were before, and go on to something new.

        Args:
            order: the nodes, operands first.
        """
        seen = self.seen
        again: dict[int, Node] = {}
        for node in order:
            if id(node) not in seen:
                again |= {id(o): o for o in node.operands if id(o) in seen and o.value is None}
        seen.update(map(id, order))
        return list(again.values())


def _nowhere(*_: str) -> None:
    return None


class Context:
    """What holds while a text is evaluated.

    How nodes are made:
        dtype: the floating dtype of `tensor(1.5)`, `ones(2)` and bare numbers.
        grad: whether new nodes record that they require grad (`torch.no_grad`).
        eager: whether a node is computed when it is made, as programs need it: they write to tensors.
        span: the place in the source that is being evaluated.
        recording: what is recorded for a batch, if something is.
        deferred: the graph of a program of which nothing is computed yet, if one is being made.
        saving: each is called with every new node of a program that keeps values for its derivative.
        passes: each is called with what a backward pass of a program begins at, and the cotangents.
        exact: whether float32 functions are rounded from float64; see `ops.kinds.precise`.

    What it may use of the machine:
        max_elements: the most elements one tensor may have.
        max_bytes: the most memory of the process that a step may lead to; None: no limit.
        max_memory: the most bytes of an execution's arrays at a time, inputs apart; None: no limit.
        threads: the most threads of an execution; None: as many as there are processors for this process.
        progress: called now and then in the executing thread with the fraction that is done.

    What else a program's own functions set:
        check_nan: whether a gradient of nan ends a backward pass (`torch.autograd.detect_anomaly`).
        inference: since which number nodes are made in inference mode, if they are.
        inferred: from which to which number they were before.
        level: how many functions of `torch.func` that differentiate run in each other.
        began: the number of the first node of the innermost.
        arguments: the ids of the tensors that it was given, which its function may write to.
        transform: the innermost function of `torch.func`: "grad", "jvp" or "vmap"; "": there is none.
        mapped: the rows of the functions of `torch.vmap` that run, if some do: what refuses to read them.
        duals: the level of `torch.autograd.forward_ad`, if there is one: called with new nodes.
        passing: the backward pass that runs, which hooks may ask what it reaches.
        randomness: what a function that is mapped over rows may draw, in `torch.vmap`'s words.
        seed: of the streams of random numbers that nobody has asked for yet; None: by chance.
        streams: of random numbers, by whose they are; see `random.streams`.
        validate: whether distributions check their arguments.
        print_options: how tensors are printed (`torch.set_printoptions`); None: as by default.

    What is around a program:
        write, flush: where it prints.
        complain: called with the text of what goes wrong aside.
        warn: called with each warning's message and category.
        warned: the warnings that are given once, and were.
        limits: what it may still use; see `interpret.limits`.
        implicit: whether `torch`, `nn`, `F` and `optim` are there without an import.
        bare: whether torch's functions are there without a prefix.
        classes: those that it defined.
        figures: what it has drawn; None: nothing yet (`interpret.figures`).

    Besides:
        thread: whose it is.
        outer: what holds again when it ends.
    """

    dtype: DType
    grad: bool
    eager: bool
    span: Span | None
    recording: Recording | None
    deferred: Deferred | None
    saving: tuple[Callable[[Node], None], ...]
    passes: tuple[Callable[[Sequence[tuple[Node, Node]]], None], ...]
    exact: bool
    max_elements: int
    max_bytes: int | None
    max_memory: int | None
    threads: int | None
    progress: Callable[[float], None] | None
    check_nan: bool
    inference: int | None
    inferred: tuple[tuple[int, int], ...]
    level: int
    began: int
    arguments: frozenset[int]
    transform: str
    mapped: Any
    duals: Any
    passing: Any
    randomness: str
    seed: int | None
    streams: dict[str, Any]
    validate: bool
    print_options: Any
    write: Callable[[str], Any]
    flush: Callable[[], Any]
    complain: Callable[[str], Any] | None
    warn: Callable[[str, str], None]
    warned: set[str]
    limits: Any
    implicit: bool
    bare: bool
    classes: list[type]
    figures: Any
    thread: int
    outer: Context

    __slots__ = tuple(__annotations__)

    def __init__(self, **fields: Any) -> None:
        self.dtype = dtypes.float32
        self.grad = True
        self.eager = False
        self.span = None
        self.recording = None
        self.deferred = None
        self.saving = ()
        self.passes = ()
        self.exact = True
        self.max_elements = 10**9
        self.max_bytes = None
        self.max_memory = None
        self.threads = None
        self.progress = None
        self.check_nan = False
        self.inference = None
        self.inferred = ()
        self.level = self.began = 0
        self.arguments = frozenset()
        self.transform = ""
        self.duals = self.passing = self.mapped = None
        self.randomness = "different"
        self.seed = None
        self.streams = {}
        self.validate = True
        self.print_options = None
        self.write = self.flush = self.warn = _nowhere
        self.complain = None
        self.warned = set()
        self.limits = None
        self.implicit = self.bare = False
        self.classes = []
        self.figures = None
        self.thread = get_ident()
        self.outer = self
        for name, value in fields.items():
            setattr(self, name, value)

    def __enter__(self) -> Context:
        self.outer = current()
        _context.set(self)
        return self

    def __exit__(self, *_: object) -> None:
        _context.set(self.outer)

    def reads(self, node: Node, use: str = "") -> None:
        """Take note that the value of a node is about to leave the graph.

        Args:
            node: any.
            use: what for, where that isn't for every row of a mapped function: "truth", "item" or "nonzero".
        """
        if use and self.mapped is not None:
            self.mapped.refuse(node, use)
        if self.recording is not None:
            self.recording.reads(node)

    def inferred_at(self, number: int) -> bool:
        """Whether the node of a number was made in inference mode."""
        if self.inference is not None and number > self.inference:
            return True
        return any(first < number < last for first, last in self.inferred)

    def acts(self) -> None:
        """Take note of what has an effect besides its result."""
        if self.recording is not None:
            self.recording.repeatable = False


class _Defaults(Context):
    """The record of whoever has none: of all threads, so that nothing can be set."""

    __slots__ = ()

    def __init__(self) -> None:
        record = Context(thread=0)
        for name in Context.__slots__:
            object.__setattr__(self, name, getattr(record, name))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"'{name}' of everybody's defaults; set it by `own` or `changed`")


DEFAULTS = _Defaults()
_context: ContextVar[Context] = ContextVar("context", default=DEFAULTS)
current: Callable[[], Context] = _context.get  # the method itself: operations call it


def own() -> Context:
    """The record of what runs here, to be written to.

    Where there is none, or only that of another thread whose work this one does, it is made.
    """
    record = current()
    if record.thread != get_ident():
        if record is DEFAULTS:
            record = Context()
        else:
            held = {name: getattr(record, name) for name in Context.__slots__}
            record = Context(**held | {"thread": get_ident()})
        _context.set(record)
    return record


class changed:
    """Inside, some fields have other values; afterwards they have those of before.

    >>> with changed(eager=True, grad=False) as context:
    ...     current() is context, context.eager, context.grad
    (True, True, False)
    >>> current().eager, current().grad
    (False, True)
    """

    __slots__ = ("others", "record")

    def __init__(self, **fields: Any) -> None:
        self.others = fields  # those of before, while they hold

    def __enter__(self) -> Context:
        record = self.record = own()
        others = self.others
        for name, value in others.items():
            others[name] = getattr(record, name)
            setattr(record, name, value)
        return record

    def __exit__(self, *_: object) -> None:
        record = self.record
        for name, value in self.others.items():
            setattr(record, name, value)


RESOURCES = ("max_elements", "max_bytes", "max_memory", "threads", "progress")


def started(**fields: Any) -> Context:
    """A record for a text of its own: the defaults, with what its caller may use of the machine.

    >>> with changed(threads=1, grad=False), started(eager=True) as context:
    ...     context.threads, context.grad, context.eager
    (1, True, True)
    """
    caller = current()
    return Context(**{name: getattr(caller, name) for name in RESOURCES} | fields)


def of_number(value: bool | int | float) -> DType:
    """The dtype that a bare Python number stands for."""
    if isinstance(value, bool):
        return dtypes.bool_
    return dtypes.int64 if isinstance(value, int) else current().dtype
