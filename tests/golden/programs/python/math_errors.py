import math
for f, a in ((math.sqrt, -1), (math.log, 0), (math.exp, 1000), (math.factorial, -1), (math.acos, 2), (math.sqrt, 'a'), (math.lgamma, -1), (math.atanh, 1), (math.log2, 0)):
    try:
        print(f(a))
    except Exception as err:
        print(type(err).__name__, err)
