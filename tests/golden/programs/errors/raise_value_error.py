def set_lr(lr):
    if lr <= 0:
        raise ValueError(f"lr must be positive, not {lr!r}")
    return lr


print(set_lr(0.1))
set_lr(-1)
