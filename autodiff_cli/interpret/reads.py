"""Which names a text reads before it assigns them: of these alone a bound value can matter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from autodiff_cli.errors import InputError
from autodiff_cli.interpret.code import Part
from autodiff_cli.record import Record
from autodiff_cli.source import Source, Span


class Reads(Record):
    """What a text does with names.

    Attributes:
        names: read before they are assigned, on some path; in the order of the text.
        called: those that an expression only calls: `f(x)`.
        assigned: where each is assigned first.
    """

    names: tuple[str, ...]
    called: tuple[str, ...]
    assigned: Mapping[str, Span]

    def unread(self, bound: Iterable[str], source: Source) -> list[str]:
        """The inputs whose values the text never reads.

        Raises:
            InputError: one of them is assigned before anything reads it: what was bound would be lost.
        """
        if "globals" in self.names:
            return []
        idle = [name for name in bound if name not in self.names and name not in self.called]
        for name in idle:
            if name in self.assigned:
                raise InputError(
                    f"'{name}' is bound, and assigned before it is read",
                    hint=f"leave out {name}=… or the assignment, or give it another name",
                ).at(self.assigned[name], source)
        return idle


def of_script(parts: Iterable[Part]) -> Reads:
    """The names of an expression and the assignments before it."""
    names: dict[str, None] = {}
    called: dict[str, None] = {}
    assigned: dict[str, Span] = {}
    for part in parts:
        for action, argument, _ in part.code:
            if action in ("load", "load_called") and argument not in assigned:
                (names if action == "load" else called)[argument] = None
        if part.target is not None:
            assigned.setdefault(part.target, part.place)
    return Reads(tuple(names), tuple(called), assigned)
