"""The record of what holds: for a while, for a text, for a thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import copy_context
from typing import Any

import pytest

from autodiff_cli.ir.context import DEFAULTS, RESOURCES, Context, changed, current, own, started
from autodiff_cli.ir.dtypes import float64


def fields(record: Context) -> dict[str, Any]:
    return {name: getattr(record, name) for name in Context.__slots__}


def in_a_thread(function: Callable[..., Any], *args: Any) -> Any:
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(function(*args)))
    thread.start()
    thread.join()
    return found[0]


def test_a_change_ends_with_its_block() -> None:
    with started(grad=False):
        before = fields(current())
        with pytest.raises(ZeroDivisionError), changed(eager=True, grad=True, threads=1) as context:
            assert (context.eager, context.grad, context.threads) == (True, True, 1)
            raise ZeroDivisionError
        assert fields(current()) == before


def test_what_is_set_within_a_change_stays_unless_it_is_what_changed() -> None:
    with started() as context:
        with changed(grad=False):
            own().dtype = float64
            own().grad = True
        assert context.dtype is float64 and context.grad


def test_a_text_of_its_own_has_the_defaults_and_its_callers_resources() -> None:
    resources = {
        "max_elements": 5,
        "max_bytes": 6,
        "max_memory": 7,
        "threads": 1,
        "progress": print,
    }
    with started(grad=False, eager=True, dtype=float64, **resources) as outer:
        with started(exact=False) as inner:
            assert current() is inner
            own_ones = ("streams", "warned", "classes", "outer")
            assert not [name for name in own_ones if getattr(inner, name) is getattr(outer, name)]
            expected = fields(DEFAULTS) | resources | {"exact": False, "thread": outer.thread}
            for name, value in expected.items():
                assert name in own_ones or getattr(inner, name) == value, name
        assert current() is outer
    assert set(resources) == set(RESOURCES)


def test_the_defaults_can_not_be_set() -> None:
    assert in_a_thread(current) is DEFAULTS
    with pytest.raises(AttributeError, match="'grad' of everybody's defaults"):
        DEFAULTS.grad = False
    with pytest.raises(AttributeError, match="no attribute 'gard'"), changed(gard=False):
        pass


def test_a_thread_begins_with_the_defaults() -> None:
    def change() -> bool:
        assert current() is DEFAULTS
        own().grad = False
        return current().grad

    with started(dtype=float64, eager=True) as context:
        assert in_a_thread(change) is False
        assert current() is context and context.grad


def test_a_thread_that_works_for_another_sees_its_record_and_changes_its_own() -> None:
    def work() -> tuple[bool, bool, bool]:
        eager = current().eager
        own().grad = False
        with changed(eager=False):
            return eager, current().eager, current().grad

    with started(eager=True) as context:
        assert in_a_thread(copy_context().run, work) == (True, False, False)
        assert current() is context and context.grad and context.eager
