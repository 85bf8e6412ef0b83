"""How far a result is off, to first order, where its inputs are: the propagation of standard deviations.

Source: JCGM 100:2008 (GUM), 5.1.2 for independent inputs and 5.2.2 for correlated ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from autodiff_cli.errors import InputError
from autodiff_cli.ir.node import Array

ROUNDING = 1e-6  # of correlations, which may be computed from digits that were written


def expression_of(name: str, text: str) -> str:
    """A deviation as an expression; one in per cent is a part of its input.

    Raises:
        InputError: there is nothing before the sign.

    >>> expression_of("x", "5%"), expression_of("x", "0.1*sqrt(x)")
    ('abs(x)*(5)/100', '0.1*sqrt(x)')
    """
    word = text.strip()
    if not word.endswith("%"):
        return text
    number = word[:-1].strip().removeprefix("@")
    if not number:
        raise InputError(f"--propagate {name}: there is no number before %")
    return f"abs({name})*({number})/100"


def split(word: str) -> tuple[str, str | None]:
    """A value, and the deviation that is written behind it.

    >>> split("1±0.1"), split("2.5 +/- 1%"), split("3")
    (('1', '0.1'), ('2.5', '1%'), ('3', None))
    """
    for sign in ("±", "+/-"):
        value, found, deviation = word.partition(sign)
        if found and not word.startswith("@"):
            return value.strip(), deviation.strip()
    return word, None


def pairs_of(names: Iterable[str]) -> list[tuple[str, str]]:
    """The names "x~y" of covariances, as pairs.

    Raises:
        InputError: a deviation of one of them isn't given.
    """
    names = list(names)
    pairs = [(x.strip(), y.strip()) for x, sign, y in (n.partition("~") for n in names) if sign]
    for pair in pairs:
        for name in pair:
            if name not in names or pair[0] == pair[1]:
                raise InputError(
                    f"--propagate {'~'.join(pair)} is the covariance of two inputs that have deviations",
                    hint=f"give theirs too: --propagate {pair[0]}=0.1,{pair[1]}=0.2,{'~'.join(pair)}=0.01",
                )
    return pairs


def correlations(
    names: Sequence[str], sigmas: Mapping[str, Array], pairs: Mapping[tuple[str, str], Array]
) -> Array:
    """The correlations of numbers, (rows, n, n), from their deviations and covariances, each (rows,) or ().

    Beyond 1 where a covariance is none of these deviations.
    """
    count = max([1, *(array.size for array in (*sigmas.values(), *pairs.values()))])
    found = np.tile(np.eye(len(names)), (count, 1, 1))
    for (x, y), covariance in pairs.items():
        i, j = names.index(x), names.index(y)
        with np.errstate(all="ignore"):
            found[:, i, j] = found[:, j, i] = np.where(
                covariance == 0, 0, covariance / sigmas[x] / sigmas[y]
            )
    return found


def impossible(correlation: Array) -> Array:
    """Where symmetric matrices, (rows, n, n), are no correlations of anything."""
    finite: Array = np.asarray(np.isfinite(correlation).all(axis=(1, 2)))
    least = np.linalg.eigvalsh(np.where(finite[:, None, None], correlation, 0))[:, :1]
    found: Array = ~finite | (least < -ROUNDING).any(axis=1)
    return found


def of_matrix(covariance: Array) -> tuple[Array, Array]:
    """The deviations and the correlations that a matrix of covariances says.

    Raises:
        InputError: it isn't one.
    """
    matrix = np.asarray(covariance, np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise InputError(
            f"--covariance: an array of shape {list(matrix.shape)} is no square matrix"
        )
    variances = matrix.diagonal()
    if not (variances >= 0).all():
        raise InputError("--covariance: a variance, on the diagonal, is below 0 or nan")
    sigmas = np.sqrt(variances)
    with np.errstate(all="ignore"):
        found = np.where(matrix == 0, 0, matrix / sigmas[:, None] / sigmas)
    np.fill_diagonal(found, 1)
    if np.abs(found - found.T).max(initial=0) > ROUNDING or impossible(found[None])[0]:
        raise InputError(
            "--covariance: no inputs have these covariances: a matrix is symmetric, and positive semidefinite"
        )
    return sigmas, found


def combined(terms: Array, correlation: Array | None = None) -> Array:
    """sqrt(t' R t) for each row t of terms, (rows, n), deviations times slopes; nothing overflows on the way.

    Args:
        terms: of float64.
        correlation: R, (n, n) or (rows, n, n); None for independent ones.
    """
    with np.errstate(all="ignore"):
        largest = np.abs(terms).max(axis=1, initial=0)
        power = np.where(np.isfinite(largest), np.frexp(largest)[1], 0)  # of 2: changes no digit
        unit = np.ldexp(terms, -power[:, None])
        moved = unit if correlation is None else np.einsum("...ij,...j->...i", correlation, unit)
        found: Array = np.ldexp(np.sqrt(np.maximum((unit * moved).sum(axis=1), 0)), power)
    return found


def no_deviation(name: str, given: Array, place: str = "") -> InputError:
    """That the first of the numbers that is none is no deviation."""
    number = float(given[~(given >= 0)].reshape(-1)[0])
    return InputError(
        f"--propagate {name}: {number:g}{place} is no standard deviation, which is 0 or more"
    )


def no_covariance(names: Sequence[str]) -> InputError:
    """That covariances are none of these deviations."""
    return InputError(
        f"--propagate {', '.join(names)}: no inputs with these deviations have these covariances",
        hint="a covariance is at most the product of both deviations; a correlation of 0.3 is written "
        "x~y=0.3*0.1*0.2, with the deviations 0.1 and 0.2",
    )


def not_numbers() -> InputError:
    """That a covariance of two inputs is asked for that aren't both numbers."""
    return InputError(
        "--propagate: covariances x~y are of numbers",
        hint="--covariance of autodiff batch takes a matrix of all elements of vectors",
    )
