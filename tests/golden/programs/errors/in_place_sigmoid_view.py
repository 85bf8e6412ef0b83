import torch

x = torch.zeros(2, 2, requires_grad=True)
s = torch.sigmoid(x)
s[0, 0] = 5.0
print(s)
s.sum().backward()
print(x.grad)
t = torch.tanh(x)
loss = (t ** 2).sum()
t.zero_()
loss.backward()
