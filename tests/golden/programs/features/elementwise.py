import torch

x = torch.tensor([-1.5, 0., 2.])
print(x + 1, 1 - x, x * 2, x / 2, 2 / (x + 3), x ** 2, 2 ** x, x // 1, x % 2, -x, +x, abs(x), x == 0, x != 0, x <= 0, ~(x > 0))
print(x.exp(), x.abs(), x.sign(), x.floor(), x.ceil(), x.round(), x.trunc(), x.frac(), x.clamp(-1, 1), x.clamp(min=0), x.relu(), x.sigmoid(), x.tanh(), x.square(), x.neg(), x.reciprocal())
print(torch.sin(x), torch.cos(x), torch.atan(x), torch.erf(x), torch.expm1(x), torch.log1p(x.abs()), torch.sqrt(x.abs()), torch.rsqrt(x.abs() + 1), torch.maximum(x, -x), torch.minimum(x, x * 2), torch.pow(x, 3), torch.lerp(x, -x, 0.5))
print(torch.add(x, x, alpha=2), torch.sub(x, 1), torch.mul(x, 2), torch.div(x, 2, rounding_mode='floor'), torch.fmod(x, 1), torch.remainder(x, 1), torch.addcmul(x, x, x, value=2), torch.atan2(x, x + 1), torch.hypot(x, x), torch.heaviside(x, x), torch.logaddexp(x, x), torch.eq(x, 0))
print(torch.isclose(x, x + 1e-9), torch.allclose(x, x), torch.equal(x, x), x.eq(x).all().item(), torch.isfinite(1 / x), torch.logical_and(x > 0, x < 3), torch.sinh(x), x.sub(1).add(2).mul(3).div(4), x.pow(0.5), x.float_power(2))
y = x.clone(); y.add_(1).mul_(2); print(y); y -= 1; y /= 2; y **= 2; print(y); y.zero_(); y.fill_(3); print(y, y.copy_(x), y.clamp_(0, 1), y.data_ptr() == y.view(3).data_ptr())
a = torch.tensor([5, -5]); print(a // 2, a % 3, a / 2, torch.div(a, 2, rounding_mode='trunc'), a ** 2, a >> 1, a & 3, a.float() / 2, 7 // a, a * 0.5, a.abs().sqrt(), a == a.float())
