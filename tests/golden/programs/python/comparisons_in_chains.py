a = range(3)
b = [a]
print(1 in a in b)
class C:
    def __contains__(self, x): return True
c = C()
print(1 in c in [c], 1 in c == c, 1 in c is c)
class D:
    def __iter__(self): return self
    def __next__(self): raise StopIteration
    def __contains__(self, x): return True
print(1 in D(), 1 not in D())
