"""`torch.autograd`: gradients, their modes, functions of programs, checks."""
