import torch

x = torch.tensor(2.0, requires_grad=True)
y = x.exp()
y.backward()
print(x.grad)
y.backward()
print("not reached")
