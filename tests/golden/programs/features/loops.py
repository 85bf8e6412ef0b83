for i in range(5):
    if i == 1:
        continue
    if i == 4:
        break
    print(i, end=' ')
else:
    print('no break')
print('after', i)
for _ in []:
    pass
else:
    print('empty else')
n = 10
while n:
    n -= 3
    if n < 0:
        print('negative', n)
        break
else:
    print('zero')
for i, c in enumerate('ab', 5):
    for j in range(2):
        if j:
            break
        print(i, c, j)
while True:
    try:
        n += 1
        if n == 0:
            continue
        if n > 2:
            break
    finally:
        print('f', n)
print([(x, y) for x in range(3) for y in range(x)], [i for i in range(3)], i)
if (m := 5) > 3:
    print(m)
it = iter([1, 2])
print(next(it), next(it), next(it, 'done'))
