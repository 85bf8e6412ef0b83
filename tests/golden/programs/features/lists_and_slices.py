a = [3, 1, 2]
b = a
b.append(0)
print(a, a is b, a == [3, 1, 2, 0], a[1:3], a[::-1], a[-1], a[:0], a[5:])
a.sort(); print(a); a.sort(reverse=True); print(a); a.reverse(); print(a)
a[1:3] = ['x', 'y', 'z']; print(a); del a[0]; print(a); a[::2] = [9, 9]; print(a)
a.remove('y') if 'y' in a else None
print(a, a.count(9), a.index(3) if 3 in a else -1, a.pop(0), a, a.copy() is a)
a += [4]; a *= 2; print(a); a.clear(); print(a, not a)
m = [[0] * 2 for _ in range(2)]; m[0][1] = 5; n = [[0] * 2] * 2; n[0][1] = 5
print(m, n, [x for r in m for x in r], sum(map(sum, m)))
print([1, 2] < [1, 3], [1] + [2], (1, 2) + (3,), [1, [2, (3, {4})]], (), (1,), [None, True, 1.0, 'a'])
x, (y, *z), w = 1, (2, 3, 4), 5
print(x, y, z, w); x, y = y, x; print(x, y)
print(list(range(10))[2:8:3], range(3), len(range(0, 10, 3)), list(range(3, 0, -1)), sorted([3, -1, 2], key=abs), sorted(['b', 'A'], key=str.lower))
print(any(v > 2 for v in m[0]), all(v >= 0 for v in m[0]), list(zip([1, 2], 'ab', [True])), [*range(2), *'xy'], enumerate([1]).__class__.__name__)
