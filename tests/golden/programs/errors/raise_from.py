import torch

try:
    torch.ones(2) @ torch.ones(3)
except RuntimeError as error:
    print(type(error).__name__)
    raise ValueError("shapes must agree") from error
