import torch
import torch.nn.functional as F

print(F.mse_loss(torch.zeros(2), torch.ones(2)))
print(F.mse_loss(torch.zeros(2), torch.ones(3)))
