import torch
import torch.nn as nn

torch.manual_seed(3)
for shape, g in (
    ((3, 16, 5), 1),
    ((4, 2, 3, 3), 1),
    ((6, 2, 3, 4), 3),
    ((4, 3, 2, 2, 2), 2),
    ((6, 4, 3), 2),
):
    t = nn.init.dirac_(torch.ones(shape), g)
    print(t.shape, t.nonzero().tolist(), t.sum())
w = torch.empty(5, 4)
print(nn.init.sparse_(w, 0.3))
print(nn.init.sparse_(torch.empty(3, 2), sparsity=0.5, std=2.0))
p = nn.Parameter(torch.ones(2, 2, 3))
print(nn.init.dirac_(p))
p = nn.Parameter(torch.ones(2, 2))
print(nn.init.sparse_(p, 0.5))
wrong = (
    lambda: nn.init.dirac_(torch.ones(2)),
    lambda: nn.init.dirac_(torch.ones(3, 2, 2), 2),
    lambda: nn.init.dirac_(torch.ones(3, 2, 2), 0),
    lambda: nn.init.dirac_(torch.ones(3, 0, 2)),
    lambda: nn.init.dirac_(3),
    lambda: nn.init.sparse_(torch.ones(2), 0.1),
    lambda: nn.init.sparse_(torch.ones(2, 2)),
    lambda: nn.init.sparse_(torch.ones(2, 2), "a"),
    lambda: nn.init.sparse_(torch.ones(2, 2), 2.0),
    lambda: nn.init.sparse_(torch.ones(4, 2), -0.5),
    lambda: nn.init.sparse_(3, 0.5),
)
for f in wrong:
    try:
        print(f())
    except Exception as e:
        print(type(e).__name__, e)
