"""Which matrix products and sums a product with summed labels is written with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from autodiff_cli.formula.expressions import Book, Expression
from autodiff_cli.formula.terms import UNIT

LETTERS = "ijklmnopqrstuvwxyzabcdefgh"


class Piece:
    """A quotient of expressions whose axes have labels.

    Attributes:
        above, below: what is multiplied, and divided by.
        labels: of the axes, which all of them have.
        counts: whether all of it is masks and integers, which matrix products don't take beside floats.
    """

    __slots__ = ("above", "below", "counts", "labels")

    def __init__(
        self,
        above: Sequence[Expression],
        below: Sequence[Expression],
        labels: Sequence[int],
        counts: bool = False,
    ) -> None:
        self.above = list(above)
        self.below = list(below)
        self.labels = list(labels)
        self.counts = counts

    def factor(self, book: Book) -> Expression:
        """The piece as a factor of a matrix product."""
        one = [book.make("number", (), "1.")] if self.counts else []
        return book.product([*one, *self.above], self.below)

    def expression(self, book: Book) -> Expression:
        return book.product(self.above, self.below)

    @property
    def real(self) -> set[int]:
        return {label for label in self.labels if label != UNIT}


def contract(
    book: Book,
    pieces: list[Piece],
    rank: int,
    sizes: Mapping[int, int],
    coefficient: Fraction,
    lead: int,
) -> tuple[list[Expression], list[Expression], Fraction]:
    """What is multiplied and divided by, for pieces whose labels from `rank` on are summed.

    Args:
        book: makes expressions.
        pieces: the factors.
        rank: of the result.
        sizes: by label.
        coefficient: a number beside them; a sum may become a mean.
        lead: leading axes that the result doesn't need.
    """
    pieces = [_diagonal(book, piece) for piece in pieces]
    while True:
        open_labels = {n for piece in pieces for n in piece.labels if n >= rank}
        if not open_labels:
            break
        label = min(open_labels, key=lambda n: (_rank_after(pieces, n), n))
        pieces, coefficient = _without(book, pieces, label, rank, sizes, coefficient)
    return _multiplied(book, pieces, rank, coefficient, lead)


def _diagonal(book: Book, piece: Piece) -> Piece:
    """A piece with each label once: the diagonal of what has one twice."""
    labels = piece.labels
    twice = [n for n in piece.real if labels.count(n) > 1]
    if not twice:
        return piece
    result = piece.expression(book)
    own = list(labels)
    for label in twice:
        while own.count(label) > 1:
            first = own.index(label)
            second = own.index(label, first + 1)
            result = book.call("diagonal", result, offset=0, dim1=first, dim2=second, rank=len(own))
            own = [n for at, n in enumerate(own) if at not in (first, second)] + [label]
    return Piece([result], [], own)


def _rank_after(pieces: Sequence[Piece], label: int) -> int:
    group = [piece.real for piece in pieces if label in piece.real]
    return len(set().union(*group)) - 1


def _without(
    book: Book,
    pieces: list[Piece],
    label: int,
    rank: int,
    sizes: Mapping[int, int],
    coefficient: Fraction,
) -> tuple[list[Piece], Fraction]:
    """Pieces that come to the same, without a summed label."""
    group = [piece for piece in pieces if label in piece.real]
    rest = [piece for piece in pieces if label not in piece.real]
    group = _merged(book, group)
    if len(group) > 2:
        group = _absorbed(book, group)
    if len(group) == 2 and all(len(piece.labels) == 1 for piece in group):
        if sizes[label] in book.counts and coefficient.denominator % sizes[label] == 0:
            group = [_times(book, group[0], group[1])]  # mean(x*y) needs no size
    if len(group) == 1:
        piece = group[0]
        elsewhere = {n for other in rest for n in other.labels}
        gone = {n for n in piece.real if n >= rank and n not in elsewhere}
        summed, coefficient = _summed(book, piece, gone, sizes, coefficient)
        return [*rest, summed], coefficient
    if len(group) == 2:
        elsewhere = {n for other in rest for n in other.labels}
        both = (group[0].real & group[1].real) - {label}
        vectors = all(len(piece.labels) == 1 for piece in group)
        if (group[0].real == group[1].real and not vectors) or any(
            n >= rank and n not in elsewhere for n in both
        ):
            narrow, wide = sorted(group, key=lambda p: len(p.real))
            if narrow.real <= wide.real:
                return _without(
                    book, [*rest, _times(book, wide, narrow)], label, rank, sizes, coefficient
                )
        product = _matmul(book, group[0], group[1], label, rank)
        if product is not None:
            return [*rest, product], coefficient
    return [*rest, _einsum(book, group, label, rest, rank)], coefficient


def _merged(book: Book, group: list[Piece]) -> list[Piece]:
    """Pieces of the same axes multiplied, element by element; two vectors stay two, for a dot product."""
    found: dict[frozenset[int], Piece] = {}
    if len(group) == 2 and all(len(p.labels) == 1 and p.above and not p.below for p in group):
        return group
    for piece in group:
        key = frozenset(piece.real)
        held = found.get(key)
        found[key] = piece if held is None else _times(book, held, piece)
    return list(found.values())


def _times(book: Book, wide: Piece, narrow: Piece) -> Piece:
    """The product of a piece with one whose labels it has."""
    if wide.labels == narrow.labels:
        above, below = [*wide.above, *narrow.above], [*wide.below, *narrow.below]
        return Piece(above, below, wide.labels, wide.counts and narrow.counts)
    order = [n for n in wide.labels if n != UNIT]
    one = _ordered(book, wide, order)
    lead = min(order.index(n) for n in narrow.real)
    two = positioned(book, narrow.expression(book), narrow.labels, order[lead:])
    return Piece([one, two], [], order, wide.counts and narrow.counts)


def _absorbed(book: Book, group: list[Piece]) -> list[Piece]:
    """Vectors multiplied into a matrix that has their label."""
    group = sorted(group, key=lambda p: len(p.real))
    while len(group) > 2:
        narrow = group[0]
        wide = next((p for p in group[1:] if narrow.real <= p.real), None)
        if wide is None:
            return group
        group.remove(narrow)
        group[group.index(wide)] = _times(book, _last(book, wide, narrow), narrow)
    return group


def _last(book: Book, wide: Piece, narrow: Piece) -> Piece:
    """A matrix turned so that a vector meets its last axis, where it stands the other way round."""
    if len(wide.labels) == 2 and len(narrow.real) == 1 and wide.labels[0] in narrow.real:
        return Piece([book.transpose(wide.expression(book))], [], wide.labels[::-1], wide.counts)
    return wide


def _summed(
    book: Book, piece: Piece, gone: set[int], sizes: Mapping[int, int], coefficient: Fraction
) -> tuple[Piece, Fraction]:
    dims: Any = tuple(at for at, n in enumerate(piece.labels) if n in gone)
    count = 1
    for label in gone:
        count *= sizes[label]
    kind = "sum"
    if count > 1 and coefficient.denominator % count == 0:
        kind, coefficient = "mean", coefficient * count
    whole = len(dims) == len(piece.labels)
    if kind == "sum" and len(piece.labels) == 1 and not piece.below and len(piece.above) == 1:
        square = piece.above[0]  # x@x is shorter than sum(x**2)
        if square.op == "power" and square.args[1].data == "2" and square.args[0].op == "name":
            return Piece([book.matmul(*square.args[:1] * 2)], [], []), coefficient
    labels = [n for n in piece.labels if n not in gone]
    if all(n == UNIT for n in labels):
        whole, labels = True, []
    data = kind, None if whole else dims, False, len(piece.labels)
    return Piece([book.make("reduce", (piece.expression(book),), data)], [], labels), coefficient


def _matmul(book: Book, a: Piece, b: Piece, label: int, rank: int) -> Piece | None:
    shared = (a.real & b.real) - {label}
    if UNIT in a.labels or UNIT in b.labels:
        a, b = _real(book, a), _real(book, b)
    if shared:
        return _batched(book, a, b, label, shared)
    if len(a.labels) > 2 or len(b.labels) > 2:
        return None
    if len(a.labels) == 1 and len(b.labels) == 1:
        left, right = a.factor(book), b.factor(book)
        if right.op == "matmul" and left.op != "matmul":  # x@A@x
            left, right = right, left
        return Piece([book.matmul(left, right)], [], [])
    if len(a.labels) == 1:
        a, b = b, a
    left = a.factor(book)
    if len(b.labels) == 1:
        free = [n for n in a.labels if n != label]
        right = b.factor(book)
        if a.labels[1] == label:
            return Piece([book.matmul(left, right)], [], free)
        if right.op == "name" and left.op == "name":  # x@W, but W.T@(…)
            return Piece([book.matmul(right, left)], [], free)
        if right.op == "matmul" and right.data is None:  # A.T@(B.T@x) is x@B@A
            matrix = book.transpose(right.args[0])
            if matrix.op == "name" or matrix is right.args[0]:
                return Piece([book.matmul(book.matmul(right.args[1], matrix), left)], [], free)
        return Piece([book.matmul(book.transpose(left), right)], [], free)
    first = next(n for n in a.labels if n != label)
    second = next(n for n in b.labels if n != label)
    turned = (a.labels[1] != label) + (b.labels[0] != label)
    # Whichever order needs fewer transposes; the result's own, where it is known.
    swap = first > second if first < rank and second < rank else turned == 2
    if swap:
        a, b, first, second = b, a, second, first
    left, right = a.factor(book), b.factor(book)
    turned = (a.labels[1] != label) + (b.labels[0] != label)
    if turned == 2 and "name" not in (left.op, right.op):
        return Piece([book.transpose(book.matmul(right, left))], [], [first, second])
    if a.labels[1] != label:
        left = book.transpose(left)
    if b.labels[0] != label:
        right = book.transpose(right)
    return Piece([book.matmul(left, right)], [], [first, second])


def _batched(book: Book, a: Piece, b: Piece, label: int, shared: set[int]) -> Piece | None:
    """Matrix products of a batch, whose axes come first in both."""
    batch = a.labels[: len(shared)]
    if set(batch) != shared or b.labels[: len(shared)] != batch:
        return None
    if len(a.labels) != len(batch) + 2 or len(b.labels) != len(batch) + 2:
        return None
    first = next(n for n in a.labels[len(batch) :] if n != label)
    second = next(n for n in b.labels[len(batch) :] if n != label)
    if first > second:
        a, b, first, second = b, a, second, first
    left, right = a.factor(book), b.factor(book)
    if a.labels[-1] != label:
        left = book.transpose(left, True)
    if b.labels[-2] != label:
        right = book.transpose(right, True)
    return Piece([book.make("matmul", (left, right), "batched")], [], [*batch, first, second])


def _einsum(book: Book, group: list[Piece], label: int, rest: Sequence[Piece], rank: int) -> Piece:
    group = [_real(book, piece) for piece in group]
    elsewhere = {n for piece in rest for n in piece.labels}
    every = sorted(set().union(*(piece.real for piece in group)))
    kept = [n for n in every if n < rank or n in elsewhere]
    letters = {n: LETTERS[at] for at, n in enumerate(every)}
    sides = ["".join(letters[n] for n in piece.labels) for piece in group]
    equation = f"{','.join(sides)}->{''.join(letters[n] for n in kept)}"
    args = [piece.factor(book) for piece in group]
    return Piece([book.make("einsum", args, equation)], [], kept)


def _real(book: Book, piece: Piece) -> Piece:
    """A piece without its axes of size 1."""
    if UNIT not in piece.labels:
        return piece
    labels = [n for n in piece.labels if n != UNIT]
    squeezed = _squeezed(book, piece.expression(book), piece.labels)
    return Piece([squeezed], [], labels, piece.counts)


def _squeezed(book: Book, expression: Expression, labels: Sequence[int]) -> Expression:
    if UNIT not in labels:
        return expression
    if expression.op == "call" and expression.data[0] == "reshape":
        shape = dict(expression.data[1])["shape"]
        kept = tuple(size for size, n in zip(shape, labels, strict=True) if n != UNIT)
        return book.call("reshape", *expression.args, shape=kept)
    pattern = tuple("0" if n == UNIT else ":" for n in labels)
    return book.make("axes", (expression,), pattern)


def _ordered(book: Book, piece: Piece, order: Sequence[int]) -> Expression:
    expression = _squeezed(book, piece.expression(book), piece.labels)
    own = [n for n in piece.labels if n != UNIT]
    return _permuted(book, expression, own, list(order))


def _permuted(book: Book, expression: Expression, own: list[int], order: list[int]) -> Expression:
    if own == order:
        return expression
    if len(own) == 2:
        return book.transpose(expression)
    if own[:-2] == order[:-2]:
        return book.transpose(expression, True)
    return book.make("permute", (expression,), tuple(own.index(n) for n in order))


def positioned(
    book: Book, expression: Expression, labels: Sequence[int], target: Sequence[int]
) -> Expression:
    """An expression with its axes where broadcasting to `target` needs them.

    Args:
        book: makes expressions.
        expression: has an axis for each of `labels`.
        labels: of its axes.
        target: labels of the axes from the first one that it has.
    """
    pattern = [n if n in labels else UNIT for n in target]
    while pattern and pattern[0] == UNIT:
        pattern.pop(0)
    if list(labels) == pattern:
        return expression
    real = [n for n in labels if n != UNIT]
    order = [n for n in pattern if n != UNIT]
    kept = _kept(book, expression, labels, pattern)
    if kept is not None:
        return kept
    expression = _permuted(book, _squeezed(book, expression, labels), real, order)
    if pattern == order:
        return expression
    return book.make("axes", (expression,), tuple("None" if n == UNIT else ":" for n in pattern))


def _kept(
    book: Book, expression: Expression, labels: Sequence[int], pattern: Sequence[int]
) -> Expression | None:
    """A reduction that keeps the dimensions it reduces, if that is what is needed."""
    if UNIT in labels or [n for n in pattern if n != UNIT] != list(labels):
        return None
    units = tuple(at for at, n in enumerate(pattern) if n == UNIT)
    if expression.op == "reduce":
        kind, dims, _, rank = expression.data
        if dims == units and rank == len(pattern):
            return book.make("reduce", expression.args, (kind, dims, True, rank))
    if expression.op == "call":
        name, params = expression.data
        given = dict(params)
        dims = given.get("dim")
        if "rank" in given and given["rank"] == len(pattern) and "keepdim" not in given:
            if (dims if isinstance(dims, tuple) else (dims,)) == units and name != "slice":
                return book.call(name, *expression.args, **given, keepdim=True)
    return None


def _multiplied(
    book: Book, pieces: list[Piece], rank: int, coefficient: Fraction, lead: int
) -> tuple[list[Expression], list[Expression], Fraction]:
    above: list[Expression] = []
    below: list[Expression] = []
    sides: dict[int, Piece] = {}
    pieces = _on_diagonal(book, pieces, rank, lead)
    for piece in pieces:
        for entry in (*piece.above, *piece.below) if not piece.labels else ():
            entry.scalar = True
    vectors = [p for p in pieces if len(p.real) == 1 and not p.below] if rank - lead == 2 else []
    if all(len(piece.real) <= 1 for piece in pieces):
        vectors = [piece for piece in pieces if piece.real]
    for piece in vectors:
        (label,) = piece.real
        if label in sides:
            piece = _times(book, sides[label], piece)
        sides[label] = _real(book, piece)
    if len(sides) == 2:
        first, second = (sides[n].expression(book) for n in sorted(sides))
        above.append(book.make("outer", (first, second)))
    for piece in pieces:
        if len(sides) == 2 and piece in vectors:
            continue
        for source, mine in ((piece.above, above), (piece.below, below)):
            mine += [positioned(book, entry, piece.labels, range(lead, rank)) for entry in source]
    return above, below, coefficient


def _on_diagonal(book: Book, pieces: list[Piece], rank: int, lead: int) -> list[Piece]:
    """A vector times a unit matrix as the diagonal matrix that it is."""
    units = [p for p in pieces if len(p.above) == 1 and _is_unit(p.above[0]) and not p.below]
    if rank - lead != 2 or len(units) != 1 or len(units[0].real) != 2:
        return pieces
    others = [p for p in pieces if p is not units[0] and p.real]
    if not others or any(len(p.real) > 1 for p in others):
        return pieces
    real = [_real(book, piece) for piece in others]
    label = real[0].labels
    whole = real[0]
    for piece in real[1:]:  # on a diagonal both labels are the same
        whole = _times(book, whole, Piece(piece.above, piece.below, label, piece.counts))
    diagonal = book.call("diag", whole.factor(book))
    rest = [p for p in pieces if p is not units[0] and p not in others]
    return [*rest, Piece([diagonal], [], units[0].labels)]


def _is_unit(expression: Expression) -> bool:
    return expression.op == "call" and expression.data[0] == "eye"
