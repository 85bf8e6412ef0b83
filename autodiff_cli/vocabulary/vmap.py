"""`vmap`: the first row is recorded, and batched for the others where its graph says it all.

Source: torch/_functorch/vmap.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from autodiff_cli.autograd.ruled import MOST
from autodiff_cli.autograd.tensor import Tensor
from autodiff_cli.errors import RuntimeFault, ValueFault
from autodiff_cli.ir.context import Recording, changed, current
from autodiff_cli.ir.node import Node
from autodiff_cli.ir.walk import topological
from autodiff_cli.ops import movement as mv
from autodiff_cli.random.streams import default_generator
from autodiff_cli.transform.batch import batched
from autodiff_cli.vocabulary.calling import call, class_path, torch_call
from autodiff_cli.vocabulary.handles import lift, named
from autodiff_cli.vocabulary.transforms import Func, leaves, rebuilt


def _dims_of(tree: Any, dims: Any) -> list[Any]:
    """For each leaf, the dimension to map over; None for those that are the same in every row."""
    if dims is None or isinstance(dims, int):
        return [dims] * len(leaves(tree))
    if isinstance(tree, dict):
        return [dim for key in tree for dim in _dims_of(tree[key], dims[key])]
    if not isinstance(tree, (list, tuple)) or not isinstance(dims, (list, tuple)):
        return [dims]
    if len(tree) != len(dims):
        raise ValueFault(
            f"vmap: {len(dims)} dimensions to map over are given for a structure of {len(tree)} entries"
        )
    return [dim for entry, own in zip(tree, dims, strict=True) for dim in _dims_of(entry, own)]


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


@contextmanager
def _recorded(recording: Recording | None) -> Iterator[None]:
    """Inside, nodes keep their operands, and what is read of them is noted; outer recordings learn of it."""
    if recording is None:
        yield
        return
    outer = current().recording
    try:
        with changed(recording=recording):
            yield
    finally:
        if outer is not None:
            outer.read += recording.read
            outer.repeatable = outer.repeatable and recording.repeatable


def _in_rows(
    result: Any, mapped_over: list[tuple[Tensor, Tensor, int]], recording: Recording
) -> list[Node] | None:
    """What a function gave for the first row, for all rows: its recorded graph as one batch.

    None where each row has to be computed for itself: a value decided something, or was seen by the
    program; something was written to or drawn; a derivative is the program's own code.
    """
    values = leaves(result)
    if not recording.repeatable or not all(isinstance(value, Tensor) for value in values):
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
        lift(lambda node, dim=dim: _with_rows_first(node, dim), entry).node
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
    func: Func, in_dims: Any = 0, out_dims: Any = 0, randomness: str = "error", **_: Any
) -> Func:
    name = getattr(func, "__name__", repr(func))
    if randomness not in ("error", "different", "same"):
        raise RuntimeFault(
            "Only allowed values for randomness are 'error', 'different', or 'same'. Got "
            f"{randomness}"
        )

    @wraps(func)
    def run(*args: Any, **kwargs: Any) -> Any:
        _check_dims(name, in_dims, out_dims, args)
        entries = leaves(args)
        dims = _dims_of(args, in_dims)
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

        def run_on(values: list[Any]) -> Any:
            with changed(randomness=randomness):
                if start is not None:
                    default_generator().set_state(start)
                return func(*rebuilt(args, iter(values)), **kwargs)

        first = row(0)
        recording = Recording() if sizes[0] > 1 else None
        with _recorded(recording):
            rows = [run_on(first)]
        mapped_over = [
            (own, entry, dim)
            for own, entry, dim in zip(first, entries, dims, strict=True)
            if own is not entry
        ]
        found = None if recording is None else _in_rows(rows[0], mapped_over, recording)
        if found is not None:
            moved = [
                Tensor(_with_rows_at(node, dim))
                for node, dim in zip(found, _dims_of(rows[0], out_dims), strict=True)
            ]
            return rebuilt(rows[0], iter(moved))
        rows += [run_on(row(place)) for place in range(1, sizes[0])]
        columns = [leaves(entry) for entry in rows]
        for value in columns[0]:
            if not isinstance(value, Tensor):
                raise ValueFault(
                    f"vmap({name}, ...): `{name}` must only return Tensors, got type {type(value)}. Did "
                    "you mean to set out_dims= to None for output?"
                )
        stacked = [
            torch_call("stack", list(column), dim)
            for column, dim in zip(
                zip(*columns, strict=True), _dims_of(rows[0], out_dims), strict=True
            )
        ]
        return rebuilt(rows[0], iter(stacked))

    return run
