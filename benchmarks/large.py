"""Large arrays: the value and all gradients of six expressions, in process and from the shell.

    python benchmarks/large.py [--size N] [--rounds N] [--only inside|shell] [--peers NAMES] [NAME]...

Peers are torch (eager), JAX (jit) and HIPS autograd, as far as the interpreter has them; numexpr where its
language has the expression, with gradients derived by hand; and for least squares the products of
matrices alone. In process all run in this process: once, which for JAX compiles and for us plans, and then
taking turns; figures are medians. Processor time is that of all threads, and hardly depends on what else
runs. From the shell a process reads the inputs from .npy files and writes the gradients to an .npz
file; run that with an interpreter that has the package installed (a checkout works out the parser's tables
at each start). Every peer's results are compared first. Prints tables, then one JSON line.
"""

from __future__ import annotations

import argparse
import gc
import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeAlias

from expressions import DEFAULT_SIZE, EXPRESSIONS, FORMS, Expression
from measure import (
    Times,
    environment,
    importable,
    machine,
    medians,
    medians_of_both,
    significant,
    table,
)

if TYPE_CHECKING:
    import numpy as np

WARM = 10**5  # elements of what runs before anything is measured
Answer: TypeAlias = "tuple[float, list[np.ndarray]]"  # the value, and a gradient for each leaf
Peer: TypeAlias = "Callable[[Expression, dict[str, np.ndarray]], Callable[[], Any]]"

SHELL = {
    "torch": """
import numpy, torch
{reads}
leaves = [{leaves}]
for leaf in leaves: leaf.requires_grad_()
value = {expression}
value.backward()
numpy.savez({out!r}, **{{"grad." + n: l.grad.numpy() for n, l in zip({names}, leaves)}})
print(value)
""",
    "jax": """
import numpy, jax, jax.numpy as jnp
{reads}
call = jax.jit(jax.value_and_grad(lambda {leaves}: {expression}, tuple(range(len({names})))))
value, grads = call({leaves})
numpy.savez({out!r}, **{{"grad." + n: numpy.asarray(g) for n, g in zip({names}, grads)}})
print(value)
""",
}
READS = {
    "torch": "{name} = torch.from_numpy(numpy.load({path!r}))",
    "jax": "{name} = jnp.asarray(numpy.load({path!r}))",
}


# ---- in process ---------------------------------------------------------------------------------


def in_autodiff(expression: Expression, arrays: dict[str, np.ndarray]) -> Callable[[], Answer]:
    from autodiff_cli.evaluation import evaluate

    def run() -> Answer:
        result = evaluate(expression.text, arrays, wrt=expression.leaves())
        found = result.gradients[0].by_input
        return result.value.array, [found[name].array for name in expression.leaves()]

    return run


def in_torch(expression: Expression, arrays: dict[str, np.ndarray]) -> Callable[[], Answer]:
    import torch

    scope = {name: torch.from_numpy(array) for name, array in arrays.items()}
    leaves = [scope[name].requires_grad_() for name in expression.leaves()]
    code = compile(expression.torch, expression.name, "eval")

    def run() -> Answer:
        value = eval(code, {"torch": torch, **scope})
        return value.detach(), torch.autograd.grad(value, leaves)

    return run


def in_jax(expression: Expression, arrays: dict[str, np.ndarray]) -> Callable[[], Answer]:
    import jax

    scope: dict[str, Any] = {}
    exec(FORMS["jax"], scope)
    leaves = expression.leaves()
    constants = [name for name in arrays if name not in leaves]
    function = eval(f"lambda {', '.join([*leaves, *constants])}: {expression.jax}", scope)
    call = jax.jit(jax.value_and_grad(function, tuple(range(len(leaves)))))
    given = [jax.numpy.asarray(arrays[name]) for name in [*leaves, *constants]]
    return lambda: jax.block_until_ready(call(*given))


def in_autograd(expression: Expression, arrays: dict[str, np.ndarray]) -> Callable[[], Answer]:
    import autograd

    scope: dict[str, Any] = dict(arrays)
    exec(FORMS["autograd"], scope)
    leaves = expression.leaves()
    function = eval(f"lambda {', '.join(leaves)}: {expression.autograd}", scope)
    # With a tuple of positions autograd differentiates by a tuple of the arguments.
    call = autograd.value_and_grad(function, tuple(range(len(leaves))))
    return lambda: call(*[arrays[name] for name in leaves])


def in_numexpr(expression: Expression, arrays: dict[str, np.ndarray]) -> Callable[[], Answer]:
    import numexpr
    import numpy as np

    scope = {"n": np.float32(arrays[expression.leaves()[0]].size), **arrays}

    def run() -> Answer:
        value, *gradients = [numexpr.evaluate(text, scope) for text in expression.numexpr]
        return value, gradients

    return run


INSIDE: dict[str, Peer] = {
    "torch": in_torch, "jax": in_jax, "autograd": in_autograd, "numexpr": in_numexpr
}  # fmt: skip


def products(statements: str, arrays: dict[str, np.ndarray]) -> Callable[[], object]:
    code = compile(statements, "products", "exec")
    return lambda: exec(code, dict(arrays))


def first_calls(
    runs: Mapping[str, Callable[[], Any]],
) -> tuple[dict[str, Answer], dict[str, float]]:
    """What each peer answers, and how long its first call takes; all have run something else before."""
    answers, times = {}, {}
    for name, run in runs.items():
        started = perf_counter()
        answers[name] = run()
        times[name] = perf_counter() - started
    return answers, times


def compare(expression: Expression, answers: dict[str, Answer]) -> None:
    """Stop if two disagree: what computes something else isn't a peer."""
    import numpy as np

    _, (value, gradients) = next(iter(answers.items()))
    # numexpr adds 10^7 numbers of float32 one after the other: up to two percent off
    for name, (other_value, others) in answers.items():
        np.testing.assert_allclose(
            np.asarray(other_value), value, 3e-2, err_msg=f"{expression.name}: {name}"
        )
        for one, other in zip(gradients, others, strict=True):
            size = float(np.max(np.abs(one)))
            np.testing.assert_allclose(
                np.asarray(other), one, 1e-3, size * 1e-4, err_msg=f"{expression.name}: {name}"
            )


def peers_in_process(expression: Expression, size: int, names: Sequence[str]) -> dict[str, Any]:
    arrays = expression.arrays(size)
    runs: dict[str, Callable[[], object]] = {"autodiff": in_autodiff(expression, arrays)}
    for name in names:
        if name != "numexpr" or expression.numexpr:
            runs[name] = INSIDE[name](expression, arrays)
    return runs


def inside(
    expression: Expression, options: argparse.Namespace
) -> tuple[dict[str, float], dict[str, Times]]:
    """First calls, and steady state."""
    runs = peers_in_process(expression, options.size, options.peers)
    answers, first = first_calls(runs)
    compare(expression, answers)
    del answers
    if expression.products:
        runs["products"] = products(expression.products, expression.arrays(options.size))
    found = medians_of_both(runs, options.rounds)
    del runs
    gc.collect()
    return first, found


# ---- from the shell -----------------------------------------------------------------------------


def command(peer: str, expression: Expression, paths: dict[str, Path], out: Path) -> list[str]:
    """What computes the value and the gradients in a process of its own."""
    if peer == "autodiff":
        given = [f"{name}=@{path}" for name, path in paths.items()]
        asked = ["--wrt", ",".join(expression.leaves()), "--save-grads", str(out)]
        return [sys.executable, "-m", "autodiff_cli", expression.text, *given, *asked]
    reads = "\n".join(READS[peer].format(name=name, path=str(path)) for name, path in paths.items())
    names = expression.leaves()
    code = SHELL[peer].format(
        reads=reads,
        leaves=", ".join(names),
        names=names,
        expression=getattr(expression, peer),
        out=str(out),
    )
    return [sys.executable, "-c", code]


def shell(expression: Expression, options: argparse.Namespace) -> dict[str, float]:
    with TemporaryDirectory() as folder:
        paths = dict(expression.save(Path(folder), options.size))
        runs = {}
        for name in ["autodiff", *[peer for peer in options.peers if peer in SHELL]]:
            words = command(name, expression, paths, Path(folder, f"{name}.npz"))
            runs[name] = runner(words)
        return medians(runs, options.rounds)


def runner(words: list[str]) -> Callable[[], object]:
    kept = environment()
    return lambda: subprocess.run(words, check=True, stdout=subprocess.DEVNULL, env=kept)


# ---- tables -------------------------------------------------------------------------------------


def ratios(found: dict[str, float]) -> dict[str, float]:
    """How many times as long as autodiff each peer takes."""
    return {name: time / found["autodiff"] for name, time in found.items() if name != "autodiff"}


def shown(title: str, results: dict[str, dict[str, float]]) -> str:
    """Milliseconds, and in brackets how many times autodiff's."""
    columns: list[str] = []
    for found in results.values():
        columns += [name for name in found if name not in columns]
    rows = []
    for expression, found in results.items():
        row = [f"`{expression}`"]
        for name in columns:
            if name not in found:
                row.append("")
                continue
            times = "" if name == "autodiff" else f" ({found[name] / found['autodiff']:.2f})"
            row.append(significant(found[name] * 1e3) + times)
        rows.append(row)
    return f"\n{title}\n\n{table(['', *columns], rows)}\n"


def report(
    title: str,
    expressions: Sequence[Expression],
    results: Sequence[dict[str, float]],
    record: dict[str, Any],
) -> None:
    """Print a table, and put it into the record."""
    pairs = list(zip(expressions, results, strict=True))
    texts = {expression.text: found for expression, found in pairs}
    print(shown(f"{title}, milliseconds (and times autodiff's):", texts), flush=True)
    record[title] = {
        expression.name: {"seconds": found, "ratios": ratios(found)} for expression, found in pairs
    }


def chosen(words: Sequence[str]) -> list[Expression]:
    return [e for e in EXPRESSIONS if not words or any(word in e.name for word in words)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=lambda text: int(float(text)), default=DEFAULT_SIZE)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", choices=["inside", "shell"])
    parser.add_argument("--peers", default=",".join(INSIDE), help="of those that are importable")
    parser.add_argument("names", nargs="*", help="expressions, by a part of their names")
    options = parser.parse_args()
    options.peers = [name for name in importable(INSIDE) if name in options.peers.split(",")]
    expressions = chosen(options.names)
    print(machine())
    record: dict[str, Any] = {"benchmark": "large", "size": options.size}
    if options.only != "shell":
        for run in peers_in_process(EXPRESSIONS[0], WARM, options.peers).values():
            run()  # what is imported at the first call of all
        calls = [inside(expression, options) for expression in expressions]
        steady = [found for _, found in calls]
        parts = {
            "first call": [first for first, _ in calls],
            "steady state": [{n: times.wall for n, times in found.items()} for found in steady],
            "processor time": [{n: t.processor for n, t in found.items()} for found in steady],
        }
        for part, results in parts.items():
            report(f"In process, {part}", expressions, results, record)
    if options.only != "inside":
        results = [shell(expression, options) for expression in expressions]
        report("From the shell", expressions, results, record)
    print(json.dumps(record))


if __name__ == "__main__":
    main()
