import torch

x = torch.ones(2, 2)
assert x.dim() == 2, "never shown"
print("checked")
assert x.shape == (2, 3), f"expected (2, 3), got {tuple(x.shape)}"
