import torch

w = torch.zeros(3, requires_grad=True)
print("before:", w)
w += 1
print("after:", w)
