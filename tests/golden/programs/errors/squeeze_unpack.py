import torch

rows = torch.arange(6).view(3, 2)
for a, b in rows:
    print(a, b)
a, b = rows
