import torch

t = torch.zeros(2, 3)
row = t[0]
row += 1
print(t)
t.view(-1)[4] = 9
print(t)
col = t[:, 1]
col.copy_(torch.tensor([5., 6.]))
print(t, t.t(), sep='\n')
print(t.storage_offset(), row.stride(), col.stride(), col.is_contiguous())
r = t.reshape(3, 2)
r[0, 0] = -1
print(t[0, 0])
q = t.t().reshape(-1)
q[0] = 100
print(t[0, 0])
e = torch.tensor([1, 2]).expand(2, 2)
print(e, e.stride())
x = torch.ones(3, requires_grad=True)
y = x * 2
v = y[1:]
v.mul_(10)
print(y, v)
y.sum().backward()
print(x.grad)
