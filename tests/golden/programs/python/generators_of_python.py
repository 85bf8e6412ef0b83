# generators
def g():
    try:
        x = yield 1
        print('sent', x)
        yield from [2, 3]
        return 'end'
    finally:
        print('done')
i = g()
print(next(i), i.send('v'), list(i))
j = g()
next(j)
j.close()
def h(): r = yield from g(); print(r)
print(list(h()))
