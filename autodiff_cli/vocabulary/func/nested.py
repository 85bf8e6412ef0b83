"""Nested values, and which of them `torch.func` refuses to differentiate.

Sources: torch/utils/_pytree.py, torch/_functorch/eager_transforms.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from autodiff_cli.errors import RuntimeFault, ValueFault
from autodiff_cli.tensors.tensor import Tensor
from autodiff_cli.vocabulary.calls.calling import check_has, class_path
from autodiff_cli.vocabulary.calls.values import Size

Func = Callable[..., Any]
VJP, JVP = "vjp(f, *primals)", "jvp(f, primals, tangents)"


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


def structure(tree: Any, depth: int = 0) -> str:
    """How values are nested, as the reference prints it.

    >>> structure((1, {"a": 2}))
    "TreeSpec(tuple, None, [*,\\n  TreeSpec(dict, ['a'], [*])])"
    """
    if not isinstance(tree, (dict, list, tuple)) or isinstance(tree, Size):
        return "*"
    entries = list(tree.values()) if isinstance(tree, dict) else tree
    keys = list(tree) if isinstance(tree, dict) else None
    inner = [structure(entry, depth + 2) for entry in entries]
    gap = ",\n" + " " * (depth + 2)
    return f"TreeSpec({type(tree).__name__}, {keys}, [{gap.join(inner)}])"


def spec(tree: Any) -> str:
    """How values are nested, in short.

    >>> spec((1, {"a": [2]}))
    "(*, {'a': [*]})"
    """
    if isinstance(tree, dict):
        return "{" + ", ".join([f"{key!r}: {spec(tree[key])}" for key in tree]) + "}"
    if not isinstance(tree, (list, tuple)) or isinstance(tree, Size):
        return "*"
    inner = ", ".join(map(spec, tree))
    if isinstance(tree, list):
        return f"[{inner}]"
    return f"({inner},)" if len(tree) == 1 else f"({inner})"


# ---- what is refused ----------------------------------------------------------------------------


def check_randomness(randomness: Any) -> None:
    """Refuse what isn't one of the words for it."""
    if randomness not in ("error", "different", "same"):
        raise RuntimeFault(
            "Only allowed values for randomness are 'error', 'different', or 'same'. Got "
            f"{randomness}"
        )


def check_tensors(what: str, given: Any) -> None:
    """Refuse primals or tangents that are none."""
    if not leaves(given):
        raise RuntimeFault(f"{JVP}: Expected {what} to contain at least one Tensor.")
    for value in leaves(given):
        if not isinstance(value, Tensor):
            raise RuntimeFault(
                f"{JVP}: Expected {what} to only contain Tensors, got <class '{class_path(value)}'>"
            )


def check_dual(primal: Any, tangent: Any) -> None:
    """Refuse a tangent that isn't one of this primal."""
    for what, given in (("primal", primal), ("tangent", tangent)):
        check_has(given, "is_floating_point")
        if not given.dtype.is_floating:
            raise ValueFault(
                f"Expected {what} to be floating point or complex, but got: {given.dtype}"
            )
    if primal.shape != tangent.shape:
        raise RuntimeFault(
            "Trying to set a forward gradient that has a different size than that of the original Tensor, "
            f"this is not supported. Tensor is of size {list(primal.shape)} while the given forward "
            f"gradient is of size {list(tangent.shape)}."
        )


def check_aux(aux: Any) -> None:
    for value in leaves(aux):
        if not isinstance(value, Tensor):
            raise RuntimeFault(
                f"Expected tensors, got unsupported type <class '{class_path(value)}'>"
            )


def output_of(result: Any, call: str, has_aux: bool) -> tuple[Any, Any]:
    """What a function gave, and what it gave besides.

    Raises:
        RuntimeFault: there are no tensors to differentiate, or others than tensors.
    """
    aux = None
    if has_aux:
        if not (isinstance(result, tuple) and len(result) == 2):
            raise RuntimeFault(
                f"{call}: output of function f should be a tuple: (output, aux) if has_aux is True"
            )
        result, aux = result
        check_aux(aux)
    outputs = leaves(result)
    if not outputs or (len(outputs) == 1 and outputs[0] is None):
        raise RuntimeFault(
            f"{call}: Expected f to be a function that has non-empty output (got output = {outputs})"
        )
    for value in outputs:
        if not isinstance(value, Tensor):
            raise RuntimeFault(
                f"{call}: expected f(*primals) to return only tensors, got unsupported type "
                f"<class '{class_path(value)}'>"
            )
        if call is VJP and not value.dtype.is_floating:
            raise RuntimeFault(
                "vjp(f, ...): All outputs of f must be floating-point or complex Tensors, got Tensor with "
                f"dtype {value.dtype}"
            )
    return result, aux
