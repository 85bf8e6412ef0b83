"""`torch.func`: functions that differentiate and map functions."""
