from __future__ import annotations
import math as m, torch
import torch.nn as nn, torch.nn.functional as F
import torch.optim as optim
import numpy as np
from torch import tensor, Tensor, nn as layers
from torch.nn import Linear, functional
from torch.autograd import grad, Variable, Function
from torch.optim import SGD, Adam
from torch.optim.lr_scheduler import StepLR
from torch.nn.parameter import Parameter
from torch.nn import init
from typing import List, Optional, Tuple
from collections import OrderedDict
import random, itertools, functools, copy

print(m.pi, torch.__name__, nn is layers, F is functional, Linear is nn.Linear, grad is torch.autograd.grad, SGD is optim.SGD, np.__name__, Tensor is torch.Tensor, Parameter is nn.Parameter)


def f(x: Tensor, n: Optional[int] = None) -> Tuple[Tensor, List[int]]:
    y: Tensor = x * (n or 1)
    return y, [1]


print(f(tensor([1.]), 3), Variable(torch.ones(1), requires_grad=True), nn.Sequential(OrderedDict([('a', Linear(1, 1)), ('b', nn.ReLU())])))
a = copy.deepcopy({'k': [1]}); a['k'].append(2); t = torch.ones(2, requires_grad=True); u = copy.deepcopy(t); u.data += 1
print(a, t, u, torch.__version__.split('+')[0], torch.cuda.is_available(), torch.device('cuda' if torch.cuda.is_available() else 'cpu'), torch.version.cuda)
random.seed(0); print(random.random(), random.randint(1, 6), random.choice('abc'), random.sample(range(10), 3), random.uniform(0, 1))
l = list(range(5)); random.shuffle(l); print(l, random.gauss(0, 1))
np.random.seed(0); print(np.random.rand(2), np.random.randn(2), np.random.randint(0, 5, 3))
try:
    import not_a_module
except ImportError as e:
    print(type(e).__name__, e)
