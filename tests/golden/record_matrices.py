"""Record what the reference answers about matrices that are hard to factor; run with torch 2.13.0.

Its library can crash or hang on them, so each case has a process of its own. Such answers are recorded as
"none": there, an error or nan is right.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import warnings
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parent))
from record_expressions import answer

SECONDS = 5
# fmt: off
SQUARE = {
    "inf first": "[[inf,1.],[1,2]]", "inf last": "[[2,1],[1,inf]]", "inf above": "[[2,inf],[1,3]]",
    "inf beside": "[[2,inf],[inf,3]]", "inf below": "[[2,1],[inf,3]]", "-inf": "[[-inf,1],[1,2]]",
    "nan first": "[[nan,1],[1,2]]", "nan last": "[[2,1],[1,nan]]", "nan above": "[[2,nan],[1,3]]",
    "nan below": "[[2,1],[nan,3]]", "mixed": "[[inf,nan],[-inf,1]]", "all nan": "[[nan,nan],[nan,nan]]",
    "all inf": "[[inf,inf],[inf,inf]]", "zero": "[[0.,0],[0,0]]", "singular": "[[1.,2],[2,4]]",
    "negative": "[[-2.,1],[1,-3]]", "not symmetric": "[[4.,7],[2,5]]", "good": "[[4.,1],[1,3]]",
    "inf diagonal": "[[inf,0],[0,1]]", "inf of three": "[[1.,0,0],[0,inf,0],[0,0,2]]",
    "one nan": "[[nan]]", "one inf": "[[inf]]", "one -inf": "[[-inf]]", "one zero": "[[0.]]",
    "three nan": "[[4.,1,0],[1,nan,1],[0,1,5]]", "three inf": "[[4.,1,0],[1,inf,1],[0,1,5]]",
    "three nan above": "[[4.,1,nan],[1,3,1],[0,1,5]]", "three inf below": "[[4.,1,0],[1,3,1],[inf,1,5]]",
    "three inf last": "[[4.,1,0],[1,3,1],[0,1,inf]]", "three all nan": "full((3, 3), nan)",
    "three negative": "[[4.,1,0],[1,-3,1],[0,1,5]]", "none": "zeros(0, 0)",
    "five nan": "(1/(1+arange(5.)[:,None]+arange(5.))+eye(5)*5).index_fill(1, tensor([2]), nan)",
    "stack nan": "[[[4.,1],[1,3]],[[nan,1],[1,2]]]", "stack inf": "[[[4.,1],[1,3]],[[inf,1],[1,2]]]",
    "stack singular": "[[[4.,1],[1,3]],[[1.,2],[2,4]]]", "stack zero": "[[[0.,0],[0,0]],[[0.,0],[0,0]]]",
    "stack negative": "[[[4.,1],[1,3]],[[-1.,0],[0,1]]]",
    "stack of stacks": "[[[[4.,1],[1,3]],[[4.,1],[1,3]]],[[[4.,1],[1,3]],[[nan,1],[1,3]]]]",
    "no stack": "zeros(0, 2, 2)",
}
OBLONG = {
    "wide": "[[1.,2,3],[4,5,7]]", "wide nan": "[[1.,2,nan],[4,5,6]]", "tall": "[[1.,2],[3,4],[5,7]]",
    "tall nan": "[[1.,2],[nan,4],[5,6]]", "tall inf": "[[1.,2],[3,4],[5,inf]]", "0x3": "zeros(0, 3)",
    "3x0": "zeros(3, 0)", "tall all inf": "full((3, 2), inf)",
    "wide stack": "[[[1.,2,3],[4,5,6]],[[1.,nan,3],[4,5,6]]]",
}
# What follows from the matrix alone: no signs or turns of vectors.
OPERATIONS = [
    "det(x)", "logdet(x)", "slogdet(x)[0]", "slogdet(x)[1]", "linalg.inv(x)", "inverse(x)", "pinverse(x)",
    "linalg.pinv(x)", "linalg.pinv(x, hermitian=True)", "linalg.cholesky(x)",
    "linalg.cholesky(x, upper=True)",
    "cholesky(x)", "linalg.qr(x)[0]", "linalg.qr(x)[1]", "linalg.qr(x.detach(), 'r')[1]",
    "qr(x)[1]", "linalg.svd(x)[1]", "linalg.svd(x, full_matrices=False)[1]", "svd(x)[1]",
    "linalg.svdvals(x)", "linalg.eigh(x)[0]", "linalg.eigvalsh(x)",
    "linalg.eigvalsh(x, 'U')", "linalg.solve(x, ones(x.shape[:-1]))", "linalg.solve(x, ones_like(x))",
    "linalg.solve(x, ones_like(x), left=False)", "linalg.solve(eye(2), x)",
    "linalg.lstsq(x, ones_like(x))[0]",
    "linalg.cond(x)", "linalg.cond(x, -2)", "linalg.cond(x.detach(), 1)", "linalg.cond(x.detach(), -1)",
    "linalg.cond(x.detach(), inf)", "linalg.cond(x.detach(), -inf)", "linalg.cond(x.detach(), 'fro')",
    "linalg.cond(x, 'nuc')", "linalg.matrix_rank(x)", "linalg.matrix_rank(x, hermitian=True)",
    "x.norm('nuc')",
    "linalg.norm(x, 2)", "linalg.norm(x, -2)", "linalg.norm(x, 'fro')", "linalg.norm(x, inf)",
    "linalg.matrix_norm(x, 2)", "linalg.matrix_norm(x, 'nuc')", "matrix_power(x, -1)", "matrix_power(x, -3)",
    "matrix_exp(x)",
]
# fmt: on


Case = tuple[str, str, str, str]


def answers(cases: list[Case]) -> list[dict[str, object]]:
    """What a process of its own answers; another one goes on behind a case that ends it."""
    records: list[dict[str, object]] = []
    while len(records) < len(cases):
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            with os.fdopen(writing, "w") as pipe:
                for expression, _, x, dtype in cases[len(records) :]:
                    signal.alarm(SECONDS)
                    record = answer(expression, {"x": x}, getattr(torch, dtype))
                    record.pop("text", None)
                    print(json.dumps(record), file=pipe, flush=True)
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            records += [json.loads(line) for line in pipe]
        os.waitpid(child, 0)
        if len(records) < len(cases):
            records.append({"none": True})
    return [{"none": True} if "INTERNAL ASSERT" in str(r.get("message")) else r for r in records]


def main() -> None:
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    cases = [
        (expression, name, x, dtype)
        for expression in OPERATIONS
        for name, x in {**SQUARE, **OBLONG, "half": "eye(2).half()"}.items()
        for dtype in ("float32", "float64")
    ]
    records = [
        {"expression": expression, "matrix": name, "x": x, "default": dtype, **record}
        for (expression, name, x, dtype), record in zip(cases, answers(cases), strict=True)
        if name != "half" or ("error" in record and dtype == "float32")
    ]
    lines = ",\n".join(json.dumps(record) for record in records)
    Path(__file__).with_name("matrices.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
