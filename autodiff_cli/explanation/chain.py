"""The chain rule of one element of an input: every way that leads to it from the result."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from autodiff_cli.explanation.formulas import Element
from autodiff_cli.explanation.records import Chain, Factor, Index, Link, Path
from autodiff_cli.ir.node import Array, Shape

MOST_PATHS = 6  # that are written out
COUNTED = 1_000  # paths from where on nobody counts
MOST_STEPS = 20_000  # of looking for them

Texts: TypeAlias = Callable[[Link, Index, Index], "Element | None"]
Edge: TypeAlias = tuple[Link, Index, Index, float]


def chain_of(
    name: str,
    at: Index,
    total: float,
    result: tuple[str, Shape],
    seed: Array | None,
    links: Sequence[Link],
    locals_of: Mapping[tuple[str, str], Array | None],
    texts: Texts,
) -> Chain:
    """The chain rule of an element.

    Args:
        name, at: the input, and the element's index.
        total: its gradient.
        result: the result's name and shape.
        seed: the result's cotangent; None for 1.
        links: of the graph.
        locals_of: the local derivatives by elements, by the links' names.
        texts: gives the text of an element of a link.
    """
    by: dict[str, list[Link]] = {}
    for link in links:
        by.setdefault(link.by, []).append(link)
    lead = next((f"d{k.of}/d{k.by}" for k in links if _lacks(k, locals_of)), "")
    if lead:
        return Chain(name, at, (), None, total, total, False, f"{lead} has too many elements")
    found: list[tuple[float | None, list[Edge]]] = []
    count, steps = 0, 0
    waiting: list[tuple[str, Index, list[Edge]]] = [(name, at, [])]
    while waiting and steps < MOST_STEPS and count <= COUNTED:
        steps += 1
        part, index, edges = waiting.pop()
        if part == result[0]:
            weight = None if seed is None else float(seed[index])
            if weight != 0:
                count += 1
                if len(found) < MOST_PATHS:
                    found.append((weight, edges[::-1]))
            continue
        onward = [
            (link.of, i, [*edges, (link, i, index, value)])
            for link in by.get(part, ())
            for i, value in _column(link, locals_of[link.of, link.by], index)
        ]
        waiting += reversed(onward)
    indexed = any(edge[0].kind in ("linear", "matrix") for _, edges in found for edge in edges)
    paths = tuple(_path(weight, edges, texts, indexed) for weight, edges in found)
    more = None if waiting else count - len(paths)
    rest = total - sum(path.value for path in paths) if more != 0 else 0.0
    return Chain(name, at, paths, more, rest, total, indexed, "")


def _lacks(link: Link, locals_of: Mapping[tuple[str, str], Array | None]) -> bool:
    return locals_of[link.of, link.by] is None


def _column(link: Link, local: Array | None, at: Index) -> list[tuple[Index, float]]:
    """The elements of a link's left side that an element of the right one moves, and how much."""
    assert local is not None
    if link.kind in ("number", "each"):
        index = at if link.kind == "each" else link.first
        return [(index, float(local[at]))]
    lead = local.ndim - len(at)
    place: tuple[Any, ...] = (..., *at)
    column = local[place]
    return [
        (tuple(map(int, found)), float(column[tuple(found)]))
        for found in np.argwhere(column != 0)[:COUNTED]
        if len(found) == lead
    ]


def _path(weight: float | None, edges: Sequence[Edge], texts: Texts, indexed: bool) -> Path:
    factors = []
    value = 1.0 if weight is None else weight
    for link, at, by_at, number in edges:
        text = texts(link, at, by_at)
        formula = inserted = None
        if text is not None:
            formula, inserted = (text.indexed if indexed else text.bare), text.inserted
        factors.append(Factor(link.of, link.by, at, by_at, formula, inserted, number))
        value *= number
    return Path(weight, tuple(factors), value)
