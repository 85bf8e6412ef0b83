"""Which names a program reads before it assigns them; see `interpret/reads.py`."""

from __future__ import annotations

from collections.abc import Iterable

from autodiff_cli.interpret.code import Instruction, Label
from autodiff_cli.interpret.compiler import Code
from autodiff_cli.interpret.reads import Reads
from autodiff_cli.source import Span

# Instructions behind which nothing goes on.
LEAVING = frozenset(("jump", "finish", "raise_value", "raise_from", "raise_again", "reraise"))


def of_program(code: Code) -> Reads:
    """The names of a program.

    Where that can't be told, a name counts as read: what a function or a class reads, where that is
    made; what is assigned in a `with`, which may swallow an exception before the assignment. Jumps
    backwards need no second look: every way to them leads over the place that they go to, and names are
    only added on it.

    Args:
        code: as the compiler makes it, not yet linked.
    """
    names: dict[str, None] = {}
    assigned: dict[str, Span] = {}
    arriving: dict[int, frozenset[str]] = {}  # the names that are assigned on every way there
    here: frozenset[str] | None = frozenset()  # None: nothing leads here
    for position, step in enumerate(code.steps):
        action, argument, span = step
        if position in arriving:
            jumped = arriving.pop(position)
            here = jumped if here is None else here & jumped
        if here is None:
            continue
        names.update((name, None) for name in _loaded(step) if name not in here)
        if action == "store_global":
            assigned.setdefault(argument, span)
            here |= {argument}
        elif action == "delete":
            here |= {argument.name}
        for part in _parts(argument):
            if isinstance(part, Label) and part.position > position:
                before = arriving.get(part.position, here)
                arriving[part.position] = before & here
        if action in LEAVING:
            here = None
    return Reads(tuple(names), (), assigned)


def _loaded(step: Instruction) -> Iterable[str]:
    """The global names that an instruction reads, or the code in it."""
    pending = [step]
    while pending:
        action, argument, _ = pending.pop()
        if action in ("load_global", "load_class"):
            yield argument
        for part in _parts(argument):
            if isinstance(part, Code):
                pending.extend(part.steps)


def _parts(argument: object) -> tuple[object, ...]:
    return argument if isinstance(argument, tuple) else (argument,)
