# try
def f(x):
    try:
        if x == 1: return 'early'
        if x == 2: 1 / 0
        if x == 3: raise ValueError('v')
    except (ZeroDivisionError, KeyError) as e:
        return repr(e)
    except ValueError as e:
        try: raise KeyError('k') from e
        except KeyError as k: return repr(k.__cause__)
    else:
        return 'else'
    finally:
        print('finally', x)
print([f(x) for x in range(4)])

# finally may return
def f():
    for i in range(3):
        try: 1 / 0
        finally: break
    return i
print(f())

# raise again
try:
    try: 1 / 0
    except ZeroDivisionError: raise
except Exception as e: print(e)

# with
class M:
    def __init__(self, n): self.n = n
    def __enter__(self): print('in', self.n); return self
    def __exit__(self, kind, error, trace): print('out', self.n, kind and kind.__name__); return True
with M(1) as a, M(2) as (M.x):
    print(a.n, M.x.n)
    1 / 0
print('on')

# assert
try: assert 1 > 2, 'no'
except AssertionError as e: print(repr(e))
try: assert not 1
except AssertionError as e: print(repr(e))

class E1(Exception):
    def __init__(self, a, b): super().__init__(a); self.b = b
    def __str__(self): return f"{self.args[0]}-{self.b}"
try: raise E1(1, 2)
except E1 as e: print(e, e.b, e.args, repr(e))
class E2(E1): pass
try: raise E2(3, 4)
except (KeyError, E1) as e: print(type(e).__name__)
try: raise E1
except TypeError as e: print(e)
try: raise 5
except TypeError as e: print(e)
try:
    try: 1/0
    except "x": pass
except TypeError as e: print(e)
try:
    raise ValueError("x") from 5
except TypeError as e: print(e)
e = ValueError("n"); e.add_note("hi")
try: raise
except RuntimeError as x: print(x)
assert 1, "fine"
try: assert 0, "msg"
except AssertionError as x: print(x, x.args)
raise e
