"""Memory and the collector while a program runs."""

from __future__ import annotations

import gc
import sys

import pytest

from autodiff_cli.errors import LimitError
from autodiff_cli.interpret import limits
from autodiff_cli.interpret.run import COLLECTOR
from autodiff_cli.program import Session
from autodiff_cli.source import Source


def test_the_collector_is_as_it_was_afterwards() -> None:
    before = gc.get_threshold()
    with Session(write=sys.stdout.write, complain=sys.stderr.write) as session:
        session.run(Source("x = [1, 2]", "p"))
        assert gc.get_threshold() == COLLECTOR
    assert gc.get_threshold() == before != COLLECTOR


def test_cycles_are_collected_before_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Held:
        itself: Held

    def resident() -> int:
        return 100 if any(type(o) is Held for o in gc.get_objects()) else 10

    monkeypatch.setattr(limits, "resident_bytes", resident)
    gc.disable()
    try:
        held = Held()
        held.itself = held
        with pytest.raises(LimitError, match="memory"):
            limits.check_memory(50)
        del held
        assert resident() == 100  # nothing but its cycle keeps it
        limits.check_memory(50)
        assert resident() == 10
    finally:
        gc.enable()
