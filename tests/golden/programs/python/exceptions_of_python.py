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
