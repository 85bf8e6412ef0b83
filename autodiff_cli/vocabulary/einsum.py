"""Einstein sums: the letters, and the products that they stand for.

As the reference: the operands' dimensions are put in the order of the result's letters, then those that are
summed, and the operands are multiplied from left to right, by `bmm` where letters are summed and by `mul`
where none are. Source: ATen/native/Linear.cpp (`einsum`, `sumproduct_pair`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from autodiff_cli.errors import RuntimeFault, TypeFault, ValueFault
from autodiff_cli.execute import force
from autodiff_cli.ir.node import Node
from autodiff_cli.ir.shapes import broadcast, size_at, wrap_dims
from autodiff_cli.ops import arithmetic as ar
from autodiff_cli.ops import matrix as mx
from autodiff_cli.ops import movement as mv
from autodiff_cli.ops import reduce as red
from autodiff_cli.ops.rearrange import diagonal
from autodiff_cli.vocabulary.calls.registry import python
from autodiff_cli.vocabulary.shaping import reshape_to

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
ELLIPSIS = "..."


def _equation(given: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """What is handed on where an equation is due; of fewer than two arguments nothing is."""
    equation, *operands = given["args"] if len(given["args"]) > 1 else ("",)
    if len(operands) == 1 and isinstance(operands[0], (list, tuple)):
        operands = list(operands[0])
    if isinstance(equation, Node):  # then the operands are followed by their letters
        equation, operands = "", []
    return "einsum(str equation, tuple of Tensors tensors)", {
        "equation": equation,
        "tensors": operands,
    }


@python("einsum", calls=_equation)
def einsum(*args: Any) -> Node:
    if len(args) < 2:
        raise ValueFault(
            "einsum(): must specify the equation string and at least one operand, or at least one "
            "operand and its subscripts list"
        )
    if isinstance(args[0], Node):  # operands and lists of numbered letters
        pairs = list(zip(args[::2], args[1::2]))
        operands: Sequence[Node] = [operand for operand, _ in pairs]
        equation = ",".join(_spelled(numbers) for _, numbers in pairs)
        if len(args) % 2:
            equation += "->" + _spelled(args[-1])
    else:
        equation, *rest = args
        operands = rest[0] if len(rest) == 1 and isinstance(rest[0], (list, tuple)) else rest
    return _contracted(equation.replace(" ", ""), operands)


def _spelled(numbers: Any) -> str:
    """Numbered letters as a part of an equation; what is no list of numbers is refused in Python's words."""
    if isinstance(numbers, Node):
        if numbers.dtype.is_floating:
            raise TypeFault("only integer tensors of a single element can be converted to an index")
        numbers = force(numbers).tolist()
    try:
        return "".join([ELLIPSIS if n is Ellipsis else _letter(n) for n in numbers])
    except TypeError as error:
        raise TypeFault(str(error)) from None


def _letter(number: Any) -> str:
    if number >= 0 and number < 26:
        return chr(ord("A") + number)
    if number >= 26 and number < 52:
        return chr(ord("a") + number - 26)
    raise ValueFault("einsum(): subscript in subscript list is not within the valid range [0, 52)")


def _letters(part: str, start: int) -> list[str]:
    """The subscripts of one operand: letters, and "..." for what they leave."""
    found = []
    at = 0
    while at < len(part):
        if part.startswith(ELLIPSIS, at):
            found.append(ELLIPSIS)
            at += 3
            continue
        if part[at] not in LETTERS:
            raise RuntimeFault(
                f"einsum(): invalid subscript given at index {start + at} in the equation string, "
                "subscripts must be in [a-zA-Z]"
            )
        found.append(part[at])
        at += 1
    return found


def _contracted(equation: str, operands: Sequence[Node]) -> Node:
    if not operands:
        raise RuntimeFault("einsum(): must provide at least one operand")
    left, arrow, right = equation.partition("->")
    parts = []
    start = 0
    for part in left.split(","):
        parts.append(_letters(part, start))
        start += len(part) + 1
    if len(parts) != len(operands):
        which = "fewer" if len(operands) < len(parts) else "more"
        raise RuntimeFault(
            f"einsum(): {which} operands were provided than specified in the equation"
        )
    extra = _ellipsis_dims(parts, operands)
    named = [_named(part, x, extra) for part, x in zip(parts, operands)]
    sizes = _sizes(named, operands)
    result = _result_letters(parts, right if arrow else None, extra)
    summed = sorted((name for name in sizes if name not in result), key=_rank)
    order = [*result, *summed]
    aligned = [_aligned(x, names, order) for x, names in zip(operands, named)]
    return _multiplied(aligned, len(result))


def _rank(name: str) -> int:
    return LETTERS.index(name) if name in LETTERS else -1


def _ellipsis_dims(parts: list[list[str]], operands: Sequence[Node]) -> int:
    """How many dimensions the widest "..." stands for."""
    widest = 0
    for at, (part, x) in enumerate(zip(parts, operands)):
        letters = len(part) - part.count(ELLIPSIS)
        if ELLIPSIS in part:
            if letters > x.ndim:
                raise RuntimeFault(
                    f"einsum(): the number of subscripts in the equation ({letters}) is more than "
                    f"the number of dimensions ({x.ndim}) for operand {at}"
                )
            widest = max(widest, x.ndim - letters)
        elif letters != x.ndim:
            raise RuntimeFault(
                f"einsum(): the number of subscripts in the equation ({letters}) does not match the "
                f"number of dimensions ({x.ndim}) for operand {at} and no ellipsis was given"
            )
    return widest


def _hidden(count: int, extra: int) -> list[str]:
    """Names of the dimensions of a "..." that stands for `count` of at most `extra`."""
    return [f"...{at}" for at in range(extra - count, extra)]


def _named(part: list[str], x: Node, extra: int) -> list[str]:
    names: list[str] = []
    for letter in part:
        names += _hidden(x.ndim - len(part) + 1, extra) if letter == ELLIPSIS else [letter]
    return names


def _sizes(named: list[list[str]], operands: Sequence[Node]) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for at, (names, x) in enumerate(zip(named, operands)):
        own: dict[str, int] = {}
        for name, size in zip(names, x.shape):
            if own.setdefault(name, size) != size:
                raise RuntimeFault(
                    f"einsum(): subscript {name} is repeated for operand {at} but the sizes don't "
                    f"match, {size} != {own[name]}"
                )
        for name, size in own.items():
            held = sizes.setdefault(name, size)
            if held == 1:
                sizes[name] = size
            elif size not in (1, held):
                raise RuntimeFault(
                    f"einsum(): subscript {name} has size {size} for operand {at} which does not "
                    f"broadcast with previously seen size {held}"
                )
    return sizes


def _result_letters(parts: list[list[str]], right: str | None, extra: int) -> list[str]:
    given = [letter for part in parts for letter in part]
    if right is None:  # the letters that occur once, in alphabetical order
        once = sorted({c for c in given if c != ELLIPSIS and given.count(c) == 1}, key=_rank)
        return [*_hidden(extra, extra), *once]
    result: list[str] = []
    for letter in _letters(right, 0):
        if letter == ELLIPSIS:
            result += _hidden(extra, extra)
            continue
        if letter in result:
            raise RuntimeFault(
                f"einsum(): output subscript {letter} appears more than once in the output"
            )
        if letter not in given:
            raise RuntimeFault(
                f"einsum(): output subscript {letter} does not appear in the equation for any input "
                "operand"
            )
        result.append(letter)
    return result


def _aligned(x: Node, names: list[str], order: list[str]) -> Node:
    """The operand with one dimension for every name, of size 1 where it has none."""
    names = list(names)
    for name in dict.fromkeys(names):
        while names.count(name) > 1:
            first = names.index(name)
            second = names.index(name, first + 1)
            x = diagonal(x, offset=0, dim1=first, dim2=second)
            names = [n for at, n in enumerate(names) if at not in (first, second)] + [name]
    for name in order:
        if name not in names:
            names.append(name)
            x = mv.unsqueeze(x, shape=(*x.shape, 1))
    return mv.permute(x, dims=tuple(names.index(name) for name in order))


def _multiplied(operands: list[Node], kept: int) -> Node:
    """The product of aligned operands, summed over the dimensions from `kept` on."""
    result = operands[0]
    rest = operands[1:]
    ndim = result.ndim
    if not rest:
        summed = tuple(range(kept, ndim))
        if not summed:
            return result
        return red.sum_(result, dim=summed, keepdim=False, dtype=result.dtype)
    for at, operand in enumerate(rest):
        later = rest[at + 1 :]
        ready = [d for d in range(kept, ndim) if all(x.shape[d] == 1 for x in later)]
        result = _pair(result, operand, ready, kept, last=not later)
    return result


def _pair(a: Node, b: Node, ready: list[int], kept: int, last: bool) -> Node:
    shared = [d for d in ready if a.shape[d] != 1 and b.shape[d] != 1]
    alone = [d for d in ready if d not in shared]
    drops = any(x.shape[d] != 1 for x in (a, b) for d in alone)
    a, b = (_summed(x, [d for d in alone if x.shape[d] != 1]) for x in (a, b))
    if shared or (drops and last):
        return _by_bmm(a, b, shared, kept if last else a.ndim)
    product = ar.mul(a, b)
    if last and product.ndim > kept:
        return mv.squeeze_dims(product, shape=product.shape[:kept])
    return product


def _summed(x: Node, dims: list[int]) -> Node:
    return red.sum_(x, dim=tuple(dims), keepdim=True, dtype=x.dtype) if dims else x


def _by_bmm(a: Node, b: Node, shared: list[int], kept: int) -> Node:
    """As a batch of matrix products: (common, of a alone, summed) times (common, summed, of b alone)."""
    rest = [d for d in range(a.ndim) if d not in shared]
    common = [d for d in rest if a.shape[d] != 1 and b.shape[d] != 1]
    of_a = [d for d in rest if d not in common and b.shape[d] == 1]
    of_b = [d for d in rest if d not in common and d not in of_a]

    def size(x: Node, dims: list[int]) -> int:
        return math.prod(x.shape[d] for d in dims)

    rows = mv.permute(a, dims=(*common, *of_a, *shared, *of_b))
    rows = reshape_to(rows, (size(a, common), size(a, of_a), size(a, shared)))
    columns = mv.permute(b, dims=(*common, *shared, *of_b, *of_a))
    columns = reshape_to(columns, (size(b, common), size(b, shared), size(b, of_b)))
    product = mx.bmm(rows, columns)
    placed = (*common, *of_a, *shared, *of_b)
    whole = broadcast(a.shape, b.shape)
    sizes = tuple(1 if d in shared else whole[d] for d in placed)
    back = mv.permute(
        mv.view(product, shape=sizes), dims=tuple(placed.index(d) for d in range(a.ndim))
    )
    return reshape_to(back, back.shape[:kept])


@python("tensordot", asks="a.dim b.dim")
def tensordot(a: Node, b: Node, dims: Any = 2, out: None = None) -> Node:
    if isinstance(dims, Node):
        dims = force(dims).tolist()
    if not isinstance(dims, (int, list, tuple)) or (
        not isinstance(dims, int)
        and (len(dims) != 2 or not all(isinstance(entry, (int, list, tuple)) for entry in dims))
    ):
        raise RuntimeFault(
            "tensordot expects dims to be int or tuple[list[int], list[int]] or list[list[int]] "
            f"containing two lists, but got dims={dims}"
        )
    if isinstance(dims, int):
        if dims < 0:
            raise RuntimeFault(f"tensordot expects dims >= 0, but got dims={dims}")
        if dims > min(a.ndim, b.ndim):
            raise RuntimeFault(f"tensordot expects dims < ndim_a or ndim_b, but got dims={dims}")
        of_a, of_b = list(range(-dims, 0)), list(range(dims))
    else:
        of_a, of_b = ([entry] if isinstance(entry, int) else list(entry) for entry in dims)
    if len(of_a) != len(of_b):
        raise RuntimeFault("both dimension lists should have same length")
    if a.dtype is not b.dtype:
        raise RuntimeFault("both inputs should have same dtype")
    for first, second in zip(of_a, of_b):
        sizes = size_at(a.shape, first), size_at(b.shape, second)
        if sizes[0] != sizes[1]:
            raise RuntimeFault(
                f"contracted dimensions need to match, but first has size {sizes[0]} in dim "
                f"{first} and second has size {sizes[1]} in dim {second}"
            )
    return contraction(
        a, b, [*wrap_dims(of_a, a.ndim)] if of_a else [], [*wrap_dims(of_b, b.ndim)] if of_b else []
    )


def contraction(a: Node, b: Node, of_a: list[int], of_b: list[int]) -> Node:
    """The sum of products over pairs of dimensions, as one product of matrices."""
    rest_a = [d for d in range(a.ndim) if d not in of_a]
    rest_b = [d for d in range(b.ndim) if d not in of_b]
    shape = tuple([a.shape[d] for d in rest_a] + [b.shape[d] for d in rest_b])
    inner = math.prod(a.shape[d] for d in of_a)
    left, right = mv.permute(a, dims=(*rest_a, *of_a)), mv.permute(b, dims=(*of_b, *rest_b))
    if not shape:
        product = mx.dot(reshape_to(left, (inner,)), reshape_to(right, (inner,)))
        return mv.view(product, shape=())
    rows = math.prod(a.shape[d] for d in rest_a)
    columns = math.prod(b.shape[d] for d in rest_b)
    matrices = reshape_to(left, (rows, inner)), reshape_to(right, (inner, columns))
    return mv.view(mx.mm(*matrices), shape=shape)
