def g(v):
    try:
        if v == 0:
            return 'return in try'
        if v == 1:
            raise ValueError('one', 1)
        if v == 2:
            raise KeyError('two')
        if v == 3:
            [][0]
        result = 'fine'
    except ValueError as e:
        return f'{e} {e.args} {e!r}'
    except (KeyError, TypeError) as e:
        return repr(e), str(e)
    except Exception as e:
        return type(e).__name__ + ': ' + str(e)
    else:
        return 'else ' + result
    finally:
        print('finally', v)


for v in range(5):
    print(g(v))


class MyError(ValueError):
    def __init__(self, code):
        self.code = code

    def __str__(self):
        return f'code {self.code}'


try:
    try:
        raise MyError(3)
    except MyError as e:
        print(e, e.code, isinstance(e, ValueError))
        raise RuntimeError('outer') from e
except RuntimeError as e:
    print(e, '<-', e.__cause__, e.__context__ is e.__cause__)
try:
    e
except NameError as err:
    print(err)
for bad in ('1 + "a"', 'None.x', '[] + ()', '{}["k"]', 'int("q")', '1/0', '5()', 'len(3)', '"a" - 1', 'undefined', '[1][9]', 'float("x")', '(1).foo', 'a, b = 1', '-"a"', '[1, 2]["a"]', 'range(1.5)', '"abc"[5]', '1.0 % 0', '"%d" % "a"', 'sum(["a"])', 'sorted([1, "a"])', 'max()', 'dict(1)', 'list(5)'):
    pass
tests = [lambda: 1 + 'a', lambda: None.x, lambda: [] + (), lambda: int('q'), lambda: 1 / 0, lambda: 5(), lambda: len(3), lambda: undefined, lambda: [1][9], lambda: float('x'), lambda: (1).foo, lambda: -'a', lambda: [1]['a'], lambda: range(1.5), lambda: 1.0 % 0, lambda: '%d' % 'a', lambda: sum(['a']), lambda: sorted([1, 'a']), lambda: dict(1), lambda: list(5), lambda: 1 // 0, lambda: 'a' * 1.5, lambda: {[]: 1}, lambda: (1, 2)[2], lambda: [].pop(), lambda: 2 ** 'a', lambda: next(iter([])), lambda: [1].index(2), lambda: abs('a'), lambda: 'x'.join([1])]
for t in tests:
    try:
        t()
    except Exception as e:
        print(f'{type(e).__name__}: {e}')
