def depth(n):
    return depth(n + 1)


print("down")
depth(0)
