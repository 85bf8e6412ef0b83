def f(a, b=2, *args, c, d=4, **kw):
    return a, b, args, c, d, kw


print(f(1, c=3), f(1, 2, 3, 4, c=5, e=6), f(*[1, 2], **{'c': 3}))


def pos(a, /, b, *, c=0):
    return a + b + c


print(pos(1, b=2), pos(1, 2, c=3))


def mutable(x, acc=[]):
    acc.append(x)
    return acc


print(mutable(1), mutable(2), mutable.__defaults__, mutable.__name__)
g = lambda *a, k=1: (a, k)
print(g(), g(1, 2, k=3), (lambda: None)(), g.__name__)


def outer():
    x = 1

    def inner():
        nonlocal x
        x += 1
        return x
    return inner(), inner(), x


total = 0


def add(n):
    global total
    total += n


add(3); add(4)
print(outer(), total, callable(add), add(0))


def deco(times):
    def wrap(fn):
        def inner(*a, **k):
            return [fn(*a, **k) for _ in range(times)]
        return inner
    return wrap


@deco(2)
def hi(name: str = 'x') -> str:
    """Say hi."""
    return f'hi {name}'


print(hi(), hi(name='y'))
for call in (lambda: f(1), lambda: pos(a=1, b=2), lambda: hi(1, 2), lambda: g(z=1), lambda: f(1, c=1, a=2)):
    try:
        call()
    except TypeError as e:
        print(e)


def fact(n):
    return 1 if n < 2 else n * fact(n - 1)


print(fact(20), [fact(i) for i in range(6)])
