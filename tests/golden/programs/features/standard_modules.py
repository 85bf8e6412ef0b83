import sys, json, random, enum, abc, collections, itertools, functools, time
from typing import List, Dict, Optional, Callable, Tuple, Union, Any, Iterable, NamedTuple
from collections import namedtuple, deque, Counter, defaultdict, OrderedDict
import torch
from torch import Tensor
from torch.utils.data import Dataset
Vector = List[float]
Shape = Tuple[int, ...]
Fn = Callable[..., Tensor]
Maybe = Optional[Tensor]
def f(x: Optional[Tensor] = None, n: List[int] = [1], cb: Callable[[int], str] = str) -> Dict[str, Tensor]:
    return {'x': x}
class A:
    items: List[int] = []
    table: Dict[str, Tensor] = {}
    def __init__(self, v: 'Vector'): self.v: Vector = v
print(f(torch.ones(1)), A([1.]).v)
sys.stdout.write('hello\n'); sys.stdout.flush()
print('err', file=sys.stderr); print('out', file=sys.stdout)
Point = namedtuple('Point', ['x', 'y']); p = Point(1, 2); print(p, p.x, p._asdict(), p._replace(x=5), Point._fields, Point(y=1, x=2), Point._make([3,4]), p == (1, 2))
P2 = namedtuple('P2', 'a b c', defaults=[7]); print(P2(1, 2))
d = deque([1, 2, 3], maxlen=3); d.append(4); d.appendleft(0); d.rotate(1); print(d, d.popleft(), len(d), d.maxlen, list(d), 2 in d)
c = Counter('hello'); print(c, c.most_common(1), c['z'], sum(c.values())); c.update('oo'); print(c, c - Counter('o'), c + Counter('x'))
dd = defaultdict(list); dd['a'].append(1); dd['b'] += [2]; print(dd, dict(dd), dd.get('z'), 'z' in dd); di = defaultdict(int); di['k'] += 1; print(di, defaultdict(lambda: 5)['q'])
od = OrderedDict([('a', 1), ('b', 2)]); od.move_to_end('a'); print(dict(od), list(od.items()), od.popitem())
print(json.dumps({'a': [1, 2.5, None, True], 'b': {'c': 'x'}}), json.dumps([1, 2], indent=2), json.loads('{"a": [1, 2]}'), json.dumps({'b': 1, 'a': 2}, sort_keys=True))
random.seed(0); print(random.random(), random.randint(1, 6), random.choice([1, 2, 3]), random.sample(range(10), 3), random.uniform(0, 1), random.gauss(0, 1)); l = [1, 2, 3]; random.shuffle(l); print(l)
class Color(enum.Enum):
    RED = 1
    GREEN = 2
print(Color.RED, Color.RED.name, Color.RED.value, list(Color), Color(2), Color['RED'], repr(Color.GREEN), Color.RED == Color.RED, isinstance(Color.RED, Color), len(Color))
