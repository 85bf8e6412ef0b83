import enum
from abc import ABC, abstractmethod
from collections import Counter, defaultdict, deque, namedtuple
from dataclasses import dataclass, field
from typing import Callable, Dict, List, NamedTuple, Optional, Tuple

import torch
from torch import Tensor

Loss = Callable[[Tensor, Tensor], Tensor]


class Mode(enum.Enum):
    TRAIN = 'train'
    TEST = 'test'


class Stats(NamedTuple):
    mean: float
    std: float = 1.0

    def scaled(self, k):
        return Stats(self.mean * k, self.std * k)


@dataclass
class Config:
    lr: float = 0.1
    sizes: List[int] = field(default_factory=lambda: [2, 3])
    mode: Mode = Mode.TRAIN


class Metric(ABC):
    @abstractmethod
    def update(self, value: Tensor) -> None:
        ...

    def __call__(self, value: Tensor) -> 'Metric':
        self.update(value)
        return self


class Running(Metric):
    def __init__(self, window: int = 3):
        self.values: deque = deque(maxlen=window)

    def update(self, value):
        self.values.append(value.item())


def summarize(x: Tensor, loss: Optional[Loss] = None) -> Tuple[Stats, Dict[str, float]]:
    return Stats(x.mean().item(), x.std().item()), {'max': x.max().item()}


x = torch.arange(6.)
print(Config(), Config(mode=Mode.TEST).mode.value, Mode('train'), list(Mode))
print(summarize(x), Stats(1.).scaled(2), Stats(1.)._asdict())
m = Running()
for v in x:
    m(v)
print(m.values, isinstance(m, Metric))
try:
    Metric()
except TypeError as e:
    print(type(e).__name__)
Batch = namedtuple('Batch', 'x y')
batch = Batch(x, x * 2)
print(batch.x.sum(), batch._fields)
groups = defaultdict(list)
for i, v in enumerate(x.tolist()):
    groups['even' if i % 2 == 0 else 'odd'].append(v)
print(dict(groups), Counter((x > 2).tolist()).most_common())
