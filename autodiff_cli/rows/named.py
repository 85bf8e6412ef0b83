"""The columns of the answers: what they are called, and in which order they stand."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from autodiff_cli.errors import InputError
from autodiff_cli.ir.node import Node
from autodiff_cli.rows.resolved import Resolved


def names_of(asked: Resolved, bools: Collection[str] = ()) -> tuple[str, ...]:
    """The columns of the answers, whether or not a row has any.

    Args:
        asked: about each row.
        bools: columns of the table that have no gradient.

    Raises:
        InputError: two have the same name.
    """
    question = asked.question
    fixed = [n for n, v in asked.fixed.items() if isinstance(v, Node) and v.requires_grad]
    every = [*(name for name in asked.inputs if name not in bools), *fixed]
    leaves = every if asked.shown is None else asked.shown
    by = every if asked.by is None else asked.by
    further = {
        "jacobian": dict.fromkeys(by if question.jacobian else ()),
        "hessian": {name: dict.fromkeys(by) for name in (by if question.hessian else ())},
        "hvp": dict.fromkeys(by if question.vectors else ()),
    }
    names = [
        question.title,
        *(f"grad_{name}" for name in leaves),
        *(f"second_{name}" for name in leaves if question.second),
        *(["jvp"] if asked.tangents else []),
        *columns_of(further),
        *(column for name in question.also for column in [name, *gradients_of(name, leaves)]),
        *deviations_of(asked),
    ]
    for name in names:
        if names.count(name) > 1:
            raise InputError(
                f"two of the answers are called '{name}'",
                hint="--as names the result's own; rename an input by --columns NAME=COLUMN, or a name "
                "in the text",
            )
    return tuple(names)


def deviations_of(asked: Resolved) -> list[str]:
    """The columns of the result's deviation."""
    return [
        *(["sigma"] if asked.off else []),
        *(f"sigma_{name}" for name in asked.off if asked.question.budget),
        *(["mean_mc", "sigma_mc"] if asked.question.samples else []),
    ]


def gradients_of(name: str, leaves: Collection[str]) -> list[str]:
    """The columns of the gradients of a name that the text assigns."""
    return [f"grad_{name}_{leaf}" for leaf in leaves]


def columns_of(derived: Mapping[str, Any]) -> dict[str, Any]:
    """Further derivatives by the names of their columns.

    Args:
        derived: "jacobian", "hvp" and "hessian", by input, or by two.

    Raises:
        InputError: two pairs of inputs come to the same name.

    >>> list(columns_of({"jacobian": {"x": 0}, "hessian": {"x": {"x": 1, "y": 2}}}))
    ['jac_x', 'hess_x_x', 'hess_x_y']
    """
    found = {f"jac_{name}": flow for name, flow in (derived.get("jacobian") or {}).items()}
    for name, others in (derived.get("hessian") or {}).items():
        for other, flow in others.items():
            column = f"hess_{name}_{other}"
            if column in found:
                raise InputError(
                    f"two of the second derivatives are called {column}",
                    hint="--columns NAME=COLUMN renames an input; --wrt leaves some out",
                )
            found[column] = flow
    return found | {f"hvp_{name}": flow for name, flow in (derived.get("hvp") or {}).items()}
