"""Several tensors as one: stacks, grids, combinations, blocks; and one repeated."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import chain
from itertools import combinations as choices
from itertools import combinations_with_replacement as repeated_choices

import numpy as np

from autodiff_cli.errors import NotImplementedFault, RuntimeFault, TypeFault
from autodiff_cli.execute import force
from autodiff_cli.ir import dtypes
from autodiff_cli.ir.context import current
from autodiff_cli.ir.node import Node, constant
from autodiff_cli.ir.room import check_elements
from autodiff_cli.ir.shapes import wrap_dim
from autodiff_cli.ops import indexing as ix
from autodiff_cli.ops import movement as mv
from autodiff_cli.ops import rearrange as re
from autodiff_cli.vocabulary.calls.parameters import type_name
from autodiff_cli.vocabulary.calls.registry import alias, python, torch
from autodiff_cli.vocabulary.calls.signature import Overloads
from autodiff_cli.vocabulary.shaping import cat, check_tensors, clone_contiguous, reshape_to, stack

# ---- joins --------------------------------------------------------------------------------------


def _unsqueezed(x: Node, dim: int) -> Node:
    return mv.unsqueeze(x, shape=(*x.shape[:dim], 1, *x.shape[dim:]))


def _one_dim(x: Node) -> Node:
    return reshape_to(x, (1,)) if not x.ndim else x


def _two_dims_of(x: Node) -> Node:
    if not x.ndim:
        return reshape_to(x, (1, 1))
    return _unsqueezed(x, 0) if x.ndim == 1 else x


def _three_dims_of(x: Node) -> Node:
    if not x.ndim:
        return reshape_to(x, (1, 1, 1))
    return _unsqueezed(_two_dims_of(x), 2) if x.ndim < 3 else x


def _at_least(name: str, grow: Callable[[Node], Node]) -> None:
    # Python hands on one tensor or a tuple of them to the function whose errors a user sees.
    table = Overloads(name, [f"{name}(Tensor input)", f"{name}(tuple of Tensors tensors)"])

    @python(name)
    def grown(*tensors: object) -> Node | tuple[Node, ...]:
        given = tensors[0] if len(tensors) == 1 else tensors
        table.bind((given,), {})
        if isinstance(given, Node):
            return grow(given)
        assert isinstance(given, (list, tuple))
        return tuple(map(grow, given))


_at_least("atleast_1d", _one_dim)
_at_least("atleast_2d", _two_dims_of)
_at_least("atleast_3d", _three_dims_of)


def _joiner(name: str, join: Callable[[tuple[Node, ...]], Node]) -> None:
    @torch(f"{name}(tuple of Tensors tensors, *, Tensor out = None)", only="function")
    def joined(tensors: tuple[Node, ...]) -> Node:
        check_tensors(tensors)
        if not tensors:
            raise RuntimeFault(f"{name} expects a non-empty TensorList")
        return join(tensors)


def _side_by_side(tensors: tuple[Node, ...]) -> Node:
    wide = tuple(map(_one_dim, tensors))
    return cat(wide, 0 if wide[0].ndim == 1 else 1)


def _columns(tensors: tuple[Node, ...]) -> Node:
    return cat(tuple(reshape_to(x, (x.numel, 1)) if x.ndim <= 1 else x for x in tensors), 1)


_joiner("hstack", _side_by_side)
_joiner("vstack", lambda tensors: cat(tuple(map(_two_dims_of, tensors)), 0))
_joiner("dstack", lambda tensors: cat(tuple(map(_three_dims_of, tensors)), 2))
_joiner("column_stack", _columns)


@python("block_diag", calls="block_diag(tuple of Tensors tensors)")
def block_diag(*tensors: Node) -> Node:
    for position, tensor in enumerate(tensors):
        if tensor.ndim > 2:
            raise RuntimeFault(
                "torch.block_diag: Input tensors must have 2 or fewer dimensions. Input "
                f"{position} has {tensor.ndim} dimensions"
            )
    if not tensors:
        return constant(np.zeros((1, 0), current().dtype.numpy))
    return re.block_diag(*tensors)


def _grid(tensors: Sequence[Node]) -> tuple[Node, ...]:
    shape = tuple(x.numel for x in tensors)
    grids = []
    for dim, x in enumerate(tensors):
        sizes = [1] * len(tensors)
        sizes[dim] = x.numel
        grids.append(mv.expand(mv.view(x, shape=tuple(sizes)), shape=shape))
    return tuple(grids)


@python("meshgrid")
def meshgrid(*tensors: Node, indexing: str | None = None) -> tuple[Node, ...]:
    given: Sequence[Node] = tensors
    if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)):
        given = tensors[0]
    if not given:
        raise RuntimeFault("meshgrid expects a non-empty TensorList")
    check_tensors(given)
    if indexing is not None and not isinstance(indexing, str):
        raise TypeFault(f"meshgrid(): argument 'indexing' must be str, not {type_name(indexing)}")
    if any(x.dtype is not given[0].dtype for x in given):
        raise RuntimeFault("meshgrid expects all tensors to have the same dtype")
    for x in given:
        if x.ndim > 1:
            raise RuntimeFault(
                "torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got: "
                f"a tensor of shape {list(x.shape)}"
            )
    if indexing not in (None, "ij", "xy"):
        raise RuntimeFault(
            'torch.meshgrid: indexing must be one of "xy" or "ij", but received: ' + str(indexing)
        )
    if indexing == "xy" and len(given) > 1:
        second, first, *rest = _grid((given[1], given[0], *given[2:]))
        return (first, second, *rest)
    return _grid(given)


@python("cartesian_prod", calls="cartesian_prod(tuple of Tensors tensors)")
def cartesian_prod(*tensors: Node) -> Node:
    if not tensors:
        raise RuntimeFault("meshgrid expects a non-empty TensorList")
    for x in tensors:
        if x.ndim != 1:
            raise RuntimeFault(f"Expect a 1D vector, but got shape {list(x.shape)}")
    if len(tensors) == 1:
        return tensors[0]
    return stack(tuple(reshape_to(grid, (-1,)) for grid in _grid(tensors)), 1)


@torch("combinations(Tensor input, int r = 2, bool with_replacement = False)", only="function")
def combinations(input: Node, r: int, with_replacement: bool) -> Node:
    if input.ndim != 1:
        raise RuntimeFault(f"Expect a 1D vector, but got shape {list(input.shape)}")
    if r < 0:
        raise RuntimeFault(f"Expect a non-negative number, but got {r}")
    if not r:
        return constant(np.zeros(0, input.dtype.numpy))
    choose = repeated_choices if with_replacement else choices
    count = math.comb(input.numel + (r - 1 if with_replacement else 0), r)
    check_elements((count, r))
    rows = chain.from_iterable(choose(range(input.numel), r))
    picked = np.fromiter(rows, np.int64, count * r).reshape(-1, r)
    grids = _grid([input] * r)
    places = [constant(picked[:, at].copy()) for at in range(r)]
    dims = tuple(range(r))
    return stack(tuple(ix.masked_select(grid, *places, dims=dims) for grid in grids), 1)


# ---- repetition ---------------------------------------------------------------------------------


@torch(
    "repeat_interleave(Tensor input, Tensor repeats, int? dim = None, *, "
    "SymInt? output_size = None)"
)
def repeat_interleave_each(input: Node, repeats: Node, dim: int | None) -> Node:
    x = reshape_to(input, (-1,)) if dim is None else input
    at = wrap_dim(dim or 0, x.ndim)
    if repeats.ndim == 0 or repeats.numel == 1:
        times = int(force(repeats).reshape(-1)[0])
        check_elements((x.shape[at], max(times, 0)))
        index = constant(np.repeat(np.arange(x.shape[at]), times))
        return ix.index_select(x, index, dim=at)
    if repeats.numel != x.shape[at]:
        raise RuntimeFault(
            "repeats must have the same size as input along dim, but got repeats.size(0) = "
            f"{repeats.numel} and input.size({at}) = {x.shape[at]}"
        )
    return ix.index_select(x, repeat_interleave_places(repeats), dim=at)


@torch("repeat_interleave(Tensor repeats, *, SymInt? output_size = None)", only="function")
def repeat_interleave_places(repeats: Node) -> Node:
    if repeats.ndim != 1:
        raise RuntimeFault("repeat_interleave only accept 1D vector as repeat")
    if repeats.dtype not in (dtypes.int64, dtypes.int32):
        raise NotImplementedFault(
            f"\"repeat_interleave_cpu\" not implemented for '{repeats.dtype.scalar_name}'"
        )
    counts = force(repeats)
    if (counts < 0).any():
        raise RuntimeFault("repeats can not be negative")
    check_elements((int(counts.sum()),))
    return constant(np.repeat(np.arange(counts.size), counts))


@torch(
    "repeat_interleave(Tensor input, SymInt repeats, int? dim = None, *, "
    "SymInt? output_size = None)"
)
def repeat_interleave(input: Node, repeats: int, dim: int | None) -> Node:
    x = reshape_to(input, (-1,)) if dim is None else input
    if repeats < 0:
        raise RuntimeFault("Repeats must be non-negative")
    at = wrap_dim(dim or 0, x.ndim)
    wide = _unsqueezed(x, at + 1)
    shape = (*x.shape[: at + 1], repeats, *x.shape[at + 1 :])
    copied = clone_contiguous(mv.expand(wide, shape=shape))
    merged = (*x.shape[:at], x.shape[at] * repeats, *x.shape[at + 1 :])
    return mv.view(copied, shape=merged)


alias("row_stack", of="vstack")
