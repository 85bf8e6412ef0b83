"""`torch.func`: functions that differentiate functions, and `vmap`.

Sources: torch/_functorch/eager_transforms.py, vmap.py, functional_call.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import Any

import numpy as np

from autodiff_cli.autograd.ruled import MOST
from autodiff_cli.autograd.tensor import Tensor, detached, of_array
from autodiff_cli.errors import RuntimeFault, ValueFault
from autodiff_cli.ir.node import INPUT, Node, Recording, state
from autodiff_cli.ir.walk import topological
from autodiff_cli.ops import movement as mv
from autodiff_cli.transform.batch import batched
from autodiff_cli.vocabulary.calling import call, torch_call
from autodiff_cli.vocabulary.differentiation import grad as gradients
from autodiff_cli.vocabulary.differentiation import jacobian_nodes, tangent_nodes
from autodiff_cli.vocabulary.grad_mode import enable_grad
from autodiff_cli.vocabulary.gradients import requires_grad_
from autodiff_cli.vocabulary.handles import lift, named
from autodiff_cli.vocabulary.values import Size

Func = Callable[..., Any]


# ---- nested values ------------------------------------------------------------------------------


def leaves(tree: Any) -> list[Any]:
    """What stands in nested lists, tuples and dicts, in order."""
    if isinstance(tree, dict):
        return [leaf for key in tree for leaf in leaves(tree[key])]
    if isinstance(tree, (list, tuple)) and not isinstance(tree, Size):
        return [leaf for entry in tree for leaf in leaves(entry)]
    return [tree]


def rebuilt(tree: Any, values: Iterator[Any]) -> Any:
    """A tree of the same form, of other leaves."""
    if isinstance(tree, dict):
        return {key: rebuilt(tree[key], values) for key in tree}
    if isinstance(tree, (list, tuple)) and not isinstance(tree, Size):
        entries = [rebuilt(entry, values) for entry in tree]
        if isinstance(tree, list):
            return entries
        return type(tree)(*entries) if hasattr(tree, "_fields") else tuple(entries)
    return next(values)


def mapped(tree: Any, function: Func) -> Any:
    return rebuilt(tree, iter([function(leaf) for leaf in leaves(tree)]))


# ---- levels -------------------------------------------------------------------------------------


class _Levels:
    depth = 0


@contextmanager
def _level() -> Iterator[None]:
    """Inside, gradients are recorded, and results stay part of the graph around."""
    _Levels.depth += 1
    try:
        with enable_grad():
            yield
    finally:
        _Levels.depth -= 1


def _own(value: Any) -> Any:
    """A tensor of this level, by which to differentiate."""
    if not isinstance(value, Tensor):
        raise ValueFault(f"Thing passed to transform API must be Tensor, got {type(value)}")
    if value.requires_grad:
        return lift(lambda node: mv.view(node, shape=node.shape), value)
    return requires_grad_(detached(value))


def _left(value: Any, inner: Sequence[Tensor]) -> Any:
    """A result outside of its level: without the graph, unless that leads to tensors from outside."""
    if not isinstance(value, Tensor) or not value.requires_grad or _Levels.depth:
        return value
    own = {id(tensor.node) for tensor in inner}
    seen: set[int] = set()
    pending: list[Node] = [value.node]
    while pending:
        node = pending.pop()
        if id(node) in seen or not node.requires_grad:
            continue
        seen.add(id(node))
        if node.op is INPUT and id(node) not in own:
            return value
        pending.extend(node.operands)
    return detached(value)


def _outside(tree: Any, inner: Sequence[Tensor]) -> Any:
    return mapped(tree, lambda value: _left(value, inner))


def _chosen(args: tuple[Any, ...], argnums: Any) -> tuple[tuple[Any, ...], list[Any]]:
    """The arguments with those that are differentiated replaced; and these."""
    places = argnums if isinstance(argnums, tuple) else (argnums,)
    for place in places:
        if not -len(args) <= place < len(args):
            raise RuntimeFault(f"Got argnum={place}, but only {len(args)} positional inputs")
    given = list(args)
    for place in places:
        given[place] = mapped(given[place], _own)
    return tuple(given), [given[place] for place in places]


def _flows(outputs: Sequence[Any], inputs: Sequence[Tensor], seeds: Sequence[Any]) -> list[Any]:
    """The gradients of outputs by inputs, zeros where none flow."""
    pairs = [
        (out, seed)
        for out, seed in zip(outputs, seeds, strict=True)
        if isinstance(out, Tensor) and out.requires_grad
    ]
    zeros = [of_array(np.zeros(tensor.shape, tensor.dtype.numpy)) for tensor in inputs]
    if not pairs:
        return list(zeros)
    found = gradients(
        tuple(out for out, _ in pairs),
        tuple(inputs),
        tuple(seed for _, seed in pairs),
        create_graph=True,
        allow_unused=True,
    )
    return [zero if flow is None else flow for flow, zero in zip(found, zeros, strict=True)]


def _unpacked(values: Sequence[Any], argnums: Any) -> Any:
    return tuple(values) if isinstance(argnums, tuple) else values[0]


# ---- reverse mode -------------------------------------------------------------------------------


@named("func.grad_and_value")
def grad_and_value(func: Func, argnums: Any = 0, has_aux: bool = False) -> Func:
    @wraps(func)
    def run(*args: Any, **kwargs: Any) -> Any:
        with _level():
            given, chosen = _chosen(args, argnums)
            output = func(*given, **kwargs)
            aux = None
            if has_aux:
                if not (isinstance(output, tuple) and len(output) == 2):
                    raise RuntimeFault(
                        "grad_and_value(f)(*args): output of function f should be a tuple: (output, aux) "
                        "if has_aux is True"
                    )
                output, aux = output
            if not isinstance(output, Tensor):
                raise RuntimeFault(
                    "grad_and_value(f)(*args): Expected f(*args) to return a Tensor, got "
                    f"{type(output)}"
                )
            if output.shape:
                raise RuntimeFault(
                    "grad_and_value(f)(*args): Expected f(*args) to return a scalar Tensor, got tensor "
                    f"with {len(output.shape)} dims. Maybe you wanted to use the vjp or jacrev APIs "
                    "instead?"
                )
            inner = leaves(chosen)
            flows = iter(_flows([output], inner, [None]))
            found = _unpacked([rebuilt(tree, flows) for tree in chosen], argnums)
        if has_aux:
            return _outside(found, inner), (_outside(output, inner), _outside(aux, inner))
        return _outside(found, inner), _outside(output, inner)

    return run


@named("func.grad")
def grad(func: Func, argnums: Any = 0, has_aux: bool = False) -> Func:
    both = grad_and_value(func, argnums, has_aux)

    @wraps(func)
    def run(*args: Any, **kwargs: Any) -> Any:
        found, value = both(*args, **kwargs)
        return (found, value[1]) if has_aux else found

    return run


@named("func.vjp")
def vjp(func: Func, *primals: Any, has_aux: bool = False) -> Any:
    with _level():
        given = mapped(primals, _own)
        output = func(*given)
        aux = None
        if has_aux:
            output, aux = output
    inner = leaves(given)

    def pull(cotangents: Any, retain_graph: bool = True, create_graph: bool = True) -> Any:
        with _level():
            flows = iter(_flows(leaves(output), inner, leaves(cotangents)))
            found = rebuilt(given, flows)
        return mapped(found, lambda value: _left(value, inner))

    shown = mapped(output, lambda value: _left(value, inner))
    if has_aux:
        return shown, pull, mapped(aux, lambda value: _left(value, inner))
    return shown, pull


@named("func.jacrev")
def jacrev(func: Func, argnums: Any = 0, *, has_aux: bool = False, **_: Any) -> Func:
    @wraps(func)
    def run(*args: Any) -> Any:
        with _level():
            given, chosen = _chosen(args, argnums)
            output = func(*given)
            aux = None
            if has_aux:
                output, aux = output
            inner = leaves(chosen)
            found = mapped(output, lambda out: _unpacked(_rows(out, chosen, inner), argnums))
        left = mapped(found, lambda value: _left(value, inner))
        return (left, mapped(aux, lambda value: _left(value, inner))) if has_aux else left

    return run


def _rows(output: Any, chosen: list[Any], inner: list[Tensor]) -> list[Any]:
    """The Jacobians of one output."""
    found = jacobian_nodes(output, inner, True)
    if found is not None:
        parts = iter(
            of_array(np.zeros((*output.shape, *tensor.shape), tensor.dtype.numpy))
            if node is None
            else Tensor(node)
            for node, tensor in zip(found, inner, strict=True)
        )
        return [rebuilt(tree, parts) for tree in chosen]
    count = output.node.numel
    rows = []
    for place in range(count):
        seed = np.zeros(output.shape, output.dtype.numpy)
        seed.reshape(-1)[place] = 1
        rows.append(_flows([output], inner, [of_array(seed)]))
    stacked = [
        call(torch_call("stack", list(column)), "reshape", (*output.shape, *tensor.shape))
        for column, tensor in zip(zip(*rows, strict=True), inner, strict=True)
    ]
    flows = iter(stacked)
    return [rebuilt(tree, flows) for tree in chosen]


# ---- forward mode -------------------------------------------------------------------------------


def pushed(outputs: Sequence[Any], inputs: Sequence[Tensor], tangents: Sequence[Any]) -> list[Any]:
    """Tangents of outputs: in forward mode, or else by differentiating twice backward."""
    moving = [out for out in outputs if out.requires_grad]
    moved = tangent_nodes(moving, inputs, tangents, True)
    if moved is not None:
        entries = iter(moved)
        nodes = [next(entries) if out.requires_grad else None for out in outputs]
        return [
            of_array(np.zeros(out.shape, out.dtype.numpy)) if node is None else Tensor(node)
            for out, node in zip(outputs, nodes, strict=True)
        ]
    result: list[Any] = []
    for out in outputs:
        zero = of_array(np.zeros(out.shape, out.dtype.numpy))
        if not out.requires_grad:
            result.append(zero)
            continue
        seed = requires_grad_(of_array(np.zeros(out.shape, out.dtype.numpy)))
        flows = _flows([out], inputs, [seed])
        result.append(_flows(flows, [seed], tangents)[0])
    return result


@named("func.jvp")
def jvp(
    func: Func, primals: Any, tangents: Any, *, strict: bool = False, has_aux: bool = False
) -> Any:
    if not isinstance(primals, tuple):
        raise RuntimeFault(
            "jvp(f, primals, tangents): Expected primals to be a tuple. E.g. it should be valid to call "
            "f(*primals)."
        )
    with _level():
        given = mapped(primals, _own)
        output = func(*given)
        aux = None
        if has_aux:
            output, aux = output
        inner = leaves(given)
        found = rebuilt(output, iter(pushed(leaves(output), inner, leaves(tangents))))
    result = _outside(output, inner), _outside(found, inner)
    return (*result, _outside(aux, inner)) if has_aux else result


@named("func.jacfwd")
def jacfwd(func: Func, argnums: Any = 0, has_aux: bool = False, **_: Any) -> Func:
    """The same Jacobian as `jacrev` gives; the direction it is computed in can't be seen."""
    return jacrev(func, argnums, has_aux=has_aux)


@named("func.hessian")
def hessian(func: Func, argnums: Any = 0) -> Func:
    return jacfwd(jacrev(func, argnums), argnums)


# ---- vmap ---------------------------------------------------------------------------------------


def _dims_of(tree: Any, dims: Any) -> list[Any]:
    """For each leaf, the dimension to map over; None for those that are the same in every row."""
    if dims is None or isinstance(dims, int):
        return [dims] * len(leaves(tree))
    if isinstance(tree, dict):
        return [dim for key in tree for dim in _dims_of(tree[key], dims[key])]
    return [dim for entry, own in zip(tree, dims, strict=True) for dim in _dims_of(entry, own)]


@contextmanager
def _recorded(recording: Recording | None) -> Iterator[None]:
    """Inside, nodes keep their operands, and what is read of them is noted; outer recordings learn of it."""
    outer = state.recording
    if recording is None:
        yield
        return
    state.recording = recording
    try:
        yield
    finally:
        state.recording = outer
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
    if rows[0].shape[0] * largest > min(MOST, state.max_elements):
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

    @wraps(func)
    def run(*args: Any, **kwargs: Any) -> Any:
        entries = leaves(args)
        dims = _dims_of(args, in_dims)
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

        def run_on(values: list[Any]) -> Any:
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


# ---- modules ------------------------------------------------------------------------------------


@named("func.functional_call", "nn.utils.stateless.functional_call")
def functional_call(
    module: Any,
    parameter_and_buffer_dicts: Any,
    args: Any = None,
    kwargs: Any = None,
    **_: Any,
) -> Any:
    given = parameter_and_buffer_dicts
    merged = given if isinstance(given, dict) else {k: v for part in given for k, v in part.items()}
    positional = () if args is None else args if isinstance(args, tuple) else (args,)
    held = []
    try:
        for path, value in merged.items():
            *parts, name = path.split(".")
            owner = module
            for part in parts:
                owner = owner._modules[part]
            table = owner._parameters if name in owner._parameters else owner._buffers
            held.append((table, name, table[name]))
            table[name] = value
        return module(*positional, **(kwargs or {}))
    finally:
        for table, name, value in reversed(held):
            table[name] = value
