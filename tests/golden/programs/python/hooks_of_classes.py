import functools, itertools, operator, contextlib, math, copy
from functools import reduce, partial, wraps, lru_cache, cached_property
def deco(n=1):
    def outer(f):
        @wraps(f)
        def inner(*a, **k):
            """doc"""
            return f(*a, **k) * n
        inner.calls = 0
        return inner
    return outer
@deco(3)
def f(x):
    "fdoc"
    return x + 1
print(f(2), f.__name__, f.__doc__, f.calls)
class A:
    @cached_property
    def v(self): print("once"); return 5
    @staticmethod
    def s(x): return x
    @classmethod
    def c(cls, x): return cls.__name__, x
    @lru_cache(None)
    def l(self, x): print("l"); return x
a = A(); print(a.v, a.v, a.s(1), A.s(2), a.c(3), A.c(4), a.l(1), a.l(1))
a.v = 6; print(a.v); del a.v; print(a.v)
A.w = property(lambda self: "w"); print(a.w)
a.k = 1; A.k = 2; print(a.k, A.k); del a.k; print(a.k); del A.k
try: a.k
except AttributeError as e: print(e)
A.k = property(lambda s: "prop"); print(a.k)
try: a.k = 3
except AttributeError as e: print(e)
A.__getattr__ if hasattr(A, "__getattr__") else 0
class B(A):
    def __setattr__(self, n, v): print("set", n); object.__setattr__(self, n, v)
    def __delattr__(self, n): print("del", n); super().__delattr__(n)
b = B(); b.z = 1; b.z = 2; del b.z
try: b.z
except AttributeError as e: print(e)
class C:
    pass
c = C(); c.x = 1; c.x = 2
C.__setattr__ if 0 else 0
def hook(self, n, v): print("hook", n)
class D(C): __setattr__ = hook
d = D(); d.x = 3; print(vars(d))
class M1:
    def who(self): return ["M1"]
class M2(M1):
    def who(self): return ["M2"] + super().who()
class M3(M1):
    def who(self): return ["M3"] + super().who()
class M4(M2, M3):
    def who(self): return ["M4"] + super().who()
print(M4().who(), [k.__name__ for k in M4.__mro__])
m = M4(); print(m.who()); M3.who = lambda self: ["patched"]; print(m.who()); del M2.who; print(m.who())
M1.new = 7; print(m.new); M3.new = 8; print(m.new); m.new = 9; print(m.new); del m.new; del M3.new; print(m.new)
try:
    class X(M1, M4): pass
except TypeError as e: print(e)
print(reduce(lambda a, b: a*b, [1,2,3,4]), partial(f, 1)(), list(itertools.accumulate([1,2,3])))
class Meta: 
    def __class_getitem__(cls, i): return (cls.__name__, i)
print(Meta[3], Meta[1:2])
class G:
    def __enter__(self): print("enter"); return self
    def __exit__(self, k, e, t): print("exit", k and k.__name__, e); return k is ValueError
with G() as g: raise ValueError("x")
try:
    with G(): raise KeyError("y")
except KeyError as e: print("ke", e)
def w():
    with G():
        return "ret"
print(w())
for i in range(3):
    with G():
        if i == 0: continue
        break
class A:
    x = 1
    y = [i for i in range(x)]
    __p = 5
    def f(self): return self.__p, __class__.__name__, A.__p
    def g(self, __q=3): return __q
    @property
    def pr(self): return self.__p
    @pr.setter
    def pr(self, v): self.__p = v
    class In:
        __z = 4
        def h(self): return self.__z
    print(x, __qualname__, __module__)
a = A()
print(a.f(), a.g(), a.pr); a.pr = 8; print(a.pr, A.pr.__class__.__name__, sorted(vars(a)), a.In().h())
class B(A):
    def f(self): return super().f() + (super().g(),)
    def __getattr__(self, n): return "dyn " + n
    def __init_subclass__(cls, tag=None, **k): super().__init_subclass__(**k); cls.tag = tag; print("sub", cls.__name__, tag)
class C(B, tag="t"):
    pass
print(C().f(), C().zzz, C.tag)
class D:
    def __set_name__(self, o, n): print("name", o.__name__, n); self.n = n
    def __get__(self, i, o): return (self.n, i is None)
    def __set__(self, i, v): print("set", v)
class E:
    d = D()
e = E()
print(e.d, E.d); e.d = 3; vars(e)["d"] = 9; print(e.d)
class F:
    __slots__ = ("a", "_b", "__c")
    def __init__(self): self.a = 1; self.__c = 2
    def c(self): return self.__c
f = F(); print(f.a, f.c())
try: f.zz = 1
except AttributeError as err: print(err)
try: f._b
except AttributeError as err: print(err)
del f.a
try: f.a
except AttributeError as err: print(err)
x = 5
def fn():
    class K:
        x = x
        print(x)
    return K
try: fn()
except Exception as e: print(type(e).__name__, e)
