"""Whole derivatives of tanh(A@x/10)*x: its Jacobian, and the Hessian of its sum with and without a vector.

    python benchmarks/jacobian.py [--inputs N] [--rounds N] [--peers NAMES]

Peers are torch.func, HIPS autograd and JAX (jit), as far as the interpreter has them. All run in this
process, taking turns; figures are medians. Results are compared first. Prints a table, then one JSON line.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from measure import importable, machine, medians, significant, table

if TYPE_CHECKING:
    import numpy as np

Calls: TypeAlias = "dict[str, Callable[[], Any]]"  # by what they compute
Peer: TypeAlias = "Callable[[np.ndarray, np.ndarray, np.ndarray], Calls]"

TEXT = "tanh(A@x/10)*x"
SUM = f"sum({TEXT})"
ASKED = ("jacobian", "hessian-vector product", "hessian")


def in_autodiff(A: np.ndarray, x: np.ndarray, v: np.ndarray) -> Calls:
    from autodiff_cli.evaluation import evaluate

    def run(text: str, **asked: Any) -> Any:
        return evaluate(text, {"A": A, "x": x}, wrt=["x"], grad=False, **asked)

    return {
        "jacobian": lambda: run(TEXT, jacobian=True).jacobian["x"].array,
        "hessian-vector product": lambda: run(SUM, hvp={"x": v}).hvp["x"].array,
        "hessian": lambda: run(SUM, hessian=True).hessian["x"]["x"].array,
    }


def in_torch(A: np.ndarray, x: np.ndarray, v: np.ndarray) -> Calls:
    import torch
    from torch import func

    matrix, at, vector = torch.from_numpy(A), torch.from_numpy(x), torch.from_numpy(v)

    def f(x: Any) -> Any:
        return torch.tanh(matrix @ x / 10) * x

    def total(x: Any) -> Any:
        return torch.sum(f(x))

    return {
        "jacobian": lambda: func.jacrev(f)(at),
        "hessian-vector product": lambda: func.jvp(func.grad(total), (at,), (vector,))[1],
        "hessian": lambda: func.hessian(total)(at),
    }


def in_jax(A: np.ndarray, x: np.ndarray, v: np.ndarray) -> Calls:
    import jax
    from jax import numpy as jnp

    matrix, at, vector = jnp.asarray(A), jnp.asarray(x), jnp.asarray(v)

    def f(x: Any, A: Any) -> Any:
        return jnp.tanh(A @ x / 10) * x

    def total(x: Any, A: Any) -> Any:
        return jnp.sum(f(x, A))

    jacobian, hessian = jax.jit(jax.jacrev(f)), jax.jit(jax.hessian(total))
    product = jax.jit(lambda x, v, A: jax.jvp(lambda x: jax.grad(total)(x, A), (x,), (v,))[1])
    return {
        "jacobian": lambda: jacobian(at, matrix).block_until_ready(),
        "hessian-vector product": lambda: product(at, vector, matrix).block_until_ready(),
        "hessian": lambda: hessian(at, matrix).block_until_ready(),
    }


def in_autograd(A: np.ndarray, x: np.ndarray, v: np.ndarray) -> Calls:
    import autograd
    from autograd import numpy

    def f(x: Any) -> Any:
        return numpy.tanh(numpy.dot(A, x) / 10) * x

    def total(x: Any) -> Any:
        return numpy.sum(f(x))

    jacobian, hessian = autograd.jacobian(f), autograd.hessian(total)
    product = autograd.hessian_vector_product(total)
    return {
        "jacobian": lambda: jacobian(x),
        "hessian-vector product": lambda: product(x, v),
        "hessian": lambda: hessian(x),
    }


PEERS: dict[str, Peer] = {"torch": in_torch, "jax": in_jax, "autograd": in_autograd}


def main() -> None:
    import numpy as np

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--peers", default=",".join(PEERS), help="of those that are importable")
    options = parser.parse_args()
    generator = np.random.default_rng(0)
    count = options.inputs
    A = generator.standard_normal((count, count), np.float32)
    x, v = generator.standard_normal((2, count), np.float32)
    peers = {"autodiff": in_autodiff(A, x, v)}
    for name in importable(list(PEERS)):
        if name in options.peers.split(","):
            peers[name] = PEERS[name](A, x, v)
    rows = []
    record = {}
    for asked in ASKED:
        runs = {name: calls[asked] for name, calls in peers.items()}
        first = np.asarray(runs["autodiff"]())
        for name, run in runs.items():
            np.testing.assert_allclose(
                np.asarray(run()), first, 1e-3, 1e-3, err_msg=f"{asked}: {name}"
            )
        found = medians(runs, options.rounds)
        ratios = {name: time / found["autodiff"] for name, time in found.items()}
        rows.append(
            [asked, *[f"{significant(t * 1e3)} ({ratios[n]:.2f})" for n, t in found.items()]]
        )
        record[asked] = {"seconds": found, "ratios": ratios}
    print(machine())
    print(f"\n`{TEXT}`, {count} inputs, milliseconds (and times autodiff's):\n")
    print(table(["", *peers], rows) + "\n")
    print(json.dumps({"benchmark": "jacobian", "inputs": count, **record}))


if __name__ == "__main__":
    main()
