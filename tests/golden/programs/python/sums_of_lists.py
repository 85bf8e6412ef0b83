class Mine(list):
    def __radd__(self, other):
        return ("radd", other, list(self))


start = [0]
print(sum([[1], [2, 3], []], []), sum(((1,), (2,)), ()), sum([], start), sum([[1]], start), start)
print(sum([[1], Mine([2])], []), sum([[1]] * 3, Mine()))
print(len(sum([[1]] * 50_000, [])), len(sum(([n] for n in range(1000)), [])))
for items, begin in (([1], []), ([[1], (2,)], []), ([(1,), [2]], ()), ([[1], None], []), (3, [])):
    try:
        print(sum(items, begin))
    except TypeError as error:
        print(error)
