def step(w, lr, *, momentum=0.0):
    return w - lr * momentum


print(step(1.0, 0.1, momentum=2))
print(step(1.0))
