"""Wrong calls: their errors are the reference's, or at least say nothing of numpy or of this package."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import TracebackType

import numpy as np
from drawn_calls import FOLLOW, POOL, drawn, program

from autodiff_cli.errors import AutodiffError, LimitError
from autodiff_cli.evaluation import evaluate
from autodiff_cli.interpret.limits import Limits
from autodiff_cli.ir.node import constant
from autodiff_cli.ir.refusal import refusal
from autodiff_cli.program import ProgramError, Session, Settings
from autodiff_cli.source import Source
from autodiff_cli.vocabulary.calls.failures import described

RECORDS = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "golden" / "wrong_calls.jsonl")
    .read_text()
    .splitlines()
]
# Words of numpy's errors, and of Python's about this package's own functions and classes.
FOREIGN = re.compile(
    r"\baxis\b|\barrays?\b(?! is not)|ndarray|ufunc|numpy|operands could not|core dimension|reshape array|"
    r"values to unpack|tuple index|list index|'Node'|<lambda>|dtype\(|zip\(\)|autodiff_cli"
)
# Inputs of an expression are leaves of themselves.
INPUTS = {
    name: text.replace(", requires_grad=True", "").replace(".requires_grad_()", "")
    for name, text in POOL.items()
}
SETTINGS = Settings(max_steps=10**9, max_elements=10**6, threads=1)


class Calls:
    """Runs calls, each as a program of its own, in one session."""

    def __enter__(self) -> Calls:
        self.session = Session(SETTINGS, write=len, complain=len).__enter__()
        self.session.run(Source(f"import torch\n{FOLLOW}"))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.session.__exit__(kind, error, trace)

    def __call__(self, call: str) -> BaseException | None:
        """The error that the call ends in."""
        try:
            self.session.run(Source(f"torch.manual_seed(0)\n{program(call)}"))
        except ProgramError as raised:
            if isinstance(raised.error, LimitError):
                self.session.context.limits = Limits(SETTINGS.max_steps)
            return raised.error
        return None


def said(error: BaseException | None) -> tuple[str, str]:
    if error is None:
        return ("", "")
    return getattr(error, "kind", type(error).__name__), str(error)


def test_wrong_calls_have_the_reference_s_errors() -> None:
    with Calls() as run:
        wrong = [
            (call, found, (kind, message))
            for call, kind, message, agrees in RECORDS
            if agrees and (found := said(run(call))) != (kind, message)
        ]
    assert wrong == []
    assert len(RECORDS) > 4_000
    assert sum(agrees for *_, agrees in RECORDS) > 0.94 * len(RECORDS)


def test_no_error_has_words_of_numpy_or_of_this_package() -> None:
    """Of any call that the declarations allow to be drawn."""
    with Calls() as run:
        wrong = [
            (call, repr(error))
            for call in dict.fromkeys(drawn(4, seed=11))
            if (error := run(call)) is not None
            and (FOREIGN.search(str(error)) or _is_internal(error))
        ]
    assert wrong == []


def _is_internal(error: BaseException) -> bool:
    """Whether an error was raised by Python itself below an operation, where it has no place."""
    if isinstance(error, AutodiffError):
        return False
    trace, below = error.__traceback__, False
    while trace is not None:
        below = below or trace.tb_frame.f_globals.get("__name__", "").startswith(
            ("autodiff_cli.ops", "autodiff_cli.ir", "autodiff_cli.transform", "numpy")
        )
        trace = trace.tb_next
    return below


def test_expressions_say_it_likewise() -> None:
    """What is computed after the call fails where nobody knows the call any more."""
    wrong = []
    for call in dict.fromkeys(drawn(1, seed=3)):
        names = dict.fromkeys(re.findall(r"\b[a-z]+\d*\b", call))
        inputs = {name: INPUTS[name] for name in names if name in INPUTS}
        try:
            evaluate(call, inputs, grad=False, max_elements=10**6)
        except AutodiffError as error:
            if FOREIGN.search(error.message):
                wrong.append((call, error.message))
    assert wrong == []


def test_what_nothing_better_is_known_of_is_said_with_the_operands() -> None:
    operands = map(described, [2.5, [1, 2], (constant(np.ones(3)),), None])
    fault = refusal("kron", operands, ValueError("operands could not be broadcast"))
    assert said(fault) == (
        "RuntimeError",
        "kron(): not defined for (2.5, [1, 2], (Double tensor of size [3],), None)",
    )
    assert said(refusal("kron", [described("a")], TypeError("…"))) == (
        "TypeError",
        "kron(): not defined for ('a')",
    )


def test_a_program_s_own_errors_stay_as_they_are() -> None:
    text = """
class Own(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2
    @staticmethod
    def backward(ctx, g):
        raise KeyError('own')
def own(v):
    raise ZeroDivisionError('own')
g1 = torch.ones(2, requires_grad=True)
"""
    with Calls() as run:
        run.session.run(Source(text))
        for call, kind in (
            ("Own.apply(g1).sum().backward()", KeyError),
            ("torch.ones(2).apply_(own)", ZeroDivisionError),
            ("torch.func.vmap(own)(g1)", ZeroDivisionError),
        ):
            error = run(call)
            assert type(error) is kind, call
            assert error.args == ("own",)
