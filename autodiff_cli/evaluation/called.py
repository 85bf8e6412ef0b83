"""Derivatives as calls of the language's own reverse mode, for what no formula says."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from autodiff_cli.evaluation.question import Question
from autodiff_cli.formula.script import Script, size_lines, words


def called(question: Question, names: Sequence[str]) -> Script:
    """The text of a call.

    Args:
        question: what was asked.
        names: of the derivatives.
    """
    kind, leaves = question.wanted.kind, list(question.leaves)
    lines, function = _function(question, leaves)
    seed = _seed(question) if kind == "gradient" else ""
    read = words([*lines, function, seed]) & set(question.sizes.primes)
    sizes = tuple(size_lines(question.shapes(), read))
    arguments = ", ".join(leaves)
    if kind == "order":
        texts = [_nested(question, name, function) for name in leaves]
        return Script(sizes, tuple(lines), tuple(zip(names, texts, strict=True)))
    if kind == "gradient":
        call = f"torch.func.vjp({function}, {arguments})[1]({seed})"
        if len(leaves) == 1:
            return Script(sizes, tuple(lines), ((names[0], f"{call}[0]"),))
        return _numbered(names, [*lines, f"gradients = {call}"], "gradients", sizes)
    several = f", argnums=({', '.join(map(str, range(len(leaves))))})" if len(leaves) > 1 else ""
    if kind == "hvp":
        vectors = [_vector(question, name) for name in leaves]
        call = (
            f"torch.func.jvp(torch.func.grad({function}{several}), "
            f"({arguments},), ({', '.join(vectors)},))[1]"
        )
    else:
        transform = "jacrev" if kind == "jacobian" else "hessian"
        call = f"torch.func.{transform}({function}{several})({arguments})"
    if len(names) == 1:
        return Script(sizes, tuple(lines), ((names[0], call),))
    if kind == "hessian":
        at = [f"[{row}][{column}]" for row in range(len(leaves)) for column in range(len(leaves))]
        formulas = tuple((name, f"all{place}") for name, place in zip(names, at, strict=True))
        return Script(sizes, (*lines, f"all = {call}"), formulas)
    return _numbered(names, [*lines, f"all = {call}"], "all", sizes)


def nth_text(question: Question, name: str) -> str:
    """The text of a derivative of higher order by one number."""
    lines, function = _function(question, [name])
    return "\n".join([*lines, _nested(question, name, function)])


def _nested(question: Question, name: str, function: str) -> str:
    names = list(question.leaves) if function == "f" else []
    position = names.index(name) if name in names else 0
    at = f", argnums={position}" if position else ""
    if function != "f":
        function = f"lambda {name}: {question.recorded.body}"
        names = [name]
    for _ in range(question.wanted.order):
        function = f"torch.func.grad({function}{at})"
    return f"{function}({', '.join(names)})"


def _function(question: Question, names: Sequence[str]) -> tuple[list[str], str]:
    """The lines that define a function of inputs, if it needs any, and the function."""
    arguments = ", ".join(names)
    if not question.recorded.lines:
        return [], f"lambda {arguments}: {question.recorded.body}"
    lines = [f"def f({', '.join(question.leaves)}):"]
    lines += [f"    {name} = {text}" for name, text in question.recorded.lines]
    return [*lines, f"    return {question.recorded.body}"], "f"


def _numbered(
    names: Sequence[str], lines: Sequence[str], result: str, sizes: Sequence[str]
) -> Script:
    formulas = tuple((name, f"{result}[{at}]") for at, name in enumerate(names))
    return Script(tuple(sizes), tuple(lines), formulas)


def _seed(question: Question) -> str:
    if question.seed_kind in question.named:
        return question.seed_kind
    if question.seed_kind == "given":
        return f"tensor({np.asarray(question.seed.value).tolist()})"
    shape = question.value.shape
    return f"ones({', '.join(map(question.sizes.name_of, shape))})" if shape else "tensor(1.)"


def _vector(question: Question, name: str) -> str:
    vector = question.vectors.get(name)
    if vector is None:
        return f"zeros_like({name})"
    known = vector.params["name"]
    return known or f"tensor({np.asarray(vector.value).tolist()})"
