from dataclasses import dataclass, field
from enum import Enum, IntEnum
from collections import namedtuple, OrderedDict, defaultdict, Counter, deque
@dataclass
class P:
    x: int
    y: int = 2
    z: list = field(default_factory=list)
    def n(self): return self.x + self.y
p = P(1); p.z.append(3)
print(p, p.n(), p == P(1, 2, [3]), p.x)
p.w = 5; print(vars(p))
@dataclass
class Q(P):
    q: int = 9
    def __post_init__(self): self.x *= 2
print(Q(4), Q(4).n())
@dataclass(frozen=True, order=True)
class R:
    a: int
try: R(1).a = 2
except Exception as e: print(type(e).__name__, e)
print(R(1) < R(2), {R(1): 2}[R(1)])
class Color(Enum):
    RED = 1
    BLUE = "b"
    @property
    def low(self): return self.name.lower()
    def __str__(self): return "C." + self.name
    @classmethod
    def get(cls, n): return cls[n]
print(Color.RED, Color("b"), Color.get("RED").low, [c.value for c in Color], Color.RED is Color(1), len(Color), Color.RED in Color, repr(Color.BLUE))
try: Color(5)
except ValueError as e: print(e)
class I(IntEnum):
    A = 1
    B = 2
print(I.A + 1, I.B > I.A, [10,20,30][I.B], sorted(I))
N = namedtuple("N", "a b")
n = N(1, b=2); print(n, n.a, n._replace(a=5), n._asdict(), n[1], N._fields)
a, b = n
class M(N):
    def s(self): return self.a + self.b
print(M(3,4).s(), M(3,4))
d = defaultdict(list); d["x"].append(1); print(d, d["q"], dict(d))
class DD(dict):
    def __missing__(self, k): return k * 2
    def __getattr__(self, k): return self[k]
    def __setattr__(self, k, v): self[k] = v
x = DD(a=1); x.b = 3; print(x, x["zz"], x.a, x.q)
class LL(list):
    def __init__(self, *a): super().__init__(a)
    def append(self, v): super().append(v * 2); return self
print(LL(1, 2).append(3), len(LL(1)), LL(1,2) + [3], LL(1,2)[::-1])
print(Counter("abca").most_common(1), Counter(a=1) + Counter(b=2))
