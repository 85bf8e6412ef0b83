"""A result as a person reads it: torch's own printing behind labels."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from autodiff_cli.evaluation.values import Intermediate, Tensor
from autodiff_cli.vocabulary.calls.values import NO_VALUE, ReturnType
from autodiff_cli.vocabulary.tensor_str import DEFAULT, PrintOptions, print_options, tensor_text

if TYPE_CHECKING:
    from autodiff_cli.evaluation.result import Result

LABEL_WIDTH = 40  # a label longer than this stands on a line of its own

Paint = Callable[[str], str]


def report(result: Result, paint: Paint = str, digits: int | None = None) -> str:
    """The labelled lines that the command prints.

    Args:
        result: what was computed.
        paint: wraps labels, for colour.
        digits: behind the point; the reference's 4 if None.
    """
    options = DEFAULT if digits is None else print_options(precision=digits)

    shown = partial(text, result=result, options=options)
    blocks = []
    traced = [labelled(_named(step), shown(step.value), paint) for step in result.trace]
    values = []
    if result.value is not NO_VALUE:
        values = [labelled("value", shown(result.value), paint)]
    several = len(result.gradients) > 1
    for number, gradients in enumerate(result.gradients or (None,)):
        lines = list(traced)
        if several and gradients is not None and gradients.seed is not None:
            lines.append(labelled(f"seed {number}", shown(gradients.seed), paint))
        lines += values
        if gradients is not None:
            lines += [
                labelled(f"{name}.grad", shown(grad), paint)
                for name, grad in gradients.by_input.items()
            ]
        blocks.append("\n".join(lines))
        traced = []
    derivatives = [
        labelled(_label(name), shown(tensor), paint)
        for name, tensor in result.derivatives().items()
    ]
    if several and derivatives:  # they belong to none of the seeds
        blocks.append("\n".join(derivatives))
    elif derivatives:
        blocks = ["\n".join([*filter(None, blocks), *derivatives])]
    return "\n\n".join(blocks)


def _label(name: str) -> str:
    """`hessian.x.y` as a label, in the manner of `x.grad`: `x.y.hessian`."""
    kind, *inputs = name.split(".")
    return ".".join([*inputs, kind])


def _named(step: Intermediate) -> str:
    """A step's source, and the shape of its tensor."""
    value = step.value
    return f"{step.text} {list(value.shape)}" if isinstance(value, Tensor) else step.text


def labelled(label: str, body: str, paint: Paint) -> str:
    """`label: body`, the body's later lines indented to stand under its first."""
    label = " ".join(label.split())
    if len(label) > LABEL_WIDTH:
        return paint(f"{label}:") + "\n  " + _indented(body, 2)
    return paint(f"{label}:") + " " + _indented(body, len(label) + 2)


def _indented(body: str, width: int) -> str:
    """The lines after the first, indented; empty ones stay empty."""
    first, *rest = body.split("\n")
    return "\n".join([first, *(" " * width + line if line else "" for line in rest)])


def text(value: Any, result: Result, options: PrintOptions = DEFAULT) -> str:
    """A value as Python and torch print it."""

    if isinstance(value, Tensor):
        return tensor_text(
            value.array,
            value.dtype,
            default_dtype=result.default_dtype,
            requires_grad=value.requires_grad,
            grad_fn=value.grad_fn,
            options=options,
        )
    if isinstance(value, ReturnType):
        fields = ",\n".join(
            f"{name}={text(entry, result, options)}"
            for name, entry in zip(value.fields, value, strict=True)
        )
        return f"{value.name}(\n{fields})"
    if type(value) is list:
        return "[" + ", ".join(text(entry, result, options) for entry in value) + "]"
    if type(value) is tuple:
        entries = ", ".join(text(entry, result, options) for entry in value)
        return f"({entries},)" if len(value) == 1 else f"({entries})"
    if isinstance(value, int) and value.bit_length() > 10_000:
        return hex(value)  # Python refuses to write so many decimal digits
    return repr(value)
