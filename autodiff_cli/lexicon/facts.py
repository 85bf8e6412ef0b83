"""What is found out about a word by running its example: what it prints, its grad_fn, its derivative."""

from __future__ import annotations

import math
import re
import shlex

from autodiff_cli.errors import AutodiffError
from autodiff_cli.evaluation import Result, Tensor, evaluate
from autodiff_cli.evaluation.derivation import Declared, Derivation, derive
from autodiff_cli.evaluation.report import report
from autodiff_cli.lexicon.entries import TENSOR, Entry
from autodiff_cli.lexicon.signatures import further, signatures
from autodiff_cli.record import Record

SIZES = "nmkpqr"  # what sizes are called
COTANGENT = "g"
LONGEST = 150  # characters of a derivative from where on nobody reads it


class Facts(Record):
    """What is known of a word besides its entry.

    Attributes:
        signatures: how it is called.
        further: other spellings.
        command: the example, as it is typed.
        output: what that prints.
        grad_fn: the function of the graph that the call makes, or "".
        derivative: the lines of its formula, which the language reads; none if it has no short one.
        where: what the names in them are, or "".
    """

    signatures: tuple[str, ...]
    further: tuple[str, ...]
    command: str
    output: str
    grad_fn: str
    derivative: tuple[str, ...]
    where: str


def facts(entry: Entry) -> Facts:
    """Run a word's example, and have it differentiated.

    >>> from autodiff_cli.lexicon.search import found
    >>> square = facts(found("square").entries[0])
    >>> square.command, square.grad_fn, square.derivative
    ("autodiff 'square(x)' x=3", 'PowBackward0', ('d_x = 2*x',))
    """
    text = entry.text
    words = [
        shlex.quote(text),
        *(f"{name}={shlex.quote(value)}" for name, value in entry.inputs.items()),
    ]
    printed: list[str] = []
    result = evaluate(text, entry.inputs, grad=False, write=printed.append)
    value = result.value
    grad_fn = (value.grad_fn or "") if isinstance(value, Tensor) else ""
    derivative: tuple[str, ...] = ()
    where = ""
    if grad_fn and entry.inputs and isinstance(value, Tensor):
        several = math.prod(value.shape) > 1
        words += ["--jacobian"] if several else []
        result = evaluate(text, entry.inputs, trace=True, jacobian=several)
        call, made = _call(entry, result)
        grad_fn = made.grad_fn or ""
        derivative, where = _derivative(call, entry.inputs, bool(made.shape))
        if call == text and not made.shape and not _agrees(derivative, entry.inputs, result):
            derivative, where = (), ""  # of functions of nan, it is that of numbers
    shown = report(result.replaced(trace=()))
    return Facts(
        signatures(entry),
        further(entry),
        f"autodiff {' '.join(words)}",
        ("".join(printed) + shown).rstrip("\n"),
        grad_fn,
        derivative,
        where,
    )


def _call(entry: Entry, result: Result) -> tuple[str, Tensor]:
    """The part of the example that calls the word, and what it gives.

    It is the whole example where the call gives no single tensor.
    """
    begins = tuple([f"{name.removeprefix(TENSOR)}(" for name in entry.names])
    for step in result.trace:
        value = step.value
        if step.text.startswith(begins) and _is_one_call(step.text) and isinstance(value, Tensor):
            return step.text, value
    assert isinstance(result.value, Tensor)
    return entry.text, result.value


def _is_one_call(text: str) -> bool:
    """Whether the parenthesis that opens first closes last.

    >>> _is_one_call("mm(x, y)"), _is_one_call("mm(x, y).sum()")
    (True, False)
    """
    depth = 0
    for place, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if character == ")" and depth == 0:
            return place == len(text) - 1
    return False


def _derivative(text: str, inputs: dict[str, str], seeded: bool) -> tuple[tuple[str, ...], str]:
    """The lines of a derivative, with sizes that have names where they may be any; what names stand for."""
    used = {
        name: evaluate("v", {"v": value}, grad=False).value
        for name, value in inputs.items()
        if re.search(rf"(?<![\w.]){name}\b", text)
    }
    sizes = {size for value in used.values() for size in value.shape if size > 1}
    letters = dict(zip(sorted(sizes), [name for name in SIZES if name not in used]))
    for names in (letters, {}):
        shapes = {
            name: tuple([names.get(size, size) for size in value.shape])
            for name, value in used.items()
        }
        declared = {name: Declared(shape, False) for name, shape in shapes.items()}
        try:
            made = derive(text, declared, seed=COTANGENT if seeded else None)
        except AutodiffError:
            continue
        lines = _lines(made)
        if not made.call and not made.parts and sum(map(len, lines)) <= LONGEST:
            of = [
                f"{name} of shape [{', '.join(map(str, shape))}]"
                for name, shape in shapes.items()
                if shape
            ]
            of += [f"{COTANGENT} the result's cotangent"] if seeded else []
            return lines, ", ".join(of)
    return (), ""


def _agrees(lines: tuple[str, ...], inputs: dict[str, str], result: Result) -> bool:
    """Whether formulas give the gradients of an evaluation."""
    for name, gradient in result.gradients[0].by_input.items():
        text = "\n".join([*lines, f"allclose(d_{name} + zeros_like({name}), given, rtol=1e-3)"])
        given = None if gradient is None else gradient.array
        if lines and given is not None:
            if not evaluate(text, {**inputs, "given": given}, grad=False).value:
                return False
    return True


def _lines(made: Derivation) -> tuple[str, ...]:
    script = made.script
    return (
        *script.sizes,
        *script.lines,
        *(f"d_{formula.wrt[0]} = {formula.text}" for formula in made.formulas),
    )
