class T:
    a: int
    b: "str" = "x"
    __c: float
    d = 5
print(T.b, hasattr(T, "a"))
def f(x: int, *a: "nope", y: dict = {}, **k: list) -> undefined_thing if False else int:
    return x
print(f(1))
class U:
    def __eq__(self, o): return NotImplemented
    def __lt__(self, o): return NotImplemented
    def __add__(self, o): return NotImplemented
u = U()
print(u == 1, u != 1, u == u)
for t in (lambda: u < 1, lambda: u + 1, lambda: 1 + u, lambda: u[0], lambda: u(), lambda: len(u), lambda: iter(u), lambda: -u, lambda: u.x, lambda: [*u], lambda: {**u}, lambda: f(*u), lambda: f(**u), lambda: 1 in u, lambda: u @ u, lambda: u | 1, lambda: int(u), lambda: "a" + 1, lambda: 1 + "a", lambda: [] + (), lambda: None.x, lambda: None[0], lambda: (1)(2), lambda: {}[[]], lambda: {[]: 1}, lambda: {[]}, lambda: "abc"[5], lambda: "abc"["x"], lambda: [1]["x"], lambda: (1,)[2], lambda: {}["k"], lambda: int("x"), lambda: float("y"), lambda: [].pop(), lambda: [1].remove(2), lambda: "a".index("b"), lambda: next(iter([])), lambda: max([]), lambda: sum("ab"), lambda: sorted([1, "a"]), lambda: range(1.5), lambda: chr(-1), lambda: ord("ab"), lambda: abs("x"), lambda: 1 // 0, lambda: 1 % 0, lambda: 1.0 / 0, lambda: 0 ** -1, lambda: 1 << -1, lambda: ~1.5, lambda: [1] * 1.5, lambda: "a" * "b", lambda: len(5), lambda: u.f(), lambda: setattr(u, 5, 1), lambda: getattr(u, 5), lambda: isinstance(1, 2), lambda: issubclass(1, int), lambda: int("1", 99), lambda: round("x"), lambda: zip(1), lambda: enumerate(2), lambda: list(map(1, [1])), lambda: dict([1]), lambda: dict([(1,2,3)]), lambda: set(1), lambda: tuple(1), lambda: reversed({1}), lambda: "x".join([1]), lambda: "x".split(""), lambda: [].index(1), lambda: divmod(1, 0), lambda: pow(2, -1, 4), lambda: hash([]), lambda: bool(), lambda: type()):
    try: print(t())
    except Exception as e: print(type(e).__name__, e)
a, b = 1, 2
for s in (lambda: [0 for x, y in [1]], lambda: [0 for x, y in [(1,2,3)]], lambda: [0 for x, *y in [()]], lambda: [0 for x, y in ["abc"]]):
    try: s()
    except Exception as e: print(type(e).__name__, e)
try: x, y = 1
except TypeError as e: print(e)
try: x, y = (1,)
except ValueError as e: print(e)
try: x, *y, z = (1,)
except ValueError as e: print(e)
try: x, *y, z = 5
except TypeError as e: print(e)
try: [*5]
except TypeError as e: print(e)
try: f(1, **{"x": 1})
except TypeError as e: print(e)
try: f(1, *5)
except TypeError as e: print(e)
try: f(1, **5)
except TypeError as e: print(e)
try: f(1, **{"q": 1}, **{"q": 2})
except TypeError as e: print(e)
