def order(n): print(n, end=" "); return n
class L(list):
    def __getitem__(self, i): print("get", i, end=" "); return list.__getitem__(self, i)
    def __setitem__(self, i, v): print("set", i, v, end=" "); list.__setitem__(self, i, v)
l = L([1,2,3])
l[order(0)] = order(5); print()
l[order(1)] += order(5); print()
def d(): print("d", end=" "); return {}
d()[order(1)] = order(2); print()
x, l[order(0)], *y = order(1), order(2), 3, 4; print(x, y)
a = b = l[order(2)] = order(9); print(a,b)
print({order(1): order(2), order(3): order(4)})
def kw(*a, **k): print(a, k)
kw(order(1), *[order(2)], order(3), k=order(4), **{"z": order(5)})
print(order(1) < order(2) < order(0) < order(7))
print(order(3) if order(0) else order(4))
(lambda a=order(1), *, b=order(2): print(a,b))()
i = 0
i, l[i] = 1, 77
print(i, list(l))
[l[0], [p, *q]] = 1, "abc"
print(p, q)
for l[0], *r in [(1,2,3),(4,5,6)]: print(list(l), r)
with_ = [(j, k) for j, *k in [(1,2),(3,4,5)] if j > 1]
print(with_)
