import math
from math import pi, sqrt, e as euler

print(pi, euler, math.tau, math.inf, math.nan, sqrt(2), math.exp(1), math.log(10), math.log(8, 2), math.log2(8), math.log10(1000), math.log1p(0))
print(math.sin(pi / 2), math.cos(0), math.tan(0), math.atan2(1, 1), math.tanh(0.5), math.degrees(pi), math.radians(180), math.hypot(3, 4))
print(math.floor(-1.5), math.ceil(1.2), math.trunc(-1.7), math.fabs(-2), math.fmod(7, 3), math.gcd(12, 18), math.factorial(5), math.comb(5, 2), math.isqrt(17))
print(math.isnan(math.nan), math.isinf(-math.inf), math.isclose(0.1 + 0.2, 0.3), math.copysign(1, -0.0), math.prod([1, 2, 3]), math.fsum([0.1] * 10), math.erf(0), math.gamma(5), math.dist([0, 0], [3, 4]))
print(math.pow(2, 0.5), math.exp(-1), math.modf(1.5), math.frexp(8), math.sqrt(0))
import torch
print(math.sqrt(torch.tensor(4.)), math.floor(torch.tensor(2.7)), math.pi * torch.ones(1), torch.tensor(math.pi), torch.pi, math.exp(torch.tensor(0.)), math.ceil(torch.tensor([1.2])))
