class CM:
    __enter__ = staticmethod(lambda: 5)
    __exit__ = staticmethod(lambda *a: print(len(a)))
with CM() as x: print(x)
class B:
    @classmethod
    def __enter__(cls): return cls.__name__
    @classmethod
    def __exit__(cls, *a): return True
with B() as x:
    print(x); 1/0
class N:
    __enter__ = None
    def __exit__(self,*a): pass
try:
    with N(): pass
except TypeError as e: print(e)
class O:
    def __enter__(self): pass
try:
    with O(): pass
except TypeError as e: print(e)
class P:
    def __exit__(self,*a): pass
try:
    with P(): pass
except TypeError as e: print(e)

from contextlib import contextmanager
@contextmanager
def cm(n):
    print("in", n)
    try:
        yield n
    except KeyError as e:
        print("caught", e.args)
    finally:
        print("out", n)
def f():
    with cm(1) as a, cm(2) as b:
        raise KeyError("k")
    with cm(3): print("x")
    with cm(4):
        1/0
try: f()
except ZeroDivisionError as e: print(e)
