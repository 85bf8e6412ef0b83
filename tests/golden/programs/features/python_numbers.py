print(7 // 2, -7 // 2, 7 % -3, 7.5 // 2, -7.5 % 2, 2 ** -1, 2 ** 100, (-8) ** (1 / 3) if False else 0)
print(1 / 3, 0.1 + 0.2, 1e300 * 1e10, -1e-320, 5e-324, 1.0, 100000000000000000.0, 1e15)
print(int(3.9), int(-3.9), round(0.5), round(1.5), round(-2.567, 1), round(1234, -2), float('1_0'), int('ff', 16))
print(abs(-3.5), divmod(-7, 2), pow(2, 10, 1000), max(1, 2.0), min(3, 1, 2), sum([0.1] * 3), bool(0.0), 3 == 3.0)
print(5 & 3, 5 | 3, 5 ^ 3, ~5, 1 << 4, -16 >> 2, True + True, not 0, 1 < 2 < 3, 1 < 3 < 2, None is None)
print(float('inf'), -float('inf'), float('nan'), 1e400, 0b101, 0o17, 0xff, 1_000, .5, 5., 1e3, bin(5), hex(255), oct(8))
print((1.5).is_integer(), (10).bit_length(), 3.0 .hex(), (0.5).as_integer_ratio(), complex(1, 2) if False else 'skip')
a = b = 3
a += 2; b -= 1; a *= 2; b **= 3; a //= 3; b %= 5; a <<= 2; b |= 8
print(a, b, a if a > b else b, a and b, 0 or 'x', '' or None, 1 and 0)
