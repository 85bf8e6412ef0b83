"""Which names a text reads before it assigns them: of these alone a bound value can matter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from autodiff_cli.errors import InputError
from autodiff_cli.record import Record
from autodiff_cli.source import Source, Span


class Reads(Record):
    """What a text does with names.

    Attributes:
        names: read before they are assigned, on some path; in the order of the text.
        called: those that it only calls: `f(x)`.
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
        if "globals" in self.called or "globals" in self.names:
            return []
        idle = [name for name in bound if name not in self.names and name not in self.called]
        for name in idle:
            if name in self.assigned:
                raise InputError(
                    f"'{name}' is bound, and assigned before it is read",
                    hint=f"leave out {name}=… or the assignment, or give it another name",
                ).at(self.assigned[name], source)
        return idle
