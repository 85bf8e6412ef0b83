count = 0


def increase():
    count += 1
    return count


print(count)
increase()
