tests = [lambda: 'a'.find(1), lambda: 'a'.count(None), lambda: 'a'.index('b'), lambda: [1, 2].index(3), lambda: [].remove(1), lambda: 1 % 0, lambda: divmod(1, 0), lambda: 0.0 ** -1, lambda: 1.0 // 0, lambda: {[]}, lambda: set([[]]), lambda: {}.pop(1), lambda: '%c' % 'ab', lambda: min([]), lambda: 'a'.split(''), lambda: ''.join([1]), lambda: int('9' * 5), lambda: int('1', 99), lambda: 'a' + 1, lambda: chr(-1), lambda: '{}'.format(), lambda: '{:d}'.format('x')]
for t in tests:
    try:
        print(t())
    except Exception as e:
        print(f'{type(e).__name__}: {e}')
