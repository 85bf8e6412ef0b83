"""`vmap`: the first row is recorded, and batched for the others where its graph says it all.

Source: torch/_functorch/vmap.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from autodiff_cli.errors import RuntimeFault, ValueFault
from autodiff_cli.ir.context import Recording, changed, current
from autodiff_cli.ir.node import Node
from autodiff_cli.ir.shapes import wrap_dim
from autodiff_cli.ir.walk import topological
from autodiff_cli.ops import movement as mv
from autodiff_cli.random.streams import default_generator
from autodiff_cli.tensors.ruled import MOST
from autodiff_cli.tensors.tensor import Tensor, constant_of
from autodiff_cli.transform.batch import batched
from autodiff_cli.vocabulary.calls.calling import call, class_path, torch_call
from autodiff_cli.vocabulary.calls.handles import named, on_nodes
from autodiff_cli.vocabulary.func.mapped import applied
from autodiff_cli.vocabulary.func.nested import (
    Func,
    check_randomness,
    leaves,
    rebuilt,
    structure,
)


def _dims_of(tree: Any, dims: Any) -> list[Any] | None:
    """For each leaf the dimension that stands in its place, or around it; None where the two don't fit."""
    if not isinstance(dims, (dict, list, tuple)):
        return [dims] * len(leaves(tree))
    if type(tree) is not type(dims) or len(tree) != len(dims):
        return None
    keys = list(dims) if isinstance(dims, dict) else range(len(dims))
    if isinstance(dims, dict) and list(tree) != keys:
        return None
    found = [_dims_of(tree[key], dims[key]) for key in keys]
    if any(entry is None for entry in found):
        return None
    return [dim for entry in found if entry is not None for dim in entry]


def _placed(name: str, result: Any, out_dims: Any, varies: Callable[[Node], bool]) -> list[Any]:
    """For each tensor that a function gave, where its rows go; None where there is one for all rows."""
    if isinstance(result, Tensor) and isinstance(out_dims, tuple) and len(out_dims) == 1:
        out_dims = out_dims[0]
    dims = _dims_of(result, out_dims)
    if dims is None:
        raise ValueFault(
            f"vmap({name}, ..., out_dims={out_dims})(<inputs>): out_dims is not compatible with the "
            f"structure of `outputs`. out_dims has structure {structure(out_dims)} but outputs has "
            f"structure {structure(result)}."
        )
    for value, dim in zip(leaves(result), dims, strict=True):
        if dim is None:
            if isinstance(value, Tensor) and varies(value.node):
                raise ValueFault(
                    f"vmap({name}, ...): `{name}` can not return a BatchedTensor when out_dim is None"
                )
        elif not isinstance(value, Tensor):
            raise ValueFault(
                f"vmap({name}, ...): `{name}` must only return Tensors, got type {type(value)}. Did "
                "you mean to set out_dims= to None for output?"
            )
        else:
            wrap_dim(dim, value.node.ndim + 1)
    return dims


def _check_dims(name: str, in_dims: Any, out_dims: Any, args: tuple[Any, ...]) -> None:
    """Refuse dimensions that are none; source: torch/_functorch/vmap.py."""
    if not all(isinstance(dim, int) or dim is None for dim in leaves(out_dims)):
        raise ValueFault(
            f"vmap({name}, ..., out_dims={out_dims}): `out_dims` must be an int, None or a python "
            "collection of ints representing where in the outputs the vmapped dimension should appear."
        )
    if not isinstance(in_dims, (int, tuple)):
        raise ValueFault(
            f"vmap({name}, in_dims={in_dims}, ...)(<inputs>): expected `in_dims` to be int or a "
            "(potentially nested) tuple matching the structure of inputs, got: "
            f"<class '{class_path(in_dims)}'>."
        )
    if not args:
        raise ValueFault(
            f"vmap({name})(<inputs>): got no inputs. Maybe you forgot to add inputs, or you are trying to "
            "vmap over a function with no inputs. The latter is unsupported."
        )


def _check_mapped(call: str, entries: list[Any], dims: list[Any]) -> None:
    for entry, dim in zip(entries, dims, strict=True):
        if dim is None:
            continue
        if not isinstance(dim, int):
            raise ValueFault(
                f"{call}: Got in_dim={dim} for an input but in_dim must be either an integer dimension or "
                "None."
            )
        if not isinstance(entry, Tensor):
            raise ValueFault(
                f"{call}: Got in_dim={dim} for an input but the input is of type "
                f"<class '{class_path(entry)}'>. We cannot vmap over non-Tensor arguments, please use None "
                "as the respective in_dim"
            )


REFUSED = {
    "truth": "It looks like you're attempting to use a Tensor in some data-dependent control flow. We don't "
    "support that yet, please file an issue at https://github.com/pytorch/pytorch/issues .",
    "item": "It looks like you're calling .item() on a Tensor. We don't support vmap over calling .item() on "
    "a Tensor, please try to rewrite what you're doing with other operations. If error is occurring "
    "somewhere inside PyTorch internals, please file a bug report.",
    "nonzero": "We do not support batching operators that can output dynamic shape. Attempted to vmap over "
    "aten::nonzero. Please file an issue at https://github.com/pytorch/pytorch/issues if you need this "
    "feature.",
}


class Rows:
    """One row of a function's mapped arguments, and of those of the functions around."""

    def __init__(
        self,
        mapped_over: Iterable[tuple[Tensor, Tensor, int]],
        place: int,
        randomness: str,
        recording: Recording | None = None,
    ) -> None:
        context = current()
        self.outer: Rows | None = context.mapped
        self.around, self.recorded = context.transform, context.recording
        self.mapped_over = list(mapped_over)
        self.place, self.randomness, self.recording = place, randomness, recording
        self.nodes = [own.node for own, _, _ in self.mapped_over]  # kept, so that their ids are
        self.own: set[int] = {id(node) for node in self.nodes}
        self.own |= self.outer.own if self.outer else set()
        _, entry, dim = self.mapped_over[0]
        self.size = entry.shape[dim]

    def whole(self, value: Tensor) -> tuple[Tensor, int | None] | None:
        """A value for all rows, and their dimension, None if there is one for all; None if it isn't known."""
        for own, entry, dim in self.mapped_over:
            if value.node is own.node:
                return entry, dim
        if not self.vary(value.node):
            return value, None
        if self.recording is None:
            return None
        found = _in_rows([value], self.mapped_over, self.recording)
        if found is None:
            return None
        return Tensor(found[0]), 0

    def part(self, whole: Tensor, dim: int) -> Tensor:
        """This row of a tensor of all rows, which is known to come from that."""
        with changed(recording=self.recorded, transform=self.around, mapped=self.outer):
            part: Tensor = call(whole, "select", dim, self.place)
        part = Tensor(
            constant_of(part.array, part.node)
        )  # a row's own node, not one of the whole's
        self.mapped_over.append((part, whole, dim))
        self.nodes.append(part.node)
        self.own.add(id(part.node))
        return part

    def applied(
        self, name: str, method: Func | None, generated: bool, args: Any, kwargs: dict[str, Any]
    ) -> tuple[Any] | None:
        """What a Function gives for this row; see `mapped.applied`."""
        return applied(name, method, generated, args, kwargs, self)

    def vary(self, node: Node) -> bool:
        """Whether a node was computed from a row."""
        return any(id(inner) in self.own for inner in topological([node]))

    def refuse(self, node: Node, use: str) -> None:
        """Refuse to use a value in a way that would need another program for each row."""
        if self.vary(node):
            raise RuntimeFault(f"vmap: {REFUSED[use]}")


@contextmanager
def _recorded(recording: Recording) -> Iterator[None]:
    """Inside, nodes keep their operands, and what is read of them is noted; outer recordings learn of it."""
    outer = current().recording
    try:
        with changed(recording=recording):
            yield
    finally:
        if outer is not None:
            outer.read += recording.read
            outer.repeatable = outer.repeatable and recording.repeatable


def _in_rows(
    values: list[Any], mapped_over: list[tuple[Tensor, Tensor, int]], recording: Recording
) -> list[Node] | None:
    """What a function gave for the first row, for all rows: its recorded graph as one batch.

    None where each row has to be computed for itself: a value decided something, or was seen by the
    program; something was written to or drawn; a derivative is the program's own code.
    """
    if not recording.repeatable:
        return None
    inputs = [own.node for own, _, _ in mapped_over]
    outputs = [value.node for value in values]
    varying = {id(node) for node in inputs}
    largest = max(node.numel for node in inputs + outputs)
    for node in topological([*outputs, *recording.read]):
        if id(node) not in varying and any(id(operand) in varying for operand in node.operands):
            if node.op.is_foreign or node.kept is not None:
                return None
            varying.add(id(node))
            largest = max(largest, node.numel)
    if any(id(node) in varying for node in recording.read):
        return None
    rows = [
        on_nodes(lambda node, dim=dim: _with_rows_first(node, dim), entry).node
        for _, entry, dim in mapped_over
    ]
    if rows[0].shape[0] * largest > min(MOST, current().max_elements):
        return None
    return batched(outputs, inputs, rows)


def _with_rows_first(node: Node, dim: int) -> Node:
    dim %= node.ndim
    return mv.permute(node, dims=(dim, *(d for d in range(node.ndim) if d != dim)))


def _with_rows_at(node: Node, dim: int) -> Node:
    """Rows where the caller wants them."""
    dim %= node.ndim
    order = list(range(1, node.ndim))
    order.insert(dim, 0)
    return mv.permute(node, dims=tuple(order)) if dim else node


@named("vmap", "func.vmap")
def vmap(
    func: Func,
    in_dims: Any = 0,
    out_dims: Any = 0,
    randomness: str = "error",
    *,
    chunk_size: int | None = None,
) -> Func:
    check_randomness(randomness)
    if not (chunk_size is None or chunk_size > 0):
        raise ValueFault(f"vmap: chunk_size should be None or greater than 0. (got {chunk_size})")
    return over_rows(func, in_dims, out_dims, randomness)


def over_rows(func: Func, in_dims: Any = 0, out_dims: Any = 0, randomness: str = "refused") -> Func:
    """As `vmap`; randomness may be "refused" too, which is an error in the words of the vmap of old."""
    name = getattr(func, "__name__", repr(func))

    @wraps(func)
    def run(*args: Any, **kwargs: Any) -> Any:
        _check_dims(name, in_dims, out_dims, args)
        entries = leaves(args)
        dims = _dims_of(args, in_dims)
        if dims is None:
            raise ValueFault(
                f"vmap({name}, in_dims={in_dims}, ...)(<inputs>): in_dims is not compatible with the "
                f"structure of `inputs`. in_dims has structure {structure(in_dims)} but inputs has "
                f"structure {structure(args)}."
            )
        _check_mapped(f"vmap({name}, in_dims={in_dims}, ...)(<inputs>)", entries, dims)
        sizes = []
        for entry, dim in zip(entries, dims, strict=True):
            if dim is None or not isinstance(entry, Tensor):
                continue
            rank = len(entry.shape)
            if not -rank <= dim < rank:
                raise ValueFault(
                    f"vmap({name}, in_dims={in_dims}, ...)(<inputs>): Got in_dim={dim} for some input, "
                    f"but that input is a Tensor of dimensionality {rank} so expected in_dim to satisfy "
                    f"-{rank} <= in_dim < {rank}."
                )
            sizes.append(entry.shape[dim])
        if not sizes:
            raise ValueFault(
                f"vmap({name}, in_dims={in_dims}, ...)(<inputs>): at least one input has to be mapped"
            )
        if len(set(sizes)) > 1:
            raise ValueFault(
                "vmap: Expected all tensors to have the same size in the mapped dimension, got sizes "
                f"{sizes} for the mapped dimension"
            )

        def row(place: int) -> list[Any]:
            return [
                call(entry, "select", dim, place)
                if dim is not None and isinstance(entry, Tensor)
                else entry
                for entry, dim in zip(entries, dims, strict=True)
            ]

        start = default_generator().get_state() if randomness == "same" else None

        def run_on(place: int, recording: Recording | None = None) -> tuple[Any, Rows]:
            values = row(place)
            mapped_over = [
                (own, entry, dim)
                for own, entry, dim in zip(values, entries, dims, strict=True)
                if own is not entry
            ]
            rows = Rows(mapped_over, place, randomness, recording)
            with changed(randomness=randomness, mapped=rows, transform="vmap"):
                if start is not None:
                    default_generator().set_state(start)
                return func(*rebuilt(args, iter(values)), **kwargs), rows

        recording = Recording()
        with _recorded(recording):
            first, known = run_on(0, recording)
            rows, mapped_over = [first], known.mapped_over
            inputs = {id(own.node) for own, _, _ in mapped_over}
            placed = _placed(
                name,
                rows[0],
                out_dims,
                lambda node: any(id(inner) in inputs for inner in topological([node])),
            )
        values = leaves(rows[0])
        moving = [value for value, dim in zip(values, placed, strict=True) if dim is not None]
        at = [dim for dim in placed if dim is not None]
        found = _in_rows(moving, mapped_over, recording) if sizes[0] > 1 else None
        if found is not None:
            moved = [Tensor(_with_rows_at(node, dim)) for node, dim in zip(found, at, strict=True)]
        else:
            rows += [run_on(place)[0] for place in range(1, sizes[0])]
            columns = [
                [value for value, dim in zip(leaves(entry), placed, strict=True) if dim is not None]
                for entry in rows
            ]
            moved = [
                torch_call("stack", list(column), dim)
                for column, dim in zip(zip(*columns, strict=True), at, strict=True)
            ]
        results = iter(moved)
        whole = [
            value if dim is None else next(results)
            for value, dim in zip(values, placed, strict=True)
        ]
        return rebuilt(rows[0], iter(whole))

    return run
