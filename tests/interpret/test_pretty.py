"""A notebook's echo, as IPython prints it."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from typing import Any

import pytest

from autodiff_cli.interpret.pretty import pretty


class Shown:
    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


def drawn(chance: random.Random, depth: int) -> Any:
    """A container of containers."""
    if depth <= 0 or chance.random() < 0.35:
        return chance.choice(
            (
                chance.randint(-(10 ** chance.randint(1, 20)), 10**6), "x" * chance.randint(0, 40),
                chance.random(), None, int, ValueError("a"), Shown("tensor([[1., 2.],\n        [3., 4.]])"),
            )
        )  # fmt: skip
    count = chance.choice((0, 1, 2, 3, 5, 12))
    items = [drawn(chance, depth - 1) for _ in range(count)]
    kind = chance.choice((list, tuple, dict, set, frozenset, Counter, defaultdict))
    if kind in (list, tuple):
        return kind(items)
    if kind is dict:
        return {f"k{i}" * chance.randint(1, 6): item for i, item in enumerate(items)}
    if kind is defaultdict:
        return defaultdict(list, enumerate(items))
    return kind([chance.randint(0, 10**9) for _ in range(count)])


@pytest.mark.needs("IPython")
@pytest.mark.parametrize("seed", range(300))
def test_containers_as_ipython_prints_them(seed: int) -> None:
    from IPython.lib.pretty import pretty as reference

    value = drawn(random.Random(seed), 4)
    assert pretty(value) == reference(value)


def test_what_fits_a_line_stays_in_it() -> None:
    assert pretty({"a": [1, 2], "b": (3,)}) == "{'a': [1, 2], 'b': (3,)}"


def test_outer_containers_are_broken_first() -> None:
    value = [list(range(20)), list(range(20))]
    line = ", ".join(map(str, range(20)))
    assert pretty(value) == f"[[{line}],\n [{line}]]"


def test_texts_of_several_lines_are_indented() -> None:
    assert pretty([Shown("a\nb"), 1]) == "[a\n b,\n 1]"


def test_a_container_in_itself() -> None:
    value: list[Any] = [1]
    value.append(value)
    assert pretty(value) == "[1, [...]]"


def test_long_containers_end_in_dots() -> None:
    assert pretty(list(range(1500))).endswith("\n 999,\n ...]")


def test_classes_and_objects() -> None:
    assert pretty(int) == "int"
    assert pretty(Shown).endswith(".Shown")
    assert pretty(object()).startswith("<object at 0x")
