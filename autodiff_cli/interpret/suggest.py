"""The name that was probably meant, as Python 3.11 suggests it.

Source: CPython, Python/suggestions.c.
"""

from __future__ import annotations

from collections.abc import Iterable

MAX_CANDIDATES, MAX_LENGTH = 750, 40
MOVE, CASE = 2, 1  # costs


def _distance(a: str, b: str, limit: int) -> int:
    """Levenshtein's distance, in which a change of case costs half of another change."""
    while a and b and a[0] == b[0]:
        a, b = a[1:], b[1:]
    while a and b and a[-1] == b[-1]:
        a, b = a[:-1], b[:-1]
    if not a or not b:
        return (len(a) + len(b)) * MOVE
    if len(a) > MAX_LENGTH or len(b) > MAX_LENGTH:
        return limit + 1
    row = list(range(MOVE, (len(b) + 1) * MOVE, MOVE))
    result = 0
    for i, left in enumerate(a):
        distance = result = i * MOVE
        for j, right in enumerate(b):
            change = 0 if left == right else CASE if left.lower() == right.lower() else MOVE
            substitute = distance + change
            distance = row[j]
            result = min(substitute, min(result, distance) + MOVE)
            row[j] = result
    return result


def typed(name: str) -> str:
    """A name in quotes, as in messages; in those that an expression needs around what Python calls no name.

    >>> typed("S"), typed("unit price")
    ("'S'", '`unit price`')
    """
    return f"'{name}'" if name.isidentifier() else f"`{name}`"


def suggestion(name: str, known: Iterable[str]) -> str | None:
    """The nearest known name, if it is near enough."""
    best, best_distance = None, None
    candidates = sorted({name for name in known if isinstance(name, str)})
    for candidate in candidates:
        if candidate == name:
            continue
        limit = (len(candidate) + len(name) + 3) * MOVE // 6
        if best_distance is not None:
            limit = min(limit, best_distance - 1)
        distance = _distance(name, candidate, limit)
        if distance <= limit and (best_distance is None or distance < best_distance):
            best, best_distance = candidate, distance
    return best
