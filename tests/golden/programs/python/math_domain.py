import math

print(math.sqrt(4), math.log(1))
print(math.log(-1))
