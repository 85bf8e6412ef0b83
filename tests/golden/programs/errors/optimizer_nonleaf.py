import torch

w = torch.ones(2, requires_grad=True) * 2
print(w.is_leaf)
torch.optim.SGD([w], lr=0.1)
