"""How far inputs are off, as words of the command line say it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click

from autodiff_cli.cli.words import NAME, value_of
from autodiff_cli.evaluation.uncertainty import split
from autodiff_cli.inputs import Given


def parted(values: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """The values of inputs, and the deviations that are written behind them.

    >>> parted({"x": "1±0.1", "y": "2"})
    ({'x': '1', 'y': '2'}, {'x': '0.1'})
    """
    parts = {name: split(text) for name, text in values.items()}
    for name, (value, deviation) in parts.items():
        if deviation is not None and not (value and deviation):
            raise click.UsageError(f"a deviation stands behind a value, as in {name}=1±0.1")
    off = {name: deviation for name, (_, deviation) in parts.items() if deviation is not None}
    return {name: value for name, (value, _) in parts.items()}, off


def deviations_of(
    propagate: Sequence[str], covariance: Sequence[str], off: Mapping[str, str]
) -> tuple[dict[str, str], Given | None]:
    """The deviations and covariances by name, and a matrix of them.

    Args:
        propagate: what is behind --propagate, each time.
        covariance: what is behind --covariance: a file, a matrix, or pairs of names.
        off: what is written behind values.

    Raises:
        UsageError: they make no sense.
        AutodiffError: the file isn't there, or has no matrix.
    """
    pairs = [word for word in covariance if "~" in word.partition("=")[0]]
    found = weights_of("--propagate", propagate, 2)
    for name, text in {**off, **weights_of("--covariance", pairs, 2)}.items():
        if name in found:
            raise click.UsageError(f"--propagate says '{name}', and it is given elsewhere too")
        found[name] = text
    for name in found:
        x, sign, y = name.partition("~")
        if sign and f"{y}~{x}" in found:
            raise click.UsageError(f"the covariance of '{x}' and '{y}' is given twice")
    files = [word for word in covariance if word not in pairs]
    if len(files) > 1:
        raise click.UsageError("--covariance takes one matrix")
    if not files:
        return found, None
    word = files[0].lstrip()
    return found, value_of(word if word.startswith(("[", "@")) else f"@{word}", "float64")


def weights_of(option: str, texts: Sequence[str], most: int = 1) -> dict[str, str]:
    """The names and their values; commas inside brackets belong to a value.

    Args:
        option: that gives them.
        texts: what is behind it, each time.
        most: how many names may stand before one value, with ~ between.

    >>> weights_of("--jvp", ["x=[1,0], t=@dt", "u=2"])
    {'x': '[1,0]', 't': '@dt', 'u': '2'}
    """
    if not texts:
        return {}
    parts, depth = [""], 0
    for letter in ",".join(texts):
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    weights: dict[str, str] = {}
    for part in parts:
        name, equals, value = (word.strip() for word in part.partition("="))
        known = all(NAME.fullmatch(one.strip()) for one in name.split("~", maxsplit=most - 1))
        if not equals or not known or not value.removeprefix("@"):
            raise click.UsageError(f"{option} takes NAME=VALUE, with commas between: not '{part}'")
        if name in weights:
            raise click.UsageError(f"{option} names '{name}' twice")
        weights[name] = value
    return weights
