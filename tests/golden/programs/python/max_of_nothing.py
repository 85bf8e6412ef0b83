print(abs(-3), max([1, 2]))
print(max([]))
