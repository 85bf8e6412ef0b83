import torch

print(torch.sigmoid(torch.tensor(0.)))
print(torch.sigmoidd(torch.tensor(0.)))
