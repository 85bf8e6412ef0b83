"""`ctx`, which the methods of a `torch.autograd.Function` share.

Source: torch/autograd/function.py (`FunctionCtx`), torch/csrc/autograd/python_function.cpp.
"""

from __future__ import annotations

from typing import Any

from autodiff_cli.errors import RuntimeFault, TypeFault
from autodiff_cli.ir.context import current
from autodiff_cli.ir.memory import Memory
from autodiff_cli.ir.node import CONSTANT, Node, Shape
from autodiff_cli.tensors.packing import Packed, packing_of
from autodiff_cli.tensors.saved import FREED, function_name
from autodiff_cli.tensors.tensor import Tensor
from autodiff_cli.vocabulary.calls.handles import open_class
from autodiff_cli.vocabulary.calls.messages import warn
from autodiff_cli.vocabulary.calls.parameters import type_name


class Context:
    """`ctx`: what the two methods of a Function share.

    What a program keeps on it is in its `__dict__`; what is ours isn't.
    """

    __slots__ = (
        "__dict__",
        "_ahead",
        "_dirty",
        "_materialize",
        "_moving",
        "_name",
        "_node",
        "_not_differentiable",
        "_packed",
        "_saved",
        "_versions",
        "needs_input_grad",
    )

    def __init__(self, name: str) -> None:
        self._name = name
        self._saved: tuple[Any, ...] = ()
        self._ahead: tuple[Any, ...] = ()  # saved for forward mode
        self._moving = False  # whether `jvp` runs
        self._versions: list[tuple[Memory, int, Node] | None] = []
        self._node: Node | None = None
        self._packed: list[Packed | None] = []
        self._materialize = True
        self._not_differentiable: tuple[Any, ...] = ()
        self._dirty: tuple[Any, ...] = ()
        self.needs_input_grad: tuple[bool, ...] = ()

    def save_for_backward(self, *tensors: Any) -> None:
        for tensor in tensors:
            if tensor is not None and not isinstance(tensor, Tensor):
                raise TypeFault(
                    "save_for_backward can only save variables, but argument "
                    f"{tensors.index(tensor)} is of type {type_name(tensor)}"
                )
        self._saved = tensors
        for tell in current().saving:
            for tensor in tensors:
                if tensor is not None and tensor.node.op is CONSTANT:
                    tell(tensor.node)

    def keep(self) -> None:
        """Remember how often what is saved was written to."""
        self._versions = [
            (t.memory, len(t.memory.writes), t.node) if isinstance(t, Tensor) else None
            for t in self._saved
        ]
        packing = None if self._node is None else packing_of(current())
        if packing is not None:
            self._packed = [None if t is None else packing.packed(t.node) for t in self._saved]

    def save_for_forward(self, *tensors: Any) -> None:
        self._ahead = tensors

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        if self._moving:
            return self._ahead
        if self._node is not None and self._node.released:
            raise RuntimeFault(FREED)
        if self._packed:
            pairs = zip(self._packed, self._saved, strict=True)
            return tuple([p and Tensor(p.open(t.node, shown=True)) for p, t in pairs])
        for tensor, seen in zip(self._saved, self._versions, strict=False):
            if seen is not None and len(seen[0].writes) != seen[1]:
                maker = seen[2]
                made = f", which is output {maker.output} of {function_name(maker)},"
                raise RuntimeFault(
                    "one of the variables needed for gradient computation has been modified by an "
                    f"inplace operation: [torch.{tensor.dtype.scalar_name}Tensor {list(tensor.shape)}]"
                    f"{'' if maker.is_leaf else made} is at version {len(seen[0].writes)}; expected version "
                    f"{seen[1]} instead. Hint: enable anomaly detection to find the operation that "
                    "failed to compute its gradient, with torch.autograd.set_detect_anomaly(True, "
                    "check_nan=False)."
                )
        return self._saved

    @property
    def saved_variables(self) -> tuple[Any, ...]:
        warn("'saved_variables' is deprecated; use 'saved_tensors'", "DeprecationWarning")
        return self.saved_tensors

    def mark_non_differentiable(self, *tensors: Tensor) -> None:
        self._not_differentiable = tensors

    def mark_dirty(self, *tensors: Tensor) -> None:
        self._dirty = tensors

    def set_materialize_grads(self, value: bool) -> None:
        self._materialize = value


open_class(Context)


class Bundle:
    """The gradients of a call's outputs, on their way to its joint node."""

    __slots__ = ("by_output", "count", "dtype", "shape")

    def __init__(self, node: Node, by_output: dict[int, Node]) -> None:
        self.by_output = by_output
        self.count = len(node.params["outputs"])
        self.shape: Shape = node.shape
        self.dtype = node.dtype

    @property
    def flows(self) -> list[Node | None]:
        return [self.by_output.get(number) for number in range(self.count)]

    def replaced(self, flows: list[Node | None]) -> Bundle:
        self.by_output = {at: flow for at, flow in enumerate(flows) if flow is not None}
        return self

    def __add__(self, other: Bundle) -> Bundle:
        merged = dict(self.by_output)
        for number, flow in other.by_output.items():
            merged[number] = merged[number] + flow if number in merged else flow
        self.by_output = merged
        return self
