"""Forward mode of a program's Functions: the `jvp` method, and what it must not do; and rows of them.

Source: torch/csrc/autograd/custom_function.cpp (`_process_forward_mode_AD`), python_function.cpp.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from autodiff_cli.errors import NotImplementedFault, RuntimeFault
from autodiff_cli.ir.context import current
from autodiff_cli.ops.create import zeros_like
from autodiff_cli.tensors.duals import Level
from autodiff_cli.tensors.tensor import Tensor
from autodiff_cli.vocabulary.autograd.function_context import Context
from autodiff_cli.vocabulary.calls.parameters import type_name
from autodiff_cli.vocabulary.func.nested import check_dual

IN_PLACE = (
    "An inplace custom Function is not modifying the forward mode gradients inplace. If the forward is "
    "modifying an input inplace, then the jvp function must modify the corresponding gradient inplace."
)
NO_VIEW = (
    "A custom Function's forward is returning a view (or an input as-is) but the jvp is not returning "
    "a view."
)
OTHER_VIEW = (
    "A custom Function is returning a view but the jvp is not returning a view of the given grad "
    "input."
)
OTHER_BASE = (
    "A custom Function is returning a view but the jvp is not returning a view of the same base as the given "
    "grad input."
)


def tangents_of(args: Sequence[Any]) -> list[Tensor | None]:
    """The tangents of a call's arguments."""
    return [arg.node.tangent if isinstance(arg, Tensor) else None for arg in args]


@contextmanager
def still() -> Iterator[None]:
    """Inside, nothing gets a tangent: a forward method's own operations have none."""
    level = current().duals
    if not isinstance(level, Level):
        yield
        return
    before, level.on = level.on, False
    try:
        yield
    finally:
        level.on = before


def move(
    method: Any,
    ctx: Context,
    args: Sequence[Any],
    tangents: Sequence[Tensor | None],
    given: Sequence[Any],
    outputs: Sequence[Any],
) -> None:
    """Give a call's outputs the tangents that its `jvp` method finds.

    Args:
        method: the Function's `jvp`, or None.
        ctx: of the call.
        args: what it was called with.
        tangents: of the arguments.
        given: what its forward method gave.
        outputs: what the call gives.
    """
    level = current().duals
    if not isinstance(level, Level) or not level.on or all(one is None for one in tangents):
        return
    if method is None:
        raise NotImplementedFault(
            "You must implement the jvp function for custom autograd.Function to use it with forward mode AD."
        )
    versions = [None if tangent is None else tangent.version for tangent in tangents]
    moved = pushed(method, ctx, args, tangents, len(outputs))
    places = {id(arg): place for place, arg in enumerate(args) if isinstance(arg, Tensor)}
    still = {id(tensor) for tensor in ctx._not_differentiable}
    dirty = {id(tensor) for tensor in ctx._dirty}
    for number, (raw, output, tangent) in enumerate(zip(given, outputs, moved, strict=True)):
        if not isinstance(raw, Tensor):
            continue
        if id(raw) in still or not raw.dtype.is_floating:
            if tangent is not None:
                raise RuntimeFault(
                    f"Function's jvp returned a gradient at position {number}, but  the corresponding "
                    "forward output is not a differentiable Tensor.You should return None at that "
                    "position instead."
                )
            continue
        if tangent is None:
            continue
        place = places.get(id(raw))
        if id(raw) in dirty and place is not None:
            if tangents[place] is not None:
                if tangent is not tangents[place] or tangent.version == versions[place]:
                    raise RuntimeFault(IN_PLACE)
        elif place is not None or raw.view is not None:
            _check_view(raw, tangent, args, tangents)
        check_dual(output, tangent)
        level.give(output.node, tangent)


def pushed(
    method: Any, ctx: Context, args: Sequence[Any], tangents: Sequence[Tensor | None], count: int
) -> list[Tensor | None]:
    """What a `jvp` method gives: a tangent, or None, for each of so many outputs."""
    shown = [
        Tensor(zeros_like(arg.node))
        if tangent is None
        and ctx._materialize
        and isinstance(arg, Tensor)
        and arg.dtype.is_floating
        else tangent
        for arg, tangent in zip(args, tangents, strict=True)
    ]
    ctx._moving = True
    try:
        result = method(ctx, *shown)
    finally:
        ctx._moving = False
    found = list(result) if isinstance(result, (tuple, list)) else [result]
    if len(found) != count:
        raise RuntimeFault(
            f"Function's jvp returned an invalid number of forward gradients (expected {count} but got "
            f"{len(found)})"
        )
    for number, tangent in enumerate(found):
        if tangent is not None and not isinstance(tangent, Tensor):
            raise RuntimeFault(
                f"expected Variable or None (got {type_name(tangent)}) for grad output {number}."
            )
    return found


def _check_view(
    raw: Tensor,
    tangent: Tensor,
    args: Sequence[Any],
    tangents: Sequence[Tensor | None],
) -> None:
    """Refuse a tangent that isn't a view where the output is one, or one of another tensor."""
    if tangent.view is None:
        raise RuntimeFault(NO_VIEW)
    base = raw if raw.view is None else raw.view.base
    for arg, own in zip(args, tangents, strict=True):
        if not isinstance(arg, Tensor) or own is None:
            continue
        if base is not (arg if arg.view is None else arg.view.base):
            continue
        if own.view is None and tangent.view.base is not own:
            raise RuntimeFault(OTHER_VIEW)
        if own.view is not None and tangent.view.base is not own.view.base:
            raise RuntimeFault(OTHER_BASE)


def over_rows(
    cls: Any, method: Any, args: Sequence[Any], kwargs: dict[str, Any]
) -> tuple[Any] | None:
    """What a call gives for a row of `vmap`, if the `vmap` static method says it; see `func.mapped`."""
    context = current()
    rows = context.mapped if context.transform == "vmap" else None
    if rows is None or rows.randomness == "refused":
        return None
    done: tuple[Any] | None = rows.applied(
        cls.__name__, method, cls.generate_vmap_rule, args, kwargs
    )
    return done
