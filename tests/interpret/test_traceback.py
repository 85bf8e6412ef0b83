"""The frames that a program's traceback shows."""

from __future__ import annotations

import io

from autodiff_cli.program import Settings, run_text
from autodiff_cli.source import Source


def complaint(text: str, settings: Settings | None = None) -> str:
    err = io.StringIO()
    run_text(Source(text, "p.py"), settings or Settings(), write=str, complain=err.write)
    return err.getvalue()


def test_an_error_keeps_its_frames_on_its_way_through_a_generator_s_manager() -> None:
    text = (
        "from contextlib import contextmanager\n@contextmanager\ndef c():\n    yield\n"
        "def f():\n    with c():\n        [][0]\nf()\n"
    )
    assert [line for line in complaint(text).splitlines() if "File" in line] == [
        '  File "p.py", line 8, in <module>',
        '  File "p.py", line 7, in f',
    ]


def test_notes_follow_the_error() -> None:
    text = "e = ValueError('x')\ne.add_note('first')\ne.add_note('second')\nraise e\n"
    assert complaint(text).endswith("\nValueError: x\nfirst\nsecond\n")


def test_errors_without_end_are_shown_to_an_end() -> None:
    text = "def f():\n    try: f()\n    finally: f()\nf()\n"
    shown = complaint(text, Settings(max_steps=20_000))
    assert shown.count("During handling of the above exception") < 1000
    assert "LimitError: " in shown
