"""What is kept of the texts that were compiled: few of the long ones, however many there are."""

from __future__ import annotations

import gc
import weakref

from autodiff_cli.interpret.code import SHORT, compiled_program, compiled_text
from autodiff_cli.source import Source


def test_a_text_that_comes_again_is_compiled_once() -> None:
    for text in ("x + 1", "x" + " + 1" * SHORT):
        assert compiled_text(Source(text)) is compiled_text(Source(text))
    assert compiled_program(Source("x = 1")) is compiled_program(Source("x = 1"))


def test_few_long_texts_are_kept() -> None:
    made = [weakref.ref(compiled_text(Source(f"{n} + x" + "  " * SHORT + "* 2"))) for n in range(5)]
    gc.collect()
    assert sum(ref() is not None for ref in made) < len(made)
