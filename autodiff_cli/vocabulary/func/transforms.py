"""`torch.func`: functions that differentiate functions.

Sources: torch/_functorch/eager_transforms.py, functional_call.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import wraps
from typing import Any

from autodiff_cli.errors import RuntimeFault, ValueFault
from autodiff_cli.ir.context import changed, current
from autodiff_cli.ir.memory import next_number
from autodiff_cli.ir.node import INPUT, Node
from autodiff_cli.ops import movement as mv
from autodiff_cli.tensors import derivatives
from autodiff_cli.tensors.packing import packing_of
from autodiff_cli.tensors.tensor import Tensor, detached
from autodiff_cli.vocabulary.autograd.differentiation import handed, nodes_of
from autodiff_cli.vocabulary.autograd.gradients import NO_HOOKS, cotangents, made_leaf
from autodiff_cli.vocabulary.calls.calling import check_has, class_path
from autodiff_cli.vocabulary.calls.handles import named, on_nodes
from autodiff_cli.vocabulary.calls.values import Size
from autodiff_cli.vocabulary.func.nested import (
    JVP,
    VJP,
    Func,
    check_aux,
    check_dual,
    check_randomness,
    check_tensors,
    leaves,
    mapped,
    output_of,
    rebuilt,
    spec,
    structure,
)

# ---- levels -------------------------------------------------------------------------------------


def _level(transform: str = "grad", arguments: Any = ()) -> changed:
    """Inside, gradients are recorded, and results stay part of the graph around.

    Args:
        transform: "grad" for reverse mode, "jvp" for forward mode.
        arguments: of the function that is differentiated, which may be written to; what it captured may not.
    """
    context = current()
    if transform == "grad" and packing_of(context) is not None:
        raise RuntimeFault(NO_HOOKS)
    return changed(
        level=context.level + 1,
        grad=True,
        transform=transform,
        began=next_number(),
        arguments=frozenset(id(leaf) for leaf in leaves(arguments) if isinstance(leaf, Tensor)),
    )


def _entering(tree: Any) -> Any:
    """What goes into a level: under `no_grad` nothing of it belongs to the graph around."""
    return tree if current().grad else mapped(tree, _cut)


def _cut(value: Any) -> Any:
    return detached(value) if isinstance(value, Tensor) and value.requires_grad else value


def _own(value: Any) -> Any:
    """A tensor of this level, by which to differentiate."""
    if not isinstance(value, Tensor):
        raise ValueFault(f"Thing passed to transform API must be Tensor, got {type(value)}")
    if value.requires_grad:
        return on_nodes(lambda node: mv.view(node, shape=node.shape), value)
    return made_leaf(detached(value))


def _moving(value: Any) -> Any:
    """A tensor of a level of forward mode: it may be written to, as it isn't the leaf itself."""
    if not isinstance(value, Tensor) or value.requires_grad:
        return _own(value)
    leaf = made_leaf(detached(value))._node
    leaf.params = {"inner": True}
    moving = Tensor(mv.view(leaf, shape=value.shape))
    moving._node.memory = leaf.memory
    return moving


def _entries(tree: Any) -> list[Tensor]:
    """The tensors of a tree as they are before anything is written to them."""
    return [Tensor(value.node) for value in leaves(tree)]


def _left(value: Any, inner: Sequence[Tensor]) -> Any:
    """A result outside of its level: without the graph, unless that leads to tensors from outside.

    Under `no_grad` there is no graph outside.
    """
    if not current().grad:
        return _cut(value)
    if not isinstance(value, Tensor) or not value.requires_grad or current().level:
        return value
    own = {id(tensor.node) for tensor in inner}
    seen: set[int] = set()
    pending: list[Node] = [value.node]
    while pending:
        node = pending.pop()
        if id(node) in seen or not node.requires_grad:
            continue
        seen.add(id(node))
        if node.op is INPUT and id(node) not in own and "inner" not in node.params:
            return value
        pending.extend(node.operands)
    return detached(value)


def _outside(tree: Any, inner: Sequence[Tensor]) -> Any:
    return mapped(tree, lambda value: _left(value, inner))


def _places(args: tuple[Any, ...], argnums: Any) -> tuple[int, ...]:
    """Which arguments are differentiated."""
    if not isinstance(argnums, (int, tuple)):
        raise RuntimeFault(
            f"argnums must be int or Tuple[int, ...], got: <class '{class_path(argnums)}'>"
        )
    places = argnums if isinstance(argnums, tuple) else (argnums,)
    if not places:
        raise RuntimeFault("argnums must be non-empty")
    count = len(args)
    for place in places:
        if not isinstance(place, int):
            raise RuntimeFault(f"argnum must be int, got: <class '{class_path(place)}'>")
        if not -count <= place < count:
            raise RuntimeFault(f"Got argnum={place}, but only {count} positional inputs")
    places = tuple([place % count for place in places])
    if len(set(places)) != len(places):
        raise RuntimeFault(f"argnums elements must be unique, got {places}")
    return places


def _chosen(args: tuple[Any, ...], argnums: Any) -> tuple[tuple[Any, ...], list[Any]]:
    """The arguments with those that are differentiated replaced; and these."""
    places = _places(args, argnums)
    given = list(args)
    own = _moving if current().transform == "jvp" else _own
    for place in places:
        given[place] = mapped(given[place], own)
    return tuple(given), [given[place] for place in places]


def _flows(
    outputs: Sequence[Any], inputs: Sequence[Tensor], seeds: Sequence[Any]
) -> Sequence[Tensor]:
    """The gradients of outputs by inputs, zeros where none flow."""
    moving = [
        (out, seed)
        for out, seed in zip(outputs, seeds, strict=True)
        if isinstance(out, Tensor) and out.requires_grad
    ]
    roots = [out for out, _ in moving]
    found = derivatives.gradients(
        nodes_of(roots),
        cotangents(roots, [seed for _, seed in moving]),
        [tensor.node for tensor in inputs],
        create_graph=True,
    )
    return handed(found, inputs)


def _unpacked(values: Sequence[Any], argnums: Any) -> Any:
    return tuple(values) if isinstance(argnums, tuple) else values[0]


# ---- reverse mode -------------------------------------------------------------------------------


@named("func.grad_and_value")
def grad_and_value(func: Func, argnums: Any = 0, has_aux: bool = False) -> Func:
    @wraps(func)
    def run(*args: Any, **kwargs: Any) -> Any:
        args = _entering(args)
        with _level("grad", [args, kwargs]):
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
                check_aux(aux)
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
        output, aux = output_of(func(*given), VJP, has_aux)
    inner = leaves(given)

    def pull(cotangents: Any, retain_graph: bool = True, create_graph: bool = True) -> Any:
        if spec(cotangents) != spec(output):
            raise RuntimeFault(
                "Expected pytree structure of cotangents to be the same as pytree structure of outputs to "
                f"the function. cotangents: {spec(cotangents)}, primal output: {spec(output)}"
            )
        cotangents = _entering(cotangents)
        with _level():
            flows = iter(_flows(leaves(output), inner, leaves(cotangents)))
            found = rebuilt(given, flows)
        return _outside(found, inner)

    shown = _outside(output, inner)
    return (shown, pull, _outside(aux, inner)) if has_aux else (shown, pull)


@named("func.jacrev")
def jacrev(
    func: Func,
    argnums: Any = 0,
    *,
    has_aux: bool = False,
    chunk_size: int | None = None,
    _preallocate_and_copy: bool = False,
) -> Func:
    if not (chunk_size is None or chunk_size > 0):
        raise ValueFault("jacrev: `chunk_size` should be greater than 0.")
    return _jacobian(func, argnums, has_aux, VJP)


def _jacobian(func: Func, argnums: Any, has_aux: bool, call: str) -> Func:
    """The Jacobian, in forward mode (`jacfwd`) or in reverse mode.

    Args:
        func: to differentiate.
        argnums: the places of arguments.
        has_aux: whether it gives something besides.
        call: what errors name.
    """

    @wraps(func)
    def run(*args: Any) -> Any:
        args = _entering(args)
        with _level("jvp" if call is JVP else "grad", args):
            if call is JVP:
                for place in _places(args, argnums):
                    for value in leaves(args[place]):
                        check_has(value, "numel")
                        check_dual(value, value)
            given, chosen = _chosen(args, argnums)
            inner = _entries(chosen)
            output, aux = output_of(func(*given), call, has_aux)
            found = mapped(
                output, lambda out: _unpacked(_parts(out, chosen, inner, call is JVP), argnums)
            )
        left = _outside(found, inner)
        return (left, _outside(aux, inner)) if has_aux else left

    return run


def _parts(output: Tensor, chosen: list[Any], inner: list[Tensor], forward_mode: bool) -> list[Any]:
    """The Jacobians of one output."""
    wrt = [tensor.node for tensor in inner]
    found = derivatives.jacobian(output.node, wrt, create_graph=True, forward_mode=forward_mode)
    parts = iter([Tensor(node) for node in found])
    return [rebuilt(tree, parts) for tree in chosen]


# ---- forward mode -------------------------------------------------------------------------------


def pushed(
    outputs: Sequence[Tensor], inputs: Sequence[Tensor], tangents: Sequence[Tensor]
) -> Sequence[Tensor]:
    """The outputs' tangents, for those of the inputs; zeros where none flow."""
    wrt = [tensor.node for tensor in inputs]
    found = derivatives.tangents(nodes_of(outputs), wrt, nodes_of(tangents), create_graph=True)
    return handed(found, outputs)


@named("func.jvp")
def jvp(
    func: Func, primals: Any, tangents: Any, *, strict: bool = False, has_aux: bool = False
) -> Any:
    if not isinstance(primals, tuple):
        raise RuntimeFault(
            "jvp(f, primals, tangents): Expected primals to be a tuple. E.g. it should be valid to call "
            "f(*primals)."
        )
    if structure(primals) != structure(tangents):
        raise RuntimeFault(
            f"{JVP}: Expected primals and tangents to have the same python structure. For example, if "
            "primals is a tuple of 3 tensors, tangents also must be. Got primals with structure "
            f"{structure(primals)} and tangents with structure {structure(tangents)}"
        )
    check_tensors("primals", primals)
    check_tensors("tangents", tangents)
    for primal, tangent in zip(leaves(primals), leaves(tangents), strict=True):
        check_dual(primal, tangent)
    primals, tangents = _entering(primals), _entering(tangents)
    with _level("jvp", primals):
        given = mapped(primals, _moving)
        inner = _entries(given)
        output, aux = output_of(func(*given), JVP, has_aux)
        if strict and not all(output.requires_grad for output in leaves(output)):
            raise RuntimeFault(
                "jvp(f, primals, tangents, strict=True): The output of f is independent of the inputs. "
                "This is not allowed with strict=True."
            )
        found = rebuilt(output, iter(pushed(leaves(output), inner, leaves(tangents))))
    result = _outside(output, inner), _outside(found, inner)
    return (*result, _outside(aux, inner)) if has_aux else result


@named("func.linearize")
def linearize(func: Func, *primals: Any) -> Any:
    """The output, and the function that gives its tangent for those of the primals."""
    for value in leaves(primals):
        check_has(value, "new_empty")
    primals = _entering(primals)
    with _level("jvp", primals):
        given = mapped(primals, _moving)
        inner = _entries(given)
        output = func(*given)

    def push(*tangents: Any) -> Any:
        moving = leaves(tangents)
        for number, (tangent, primal) in enumerate(zip(moving, inner, strict=True)):
            for what in ("shape", "dtype"):
                own, other = (_shown(tensor, what) for tensor in (tangent, primal))
                if own != other:
                    raise RuntimeFault(
                        f"tangent:{number} with {what} {own} in flattened pytree doesn't match the {what} "
                        f"{other} of the corresponding primal."
                    )
        outputs = leaves(output)
        with _level("jvp"):
            tensors = [value for value in outputs if isinstance(value, Tensor)]
            moved = iter(pushed(tensors, inner, moving))
            found = rebuilt(
                output,
                iter([next(moved) if isinstance(value, Tensor) else value for value in outputs]),
            )
        return _outside(found, inner)

    return _outside(output, inner), push


def _shown(tensor: Tensor, what: str) -> str:
    return f"torch.{tensor.dtype.name}" if what == "dtype" else repr(Size(tensor.shape))


@named("func.jacfwd")
def jacfwd(
    func: Func, argnums: Any = 0, has_aux: bool = False, *, randomness: str = "error"
) -> Func:
    """The Jacobian by columns: a tangent for each element of the arguments."""
    check_randomness(randomness)
    return _jacobian(func, argnums, has_aux, JVP)


@named("func.hessian")
def hessian(func: Func, argnums: Any = 0) -> Func:
    return jacfwd(jacrev(func, argnums), argnums)


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
    if not isinstance(given, (dict, list, tuple)):
        raise ValueFault(
            "Expected parameter_and_buffer_dicts to be a dict, or a list/tuple of dicts, but got "
            f"<class '{class_path(given)}'>"
        )
    if not isinstance(given, dict) and not all(isinstance(part, dict) for part in given):
        raise ValueFault("Expected all elements of parameter_and_buffer_dicts to be dictionaries")
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
