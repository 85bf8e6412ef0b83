x = 'global'


def f():
    print(x)

    def g():
        return x
    return g


class A:
    x = 'class'
    y = [x for _ in range(1)]

    def m(self):
        return x, self.x, A.x


print(f()(), A().m(), A.y, [x for x in 'ab'], x)
del x
try:
    f()
except NameError as e:
    print(e)
x = 1


def h(flag):
    if flag:
        v = 1
    try:
        return v
    except UnboundLocalError as e:
        return str(e)


print(h(True), h(False), 'x' in globals(), __name__)
_, y, *_ = 1, 2, 3
print(_, y)
list_ = [lambda: i for i in range(3)]
print([fn() for fn in list_], (lambda a, b=y: a + b)(1))
print(isinstance(True, int), type(1).__name__, type(f).__name__, type(A()).__name__, type(None), type([]), int is type(1), id(x) == id(x), callable(A), dir(A())[-2:])
assert x == 1, 'fine'
pass; ...; 'a string statement'; 3
z = (yield_ := 4) + 1
print(z, yield_, (1, 2) if z else (), *(), sep='-')
print(sum(n for n in range(3)), {n: n for n in 'ab'}, __doc__)
