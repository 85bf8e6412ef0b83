try:
    int("x")
except ValueError:
    print("again")
    raise
finally:
    print("finally")
