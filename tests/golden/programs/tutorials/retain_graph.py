import torch

x = torch.tensor(3.0, requires_grad=True)
y = x ** 2
z = y * 4
z.backward(retain_graph=True)
print(x.grad)
z.backward()
print(x.grad)
try:
    z.backward()
except RuntimeError as e:
    print(str(e)[:60])
a = torch.ones(2, requires_grad=True)
s = (a + 1).sum()  # nothing saved, so twice works
s.backward()
s.backward()
print(a.grad)
