# closures
def counter():
    n = 0
    def step():
        nonlocal n
        n += 1
        return n
    return step
s = counter()
print(s(), s(), counter()())

# late binding
fs = [lambda: i for i in range(3)]
print([g() for g in fs])

# global
x = 1
def f():
    global x, y
    x, y = 2, 3
f()
print(x, y, globals()['y'])

# globals are live
g = globals()
x = 5
print(g['x'], 'x' in g)
g['z'] = 7
print(z)

# classes see globals, not the function's class names
x = 1
class A:
    x = 2
    def f(self): return x
    y = [x for _ in range(2)]
print(A().f(), A.y)

# private names
class _Net:
    __x = 1
    def __init__(self): self.__y = 2
    def __f(self): return self.__x + self.__y
    def g(self): self.__y += 5; return self.__f()
n = _Net()
print(n.g(), sorted(vars(n)), n._Net__y, hasattr(n, '__y'))

# comprehensions
n = 3
print([i * j for i in range(n) if i for j in range(i)], {i: n for i in 'ab'},
      {i % 2 for i in range(5)}, sum(i for i in range(n)), [y := 1, y ** 2], (k := 5) + k)
print([last := i for i in range(3)], last)

# defaults at once
x = 1
def f(a=x, *b, c=[], **d):
    c.append(a)
    return c, b, d
x = 2
print(f(), f(5, 6, e=7))

# positional only
def f(a, /, b, *, c): return a, b, c
print(f(1, b=2, c=3))
