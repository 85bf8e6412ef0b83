"""Options and helpers of all tests."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
from importlib import invalidate_caches

import pytest
from hypothesis import settings
from needs import REFERENCE, lacking, left_out

from autodiff_cli import index

if not index.shipped():  # a checkout whose vocabulary has changed
    subprocess.run([sys.executable, index.__file__], check=True, capture_output=True)
    sys.modules.pop("autodiff_cli._index", None)
    invalidate_caches()
    index.shipped.cache_clear()

# Machines differ in speed, so no deadlines; in CI the same examples each time.
settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")

# Commands that run in this process set these.
SIGNALS = [
    getattr(signal, name) for name in ("SIGPIPE", "SIGINT", "SIGALRM") if hasattr(signal, name)
]

# A shell's background job, and nohup, ignore these, and so would the commands that tests send them to.
for name, handler in (("SIGINT", signal.default_int_handler), ("SIGHUP", signal.SIG_DFL)):
    if hasattr(signal, name) and signal.getsignal(getattr(signal, name)) is signal.SIG_IGN:
        signal.signal(getattr(signal, name), handler)

collect_ignore_glob = ["golden/*"]  # scripts and recordings, not tests


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--reference", action="store_true", help="also compare with torch 2.13.0, live (installed)"
    )
    parser.addoption("--every", action="store_true", help="all cases where a test takes samples")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """How many processes `-n auto` takes: one for each processor; none for the tests of some files."""
    whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    return (os.cpu_count() or 1) if whole else 0


@pytest.fixture
def every(request: pytest.FixtureRequest) -> bool:
    """Whether to take all cases, and not only samples."""
    return bool(request.config.getoption("--every"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    live = config.getoption("--reference")
    if live:
        pytest.importorskip("torch", minversion="2.13.0")
    for item in items:
        names = [name for mark in item.iter_markers("needs") for name in mark.args]
        lacks = [what for name in names if (what := lacking(name)) is not None]
        if "reference" in item.keywords and not live:
            lacks.append(REFERENCE)
        if lacks:
            item.add_marker(pytest.mark.skip(reason=f"needs {' and '.join(lacks)}"))


def pytest_collection_finish() -> None:
    """What was collected stays: a pass of the collector over its million objects takes two seconds."""
    gc.collect()
    gc.freeze()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    if skipped:
        reasons = [report.longrepr[2].removeprefix("Skipped: ") for report in skipped]
        terminalreporter.write_line(left_out(reasons))


@pytest.fixture(autouse=True)
def _leave_no_state() -> object:
    """What a test changes must not reach the next one: what signals do."""
    handlers = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    for number, handler in handlers.items():
        if signal.getsignal(number) is not handler:
            signal.signal(number, handler)
