print(int("12"), float("1e-3"))
print(int("1.5"))
