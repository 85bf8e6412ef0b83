import torch

torch.manual_seed(0)
print(torch.multinomial(torch.tensor([0., 1., 0.]), 2, replacement=True))
torch.multinomial(torch.tensor([1., 1.]), 3)
