def count(n):
    print('start')
    for i in range(n):
        got = yield i
        if got:
            print('got', got)
    print('end')
    return 'result'


g = count(2)
print(next(g), g.send('hello'))
try:
    next(g)
except StopIteration as e:
    print('stop', e.value)


def chain(*its):
    for it in its:
        yield from it


def delegate():
    r = yield from count(1)
    print('r', r)


print(list(chain('ab', [1])), list(delegate()), sum(x * x for x in range(4)), (x for x in [1]).__class__.__name__)
g = (i for i in range(3))
print(2 in g, list(g))
import itertools
print(list(itertools.islice(itertools.count(5, 2), 3)), list(itertools.product('ab', [1, 2])), list(itertools.combinations([1, 2, 3], 2)), list(itertools.chain([1], [2])), list(itertools.accumulate([1, 2, 3])))
from functools import partial, reduce
print(reduce(lambda a, b: a * b, [1, 2, 3, 4], 1), partial(pow, 2)(5), list(map(max, [1, 5], [3, 2])), list(zip(*[(1, 2), (3, 4)])))
gen = count(5)
next(gen); gen.close()
print('closed', list(gen))
