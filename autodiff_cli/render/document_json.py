"""Explanations and checks as JSON."""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson

from autodiff_cli.checking.records import Check
from autodiff_cli.evaluation import Tensor
from autodiff_cli.explanation.records import Chain, Explanation, Formula, Link
from autodiff_cli.ir.node import Array
from autodiff_cli.render.json_text import OPTIONS, plain_json


def numbers(array: Array | float | None) -> Any:
    """An array, or a number, as JSON has it; what isn't finite as text."""
    if array is None:
        return None
    values = np.asarray(array)
    return plain_json(Tensor(values, values.dtype.name))


def line(record: dict[str, Any]) -> str:
    """A record as a line of JSON."""
    return orjson.dumps(record, default=plain_json, option=OPTIONS).decode()


def explanation(made: Explanation, **about: Any) -> str:
    """An explanation as one object, behind what it is about."""
    return line(
        {
            **about,
            "result": made.result,
            "steps": made.steps,
            "operations": made.operations,
            "counts": dict(made.counts),
            "seed": numbers(made.seed),
            "forward": [
                {
                    "name": part.name,
                    "source": part.text,
                    "grad_fn": part.grad_fn,
                    "shape": list(part.shape),
                    "dtype": part.dtype,
                    "value": numbers(part.value),
                    "gradient": numbers(part.cotangent),
                }
                for part in made.parts
            ],
            "backward": [_link(link) for link in made.links],
            "chain": [_chain(chain) for chain in made.chains],
            "gradients": {
                g.name: {"formula": _text(g.formula), "value": numbers(g.value)}
                for g in made.gradients
            },
            "jacobian": {
                m.name: {
                    "elements": [[f.text for f in row] for row in m.elements]
                    if m.elements is not None
                    else None,
                    "value": numbers(m.value),
                    "product": numbers(m.product),
                }
                for m in made.jacobians
            },
            "branches": [list(b) for b in made.branches] if made.branches is not None else None,
            "notes": list(made.notes),
        }
    )


def check(made: Check, **about: Any) -> str:
    """A check as one object, behind what it is about."""
    return line(
        {
            **about,
            "verdict": made.verdict,
            "dtype": made.dtype,
            "value_digits": made.digits,
            "inputs": {
                row.name: {
                    "verdict": row.verdict,
                    "elements": row.elements,
                    "directions": row.directions,
                    "worst": None if row.at is None else list(row.at),
                    "reverse": numbers(row.analytic),
                    "differences": numbers(row.numeric),
                    "estimate": numbers(row.estimate),
                    "relative_difference": numbers(row.difference),
                    "forward_difference": numbers(row.forward),
                    "digits": row.digits,
                }
                for row in made.rows
            },
            "kinks": [
                {
                    "input": kink.name,
                    "element": list(kink.at),
                    "left": numbers(kink.left),
                    "right": numbers(kink.right),
                    "taken": numbers(kink.taken),
                }
                for kink in made.kinks
            ],
            "lost_digits": [
                {
                    "phase": loss.phase,
                    "source": loss.text,
                    "terms": [numbers(term) for term in loss.terms[:3]],
                    "result": numbers(loss.result),
                    "digits": round(loss.digits, 2),
                }
                for loss in made.losses
            ],
            "not_finite": [
                {
                    "phase": entry.phase,
                    "source": entry.text,
                    "value": numbers(entry.value),
                    "element": list(entry.at),
                    "operand": entry.operand,
                    "operand_value": numbers(entry.number),
                    "gradient": numbers(entry.gradient),
                }
                for entry in made.non_finite
            ],
            "hints": list(made.hints),
            "notes": list(made.notes),
        }
    )


def _text(formula: Formula | None) -> str | None:
    return None if formula is None else formula.text


def _link(link: Link) -> dict[str, Any]:
    return {
        "of": link.of,
        "by": link.by,
        "structure": link.kind,
        "derivative": _text(link.formula),
        "flow": _text(link.flow),
        "local": numbers(link.here),
        "arrives": numbers(link.arrives),
    }


def _chain(chain: Chain) -> dict[str, Any]:
    return {
        "input": chain.name,
        "element": list(chain.at),
        "paths": [
            {
                "seed": numbers(path.seed),
                "factors": [
                    {
                        "of": factor.of,
                        "by": factor.by,
                        "at": list(factor.at),
                        "by_at": list(factor.by_at),
                        "derivative": _text(factor.formula),
                        "with_numbers": _text(factor.inserted),
                        "value": numbers(factor.value),
                    }
                    for factor in path.factors
                ],
                "value": numbers(path.value),
            }
            for path in chain.paths
        ],
        "more": chain.more,
        "rest": numbers(chain.rest),
        "total": numbers(chain.total),
        "why_not": chain.too_large or None,
    }
