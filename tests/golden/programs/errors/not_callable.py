lr = 0.1
print(lr)
lr(3)
