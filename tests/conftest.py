"""Options and helpers of all tests."""

from __future__ import annotations

import os
import signal

import pytest
from hypothesis import settings

# Machines differ in speed, so no deadlines; in CI the same examples each time.
settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")

# Commands that run in this process set these.
SIGNALS = [
    getattr(signal, name) for name in ("SIGPIPE", "SIGINT", "SIGALRM") if hasattr(signal, name)
]

collect_ignore_glob = ["golden/*"]  # scripts and recordings, not tests


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--reference", action="store_true", help="also compare with torch 2.13.0, live (installed)"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--reference"):
        pytest.importorskip("torch", minversion="2.13.0")
        return
    skip = pytest.mark.skip(reason="needs --reference")
    for item in items:
        if "reference" in item.keywords:
            item.add_marker(skip)


@pytest.fixture(autouse=True)
def _leave_no_state() -> object:
    """What a test changes must not reach the next one: the default dtype, limits, what signals do."""
    from autodiff_cli.ir import dtypes
    from autodiff_cli.ir.node import state

    before = dtypes.default(), state.max_elements, state.grad_enabled
    handlers = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    dtypes.set_default(before[0])
    state.max_elements, state.grad_enabled = before[1:]
    for number, handler in handlers.items():
        if signal.getsignal(number) is not handler:
            signal.signal(number, handler)
