# chains
log = []
def f(x):
    log.append(x)
    return x
print(f(1) < f(2) < f(2) < f(3), log, 1 in [1] in [[1]], 2 not in (1,))

# and, or, if
log = []
def f(x):
    log.append(x)
    return x
print(f(0) and f(1) or f(2), log, f(3) if f('') else f(4))

# many branches
def f(x):
    if x == 0: return 0
    elif x == 1: return 1
    elif x == 2: return 4
    elif x == 3: return 9
    elif x == 4: return 16
    elif x == 5: return 25
    elif x == 6: return 36
    elif x == 7: return 49
    elif x == 8: return 64
    elif x == 9: return 81
    elif x == 10: return 100
    elif x == 11: return 121
    elif x == 12: return 144
    elif x == 13: return 169
    elif x == 14: return 196
    elif x == 15: return 225
    elif x == 16: return 256
    elif x == 17: return 289
    elif x == 18: return 324
    elif x == 19: return 361
    elif x == 20: return 400
    elif x == 21: return 441
    elif x == 22: return 484
    elif x == 23: return 529
    elif x == 24: return 576
    elif x == 25: return 625
    elif x == 26: return 676
    elif x == 27: return 729
    elif x == 28: return 784
    elif x == 29: return 841
    elif x == 30: return 900
    elif x == 31: return 961
    elif x == 32: return 1024
    elif x == 33: return 1089
    elif x == 34: return 1156
    elif x == 35: return 1225
    elif x == 36: return 1296
    elif x == 37: return 1369
    elif x == 38: return 1444
    elif x == 39: return 1521
    elif x == 40: return 1600
    elif x == 41: return 1681
    elif x == 42: return 1764
    elif x == 43: return 1849
    elif x == 44: return 1936
    elif x == 45: return 2025
    elif x == 46: return 2116
    elif x == 47: return 2209
    elif x == 48: return 2304
    elif x == 49: return 2401
    elif x == 50: return 2500
    elif x == 51: return 2601
    elif x == 52: return 2704
    elif x == 53: return 2809
    elif x == 54: return 2916
    elif x == 55: return 3025
    elif x == 56: return 3136
    elif x == 57: return 3249
    elif x == 58: return 3364
    elif x == 59: return 3481
    elif x == 60: return 3600
    elif x == 61: return 3721
    elif x == 62: return 3844
    elif x == 63: return 3969
    elif x == 64: return 4096
    elif x == 65: return 4225
    elif x == 66: return 4356
    elif x == 67: return 4489
    elif x == 68: return 4624
    elif x == 69: return 4761
    elif x == 70: return 4900
    elif x == 71: return 5041
    elif x == 72: return 5184
    elif x == 73: return 5329
    elif x == 74: return 5476
    elif x == 75: return 5625
    elif x == 76: return 5776
    elif x == 77: return 5929
    elif x == 78: return 6084
    elif x == 79: return 6241
    elif x == 80: return 6400
    elif x == 81: return 6561
    elif x == 82: return 6724
    elif x == 83: return 6889
    elif x == 84: return 7056
    elif x == 85: return 7225
    elif x == 86: return 7396
    elif x == 87: return 7569
    elif x == 88: return 7744
    elif x == 89: return 7921
    elif x == 90: return 8100
    elif x == 91: return 8281
    elif x == 92: return 8464
    elif x == 93: return 8649
    elif x == 94: return 8836
    elif x == 95: return 9025
    elif x == 96: return 9216
    elif x == 97: return 9409
    elif x == 98: return 9604
    elif x == 99: return 9801
    elif x == 100: return 10000
    elif x == 101: return 10201
    elif x == 102: return 10404
    elif x == 103: return 10609
    elif x == 104: return 10816
    elif x == 105: return 11025
    elif x == 106: return 11236
    elif x == 107: return 11449
    elif x == 108: return 11664
    elif x == 109: return 11881
    elif x == 110: return 12100
    elif x == 111: return 12321
    elif x == 112: return 12544
    elif x == 113: return 12769
    elif x == 114: return 12996
    elif x == 115: return 13225
    elif x == 116: return 13456
    elif x == 117: return 13689
    elif x == 118: return 13924
    elif x == 119: return 14161
    elif x == 120: return 14400
    elif x == 121: return 14641
    elif x == 122: return 14884
    elif x == 123: return 15129
    elif x == 124: return 15376
    elif x == 125: return 15625
    elif x == 126: return 15876
    elif x == 127: return 16129
    elif x == 128: return 16384
    elif x == 129: return 16641
    else: return 'else'
print(f(0), f(49), f(50), f(51), f(100), f(129), f(130))

# literals
print('a' 'b', 0x1f, 1_000, .5, 1e3, None is None)

# formats
x, w = 3.14159, 8
print(f'{x!r:>{w}}|{x:{w}.2f}|{x!s}|{x}{{}}|{"a" + str(w)!a}', '%d%%' % 3)

# spreads
def f(*a, **k): return a, k
print(f(*[1, 2], *'ab', x=1, **{'y': 2}), [*range(3), *()], {**{1: 2}, 3: 4})

# loops with else
for i in range(3):
    if i == 5: break
else: print('none', i)
while i:
    i -= 1
    if i == 1: continue
    print(i)
else: print('end')
