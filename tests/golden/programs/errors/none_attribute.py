def find(xs, x):
    for v in xs:
        if v == x:
            return v


print(find("abc", "b"))
print(find("abc", "z").upper())
