import torch

x = torch.ones(2, requires_grad=True)
with torch.no_grad():
    loss = (x ** 2).sum()
print(loss)
loss.backward()
