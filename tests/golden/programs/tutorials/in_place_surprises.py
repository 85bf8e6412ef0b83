import torch

x = torch.tensor([1., 2.], requires_grad=True)
try:
    x += 1
except RuntimeError as e:
    print('error:', e)
with torch.no_grad():
    x += 1
print(x, x._version)
x.data += 1
print(x, x._version)
y = x * 1
y += 5
print(y)
y[0] = 0.
print(y)
y.sum().backward()
print(x.grad)
s = torch.sigmoid(x)
s_ = s.clone()
s_ *= 2
s_.sum().backward()
print('clone is fine')
s = torch.sigmoid(x)
s *= 2
try:
    s.sum().backward()
except RuntimeError as e:
    print(e)
w = x
w = w - 1
print(w is x, x)
with torch.no_grad():
    x = x - 1
print(x.requires_grad)
