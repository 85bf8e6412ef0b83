"""Explanations of a program's backward passes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from autodiff_cli.explanation.graph import Graph, Wish, explained
from autodiff_cli.explanation.records import Explanation
from autodiff_cli.explanation.watching import Pass, Watch, leaves_of, parts_of, run_of
from autodiff_cli.inputs import Given
from autodiff_cli.ir.node import Node
from autodiff_cli.source import Source


def watched(say: Callable[[Pass, Explanation | str], None]) -> Watch:
    """A watch that explains the first backward pass of each place.

    Args:
        say: called with the pass and its explanation, or why it has none.
    """
    return Watch(lambda number: number == 1, _explained, say)


def _explained(found: Pass) -> Explanation:
    value = found.value
    is_given = value.numel != 1 or bool(np.asarray(found.cotangent.value).item() != 1)
    return _of_pass(found, leaves_of(found), is_given, Source(""), Wish())


def _of_pass(
    found: Pass, leaves: Mapping[str, Node], is_given: bool, source: Source, wish: Wish
) -> Explanation:
    parts, kind = parts_of(found)
    graph = Graph(found.value, parts, leaves, {}, found.cotangent, is_given, source, kind)
    return explained(graph, wish)


def explained_run(
    source: Source,
    inputs: Mapping[str, Given],
    wrt: Sequence[str] | None,
    seed: Given | None,
    wish: Wish,
) -> Explanation:
    """The explanation of a text that writes to tensors, or prints: it is run as it is written.

    Raises:
        AutodiffError: it can't be run, or has no gradient.
    """
    found, leaves = run_of(source, inputs, wrt, seed, "explained")
    return _of_pass(found, leaves, seed is not None, source, wish)
