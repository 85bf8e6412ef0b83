import torch

t, v = torch.tensor(2.7), torch.tensor([1.5, 2.5])
print(float(t), int(t), bool(t), t.item(), round(float(t)), str(t), t.tolist(), v.tolist(), list(v), tuple(v), [x.item() for x in v], v.numpy(), t.numpy(), v.int().tolist(), len(v), t.long(), t.bool())
print(3 * t, t * 3, 3 / t, 2 ** torch.tensor(3), torch.tensor(3) ** 2, 10 - v, [1, 2][torch.tensor(1)], range(torch.tensor(3)), list(range(torch.tensor(2))), 'ab' * torch.tensor(2), torch.tensor(1) == 1, t > 2, bool(t > 2), (t > 2) is True, t in v, 1.5 in v, hash(t) == hash(t))
print(max(v), sum(v), sorted(v), min(t, torch.tensor(1.)), [a for a in zip(v, v)], dict(enumerate(v)), all(v > 1), any(v > 2), not v[0] > 2, abs(torch.tensor(-1)), reversed(v), pow(t, 2), -t, +t)
print(v.to(torch.int32), v.to('cpu') is v, v.float() is v, v.type(torch.DoubleTensor).dtype, v.half().dtype, v.cpu().dtype, v.to(v.dtype) is v, v.short(), v.byte(), torch.tensor([1, 0]).bool(), v.contiguous() is v, v.new_tensor(1), torch.tensor(v.numpy()), torch.Tensor(v.tolist()))
if t > 1 and v.sum() > 3:
    print('both', 'yes' if t else 'no', t and 'x', not t)
for bad in (lambda: int(v), lambda: bool(v), lambda: len(t), lambda: list(t), lambda: v.item(), lambda: [1][t], lambda: range(t), lambda: hash([]), lambda: torch.tensor('a'), lambda: torch.tensor([1, 'a']), lambda: torch.tensor([[1], 2]), lambda: torch.tensor(None), lambda: torch.ones(-1), lambda: v.to('nowhere'), lambda: torch.tensor([1., 2.], requires_grad=True).numpy()):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__, str(e).splitlines()[0])
