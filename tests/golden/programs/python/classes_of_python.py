# super
class A:
    def f(self): return 'A'
    @classmethod
    def g(cls): return cls.__name__
class B(A):
    def f(self): return super().f() + 'B'
    @classmethod
    def g(cls): return super().g()
    def h(self): return (lambda: super(B, self).f())(), [__class__ for _ in (1,)][0].__name__
print(B().f(), B.g(), B().h())

# init_subclass
class A:
    def __init_subclass__(cls, tag=None): cls.tag = tag
class B(A, tag='b'): pass
print(B.tag)

# names of functions
def f():
    def g(): pass
    return g, lambda: 0
class A:
    def m(self): pass
    n = lambda self: 0
print(f.__qualname__, f()[0].__qualname__, f()[1].__qualname__, A.m.__qualname__, A.n.__qualname__)
print((lambda: 0).__qualname__)

# attributes of functions
def f(a, b=2, *, c=3): 'text'
f.x = [1]
f.x += [2]
print(f.x, f.__doc__, f.__defaults__, f.__name__)
del f.x
print(hasattr(f, 'x'))
