step = 3
print("step " + str(step))
print("step " + step)
