import torch

print(torch.tensor([1, 2, 3]).dtype)
x = torch.tensor([1, 2, 3], requires_grad=True)
