"""The command in this process, as the tests of several of its options run it."""

from __future__ import annotations

import signal
from typing import Any

import pytest

from autodiff_cli.cli.main import main


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    install = signal.signal
    monkeypatch.setattr(  # SIGPIPE stays pytest's
        signal, "signal", lambda number, *rest: number == signal.SIGPIPE or install(number, *rest)
    )

    def call(*args: str) -> tuple[int, str, str]:
        code = main(list(args))
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call
