print(1 < 2.5, "a" < "b")
print(1 < "b")
