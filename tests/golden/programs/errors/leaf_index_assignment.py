import torch

w = torch.arange(4., requires_grad=True)
print(w)
w[1] = 10.
