"""The targets of assignments."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from autodiff_cli.syntax import tree


def names_in_target(target: Any) -> Iterable[str]:
    """The variables that an assignment target sets."""
    pending = [target]
    while pending:
        part = pending.pop()
        if isinstance(part, tree.Name):
            yield part.id
        elif isinstance(part, tree.Sequence):
            pending.extend(part.items)
        elif isinstance(part, tree.Spread):
            pending.append(part.value)


def is_starred(x: tree.Sequence) -> bool:
    """Whether one of a sequence's targets takes all that the others leave."""
    return any(isinstance(item, tree.Spread) for item in x.items)
