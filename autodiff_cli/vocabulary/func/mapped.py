"""`vmap` over a program's Functions: their `vmap` static method is given all rows at once.

Source: torch/_functorch/autograd_function.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from autodiff_cli.errors import NotImplementedFault, RuntimeFault
from autodiff_cli.ir.context import changed
from autodiff_cli.tensors.tensor import Tensor
from autodiff_cli.vocabulary.func.nested import leaves, rebuilt, structure

MORE = " For more details, please see https://pytorch.org/docs/main/notes/extending.func.html"
RETURNS = (
    "Expected the vmap staticmethod to have two returns, an output and out_dims with pytree structure "
    "compatible with the output. "
)


class VmapInfo(NamedTuple):
    """What a `vmap` static method is told."""

    batch_size: int
    randomness: str


def applied(
    name: str,
    method: Callable[..., Any] | None,
    generated: bool,
    args: Sequence[Any],
    kwargs: dict[str, Any],
    rows: Any,
) -> tuple[Any] | None:
    """What a Function gives for one row, if its static method says it; None to call it for each row.

    Args:
        name: of the Function.
        method: its `vmap`, if it has one.
        generated: whether it says `generate_vmap_rule`.
        args, kwargs: of the call.
        rows: those of the `vmap` that runs.
    """
    if not any(
        isinstance(a, Tensor) and rows.vary(a.node) for a in leaves([*args, *kwargs.values()])
    ):
        return None
    if any(isinstance(value, Tensor) for value in leaves(kwargs)):
        raise NotImplementedFault(
            "Run vmap on autograd.Function with kwarg-only Tensor args. Please do not pass kwarg-only "
            f"Tensors to autograd.Function. Got: {kwargs}"
        )
    if generated:
        if method is not None:
            raise RuntimeFault(
                f"You tried to vmap over {name}, but it has both generate_vmap_rule=True and an overridden "
                "vmap staticmethod. Please set generate_vmap_rule=False or delete the overridden vmap "
                "staticmethod to avoid ambiguity." + MORE
            )
        return None
    if method is None:
        raise RuntimeFault(
            f"You tried to vmap over {name}, but it does not have vmap support. Please override and "
            "implement the vmap staticmethod or set generate_vmap_rule=True." + MORE
        )
    entries = leaves(list(args))
    given = [rows.whole(arg) if isinstance(arg, Tensor) else (arg, None) for arg in entries]
    if any(one is None for one in given):
        return None
    values, in_dims = (rebuilt(tuple(args), iter(part)) for part in zip(*given, strict=True))
    info = VmapInfo(rows.size, rows.randomness)
    with changed(mapped=rows.outer, transform=rows.around, recording=rows.recorded):
        result = method(info, in_dims, *values)
        if not isinstance(result, tuple):
            raise RuntimeFault(f"{RETURNS}Got a {type(result)} instead")
        if len(result) != 2:
            raise RuntimeFault(f"{RETURNS}Got {len(result)} returns instead")
        outputs, out_dims = result
        dims = leaves(out_dims)
        if not isinstance(out_dims, (tuple, list)):
            dims = [out_dims] * len(leaves(outputs))
        elif structure(out_dims) != structure(outputs):
            raise RuntimeFault(
                f"The {name}.vmap staticmethod returned an incompatible (output, out_dims) tuple. "
                f"Expected out_dims={out_dims} to be compatible with the structure of `output`. out_dims has "
                f"structure {structure(out_dims)} but output has structure {structure(outputs)}."
                + MORE
            )
    parts = [
        rows.part(value, dim) if isinstance(value, Tensor) and dim is not None else value
        for value, dim in zip(leaves(outputs), dims, strict=True)
    ]
    return (rebuilt(outputs, iter(parts)),)
