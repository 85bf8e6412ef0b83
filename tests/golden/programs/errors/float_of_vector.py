import torch

print(float(torch.tensor([2.5])), int(torch.tensor(3.7)))
print(float(torch.tensor([1., 2.])))
