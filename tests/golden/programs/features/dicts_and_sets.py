d = {'b': 1, 'a': 2}
d['c'] = 3; d.update({'a': 5}, z=0); del d['b']
print(d, list(d), list(d.values()), list(d.items()), 'a' in d, d.get('q', -1), len(d), d.keys(), d.values(), d.items())
print({k: v for k, v in sorted(d.items(), key=lambda kv: -kv[1])}, max(d, key=d.get), {**d, 'a': 1}, d | {'n': 9}, dict(a=1), dict([('x', 1)]))
print(d.pop('z'), d.popitem(), d, d.setdefault('k', []), d, {1: 'a', 1.0: 'b', True: 'c'}, {(1, 2): 3}[1, 2], dict.fromkeys('ab', 0))
for i, (k, v) in enumerate(d.items()):
    print(i, k, v)
s = {3, 1, 2}
s.add(4); s.discard(9); s.remove(1)
print(s, {1, 2} | {2, 3}, {1, 2} ^ {2, 3}, {1} <= {1, 2}, set(), frozenset([1]), len({1, 1, 2}), {x % 3 for x in range(9)}, {1, 2}.isdisjoint({3}))
try:
    d['missing']
except KeyError as e:
    print('KeyError', e, e.args)
from collections import Counter, defaultdict, OrderedDict, deque, namedtuple
print(Counter('hello').most_common(2), Counter('aab'))
g = defaultdict(list); g['x'].append(1); print(dict(g), g)
P = namedtuple('P', 'x y'); p = P(1, y=2); print(p, p.x, p._replace(x=5), tuple(p))
q = deque([1, 2], maxlen=2); q.append(3); print(q, list(q), list(OrderedDict(a=1)))
