import torch

x = torch.arange(6.).reshape(2, 3)
y = x.t()
print(y.is_contiguous(), y.stride(), y.reshape(-1))
print(y.view(-1))
