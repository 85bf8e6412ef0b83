x = 3
print([x][0])
print(x[0])
