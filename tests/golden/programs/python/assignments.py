# the value before the target
log = []
def f(x):
    log.append(x)
    return x
d = {}
d[f('k')] = f('v')
d['k'], d[f('m')] = f(1), f(2)
print(log, d)

# attributes after their values
log = []
def f(x):
    log.append(x)
    return x
class A: pass
a = A()
def g(): f('target'); return a
g().x = f('value')
print(log, a.x)

# augmented items once
log = []
def f(x):
    log.append(x)
    return x
d = [1, 2]
d[f(0)] += f(5)
d[f(1)] *= 3
d[0:1] += [9]
print(log, d)

# augmented attributes once
log = []
def f(x):
    log.append(x)
    return x
class A: x = 1
a = A()
def g(): f('once'); return a
g().x -= 3
print(log, a.x, A.x)

# lists grow in place
a = b = [1]
a += [2]
a *= 2
print(b, a is b)

# several targets
a = [b, *c] = x, *y = 1, 2, 3
print(a, b, c, x, y)

# stars within
(a, *b), *c = [(1, 2, 3), 4]
for p, *q in [(1, 2), (3,)]: print(p, q)
print(a, b, c, [(u, v) for u, *v in [(1, 2, 3)] if v])

# deletion
d = {1: 2, 3: 4}
a = b = 5
del d[1], a
print(d, 'a' in globals(), b)

# annotations
class A:
    x: int = 1
    y: str
    'text'
def f():
    z: int = 2
    return z
print(A.x, hasattr(A, 'y'), f())

# names of Python's own
__all__ = ['x']
__debug = 3
print(__all__, __debug, __name__)
