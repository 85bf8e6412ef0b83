import torch

x = torch.ones(2)
print(x.is_leaf)
x.register_hook(lambda g: g * 2)
