"""`linearize`: one output, and its tangent for any tangents."""

import torch
from torch.func import linearize
torch.manual_seed(0)
A = torch.randn(3, 3)
x = torch.randn(3)
out, push = linearize(lambda x, d: {"a": torch.tanh(A @ x) * d["w"], "b": x.sum()}, x, {"w": x * 2})
print(out)
print(push(torch.ones(3), {"w": torch.ones(3)}))
print(push(torch.zeros(3), {"w": torch.ones(3)}))
for t in (torch.ones(2), torch.ones(3, dtype=torch.float64)):
    try:
        push(t, {"w": torch.ones(3)})
    except RuntimeError as error:
        print(error)
