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

# globals as a mapping
g = globals()
x = 1
print(g["x"], "x" in g, "__builtins__" in g or True)
g["y"] = 2
print(y)
h = g | {"z": 3}
print(h["z"], h["y"])
try: z
except NameError as e: print(e)
g |= {"w": 4}
print(w)
del g["w"]
try: w
except NameError as e: print(e)
print({"q": 1}.__or__ and ({"q": 1} | g)["y"])
print(sorted(k for k in g if len(k) == 1))
print(g.pop("y"), g.get("y", 7), g.setdefault("v", 9), v)
def f():
    x = 1
    def g():
        nonlocal x
        x += 1
        return x
    return g, lambda: x
g, h = f(); g(); print(h())
def u():
    print(zz)
    zz = 1
try: u()
except UnboundLocalError as e: print(e)
def v():
    def w(): return q
    if False: q = 1
    return w()
try: v()
except NameError as e: print(e)
fs = [lambda: i for i in range(3)]
print([k() for k in fs])
print([(y := i*2, y) for i in range(3)], y)
def cnt():
    global N
    N = 5
cnt(); print(N)
if (n := 10) > 5: print(n)
def outer():
    r = [last := i for i in range(4)]
    return last
print(outer())
try:
    raise ValueError("a")
except ValueError as e: pass
try: e
except NameError as ee: print(ee)
del n
try: n
except NameError as ee: print(ee)
x: int = 3
y2: int
print(x)
def ann():
    z: int
    try: z
    except UnboundLocalError as e: print(e)
ann()
def dflt(a, /, b=2, *c, d, e=5, **f): return a,b,c,d,e,f
print(dflt(1, d=4), dflt(1,2,3,d=4,z=6, a=7))
for bad in (lambda: dflt(), lambda: dflt(1), lambda: dflt(a=1,d=2), lambda: dflt(1,b=2,*[3],d=1), lambda: (lambda a: a)(1,2), lambda: (lambda *, a: a)(), lambda: (lambda: 1)(x=2)):
    try: print(bad())
    except TypeError as e: print(e)
