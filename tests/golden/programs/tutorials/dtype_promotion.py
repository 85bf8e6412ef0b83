import torch

i = torch.tensor([1, 2])
f = torch.tensor([0.5, 1.5])
d = torch.tensor([1.], dtype=torch.float64)
b = torch.tensor([True, False])
h = torch.tensor([1.], dtype=torch.float16)
print(i + f, (i + f).dtype)
print(i + 1.5, i * True, b + b, b + 1)
print((f + d).dtype, (f + d[0]).dtype, (h + f).dtype, (i + h).dtype)
print(i / 2, i // 2, i % 2, -i, i ** 2, 2 ** i)
print((i / i).dtype, (b * 1.0).dtype)
print(torch.result_type(i, 1.0), torch.promote_types(torch.uint8, torch.int8), torch.can_cast(torch.double, torch.int))
print(i.float(), f.int(), f.long(), b.int(), i.bool(), f.to(torch.double), i.type(torch.float16))
print(torch.tensor(3.7).int(), torch.tensor(-3.7).long())
print(i == f, i < f, b & ~b, b | True, i & 1, i << 2)
print(torch.tensor([1, 2.5]), torch.tensor([True, 2]), torch.tensor([True, False]))
print(i.sum().dtype, b.sum(), i.float().mean())
try:
    i.mean()
except RuntimeError as e:
    print(e)
