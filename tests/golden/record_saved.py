"""Record which of a function's backward passes need saved values; run with torch 2.13.0.

    python tests/golden/record_saved.py

For each expression of x and y: the name of its backward function, and whether a second backward pass
through it raises because its saved values were freed. Writes saved.json.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

EXPRESSIONS = """
-x; x + y; x - y; x * y; x / y; x * 2; 2 * x; x + 1; 1 - x; x / 2; 2 / x; x ** 2; x ** 1; x ** y; 2 ** x
x.abs(); x.exp(); x.log(); x.sqrt(); x.rsqrt(); x.sin(); x.cos(); x.tanh(); x.sigmoid(); x.relu(); x.square()
x.reciprocal(); x.sign(); x.floor(); x.round(); x.erf(); x.log1p(); x.expm1(); x.clone(); x.clamp(0, 1)
x.clamp(min=0); x.sum(); x.sum(0); x.mean(); x.mean(0); x.prod(); x.max(); x.min(); x.max(0)[0]; x.amax(0)
x.var(); x.std(); x.norm(); x.cumsum(0); x.cumprod(0); x.logsumexp(0); x.softmax(0); x.log_softmax(0)
x @ y; x.mm(y); x[0] @ y[0]; x @ y[0]; x[0].outer(y[0]); x.T; x.t(); x.transpose(0, 1); x.view(-1)
x.reshape(4); x.flatten(); x.unsqueeze(0); x.expand(3, 2, 2); x.permute(1, 0); x[0]; x[:, 1:]; x[[0]]
x.unbind()[0]; x.split(1)[0]; x.diagonal(); x.tril(); x.triu(); x.flip(0); x.roll(1); x.repeat(2, 1)
torch.cat([x, y]); torch.stack([x, y]); torch.where(x > 0, x, y); x.masked_fill(x > 0, 0.0)
x.index_select(0, torch.tensor([0])); x.gather(0, torch.tensor([[0, 1]])); x.sort(0)[0]; x.topk(1)[0]
torch.maximum(x, y); torch.minimum(x, y); x.atan2(y); x.lerp(y, 0.5); torch.addcmul(x, x, y); x.trace()
F.gelu(x); F.silu(x); F.softplus(x); F.leaky_relu(x); F.elu(x); F.mse_loss(x, y); F.l1_loss(x, y)
F.smooth_l1_loss(x, y); F.binary_cross_entropy_with_logits(x, y); F.cross_entropy(x, torch.tensor([0, 1]))
F.nll_loss(x, torch.tensor([0, 1])); F.linear(x, y); F.pad(x, (1, 1)); torch.linalg.inv(x); torch.det(x)
"""
VALUES = "[[1.0, 2.0], [3.0, 0.5]]", "[[0.5, 0.25], [2.0, 1.5]]"
PROGRAM = """import torch
import torch.nn.functional as F
x = torch.tensor({}, requires_grad=True)
y = torch.tensor({}, requires_grad=True)
r = {}
r.backward(torch.ones_like(r))
try:
    r.backward(torch.ones_like(r))
    freed = False
except RuntimeError as error:
    freed = 'second time' in str(error)
print(r.grad_fn.name(), freed)
"""


def expressions() -> list[str]:
    return [text.strip() for line in EXPRESSIONS.splitlines() for text in line.split(";") if text]


def program(expression: str) -> str:
    return PROGRAM.format(*VALUES, expression)


def main() -> None:
    import contextlib
    import io

    answers: dict[str, Any] = {}
    for expression in expressions():
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(program(expression), {})
        answers[expression] = out.getvalue().strip()
    lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in answers.items())
    Path(__file__).with_name("saved.json").write_text("{\n" + lines + "\n}\n")


if __name__ == "__main__":
    main()
