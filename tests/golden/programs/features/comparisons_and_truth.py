import torch

a, b = torch.tensor([1, 2]), torch.tensor([1., 2.])
print(a == b, torch.equal(a, b.long()), a is a, a is not b, (a == b).all(), bool((a == b).all()), a.eq(2), 1 < torch.tensor(2) < 3, not torch.tensor(0.), torch.tensor(0.) or 'zero', a == None, a != 'x', None == a)
print((a > 1) & (b < 3), (a > 1) | (b < 1), (a > 1) ^ (b > 1), ~(a > 1), torch.any(a > 1), torch.all(a > 1), (a > 1).sum().item(), (a > 1).float().mean(), torch.isin(a, torch.tensor([2])), [x > 1 for x in a], [bool(x) for x in a])
print([1, 2] == a.tolist(), a.shape == torch.Size([2]), a.shape == [2], a.dtype == torch.int64, a.dtype is torch.long, torch.float == torch.float32, a.device == torch.device('cpu'), a.device.type == 'cpu', a.grad is None, {a: 1}[a], a in [a], len({a, b}))
for c in (lambda: bool(a == b), lambda: a and b, lambda: 1 if a > 1 else 0, lambda: a in [b], lambda: not a, lambda: a < 'x', lambda: a + None, lambda: [1, 2] + a, lambda: a + [1, 2], lambda: a == [1, 2], lambda: (1, 2) * a, lambda: a @ b, lambda: a & b, lambda: ~b, lambda: b << 1, lambda: 'a' in a):
    try:
        print(c())
    except Exception as e:
        print(type(e).__name__, str(e).splitlines()[0])
