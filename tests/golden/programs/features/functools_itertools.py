import itertools, functools, operator, string, math
from functools import partial, reduce, lru_cache, wraps, cached_property, total_ordering
from itertools import product, chain, islice, zip_longest, groupby, count, cycle, repeat, accumulate, combinations, permutations
print(list(product('ab', [1, 2])), list(chain([1], [2, 3])), list(chain.from_iterable([[1], [2]])), list(islice(count(5), 3)), list(zip_longest([1], [2, 3], fillvalue=0)), list(accumulate([1, 2, 3])), list(combinations(range(3), 2)), list(repeat(1, 2)), [(k, list(g)) for k, g in groupby([1, 1, 2])])
print(reduce(lambda a, b: a * b, [1, 2, 3, 4]), partial(pow, 2)(5), partial(int, base=2)('101'))
@lru_cache(maxsize=None)
def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)
print(fib(50), fib.cache_info())
def deco(fn):
    @wraps(fn)
    def inner(*a, **k): return fn(*a, **k) + 1
    return inner
@deco
def g(x):
    "doc of g"
    return x
print(g(1), g.__name__, g.__doc__)
class C:
    def __init__(self): self.n = 0
    @cached_property
    def v(self): self.n += 1; return self.n
c = C(); print(c.v, c.v)
@total_ordering
class N:
    def __init__(self, v): self.v = v
    def __eq__(self, o): return self.v == o.v
    def __lt__(self, o): return self.v < o.v
print(N(1) <= N(2), N(3) > N(2), operator.itemgetter(1)([5, 6]), operator.attrgetter('v')(N(4)), operator.mul(2, 3), operator.add(1, 2))
print(math.isclose(0.1 + 0.2, 0.3), math.gcd(12, 18), math.floor(2.5), math.comb(5, 2), math.dist([0, 0], [3, 4]), math.hypot(3, 4), math.log2(8), math.trunc(-2.5), math.copysign(1, -2), math.fsum([.1] * 10), math.erf(.5), math.gamma(5), math.degrees(math.pi))
import time; t = time.time(); print(time.time() - t < 5, time.perf_counter() > 0)
import copy; a = [1, [2]]; b = copy.deepcopy(a); b[1].append(3); print(a, b, copy.copy(a) == a)
from dataclasses import dataclass, field
from typing import Literal, Final, TypeVar, Generic, Protocol
T = TypeVar('T')
class Box(Generic[T]):
    def __init__(self, v: T): self.v = v
print(Box(3).v, Box[int](4).v)
